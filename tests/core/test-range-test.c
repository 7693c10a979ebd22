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
  g_assert_cmpfloat (result->steepest, >, .99e-4);
  g_assert_cmpfloat (result->steepest, <, 3.17e-3);
  g_assert_cmpfloat (result->suggestion, ==, MIN (result->steepest, result->at_lowest / 10));
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
  g_assert_true (isnan (result->suggestion) && isnan (result->steepest));
  g_assert_cmpuint (result->points->len, ==, 100);
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
  g_test_add_func ("/range-test/ends", test_ends);
  return g_test_run ();
}
