/* exponential.h: e^x in steps that vectorise, of the same bits at every vector width */
#pragma once

#include "kernels/clones.h"

#include <glib.h>

#define ESP_EXP_ROUND  12582912.0f /* 1.5 * 2^23: a small number added to it is rounded to a whole one, held in the lowest bits */
#define ESP_LOG2_E     0x1.715476p+0f
#define ESP_LN2_HIGH   0x1.62ep-1f /* ln 2 in two parts; times a whole number below 2^12 the first one is exact */
#define ESP_LN2_LOW    0x1.0bfbe8e7bp-15f
#define ESP_EXP_LOWEST -105.0f /* e^x is 0 below */

typedef union
{
  float number;
  guint32 bits;
} EspFloatBits;

/* 2^n, n in -126 .. 127. */
ESP_INLINE float
esp_power_of_2 (guint32 n)
{
  return (EspFloatBits){ .bits = (n + 127) << 23 }.number;
}

/* e^x of x <= 0: 2^n e^r with |r| <= ln 2 / 2, where the first eight terms of the series reach 5e-9. 2^n comes in two factors, each of them
 * normal. */
ESP_INLINE float
esp_exponential (float x)
{
  const float within = x < ESP_EXP_LOWEST ? ESP_EXP_LOWEST : x;
  const EspFloatBits sum = { .number = within * ESP_LOG2_E + ESP_EXP_ROUND }, zero = { .number = ESP_EXP_ROUND };
  const float whole = sum.number - ESP_EXP_ROUND, r = (within - whole * ESP_LN2_HIGH) - whole * ESP_LN2_LOW;
  const guint32 n = sum.bits - zero.bits, half = (guint32) ((gint32) n >> 1);
  float p = 1.0f / 5040;

  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = r * r * p + r + 1.0f;
  return p * esp_power_of_2 (half) * esp_power_of_2 (n - half);
}
