/* layout.c: between plain order and the order that the kernels like */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/layout.h"

#include <string.h>

/** esp_layout_get_bytes: Returns: bytes of a value, filling channels included. */
gsize
esp_layout_get_bytes (const EspLayout *layout)
{
  gsize blocks = (gsize) (layout->shape.c + layout->block - 1) / (gsize) layout->block;

  return (gsize) layout->shape.n * blocks * (gsize) layout->block * (gsize) layout->shape.h * (gsize) layout->shape.w * layout->size;
}

/** esp_layout_equal: Returns: whether numbers of the two lie alike. */
gboolean
esp_layout_equal (const EspLayout *a, const EspLayout *b)
{
  return esp_shape_equal (a->shape, b->shape) && a->block == b->block && a->size == b->size;
}

/* bfloat16 is the upper half of a float; the nearest one, of two as near the even one. */
static guint16
halve (float value)
{
  guint32 word;

  memcpy (&word, &value, sizeof word);
  return (guint16) ((word + 0x7fff + (word >> 16 & 1)) >> 16);
}

static float
widen (guint16 half)
{
  guint32 word = (guint32) half << 16;
  float value;

  memcpy (&value, &word, sizeof value);
  return value;
}

/* Index of the first pixel of a channel; its pixels follow layout->block apart. */
static gsize
channel_start (const EspLayout *layout, int n, int c)
{
  gsize block = (gsize) layout->block, blocks = ((gsize) layout->shape.c + block - 1) / block;
  gsize plane = (gsize) layout->shape.h * (gsize) layout->shape.w;

  return (((gsize) n * blocks + (gsize) c / block) * plane) * block + (gsize) c % block;
}

/**
 * esp_layout_pack:
 * @layout: the order to write
 * @plain: n * c * h * w numbers
 * @native: (out): esp_layout_get_bytes() bytes, all written: filling channels become 0
 */
void
esp_layout_pack (const EspLayout *layout, const float *plain, void *native)
{
  gsize plane = (gsize) layout->shape.h * (gsize) layout->shape.w, step = (gsize) layout->block;

  if (layout->shape.c % layout->block != 0)
    memset (native, 0, esp_layout_get_bytes (layout));
  for (int n = 0; n < layout->shape.n; n++)
    for (int c = 0; c < layout->shape.c; c++, plain += plane)
      {
        gsize start = channel_start (layout, n, c);

        if (layout->size == sizeof (double))
          for (gsize i = 0; i < plane; i++)
            ((double *) native)[start + i * step] = (double) plain[i];
        else if (layout->size == sizeof (guint16))
          for (gsize i = 0; i < plane; i++)
            ((guint16 *) native)[start + i * step] = halve (plain[i]);
        else if (step == 1)
          memcpy ((float *) native + start, plain, plane * sizeof (float));
        else
          for (gsize i = 0; i < plane; i++)
            ((float *) native)[start + i * step] = plain[i];
      }
}

/**
 * esp_layout_unpack:
 * @layout: the order to read
 * @native: a value
 * @plain: (out): n * c * h * w numbers, rounded to float where the value is double
 */
void
esp_layout_unpack (const EspLayout *layout, const void *native, float *plain)
{
  gsize plane = (gsize) layout->shape.h * (gsize) layout->shape.w, step = (gsize) layout->block;

  for (int n = 0; n < layout->shape.n; n++)
    for (int c = 0; c < layout->shape.c; c++, plain += plane)
      {
        gsize start = channel_start (layout, n, c);

        if (layout->size == sizeof (double))
          for (gsize i = 0; i < plane; i++)
            plain[i] = (float) ((const double *) native)[start + i * step];
        else if (layout->size == sizeof (guint16))
          for (gsize i = 0; i < plane; i++)
            plain[i] = widen (((const guint16 *) native)[start + i * step]);
        else
          for (gsize i = 0; i < plane; i++)
            plain[i] = ((const float *) native)[start + i * step];
      }
}

/** esp_layout_unpack_double: as esp_layout_unpack(), in double. */
void
esp_layout_unpack_double (const EspLayout *layout, const void *native, double *plain)
{
  gsize plane = (gsize) layout->shape.h * (gsize) layout->shape.w, step = (gsize) layout->block;

  for (int n = 0; n < layout->shape.n; n++)
    for (int c = 0; c < layout->shape.c; c++, plain += plane)
      {
        gsize start = channel_start (layout, n, c);

        if (layout->size == sizeof (double))
          for (gsize i = 0; i < plane; i++)
            plain[i] = ((const double *) native)[start + i * step];
        else if (layout->size == sizeof (guint16))
          for (gsize i = 0; i < plane; i++)
            plain[i] = (double) widen (((const guint16 *) native)[start + i * step]);
        else
          for (gsize i = 0; i < plane; i++)
            plain[i] = (double) ((const float *) native)[start + i * step];
      }
}

