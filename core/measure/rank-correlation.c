/* rank-correlation.c: whether two lists of numbers have one order */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/rank-correlation.h"

#include <math.h>
#include <stdlib.h>

static int
by_value (const void *a, const void *b)
{
  const EspRanked *x = a, *y = b;

  return (x->value > y->value) - (x->value < y->value);
}

static gboolean
rank (gsize n, EspRanked *sorted, double *ranks)
{
  qsort (sorted, n, sizeof *sorted, by_value);
  for (gsize i = 0, end; i < n; i = end)
    {
      for (end = i + 1; end < n && sorted[end].value <= sorted[i].value; end++)
        ;
      for (gsize k = i; k < end; k++)
        ranks[sorted[k].place] = (double) (i + end - 1) / 2 - (double) (n - 1) / 2;
    }
  return n > 0 && sorted[0].value < sorted[n - 1].value;
}

/**
 * esp_rank:
 * @values: numbers, none of them NaN
 * @n: how many
 * @room: (out caller-allocates): @n, for the sorting
 * @ranks: (out caller-allocates): @n: the values' ranks about their mean, equal values sharing the mean of theirs
 *
 * Returns: whether there is more than one value: else there is no order. Thread: any.
 */
gboolean
esp_rank (const double *values, gsize n, EspRanked *room, double *ranks)
{
  for (gsize i = 0; i < n; i++)
    room[i] = (EspRanked){ values[i], i };
  return rank (n, room, ranks);
}

/**
 * esp_correlate_ranks:
 * @a: ranks as esp_rank() leaves them, of more than one value
 * @b: likewise
 * @n: how many
 *
 * Spearman's rank correlation: Pearson's of the ranks. Source: Spearman 1904, Am. J. Psychol. 15:72. Returns: -1..1. Thread: any.
 */
double
esp_correlate_ranks (const double *a, const double *b, gsize n)
{
  double xy = 0, xx = 0, yy = 0;

  for (gsize i = 0; i < n; i++)
    {
      xy += a[i] * b[i];
      xx += a[i] * a[i];
      yy += b[i] * b[i];
    }
  return xy / sqrt (xx * yy);
}

static gboolean
rank_floats (const float *values, gsize n, EspRanked *room, double *ranks)
{
  for (gsize i = 0; i < n; i++)
    room[i] = (EspRanked){ (double) values[i], i };
  return rank (n, room, ranks);
}

/**
 * esp_spearman:
 * @x: numbers, none of them NaN
 * @y: likewise
 * @n: how many
 *
 * Spearman's rank correlation, ties sharing their mean rank. Returns: -1..1; NaN where either list holds one value only. Thread: any.
 */
double
esp_spearman (const float *x, const float *y, gsize n)
{
  g_autofree EspRanked *room = g_new (EspRanked, n + 1);
  g_autofree double *a = g_new (double, n + 1), *b = g_new (double, n + 1);

  return n >= 2 && rank_floats (x, n, room, a) && rank_floats (y, n, room, b) ? esp_correlate_ranks (a, b, n) : NAN;
}
