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

/* Which epochs take the place of those before. */
static void
test_sound (void)
{
  EspKept kept = { 0 };
  EspLossWatch watch = { 0 };
  EspWatchOptions options;

  g_assert_false (esp_kept_is_sound (&kept, NAN, 1, 1));
  g_assert_false (esp_kept_is_sound (&kept, 1, 1, INFINITY));
  g_assert_true (esp_kept_is_sound (&kept, 1e9, 1e9, 1e9)); /* there is nothing better */
  esp_kept_note (&kept, 30, 100, 1, TRUE);
  esp_kept_note (&kept, 20, 110, 2, TRUE);
  esp_kept_note (&kept, 25, 120, 3, TRUE);
  g_assert_cmpfloat (kept.lowest, ==, 20);
  g_assert_true (esp_kept_is_sound (&kept, 40, 100, 1200));
  g_assert_false (esp_kept_is_sound (&kept, 40.1, 40, 120));
  g_assert_false (esp_kept_is_sound (&kept, 40, 100.1, 120));
  g_assert_false (esp_kept_is_sound (&kept, 40, INFINITY, 120));
  g_assert_false (esp_kept_is_sound (&kept, 20, 20, 1201));
  esp_kept_note (&kept, 809, 4e5, 4, FALSE);
  g_assert_cmpuint (kept.at, ==, 3);
  g_assert_cmpfloat (kept.norm, ==, 120);
  esp_watch_options_init (&options);
  g_assert_true (isnan (esp_loss_watch_last (&watch)));
  for (int i = 0; i < 70; i++)
    esp_loss_watch_add (&watch, &options, 1 + i * .01);
  g_assert_cmpfloat (esp_loss_watch_last (&watch), ==, 1 + 69 * .01);
  esp_loss_watch_add (&watch, &options, 100);
  g_assert_true (isinf (esp_loss_watch_last (&watch)));
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
  g_test_add_func ("/watch/sound", test_sound);
  return g_test_run ();
}
