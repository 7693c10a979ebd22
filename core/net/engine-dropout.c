/* engine-dropout.c: which numbers a dropout sets to 0, from keys alone */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-train-private.h"

/* Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators": the finishing of SplitMix64. */
static inline guint64
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

/* One channel of one image: its numbers lie @gap apart. @key is the image's. */
#define CHANNEL(name, real)                                                                                                                \
  static void name (const real *in, real *out, gsize n, gsize gap, guint64 key, guint64 first, guint64 limit, real scale, gboolean add)    \
  {                                                                                                                                        \
    for (gsize i = 0; i < n; i++)                                                                                                          \
      {                                                                                                                                    \
        const real kept = mix (key + (first + i) * GAP) >> 32 < limit ? 0 : in[i * gap] * scale;                                           \
                                                                                                                                           \
        out[i * gap] = add ? out[i * gap] + kept : kept;                                                                                   \
      }                                                                                                                                    \
  }

CHANNEL (drop_float, float)
CHANNEL (drop_double, double)

/**
 * esp_dropout_run:
 * @layout: of both values
 * @probability: that a number becomes 0, from 0 up to but without 1; the others are divided by 1 - @probability
 * @key: esp_dropout_key(); each image of the batch has a key of its own, each number a place in c h w order: layout and threads do not matter
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
  const gsize plane = (gsize) s.h * (gsize) s.w, block = (gsize) layout->block, blocks = ((gsize) s.c + block - 1) / block;
  const guint64 limit = (guint64) (probability * 4294967296.0);
  const double scale = 1 / (1 - probability);

#pragma omp parallel for schedule(static)
  for (int i = 0; i < s.n * s.c; i++)
    {
      const gsize n = (gsize) (i / s.c), c = (gsize) (i % s.c), at = (n * blocks + c / block) * plane * block + c % block;
      const guint64 image = mix (key + n * GAP);

      if (layout->size == sizeof (double))
        drop_double ((const double *) in + at, (double *) out + at, plane, block, image, c * plane, limit, scale, add);
      else
        drop_float ((const float *) in + at, (float *) out + at, plane, block, image, c * plane, limit, (float) scale, add);
    }
}
