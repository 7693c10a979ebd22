/* test-range-test.c: the learning-rate range test on losses that are known */
#include "config.h"

#include "train/range-test.h"

#include <math.h>

#include "base/error.h"

/* Flat at 2 up to 1e-4, then down by 1 over each decade up to 1e-2.5, then up as fast again. */
static gboolean
valley (double rate, double *loss, gpointer data, GError **error)
{
  const double x = log10 (rate);
  guint *calls = data;

  (*calls)++;
  *loss = x < -4 ? 2 : x < -2.5 ? 2 - (x + 4) : .5 + 3 * (x + 2.5);
  return TRUE;
}

static void
test_valley (void)
{
  const EspRangeOptions options = { .lowest = 1e-6, .highest = 1, .n = 121, .smoothing = 0, .stop_factor = 0 };
  guint calls = 0;
  g_autoptr (EspRangeResult) result = esp_range_test_run (&options, valley, &calls, NULL, NULL);
  const EspRangePoint *points = (const EspRangePoint *) (gpointer) result->points->data;

  g_assert_cmpuint (calls, ==, 121);
  g_assert_cmpuint (result->points->len, ==, 121);
  g_assert_false (result->diverged);
  for (guint i = 0; i < 121; i++)
    {
      g_assert_cmpfloat_with_epsilon (log10 (points[i].rate), -6 + i / 20., 1e-9);
      g_assert_cmpfloat (points[i].smooth, ==, points[i].loss);
    }
  g_assert_cmpfloat_with_epsilon (log10 (result->at_lowest), -2.5, 1e-6);
  g_assert_cmpfloat (result->first, ==, 2);
  g_assert_cmpfloat (result->noise, <, .02); /* for the fall begins within the part that tells it */
  g_assert_cmpfloat_with_epsilon (result->fall, 1.5, 1e-9);
  g_assert_cmpfloat_with_epsilon (log10 (result->suggestion), -2.8,
                                  .051); /* 1.2 of the 1.5 are done; points are a 20th of a decade apart */
}

/* A running mean of losses 8, 4, 2, … worked by hand: it forgets that it began at 0. */
static gboolean
halves (double rate, double *loss, gpointer data, GError **error)
{
  double *next = data;

  *loss = *next;
  *next /= 2;
  return TRUE;
}

static void
test_smooth (void)
{
  const EspRangeOptions options = { .lowest = 1, .highest = 2, .n = 10, .smoothing = .5, .stop_factor = 4 };
  double next = 8;
  g_autoptr (EspRangeResult) result = esp_range_test_run (&options, halves, &next, NULL, NULL);
  const EspRangePoint *points = (const EspRangePoint *) (gpointer) result->points->data;

  g_assert_cmpfloat_with_epsilon (points[0].smooth, 8, 1e-12);         /* 4 / .5 */
  g_assert_cmpfloat_with_epsilon (points[1].smooth, 16. / 3, 1e-12);   /* (2 + 2) / .75 */
  g_assert_cmpfloat_with_epsilon (points[2].smooth, 3 / .875, 1e-12);  /* (1 + 1 + 1) / .875 */
  g_assert_cmpfloat_with_epsilon (points[3].smooth, 2 / .9375, 1e-12); /* 4 times .5 / .9375 */
  g_assert_cmpuint (result->points->len, ==, 10);
}

/* Gradient descent on c w² / 2 with c = 100: it diverges above 2 / c, and falls fastest below. */
typedef struct
{
  double w;
  gboolean to_nan;
} Slide;

static gboolean
slide (double rate, double *loss, gpointer data, GError **error)
{
  Slide *s = data;

  *loss = 50 * s->w * s->w + 1;
  s->w -= rate * 100 * s->w;
  if (s->to_nan && rate > .1)
    s->w = NAN;
  return TRUE;
}

static void
test_descent (void)
{
  for (int to_nan = 0; to_nan < 2; to_nan++)
    {
      EspRangeOptions options;
      Slide state = { 1, to_nan };
      g_autoptr (EspRangeResult) result = NULL;

      esp_range_options_init (&options);
      options.highest = 10;
      if (to_nan)
        options.stop_factor = 0;
      result = esp_range_test_run (&options, slide, &state, NULL, NULL);
      g_assert_true (result->diverged);
      g_assert_cmpuint (result->points->len, <, 100);
      for (guint i = 0; i < result->points->len; i++)
        g_assert_true (isfinite (g_array_index (result->points, EspRangePoint, i).loss));
      g_assert_cmpfloat (result->suggestion, >, 1e-4);
      g_assert_cmpfloat (result->suggestion, <, .02);
    }
}

