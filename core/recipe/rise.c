/* rise.c: whether a curve of validations had become flat when its training ended */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <math.h>

#include "recipe/bench-private.h"

#define PARTS 5

/**
 * esp_curve_rise:
 * @values: mAP of the validations in their order, 0..1
 * @n: how many
 *
 * The rule: the mean of the last fifth of the validations, at least one of them, minus the mean of as many right before. A training whose
 * curve rose by more than ESP_RISE (half a point of mAP) there was ended while it still learned. Our choice: a single validation is noise,
 * and a rate that falls to nothing flattens any curve, so that what still rises under it rises.
 * Returns: the rise; NaN with fewer than two validations. Thread: any.
 */
double
esp_curve_rise (const double *values, guint n)
{
  const guint last = MAX (n / PARTS, 1);
  double rise = 0;

  if (n < 2)
    return NAN;
  for (guint i = 0; i < last; i++)
    rise += (values[n - 1 - i] - values[n - 1 - last - i]) / last;
  return rise;
}
