/* blocked.h: what the operations on float values of any block share
 *
 * A slab is one image's block of channels, all rows and columns: h * w * block numbers in a row. Every slab is written by one thread in one
 * order, so results do not depend on the thread count or on the batch. Filling channels stay 0. */
#pragma once

#include "kernels/clones.h"
#include "kernels/kernel-private.h"

G_BEGIN_DECLS

#define ESP_MOST_BLOCK 16 /* channels side by side */

ESP_INLINE int
esp_count_blocks (const EspLayout *layout)
{
  return (layout->shape.c + layout->block - 1) / layout->block;
}

ESP_INLINE gsize
esp_slab_size (const EspLayout *layout)
{
  return (gsize) layout->shape.h * (gsize) layout->shape.w * (gsize) layout->block;
}

ESP_INLINE int
esp_count_slabs (const EspLayout *layout)
{
  return layout->shape.n * esp_count_blocks (layout);
}

/* The lanes of a slab that fill its last block. */
ESP_INLINE void
esp_clear_filling (const EspLayout *layout, int slab, float *data)
{
  int used = layout->shape.c - slab % esp_count_blocks (layout) * layout->block;
  gsize n = esp_slab_size (layout);

  if (used >= layout->block)
    return;
  for (gsize i = 0; i < n; i += (gsize) layout->block)
    for (int lane = used; lane < layout->block; lane++)
      data[i + (gsize) lane] = 0;
}

ESP_INLINE void
esp_clear_all_filling (const EspLayout *layout, float *data)
{
  int blocks = esp_count_blocks (layout);

  if (layout->shape.c % layout->block == 0)
    return;
  for (int n = 0; n < layout->shape.n; n++)
    esp_clear_filling (layout, blocks - 1, data + (gsize) (n * blocks + blocks - 1) * esp_slab_size (layout));
}

/* blocked-activation.c: out = act (in), n numbers or a whole value; in may be out. */
void esp_activate       (EspActivation    activation,
                         const float     *in,
                         float           *out,
                         gsize            n);
void esp_activate_value (EspActivation    activation,
                         const EspLayout *layout,
                         const float     *in,
                         float           *out); /* filling channels stay 0 */
/* grad_in = act' grad_out; in: what the activation read, out: what it wrote, both looked at only where the derivative needs it. */
void esp_activate_back  (EspActivation    activation,
                         const float     *in,
                         const float     *out,
                         const float     *grad_out,
                         float           *grad_in,
                         gsize            n,
                         gboolean         add);

/* blocked-normalize.c: of each channel over images, rows and columns, in double; the bits depend on no thread count. */
void esp_sum_channels   (const EspLayout *layout,
                         const float     *value,
                         float           *sums, /* shape.c */
                         gboolean         add);

G_END_DECLS
