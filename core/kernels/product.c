/* product.c: value × gradient, reduced over the pixels of each channel where it lies */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/product.h"

#include <float.h>
#include <math.h>

#include "kernels/clones.h"

#define MOST  16 /* channels side by side */
#define AHEAD 64 /* pixels from what is multiplied to what is fetched: values lie far from the processor by then, gradients near */
#define FEW   8  /* blocks of an image that are split, and their parts */

/* One slab of float values: a row at a time in float, rows added in double. totals holds block numbers. */
ESP_INLINE void
reduce_slab (const float *restrict value,
             const float *restrict gradient,
             const float *restrict shift,
             float below,
             EspProduct how,
             int h,
             int w,
             int block,
             double *restrict totals)
{
  float largest[MOST];

  for (int l = 0; l < block; l++)
    largest[l] = -FLT_MAX, totals[l] = 0;
  for (int y = 0; y < h; y++)
    {
      float row[MOST] = { 0 };

      for (int x = 0; x < w; x++, value += block, gradient += block)
        {
          __builtin_prefetch (value + AHEAD * block);
#pragma omp simd
          for (int l = 0; l < block; l++)
            {
              float v = value[l] < 0 ? value[l] * below : value[l];
              float product = (v - shift[l]) * gradient[l];

              if (how == ESP_PRODUCT_MAX)
                largest[l] = product > largest[l] ? product : largest[l];
              else
                row[l] += how == ESP_PRODUCT_SUM ? product : fabsf (product);
            }
        }
      for (int l = 0; l < block; l++)
        totals[l] += (double) row[l];
    }
  if (how == ESP_PRODUCT_MAX)
    for (int l = 0; l < block; l++)
      totals[l] = (double) largest[l];
}

#define REDUCER(name, block, how)                                                                                                          \
  ESP_CLONES static void name (const float *value, const float *gradient, const float *shift, float below, int h, int w, double *totals)   \
  {                                                                                                                                        \
    reduce_slab (value, gradient, shift, below, how, h, w, block, totals);                                                                 \
  }

REDUCER (max_16, 16, ESP_PRODUCT_MAX)
REDUCER (sum_16, 16, ESP_PRODUCT_SUM)
REDUCER (abs_16, 16, ESP_PRODUCT_ABS_SUM)
REDUCER (max_8, 8, ESP_PRODUCT_MAX)
REDUCER (sum_8, 8, ESP_PRODUCT_SUM)
REDUCER (abs_8, 8, ESP_PRODUCT_ABS_SUM)
REDUCER (max_1, 1, ESP_PRODUCT_MAX)
REDUCER (sum_1, 1, ESP_PRODUCT_SUM)
REDUCER (abs_1, 1, ESP_PRODUCT_ABS_SUM)

typedef void (*Reducer) (const float *, const float *, const float *, float, int, int, double *);

static Reducer
find_reducer (int block, EspProduct how)
{
  static const Reducer reducers[3][3] = { { max_1, sum_1, abs_1 }, { max_8, sum_8, abs_8 }, { max_16, sum_16, abs_16 } };

  return reducers[block == 16 ? 2 : block == 8 ? 1 : 0][how];
}

typedef struct
{
  const EspLayout *layout;
  const float *value, *gradient;
  const double *shift;
  double below;
  EspProduct how;
  Reducer reducer;
} Reduction;

/* Part @part of @parts of the rows of slab @i. */
static void
reduce_part (const Reduction *of, int i, int part, int parts, double totals[MOST])
{
  const EspShape s = of->layout->shape;
  const int block = of->layout->block, first = i % ((s.c + block - 1) / block) * block, used = MIN (block, s.c - first);
  const int from = part * s.h / parts, to = (part + 1) * s.h / parts;
  const gsize row = (gsize) s.w * (gsize) block, at = ((gsize) i * (gsize) s.h + (gsize) from) * row;
  float shifts[MOST] = { 0 };

  for (int l = 0; of->shift != NULL && l < used; l++)
    shifts[l] = (float) of->shift[first + l];
  of->reducer (of->value + at, of->gradient + at, shifts, (float) of->below, to - from, s.w, totals);
}

