/* test-paired.c: the paired bootstrap against the exact distribution of a Dirichlet mean, Holm against a table worked by hand */
#include "config.h"

#include <math.h>

#include "base/rng.h"
#include "measure/paired.h"

#define REPLICATES 40000

/* P(sum w[i] d[i] > t), w ~ Dirichlet(1, ..., 1), in closed form for distinct d: the sum of (d[i] - t)^(n-1) / prod over j of (d[i] - d[j])
 * over those d[i] above t. Source: the B-spline form of such a mean's density (Curry and Schoenberg 1966). */
static double
exact_above (const double *d, guint n, double t)
{
  double sum = 0;

  for (guint i = 0; i < n; i++)
    {
      double term = 1;

      if (d[i] <= t)
        continue;
      for (guint j = 0; j < n; j++)
        if (j != i)
          term *= (d[i] - t) / (d[i] - d[j]);
      sum += term;
    }
  return sum;
}

static void
test_exact (void)
{
  const double a[][6] = { { 3, 1, -1.5, .5, 2.5, -.25 }, { .3, -.2, .11, -.07, .02, -.31 }, { 1, 2, 3, 4, 5.2, 6 } };
  const double b[] = { .5, .25, -.5, 1, 2, 0 };

  for (guint k = 0; k < G_N_ELEMENTS (a); k++)
    {
      EspPaired paired = esp_paired_difference (a[k], b, 6, REPLICATES, 11 + k);
      double d[6], mean = 0, above;

      for (guint i = 0; i < 6; i++)
        mean += (d[i] = a[k][i] - b[i]) / 6;
      above = exact_above (d, 6, 0);
      g_assert_cmpfloat_with_epsilon (paired.interval.value, mean, 1e-12);
      /* four standard errors of a share of so many draws */
      g_assert_cmpfloat_with_epsilon (paired.p, 2 * MIN (above, 1 - above), 8 * sqrt (above * (1 - above) / REPLICATES) + 3.0 / REPLICATES);
      g_assert_cmpfloat_with_epsilon (exact_above (d, 6, paired.interval.low), .975, .004);
      g_assert_cmpfloat_with_epsilon (exact_above (d, 6, paired.interval.high), .025, .004);
    }
}

/* What is certain, what is nothing, what is no number. */
static void
test_edges (void)
{
  const double a[] = { 1, 2, NAN, 4, INFINITY }, b[] = { 0, 1, 2, NAN, 0 };
  EspPaired paired = esp_paired_difference (a, b, 5, 999, 1), same = esp_paired_difference (a, a, 2, 999, 1), none;

  g_assert_cmpuint (paired.interval.n, ==, 2);
  g_assert_cmpfloat_with_epsilon (paired.interval.low, 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (paired.interval.high, 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (paired.p, 2 / 1000.0, 1e-12);
  g_assert_cmpfloat (same.p, ==, 1);
  none = esp_paired_difference (a + 2, b + 2, 1, 999, 1);
  g_assert_cmpuint (none.interval.n, ==, 0);
  g_assert_true (isnan (none.p) && isnan (none.interval.value));
  g_assert_cmpfloat_with_epsilon (esp_paired_difference (a, NULL, 2, 0, 1).interval.value, 1.5, 1e-12);
}

/* 0.01 · 4, 0.02 · 3 = 0.06, 0.03 · 2 = 0.06, 0.04 · 1 raised to 0.06. */
static void
test_holm (void)
{
  const double p[] = { .04, .01, NAN, .03, .02 }, expected[] = { .06, .04, NAN, .06, .06 };
  double adjusted[5];

  esp_holm (p, 5, adjusted);
  for (guint i = 0; i < 5; i++)
    if (isnan (expected[i]))
      g_assert_true (isnan (adjusted[i]));
    else
      g_assert_cmpfloat_with_epsilon (adjusted[i], expected[i], 1e-12);
  esp_holm ((double[]){ .5, .6 }, 2, adjusted);
  g_assert_cmpfloat (adjusted[0], ==, 1);
  g_assert_cmpfloat (adjusted[1], ==, 1);
}

/* Under no difference about 5 of 100 tests at .05 speak up. */
static void
test_level (void)
{
  g_autoptr (GRand) rng = esp_rng_new (5, 0, 0);
  guint wrong = 0;

  for (guint trial = 0; trial < 400; trial++)
    {
      double d[40];

      for (guint i = 0; i < 40; i++)
        d[i] = esp_rng_normal (rng);
      wrong += esp_paired_difference (d, NULL, 40, 999, trial).p < .05;
    }
  g_assert_cmpuint (wrong, >, 8);
  g_assert_cmpuint (wrong, <, 42);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/paired/exact", test_exact);
  g_test_add_func ("/paired/edges", test_edges);
  g_test_add_func ("/paired/holm", test_holm);
  g_test_add_func ("/paired/level", test_level);
  return g_test_run ();
}
