/* engine-dropout.c: which numbers a dropout sets to 0, from keys alone */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "kernels/clones.h"
#include "net/engine-train-private.h"

/* Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators": the finishing of SplitMix64. */
static guint64
mix (guint64 z)
{
  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

#define GAP G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)

/** esp_dropout_key: Returns: the key of one layer in one step. */
guint64
esp_dropout_key (guint64 seed, guint64 step, guint layer)
{
  return mix (mix (mix (seed + GAP) + step + GAP) + layer + GAP);
}

/* Wellons's lowbias32 (github.com/skeeto/hash-prospector), which vectors have: from a place and two keys to 32 bits. */
ESP_INLINE guint32
draw (guint32 place, guint32 first, guint32 second)
{
  guint32 z = place ^ first;

  for (int k = 0; k < 2; k++, z += second)
    {
      z = (z ^ (z >> 16)) * 0x7feb352du;
      z = (z ^ (z >> 15)) * 0x846ca68bu;
      z ^= z >> 16;
    }
  return z;
}

/* What becomes of the numbers of one block of channels of one image. */
typedef struct
{
  gsize pixels, block;
  guint32 from; /* the place of the first in c h w order */
  guint32 first, second, limit;
  double scale;
  gboolean add;
} Slab;

#define SLAB(name, real)                                                                                                                   \
  ESP_CLONES static void name (const real *in, real *out, const Slab *slab)                                                                \
  {                                                                                                                                        \
    const gsize block = slab->block;                                                                                                       \
    const real scale = (real) slab->scale, was = slab->add ? 1 : 0;                                                                        \
                                                                                                                                           \
    for (gsize p = 0; p < slab->pixels; p++, in += block, out += block)                                                                    \
      _Pragma ("omp simd") for (gsize l = 0; l < block; l++)                                                                               \
      {                                                                                                                                    \
        const guint32 place = slab->from + (guint32) (l * slab->pixels + p);                                                               \
        const real kept = draw (place, slab->first, slab->second) < slab->limit ? 0 : in[l] * scale;                                       \
                                                                                                                                           \
        out[l] = was != 0 ? out[l] + kept : kept;                                                                                          \
      }                                                                                                                                    \
  }

SLAB (drop_float, float)
SLAB (drop_double, double)

/**
 * esp_dropout_run:
 * @layout: of both values
 * @probability: that a number becomes 0, from 0 up to but without 1; the others are divided by 1 - @probability
 * @key: esp_dropout_key(); each image of the batch has a key of its own, each number a place in c h w order: layout and threads do not
 *   matter
 * @in: the output before, or the gradient behind
 * @out: (out): what becomes of it; may be @in
 * @add: add to @out
 *
 * Forward and backward are the same. Source: AlexeyAB's dropout_layer.c without dropblock. Thread: lane.
 */
void
esp_dropout_run (const EspLayout *layout, double probability, guint64 key, const void *in, void *out, gboolean add)
{
  const EspShape s = layout->shape;
  const gsize block = (gsize) layout->block, plane = (gsize) s.h * (gsize) s.w, each = plane * block;
  const int blocks = (s.c + layout->block - 1) / layout->block;

#pragma omp parallel for schedule(static)
  for (int i = 0; i < s.n * blocks; i++)
    {
      const guint64 image = mix (key + (guint64) (i / blocks) * GAP);
      const Slab slab = { .pixels = plane,
                          .block = block,
                          .from = (guint32) ((gsize) (i % blocks) * each),
                          .first = (guint32) image,
                          .second = (guint32) (image >> 32),
                          .limit = (guint32) (probability * 4294967296.0),
                          .scale = 1 / (1 - probability),
                          .add = add };

      if (layout->size == sizeof (double))
        drop_double ((const double *) in + (gsize) i * each, (double *) out + (gsize) i * each, &slab);
      else
        drop_float ((const float *) in + (gsize) i * each, (float *) out + (gsize) i * each, &slab);
    }
}