/* Joins the parts of slab @i to its channels' scores. */
static void
join_parts (const Reduction *of, int i, int parts, double (*totals)[MOST], float *scores)
{
  const EspShape s = of->layout->shape;
  const int block = of->layout->block, blocks = (s.c + block - 1) / block, first = i % blocks * block;

  for (int l = 0; l < MIN (block, s.c - first); l++)
    {
      double total = totals[0][l];

      for (int k = 1; k < parts; k++)
        total = of->how == ESP_PRODUCT_MAX ? MAX (total, totals[k][l]) : total + totals[k][l];
      scores[i / blocks * s.c + first + l] = (float) total;
    }
}

/* Where an image has few blocks of channels the rows of each are split, in as many parts whatever the threads and the batch. Some slabs at
 * a time, so that threads meet once for all of their parts. */
static void
reduce_float (const Reduction *of, float *scores)
{
  const EspShape s = of->layout->shape;
  const int blocks = (s.c + of->layout->block - 1) / of->layout->block, parts = blocks < FEW ? MIN (FEW, s.h) : 1, slabs = s.n * blocks;

  for (int i = 0; i < slabs && parts > 1; i += FEW)
    {
      const int some = MIN (FEW, slabs - i);
      double totals[FEW][FEW][MOST];

#pragma omp parallel for schedule(static)
      for (int k = 0; k < some * parts; k++)
        reduce_part (of, i + k / parts, k % parts, parts, totals[k / parts][k % parts]);
      for (int k = 0; k < some; k++)
        join_parts (of, i + k, parts, totals[k], scores);
    }
  if (parts > 1)
    return;
#pragma omp parallel for schedule(static)
  for (int i = 0; i < slabs; i++)
    {
      double totals[1][MOST];

      reduce_part (of, i, 0, 1, totals[0]);
      join_parts (of, i, 1, totals, scores);
    }
}

/* Part of a slab of float values: the gradient through a rectifier, and the largest product of what is before it. */
ESP_INLINE void
bend_slab (const float *restrict value,
           const float *grad_out,
           float *grad_in, /* maybe the same place */
           const float *restrict shift,
           float below,
           float slope,
           gsize pixels,
           int block,
           float *restrict largest)
{
  float most[MOST];

  for (int l = 0; l < block; l++)
    most[l] = -FLT_MAX;
  for (gsize i = 0; i < pixels; i++, value += block, grad_out += block, grad_in += block)
    {
      __builtin_prefetch (value + AHEAD * block);
#pragma omp simd
      for (int l = 0; l < block; l++)
        {
          const float gradient = grad_out[l] * (value[l] > 0 ? 1 : slope), v = value[l] < 0 ? value[l] * below : value[l];
          const float product = (v - shift[l]) * gradient;

          grad_in[l] = gradient;
          most[l] = product > most[l] ? product : most[l];
        }
    }
  for (int l = 0; l < block; l++)
    largest[l] = most[l];
}

#define BENDER(name, block)                                                                                                                \
  ESP_CLONES static void name (const float *value, const float *grad_out, float *grad_in, const float *shift, float below, float slope,    \
                               gsize pixels, float *largest)                                                                               \
  {                                                                                                                                        \
    bend_slab (value, grad_out, grad_in, shift, below, slope, pixels, block, largest);                                                     \
  }

BENDER (bend_16, 16)
BENDER (bend_8, 8)
BENDER (bend_1, 1)

/* Part @part of @parts of the rows of slab @i. */
static void
bend_part (const EspLayout *layout, const EspProductBend *bend, int i, int part, int parts, float largest[MOST])
{
  const EspShape s = layout->shape;
  const int block = layout->block, first = i % ((s.c + block - 1) / block) * block, used = MIN (block, s.c - first);
  const gsize from = (gsize) (part * s.h / parts), to = (gsize) ((part + 1) * s.h / parts), w = (gsize) s.w;
  const gsize at = ((gsize) i * (gsize) s.h + from) * w * (gsize) block;
  float shifts[MOST] = { 0 };

  for (int l = 0; bend->shift != NULL && l < used; l++)
    shifts[l] = (float) bend->shift[first + l];
  (block == 16  ? bend_16
   : block == 8 ? bend_8
                : bend_1) ((const float *) bend->value + at, (const float *) bend->grad_out + at, (float *) bend->grad_in + at, shifts,
                           bend->below, bend->slope, (to - from) * w, largest);
}

