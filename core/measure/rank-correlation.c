/* rank-correlation.c: whether two lists of numbers have one order */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/rank-correlation.h"

#include <math.h>
#include <stdlib.h>

typedef struct
{
  float value;
  gsize place;
} Ranked;

static int
by_value (const void *a, const void *b)
{
  const Ranked *x = a, *y = b;

  return (x->value > y->value) - (x->value < y->value);
}

/* Ranks about their mean, equal values sharing theirs. Returns: whether there is more than one value. */
static gboolean
rank (const float *values, gsize n, Ranked *sorted, double *ranks)
{
  for (gsize i = 0; i < n; i++)
    sorted[i] = (Ranked){ values[i], i };
  qsort (sorted, n, sizeof *sorted, by_value);
  for (gsize i = 0, end; i < n; i = end)
    {
      for (end = i + 1; end < n && sorted[end].value <= sorted[i].value; end++)
        ;
      for (gsize k = i; k < end; k++)
        ranks[sorted[k].place] = (double) (i + end - 1) / 2 - (double) (n - 1) / 2;
    }
  return sorted[0].value < sorted[n - 1].value;
}

/**
 * esp_spearman:
 * @x: numbers, none of them NaN
 * @y: likewise
 * @n: how many
 *
 * Spearman's rank correlation, ties sharing their mean rank: Pearson's of the ranks. Source: Spearman 1904, Am. J. Psychol. 15:72.
 * Returns: -1..1; NaN where either list holds one value only. Thread: any.
 */
double
esp_spearman (const float *x, const float *y, gsize n)
{
  g_autofree Ranked *sorted = g_new (Ranked, n + 1);
  g_autofree double *a = g_new (double, n + 1), *b = g_new (double, n + 1);
  double xy = 0, xx = 0, yy = 0;

  if (n < 2 || !rank (x, n, sorted, a) || !rank (y, n, sorted, b))
    return NAN;
  for (gsize i = 0; i < n; i++)
    {
      xy += a[i] * b[i];
      xx += a[i] * a[i];
      yy += b[i] * b[i];
    }
  return xy / sqrt (xx * yy);
}