/**
 * esp_layout_zero_channels:
 * @layout: the order of @native
 * @native: a value or gradient
 * @keep: one byte a channel
 *
 * What masking means: channels whose byte is 0 become 0 in every image of the batch.
 */
void
esp_layout_zero_channels (const EspLayout *layout, void *native, const guint8 *keep)
{
  gsize plane = (gsize) layout->shape.h * (gsize) layout->shape.w, step = (gsize) layout->block;

  for (int n = 0; n < layout->shape.n; n++)
    for (int c = 0; c < layout->shape.c; c++)
      {
        gsize start = channel_start (layout, n, c);

        if (keep[c])
          continue;
        if (layout->size == sizeof (double))
          for (gsize i = 0; i < plane; i++)
            ((double *) native)[start + i * step] = 0;
        else if (layout->size == sizeof (guint16))
          for (gsize i = 0; i < plane; i++)
            ((guint16 *) native)[start + i * step] = 0;
        else
          for (gsize i = 0; i < plane; i++)
            ((float *) native)[start + i * step] = 0;
      }
}

/* The pixels of one channel of one image, from one place to another. */
static void
copy_channel (const EspLayout *layout, const char *from, char *to)
{
  const gsize plane = (gsize) layout->shape.h * (gsize) layout->shape.w, step = (gsize) layout->block;

  if (layout->size == sizeof (double))
    for (gsize i = 0; i < plane; i++)
      ((double *) (gpointer) to)[i * step] = ((const double *) (gconstpointer) from)[i * step];
  else if (layout->size == sizeof (guint16))
    for (gsize i = 0; i < plane; i++)
      ((guint16 *) (gpointer) to)[i * step] = ((const guint16 *) (gconstpointer) from)[i * step];
  else
    for (gsize i = 0; i < plane; i++)
      ((float *) (gpointer) to)[i * step] = ((const float *) (gconstpointer) from)[i * step];
}

/**
 * esp_layout_take_channels:
 * @layout: the order of both values
 * @native: a value
 * @order: shape.c channels of @native, each once
 * @to: (out): the same numbers with channel @order[c] as channel c; filling channels become 0
 */
void
esp_layout_take_channels (const EspLayout *layout, const void *native, const guint *order, void *to)
{
  if (layout->shape.c % layout->block != 0)
    memset (to, 0, esp_layout_get_bytes (layout));
  for (int n = 0; n < layout->shape.n; n++)
    for (int c = 0; c < layout->shape.c; c++)
      copy_channel (layout, (const char *) native + channel_start (layout, n, (int) order[c]) * layout->size,
                    (char *) to + channel_start (layout, n, c) * layout->size);
}

/** esp_layout_add: adds one value to another of the same layout, float or double. */
void
esp_layout_add (const EspLayout *layout, const void *native, void *total)
{
  gsize n = esp_layout_get_bytes (layout) / layout->size;

  if (layout->size == sizeof (double))
    {
      const double *from = native;
      double *to = total;

      for (gsize i = 0; i < n; i++)
        to[i] += from[i];
    }
  else
    {
      const float *from = native;
      float *to = total;

#pragma omp parallel for simd schedule(static)
      for (gsize i = 0; i < n; i++)
        to[i] += from[i];
    }
}

/** esp_layout_guide: clears a gradient where it, or the value @native of the same layout, is not above 0; float or double. */
void
esp_layout_guide (const EspLayout *layout, const void *native, void *grad)
{
  gsize n = esp_layout_get_bytes (layout) / layout->size;

  if (layout->size == sizeof (double))
    {
      const double *value = native;
      double *to = grad;

      for (gsize i = 0; i < n; i++)
        to[i] = value[i] > 0 && to[i] > 0 ? to[i] : 0;
    }
  else
    {
      const float *value = native;
      float *to = grad;

#pragma omp parallel for simd schedule(static)
      for (gsize i = 0; i < n; i++)
        to[i] = value[i] > 0 && to[i] > 0 ? to[i] : 0;
    }
}
