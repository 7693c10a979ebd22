/* test-interval.c: the Bayesian bootstrap against closed forms, in steps, paired */
#include "config.h"

#include "measure/summary.h"

#include <math.h>

#include "base/rng.h"
#include "measure/bootstrap.h"
#include "outcomes.h"

#define N 50

static EspOutcome *
one_object (gboolean found)
{
  const int class_index = 0;
  EspOutcome *outcome = outcome_new (1, &class_index);

  if (found)
    outcome_add (outcome, 0, .9f, 0, 0);
  return outcome;
}

/* One object an image, found in k of n, no false positive: AP is the weight of the found ones, so Beta(k, n - k). */
static void
test_beta (void)
{
  EspOutcome *outcomes[N];
  const EspProtocol *protocol = esp_protocol_find ("darknet");
  EspInterval interval;

  for (guint i = 0; i < N; i++)
    outcomes[i] = one_object (i % 5 < 3);
  interval = esp_interval_of_map (outcomes, N, 1, protocol, 20000, 1);
  g_assert_cmpfloat_with_epsilon (interval.value, .6, 1e-14);
  g_assert_cmpfloat_with_epsilon (interval.low, .46239, .004);  /* Beta(30, 20), quantile .025 */
  g_assert_cmpfloat_with_epsilon (interval.high, .73003, .004); /* .975 */
  g_assert_cmpuint (interval.n, ==, N);
  g_assert_cmpuint (interval.replicates, ==, 20000);
  for (guint i = 0; i < N; i++)
    outcome_clear (outcomes[i]);
}

static void
test_steps (void)
{
  g_autoptr (GRand) rng = esp_rng_new (3, 0, 0);
  EspOutcome *outcomes[N];
  const EspProtocol *protocol = esp_protocol_find ("darknet-101");
  g_autoptr (EspBootstrap) bootstrap = NULL;
  EspInterval whole, steps;

  for (guint i = 0; i < N; i++)
    outcomes[i] = outcome_random (rng, 4);
  whole = esp_interval_of_map (outcomes, N, 4, protocol, 300, 7);
  bootstrap = esp_bootstrap_new_map (outcomes, N, 4, protocol, 300, 7);
  for (guint i = 0; i < N; i++)
    outcome_clear (outcomes[i]);
  steps = esp_bootstrap_get (bootstrap);
  g_assert_cmpfloat (steps.low, ==, steps.value);
  while (esp_bootstrap_step (bootstrap, 7))
    g_assert_cmpuint (esp_bootstrap_get (bootstrap).replicates % 7, ==, 0);
  steps = esp_bootstrap_get (bootstrap);
  g_assert_cmpfloat (steps.low, ==, whole.low);
  g_assert_cmpfloat (steps.high, ==, whole.high);
  g_assert_cmpfloat (steps.low, <, steps.value);
  g_assert_cmpfloat (steps.value, <, steps.high);
}

/* The same outcomes twice differ by nothing at all; one object lost of n differs by that image's weight, Beta(1, n - 1). */
static void
test_paired (void)
{
  EspOutcome *before[N], *after[N];
  const EspProtocol *protocol = esp_protocol_find ("darknet");
  EspInterval interval;

  for (guint i = 0; i < N; i++)
    {
      before[i] = one_object (TRUE);
      after[i] = one_object (i != 4);
    }
  interval = esp_interval_of_difference (before, before, N, 1, protocol, 100, 1);
  g_assert_cmpfloat (interval.value, ==, 0);
  g_assert_cmpfloat (interval.low, ==, 0);
  g_assert_cmpfloat (interval.high, ==, 0);
  interval = esp_interval_of_difference (before, after, N, 1, protocol, 20000, 1);
  g_assert_cmpfloat_with_epsilon (interval.value, -1.0 / N, 1e-14);
  g_assert_cmpfloat_with_epsilon (interval.low, -(1 - pow (.025, 1.0 / (N - 1))), .004);
  g_assert_cmpfloat_with_epsilon (interval.high, -(1 - pow (.975, 1.0 / (N - 1))), .001);
  outcome_clear (after[7]);
  after[7] = NULL;
  interval = esp_interval_of_difference (before, after, N, 1, protocol, 100, 1);
  g_assert_cmpuint (interval.n, ==, N - 1);
  g_assert_cmpfloat_with_epsilon (interval.value, -1.0 / (N - 1), 1e-14);
  for (guint i = 0; i < N; i++)
    {
      outcome_clear (before[i]);
      outcome_clear (after[i]);
    }
}

/* A picture with 1 to 20 objects of classes that are not equally frequent: found in 7 of 10 cases, of which the pruned network loses 15 %,
 * with other scores and false ones besides. */
