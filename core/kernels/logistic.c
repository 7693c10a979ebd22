/* logistic.c: the logistic function of many numbers at once */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/logistic.h"

#include "kernels/clones.h"

#define ROUND    12582912.0f /* 1.5 * 2^23: a small number added to it is rounded to a whole one, held in the lowest bits */
#define LOG2_E   0x1.715476p+0f
#define LN2_HIGH 0x1.62ep-1f /* ln 2 in two parts; times a whole number below 2^12 the first one is exact */
#define LN2_LOW  0x1.0bfbe8e7bp-15f
#define LOWEST   -105.0f /* e^x is 0 below */

typedef union
{
  float number;
  guint32 bits;
} Float;

/* 2^n, n in -126 .. 127. */
ESP_INLINE float
power_of_2 (guint32 n)
{
  return (Float){ .bits = (n + 127) << 23 }.number;
}

/* e^x of x <= 0: 2^n e^r with |r| <= ln 2 / 2, where the first eight terms of the series reach 5e-9. 2^n comes in two factors, each of them
 * normal. */
ESP_INLINE float
exponential (float x)
{
  const float within = x < LOWEST ? LOWEST : x;
  const Float sum = { .number = within * LOG2_E + ROUND }, zero = { .number = ROUND };
  const float whole = sum.number - ROUND, r = (within - whole * LN2_HIGH) - whole * LN2_LOW;
  const guint32 n = sum.bits - zero.bits, half = (guint32) ((gint32) n >> 1);
  float p = 1.0f / 5040;

  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = r * r * p + r + 1.0f;
  return p * power_of_2 (half) * power_of_2 (n - half);
}

/**
 * esp_logistic_run:
 * @in: @n numbers
 * @out: (out): 1 / (1 + e^-x), or e^x / (1 + e^x) where x < 0, of each, within 4 units in the last place; NaN stays NaN
 * @n: how many
 *
 * The same steps of plain multiplies and adds whatever the vector width: the bits depend neither on the processor nor on where a number
 * stands. Thread: any.
 */
ESP_CLONES void
esp_logistic_run (const float *in, float *out, gsize n)
{
#pragma omp simd
  for (gsize i = 0; i < n; i++)
    {
      const float x = in[i], e = exponential (x < 0 ? x : -x);

      out[i] = (x < 0 ? e : 1.0f) / (1.0f + e);
    }
}
