/* test-watch.c: when a run has gone wrong, and when it gets no better */
#include "config.h"

#include "train/watch.h"

#include <math.h>

#include "base/rng.h"

static EspWatchVerdict
add (EspLossWatch *watch, double loss, guint times)
{
  EspWatchOptions options;
  EspWatchVerdict verdict = ESP_WATCH_FINE;

  esp_watch_options_init (&options);
  for (guint i = 0; i < times && verdict == ESP_WATCH_FINE; i++)
    verdict = esp_loss_watch_add (watch, &options, loss);
  return verdict;
}

static void
test_median (void)
{
  EspLossWatch watch = { 0 };

  g_assert_true (isnan (esp_loss_watch_median (&watch)));
  for (int i = 1; i <= 64; i++)
    add (&watch, (i * 37) % 64 + 1, 1); /* 1 to 64 in another order */
  g_assert_cmpfloat (esp_loss_watch_median (&watch), ==, 32);
  add (&watch, 5, 64); /* all that were there are gone */
  g_assert_cmpfloat (esp_loss_watch_median (&watch), ==, 5);
  g_assert_cmpuint (watch.n, ==, 128);
}

static void
test_not_finite (void)
{
  EspLossWatch watch = { 0 };

  g_assert_cmpint (add (&watch, NAN, 1), ==, ESP_WATCH_NOT_FINITE);
  g_assert_cmpint (add (&watch, INFINITY, 1), ==, ESP_WATCH_NOT_FINITE);
  g_assert_cmpint (add (&watch, -INFINITY, 1), ==, ESP_WATCH_NOT_FINITE);
  g_assert_cmpuint (watch.n, ==, 0);
}

/* Noise over a factor of a hundred, single hard batches and a slow rise are no divergence. */
static void
test_healthy (void)
{
  g_autoptr (GRand) rng = esp_rng_new (1, 2, 3);
  EspLossWatch watch = { 0 };

  for (int i = 0; i < 5000; i++)
    g_assert_cmpint (add (&watch, exp (g_rand_double_range (rng, -1.1, 1.1)) * pow (1.002, i) * (i % 19 == 0 ? 40 : 1), 1), ==,
                     ESP_WATCH_FINE);
}

static void
test_diverged (void)
{
  EspLossWatch watch = { 0 };

  g_assert_cmpint (add (&watch, 2, 100), ==, ESP_WATCH_FINE);
  g_assert_cmpint (add (&watch, 20, 30), ==, ESP_WATCH_FINE); /* not above ten times */
  watch = (EspLossWatch){ 0 };
  g_assert_cmpint (add (&watch, 2, 100), ==, ESP_WATCH_FINE);
  g_assert_cmpint (add (&watch, 20.5, 19), ==, ESP_WATCH_FINE);
  g_assert_cmpint (add (&watch, 2, 1), ==, ESP_WATCH_FINE); /* it came back */
  g_assert_cmpint (add (&watch, 20.5, 19), ==, ESP_WATCH_FINE);
  g_assert_cmpint (add (&watch, 1e9, 1), ==, ESP_WATCH_DIVERGED);
}

/* Nothing is known yet, or nothing is to be known. */
static void
test_never (void)
{
  const EspWatchOptions never = { .factor = 10, .most = 0 };
  EspLossWatch watch = { 0 };

  g_assert_cmpint (add (&watch, 1, 15), ==, ESP_WATCH_FINE);
  g_assert_cmpint (add (&watch, 1e9, 1), ==, ESP_WATCH_FINE);
  g_assert_cmpuint (watch.high, ==, 0);
  watch = (EspLossWatch){ 0 };
  add (&watch, 1, 100);
  for (int i = 0; i < 100; i++)
    g_assert_cmpint (esp_loss_watch_add (&watch, &never, 1e9), ==, ESP_WATCH_FINE);
}

static void
test_patience (void)
{
  EspPatience patience = { 0 };

  g_assert_false (esp_patience_add (&patience, NAN, 1));
  g_assert_true (esp_patience_add (&patience, 0, 2));
  g_assert_false (esp_patience_add (&patience, 0, 3)); /* as good is not better */
  g_assert_true (esp_patience_add (&patience, .5, 4));
  g_assert_cmpuint (patience.misses, ==, 0);
  g_assert_false (esp_patience_add (&patience, .4, 5));
  g_assert_false (esp_patience_add (&patience, NAN, 6));
  g_assert_false (esp_patience_is_over (&patience, 3));
  g_assert_false (esp_patience_add (&patience, .5, 7));
  g_assert_true (esp_patience_is_over (&patience, 3));
  g_assert_false (esp_patience_is_over (&patience, 0));
  g_assert_cmpfloat (patience.best, ==, .5);
  g_assert_cmpuint (patience.at, ==, 4);
  g_assert_true (esp_patience_add (&patience, .6, 8));
  g_assert_false (esp_patience_is_over (&patience, 1));
}

/* A value below 0 can be the best too. */
static void
test_negative (void)
{
  EspPatience patience = { 0 };

  g_assert_true (esp_patience_add (&patience, -5, 1));
  g_assert_false (esp_patience_add (&patience, -6, 2));
  g_assert_true (esp_patience_add (&patience, -4, 3));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/watch/median", test_median);
  g_test_add_func ("/watch/not-finite", test_not_finite);
  g_test_add_func ("/watch/healthy", test_healthy);
  g_test_add_func ("/watch/diverged", test_diverged);
  g_test_add_func ("/watch/never", test_never);
  g_test_add_func ("/watch/patience", test_patience);
  g_test_add_func ("/watch/negative", test_negative);
  return g_test_run ();
}