static void
draw_pair (GRand *rng, guint n_classes, EspOutcome **before, EspOutcome **after)
{
  const guint drawn = 1 + (guint) (2 * esp_rng_exponential (rng)); /* once: MIN asks twice */
  const guint n = MIN (20, drawn);
  int classes[20];

  for (guint i = 0; i < n; i++)
    classes[i] = (int) (n_classes * pow (g_rand_double (rng), 2));
  *before = outcome_new (n, classes);
  *after = outcome_new (n, classes);
  for (guint i = 0; i < n; i++)
    {
      const gboolean found = g_rand_double (rng) < .7;
      const gboolean still = g_rand_double (rng) < (found ? .85 : .04);
      const double score = g_rand_double_range (rng, .2, 1), change = g_rand_double_range (rng, -.2, .1);

      if (found)
        outcome_add (*before, classes[i], (float) score, (int) i, (int) i);
      if (still)
        outcome_add (*after, classes[i], (float) CLAMP (score + change, .01, .99), (int) i, (int) i);
    }
  for (guint i = 0; i < 4; i++)
    {
      const int class_index = g_rand_int_range (rng, 0, (gint32) n_classes);

      outcome_add (*before, class_index, (float) g_rand_double_range (rng, 0, .7), -1, -1);
      outcome_add (*after, class_index, (float) g_rand_double_range (rng, 0, .7), -1, -1);
    }
}

typedef struct
{
  guint covered;
  double width;
} Coverage;

/* How often the interval after @seen of @all images holds the difference that all of them give. */
static Coverage
count_covered (guint n_classes, guint all, guint seen, guint trials)
{
  const EspProtocol *protocol = esp_protocol_find ("darknet");
  g_autofree EspOutcome **before = g_new (EspOutcome *, all), **after = g_new (EspOutcome *, all), **part = g_new0 (EspOutcome *, all);
  Coverage coverage = { 0 };

  for (guint t = 0; t < trials; t++)
    {
      g_autoptr (GRand) rng = esp_rng_new (5, t, n_classes);
      EspInterval now;
      double last;

      for (guint i = 0; i < all; i++)
        {
          draw_pair (rng, n_classes, &before[i], &after[i]);
          part[i] = i < seen ? after[i] : NULL;
        }
      now = esp_interval_of_difference (before, part, all, n_classes, protocol, 200, 1);
      last = esp_interval_of_difference (before, after, all, n_classes, protocol, 0, 1).value;
      g_assert_cmpuint (now.n, ==, seen);
      g_assert_cmpfloat_with_epsilon (esp_map_partial (before, part, all, n_classes, protocol),
                                      CLAMP (esp_map_partial (before, before, all, n_classes, protocol) + now.value, 0, 1), 1e-12);
      coverage.covered += now.low <= last && last <= now.high;
      coverage.width += (now.high - now.low) / trials;
      for (guint i = 0; i < all; i++)
        {
          outcome_clear (before[i]);
          outcome_clear (after[i]);
        }
    }
  return coverage;
}

/* Part way, the interval holds where the number will arrive in about 19 of 20 cases, whatever the number of classes, and grows narrower. */
static void
test_part_way (void)
{
  const guint classes[] = { 4, 20, 80 }, seen[] = { 16, 32, 64 }, trials = 100;

  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    {
      double before = 1;

      for (guint j = 0; j < G_N_ELEMENTS (seen); j++)
        {
          const Coverage coverage = count_covered (classes[i], 128, seen[j], trials);

          g_test_message ("%u classes, %u of 128 images: %u of %u, width %.3f", classes[i], seen[j], coverage.covered, trials,
                          coverage.width);
          g_assert_cmpuint (coverage.covered, >=, 85);
          g_assert_cmpfloat (coverage.width, <, before);
          before = coverage.width;
        }
    }
}

/* 128 images of 80 classes, 160 rows each: the size of a live pass. */
static void
test_speed (void)
{
  g_autoptr (GRand) rng = esp_rng_new (9, 0, 0);
  EspOutcome *outcomes[128];
  gint64 begun;

  for (guint i = 0; i < 128; i++)
    {
      int classes[7];

      for (guint j = 0; j < 7; j++)
        classes[j] = g_rand_int_range (rng, 0, 80);
      outcomes[i] = outcome_new (7, classes);
      for (guint j = 0; j < 160; j++)
        outcome_add (outcomes[i], j % 23 == 0 ? classes[j / 23] : g_rand_int_range (rng, 0, 80), 1 - (float) j / 160,
                     j % 23 == 0 ? (int) j / 23 : -1, -1);
    }
  begun = g_get_monotonic_time ();
  esp_interval_of_map (outcomes, 128, 80, esp_protocol_find ("darknet"), 2000, 1);
  g_test_message ("2000 replicates: %.3f s", (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC);
  for (guint i = 0; i < 128; i++)
    outcome_clear (outcomes[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/interval/beta", test_beta);
  g_test_add_func ("/interval/steps", test_steps);
  g_test_add_func ("/interval/paired", test_paired);
  g_test_add_func ("/interval/part-way", test_part_way);
  g_test_add_func ("/interval/speed", test_speed);
  return g_test_run ();
}
