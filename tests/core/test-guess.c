/* test-guess.c: how often a classifier is right, by hand */
#include "config.h"

#include <math.h>

#include "measure/guess.h"

static void
test_counts (void)
{
  const EspGuess guesses[] = { { 0, 0, 0, 0.5 }, { 1, 0, 1, 1.5 }, { -1, 2, 0, NAN }, { 2, 0, 5, 4.0 }, { 2, 2, 0, 2.0 } };
  g_auto (EspAccuracy) accuracy = { 0 };

  esp_accuracy_init (&accuracy, guesses, 5, 3, 2000, 1);
  g_assert_cmpuint (accuracy.n, ==, 4);
  g_assert_cmpfloat (accuracy.top1.value, ==, 0.5);
  g_assert_cmpfloat (accuracy.top5, ==, 0.75);
  g_assert_cmpfloat (accuracy.loss, ==, 2.0);
  g_assert_cmpuint (accuracy.objects[2], ==, 2);
  g_assert_cmpuint (accuracy.right[2], ==, 1);
  g_assert_cmpuint (accuracy.right[1], ==, 0);
}

/* The Bayesian bootstrap of a share is a Beta (hits, misses): of 900 of 1000 its 95 % lie within 0.9 ± 1.96 sqrt (0.09 / 1001). */
static void
test_interval (void)
{
  g_autofree EspGuess *guesses = g_new0 (EspGuess, 1000);
  g_auto (EspAccuracy) accuracy = { 0 };
  const double half = 1.96 * sqrt (0.09 / 1001);

  for (guint i = 900; i < 1000; i++)
    guesses[i].before = 1;
  esp_accuracy_init (&accuracy, guesses, 1000, 1, 2000, 7);
  g_assert_cmpfloat_with_epsilon (accuracy.top1.low, 0.9 - half, 0.003);
  g_assert_cmpfloat_with_epsilon (accuracy.top1.high, 0.9 + half, 0.003);
}

static void
test_none (void)
{
  const EspGuess guess = { -1, 0, 0, NAN };
  g_auto (EspAccuracy) accuracy = { 0 };

  esp_accuracy_init (&accuracy, &guess, 1, 3, 100, 1);
  g_assert_cmpuint (accuracy.n, ==, 0);
  g_assert_true (isnan (accuracy.top1.value));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guess/counts", test_counts);
  g_test_add_func ("/guess/interval", test_interval);
  g_test_add_func ("/guess/none", test_none);
  return g_test_run ();
}
