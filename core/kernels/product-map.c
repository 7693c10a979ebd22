/* product-map.c: value × gradient, summed over the channels of each pixel where it lies */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/product.h"

#include "kernels/clones.h"

#define MOST   16 /* channels side by side */
#define PIXELS 64 /* that are summed at a time, so that their sums stay near */

/* The channels that are summed, and what is taken off each. */
typedef struct
{
  const EspProductValue *value;
  int first, end;
} Channels;

/* Adds one block of channels at @n pixels to @n * @block sums. A gradient of 0 leaves a value out, even one that is no number. */
ESP_INLINE void
add_block (const float *restrict value,
           const float *restrict gradient,
           const double *restrict shift,
           const double *restrict use,
           double below,
           int n,
           int block,
           double *restrict sums)
{
  for (int i = 0; i < n * block; i += block)
#pragma omp simd
    for (int l = 0; l < block; l++)
      {
        const double v = (double) value[i + l], g = (double) gradient[i + l] * use[l];
        const double product = ((v < 0 ? v * below : v) - shift[l]) * g;

        sums[i + l] += g != 0 ? product : 0;
      }
}

#define ADDER(name, block)                                                                                                                 \
  ESP_CLONES static void name (const float *value, const float *gradient, const double *shift, const double *use, double below, int n,     \
                               double *sums)                                                                                               \
  {                                                                                                                                        \
    add_block (value, gradient, shift, use, below, n, block, sums);                                                                        \
  }

ADDER (add_16, 16)
ADDER (add_8, 8)
ADDER (add_1, 1)

static double
shift_of (const Channels *channels, int c)
{
  return channels->value->shift != NULL ? channels->value->shift[c] : 0;
}

/* Whether channel @c is summed; one whose gain is 0 passes no gradient on. */
static gboolean
is_summed (const Channels *channels, int c)
{
  return c >= channels->first && c < channels->end && (channels->value->gain == NULL || channels->value->gain[c] != 0);
}

static void
sum_pixels (const EspLayout *layout, const Channels *channels, const float *gradient, gsize from, int n, float *map)
{
  const int block = layout->block;
  const gsize each = (gsize) layout->shape.h * (gsize) layout->shape.w * (gsize) block;
  double sums[PIXELS * MOST] = { 0 };

  for (int b = channels->first / block; b * block < channels->end; b++)
    {
      const gsize at = (gsize) b * each + from * (gsize) block;
      const float *value = (const float *) channels->value->data + at;
      double shift[MOST] = { 0 }, use[MOST] = { 0 };

      for (int l = 0; l < block && b * block + l < channels->end; l++)
        if (is_summed (channels, b * block + l))
          use[l] = 1, shift[l] = shift_of (channels, b * block + l);
      (block == 16 ? add_16 : block == 8 ? add_8 : add_1) (value, gradient + at, shift, use, channels->value->below, n, sums);
    }
  for (int i = 0; i < n; i++)
    {
      double sum = 0;

      for (int l = 0; l < block; l++)
        sum += sums[i * block + l];
      map[i] = (float) sum;
    }
}

static void
map_float (const EspLayout *layout, const Channels *channels, const float *gradient, float *map)
{
  const int plane = layout->shape.h * layout->shape.w;

#pragma omp parallel for schedule(static)
  for (int i = 0; i < plane; i += PIXELS)
    sum_pixels (layout, channels, gradient, (gsize) i, MIN (PIXELS, plane - i), map + i);
}

static void
map_double (const EspLayout *layout, const Channels *channels, const double *gradient, float *map)
{
  const gsize plane = (gsize) layout->shape.h * (gsize) layout->shape.w;

  for (gsize i = 0; i < plane; i++)
    {
      double sum = 0;

      for (int c = channels->first; c < channels->end; c++)
        {
          const double v = ((const double *) channels->value->data)[(gsize) c * plane + i], g = gradient[(gsize) c * plane + i];

          if (is_summed (channels, c) && g != 0)
            sum += ((v < 0 ? v * channels->value->below : v) - shift_of (channels, c)) * g;
        }
      map[i] = (float) sum;
    }
}

/**
 * esp_product_map:
 * @layout: of the value and @gradient; doubles lie plain
 * @value: numbers and what is taken off them
 * @gradient: likewise
 * @item: image of the batch
 * @channel: one channel, or -1 for the sum over all
 * @map: (out): h * w numbers
 *
 * Sums in double, in an order that depends on the layout alone. Allocates nothing. Thread: any (float: lane).
 */
void
esp_product_map (const EspLayout *layout, const EspProductValue *value, const void *gradient, int item, int channel, float *map)
{
  const EspShape s = layout->shape;
  const gsize image = esp_layout_get_bytes (layout) / (gsize) s.n * (gsize) item;
  const void *of_gradient = (const char *) gradient + image;
  EspProductValue of_item = *value;
  const Channels channels = { &of_item, MAX (channel, 0), channel < 0 ? s.c : channel + 1 };

  of_item.data = (const char *) value->data + image;
  if (layout->size == sizeof (double))
    map_double (layout, &channels, of_gradient, map);
  else
    map_float (layout, &channels, of_gradient, map);
}
