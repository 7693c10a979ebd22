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
  g_test_add_func ("/interval/speed", test_speed);
  return g_test_run ();
}