static void
join_largest (EspShape s, int block, int i, int parts, float (*largest)[MOST], float *scores)
{
  const int blocks = (s.c + block - 1) / block, first = i % blocks * block;

  for (int l = 0; l < MIN (block, s.c - first); l++)
    {
      float *to = &scores[i / blocks * s.c + first + l];

      *to = largest[0][l];
      for (int k = 1; k < parts; k++)
        *to = MAX (*to, largest[k][l]);
    }
}

/**
 * esp_product_bend:
 * @layout: of all values, float
 * @bend: what is read and written
 * @scores: (out): n * c numbers
 *
 * The way back through a rectifier and the largest products behind it in one pass over memory: grad_in is the gradient before it, and the
 * scores are those that esp_product_reduce() gives of value and grad_in, the same bits. Thread: lane.
 */
void
esp_product_bend (const EspLayout *layout, const EspProductBend *bend, float *scores)
{
  const EspShape s = layout->shape;
  const int block = layout->block, blocks = (s.c + block - 1) / block, parts = blocks < FEW ? MIN (FEW, s.h) : 1, slabs = s.n * blocks;

  for (int i = 0; i < slabs && parts > 1; i += FEW)
    {
      const int some = MIN (FEW, slabs - i);
      float largest[FEW][FEW][MOST];

#pragma omp parallel for schedule(static)
      for (int k = 0; k < some * parts; k++)
        bend_part (layout, bend, i + k / parts, k % parts, parts, largest[k / parts][k % parts]);
      for (int k = 0; k < some; k++)
        join_largest (s, block, i + k, parts, largest[k], scores);
    }
  if (parts > 1)
    return;
#pragma omp parallel for schedule(static)
  for (int i = 0; i < slabs; i++)
    {
      float largest[1][MOST];

      bend_part (layout, bend, i, 0, 1, largest[0]);
      join_largest (s, block, i, 1, largest, scores);
    }
}

static double
reduce_plane (const double *value, const double *gradient, double shift, double below, EspProduct how, gsize plane)
{
  double total = how == ESP_PRODUCT_MAX ? -DBL_MAX : 0;

  for (gsize i = 0; i < plane; i++)
    {
      double product = ((value[i] < 0 ? value[i] * below : value[i]) - shift) * gradient[i];

      if (how == ESP_PRODUCT_MAX)
        total = MAX (total, product);
      else
        total += how == ESP_PRODUCT_SUM ? product : fabs (product);
    }
  return total;
}

/**
 * esp_product_reduce:
 * @layout: of @value and @gradient
 * @value: numbers, any layout
 * @gradient: (nullable): likewise; NULL is 0 everywhere
 * @shift: (nullable): c numbers taken off the value, after @below
 * @below: what negative values are multiplied by first
 * @how: signed maximum, signed sum, or sum of absolute values, over h and w
 * @scores: (out): n * c numbers
 *
 * Channels that only fill the last block are left out. Bits do not depend on threads or batch. Thread: any (float: lane).
 */
void
esp_product_reduce (
    const EspLayout *layout, const void *value, const void *gradient, const double *shift, double below, EspProduct how, float *scores)
{
  const EspShape s = layout->shape;
  gsize plane = (gsize) s.h * (gsize) s.w, channels = (gsize) s.n * (gsize) s.c;

  if (gradient == NULL)
    for (gsize i = 0; i < channels; i++)
      scores[i] = 0;
  else if (layout->size == sizeof (float))
    reduce_float (&(Reduction){ layout, value, gradient, shift, below, how, find_reducer (layout->block, how) }, scores);
  else
    for (gsize i = 0; i < channels; i++)
      scores[i] = (float) reduce_plane ((const double *) value + i * plane, (const double *) gradient + i * plane,
                                        shift != NULL ? shift[i % (gsize) s.c] : 0.0, below, how, plane);
}
