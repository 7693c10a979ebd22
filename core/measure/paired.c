/* paired.c: whether one thing measured on the same items lies above another */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/paired.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"

/* The differences of those pairs in which both are numbers. */
static double *
take_differences (const double *a, const double *b, guint n, guint *n_pairs)
{
  double *differences = g_new (double, MAX (n, 1));

  *n_pairs = 0;
  for (guint i = 0; i < n; i++)
    {
      const double d = a[i] - (b != NULL ? b[i] : 0);

      if (isfinite (d))
        differences[(*n_pairs)++] = d;
    }
  return differences;
}

/* Mean with weights ~ Dirichlet(1). */
static double
draw_mean (const double *d, guint n, GRand *rng)
{
  double sum = 0, weights = 0;

  for (guint i = 0; i < n; i++)
    {
      const double weight = esp_rng_exponential (rng);

      sum += weight * d[i];
      weights += weight;
    }
  return sum / weights;
}

/* Twice the smaller tail, zeros counting to both, the observed sample counted as one more replicate so that no p is 0. */
static double
two_sided (const double *draws, guint n)
{
  guint below = 1, above = 1;

  for (guint i = 0; i < n; i++)
    {
      below += draws[i] <= 0 ? 1 : 0;
      above += draws[i] >= 0 ? 1 : 0;
    }
  return MIN (1, 2.0 * MIN (below, above) / (n + 1.0));
}

/**
 * esp_paired_difference:
 * @a: @n numbers
 * @b: (nullable): @n numbers of the same items; NULL: of the mean of @a itself
 * @n: items
 * @replicates: how many to draw; the least p that can be found is 2 / (@replicates + 1)
 * @seed: of the weights; equal seeds and items give equal weights
 *
 * Bayesian bootstrap over the items: each replicate is the mean of a - b with weights ~ n · Dirichlet(1). Pairs with a number that is none
 * are left out. p is twice the share of replicates on the other side of 0. Source: Rubin 1981, The Bayesian bootstrap. Thread: any.
 *
 * Returns: the mean, the 2.5 and 97.5 percentiles of the replicates, p; NaN without pairs
 */
EspPaired
esp_paired_difference (const double *a, const double *b, guint n, guint replicates, guint64 seed)
{
  guint n_pairs;
  g_autofree double *d = take_differences (a, b, n, &n_pairs);
  g_autofree double *draws = g_new (double, MAX (replicates, 1));
  g_autoptr (GRand) rng = esp_rng_new (seed, 0x9a17, n_pairs);
  EspPaired paired = { { NAN, NAN, NAN, replicates, seed, n_pairs }, NAN };
  double sum = 0;

  if (n_pairs == 0)
    return paired;
  for (guint i = 0; i < n_pairs; i++)
    sum += d[i];
  paired.interval.value = paired.interval.low = paired.interval.high = sum / n_pairs;
  if (replicates == 0)
    return paired;
  for (guint i = 0; i < replicates; i++)
    draws[i] = draw_mean (d, n_pairs, rng);
  paired.p = two_sided (draws, replicates);
  esp_draws_get_interval (draws, replicates, &paired.interval.low, &paired.interval.high);
  return paired;
}

typedef struct
{
  double p;
  guint place;
} Test;

static int
by_p (const void *a, const void *b)
{
  const Test *x = a, *y = b;

  return (x->p > y->p) - (x->p < y->p);
}

/**
 * esp_holm:
 * @p: probabilities of one family of tests; NaN is no test and stays NaN
 * @n: how many
 * @adjusted: (out caller-allocates): @n: p as if it were the only test: below .05 the test holds with all the others considered
 *
 * Source: Holm 1979, A simple sequentially rejective multiple test procedure. Thread: any.
 */
void
esp_holm (const double *p, guint n, double *adjusted)
{
  g_autofree Test *tests = g_new (Test, MAX (n, 1));
  double most = 0;
  guint m = 0;

  for (guint i = 0; i < n; i++)
    {
      adjusted[i] = NAN;
      if (!isnan (p[i]))
        tests[m++] = (Test){ p[i], i };
    }
  qsort (tests, m, sizeof *tests, by_p);
  for (guint i = 0; i < m; i++)
    {
      most = MAX (most, MIN (1, tests[i].p * (m - i)));
      adjusted[tests[i].place] = most;
    }
}
