/* optimiser-loops.c: what one update does with each number; the same bits in vectors of any width */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/optimiser-private.h"

#include <math.h>

#include "kernels/clones.h"

/* @keep is a constant for the compiler; a masked number keeps its value and has no momentum. */
ESP_INLINE void
move_sgd (const EspOptimiserMove *move, gsize n, const guint8 *keep, const float *gradient, float *momentum, float *value)
{
  const EspOptimiserMove m = *move;

  for (gsize i = 0; i < n; i++)
    {
      const float mean = MIN (MAX (gradient[i] * m.scale, -m.limit), m.limit) + m.decay * value[i];
      const float speed = m.momentum * momentum[i] + mean, to = value[i] - m.rate * (m.now * mean + m.ahead * speed);

      momentum[i] = keep == NULL || keep[i] ? speed : 0;
      value[i] = keep == NULL || keep[i] ? to : value[i];
    }
}

ESP_INLINE void
move_adam (const EspOptimiserMove *move, gsize n, const guint8 *keep, const float *gradient, float *first, float *second, float *value)
{
  const EspOptimiserMove m = *move;

  for (gsize i = 0; i < n; i++)
    {
      const float mean = MIN (MAX (gradient[i] * m.scale, -m.limit), m.limit) + m.decay * value[i];
      const float one = m.b1 * first[i] + (1 - m.b1) * mean, two = m.b2 * second[i] + (1 - m.b2) * mean * mean;
      const float to = value[i] - m.rate * one / (sqrtf (two * m.whole) + m.epsilon);

      first[i] = keep == NULL || keep[i] ? one : 0;
      second[i] = keep == NULL || keep[i] ? two : 0;
      value[i] = keep == NULL || keep[i] ? to : value[i];
    }
}

/** esp_optimiser_move_piece: one update of @n numbers and of their moments; a masked number stays and has none. Thread: any. */
ESP_CLONES void
esp_optimiser_move_piece (
    const EspOptimiserMove *move, gsize n, const guint8 *keep, const float *gradient, float *first, float *second, float *value)
{
  if (second != NULL && keep != NULL)
    move_adam (move, n, keep, gradient, first, second, value);
  else if (second != NULL)
    move_adam (move, n, NULL, gradient, first, second, value);
  else if (keep != NULL)
    move_sgd (move, n, keep, gradient, first, value);
  else
    move_sgd (move, n, NULL, gradient, first, value);
}

/** esp_optimiser_average_piece: takes a share of each value in; a masked number's average is the number: 0, or what it was then.
 * Thread: any. */
ESP_CLONES void
esp_optimiser_average_piece (float share, gsize n, const guint8 *keep, const float *value, float *average)
{
  if (keep != NULL)
    for (gsize i = 0; i < n; i++)
      average[i] = keep[i] ? average[i] + share * (value[i] - average[i]) : value[i];
  else
    for (gsize i = 0; i < n; i++)
      average[i] += share * (value[i] - average[i]);
}

/* Sixteen running sums in a fixed order whatever the vectors are; not finite where a gradient is not. */
ESP_INLINE double
sum_squares (gsize n, const guint8 *keep, const float *gradient)
{
  double sums[16] = { 0 }, sum = 0;
  const gsize whole = n / 16 * 16;

  for (gsize i = 0; i < whole; i += 16)
    for (guint s = 0; s < 16; s++)
      {
        const double number = keep == NULL || keep[i + s] ? (double) gradient[i + s] : 0;

        sums[s] += number * number;
      }
  for (gsize i = whole; i < n; i++)
    if (keep == NULL || keep[i])
      sums[i - whole] += (double) gradient[i] * (double) gradient[i];
  for (guint s = 0; s < 16; s++)
    sum += sums[s];
  return sum;
}

/** esp_optimiser_sum_squares: Returns: the sum over @n gradients that are kept, in double. Thread: any. */
ESP_CLONES double
esp_optimiser_sum_squares (gsize n, const guint8 *keep, const float *gradient)
{
  return keep != NULL ? sum_squares (n, keep, gradient) : sum_squares (n, NULL, gradient);
}