static gboolean
rises (double rate, double *loss, gpointer data, GError **error)
{
  *loss = 1 + rate;
  return TRUE;
}

static void
test_nothing (void)
{
  EspRangeOptions options;
  g_autoptr (EspRangeResult) result = NULL;

  esp_range_options_init (&options);
  result = esp_range_test_run (&options, rises, NULL, NULL, NULL);
  g_assert_true (isnan (result->suggestion));
  g_assert_cmpuint (result->points->len, ==, 100);
}

/* What training gives: level at 250, down to 150 between 1e-5 and 1e-3, level up to 5e-2, then up steeply, and on all of it the lot of the
 * batches, a seventh of the loss. */
typedef struct
{
  GRand *rand;
  double depth;
} Noisy;

static gboolean
noisy (double rate, double *loss, gpointer data, GError **error)
{
  const Noisy *n = data;
  const double x = log10 (rate), fallen = CLAMP ((x + 5) / 2, 0, 1), rise = MAX (x + 1.3, 0);
  double lot = -6;

  for (int i = 0; i < 12; i++) /* near enough to a normal number */
    lot += g_rand_double (n->rand);
  *loss = (250 - n->depth * fallen) * (1 + lot / 7) + 1e4 * rise * rise;
  return TRUE;
}

static double
suggest_noisy (guint32 seed, double depth)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (EspRangeResult) result = NULL;
  EspRangeOptions options;
  Noisy state = { rand, depth };

  esp_range_options_init (&options);
  result = esp_range_test_run (&options, noisy, &state, NULL, NULL);
  g_assert_true (result->diverged);
  g_assert_cmpfloat (result->noise, >, 4);
  g_assert_cmpfloat (result->noise, <, 14); /* 250 / 7 times the root of .1 / 1.9 is 8.2 */
  return result->suggestion;
}

/* Whatever the lot of the batches, it is where the fall ends, and for a loss that does not fall there is none. */
static void
test_noise (void)
{
  double least = INFINITY, most = 0;
  guint n_misled = 0, n_near = 0;

  for (guint32 seed = 0; seed < 100; seed++)
    {
      const double rate = suggest_noisy (seed, 100);

      g_assert_false (isnan (rate));
      least = MIN (least, rate);
      most = MAX (most, rate);
      n_near += rate > 1e-3 && rate < 5e-3;
      n_misled += !isnan (suggest_noisy (seed, 0));
    }
  g_test_message ("suggested from %g to %g; %u of 100 near each other; %u times where there is no fall", least, most, n_near, n_misled);
  g_assert_cmpfloat (least, >, 8e-4);
  g_assert_cmpfloat (most, <, 8e-3);
  g_assert_cmpuint (n_near, >=, 90);
  g_assert_cmpuint (n_misled, <=, 2);
}

static gboolean
fails (double rate, double *loss, gpointer data, GError **error)
{
  guint *calls = data;

  *loss = 1;
  if (++*calls < 5)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "gone");
  return FALSE;
}

static void
test_ends (void)
{
  EspRangeOptions options;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspJob) job = esp_job_new ("test");
  guint calls = 0;

  esp_range_options_init (&options);
  g_assert_null (esp_range_test_run (&options, fails, &calls, job, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
  g_assert_cmpuint (calls, ==, 5);
  g_clear_error (&error);
  esp_job_cancel (job);
  g_assert_null (esp_range_test_run (&options, fails, &calls, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (calls, ==, 5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/range-test/valley", test_valley);
  g_test_add_func ("/range-test/smooth", test_smooth);
  g_test_add_func ("/range-test/descent", test_descent);
  g_test_add_func ("/range-test/nothing", test_nothing);
  g_test_add_func ("/range-test/noise", test_noise);
  g_test_add_func ("/range-test/ends", test_ends);
  return g_test_run ();
}
