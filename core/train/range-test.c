/* range-test.c: which learning rate: one short run with a rate that rises, and where its loss stops falling */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/range-test.h"

#include <math.h>

#define SETTLES    10 /* of so many updates one does not count: the smooth loss begins with few */
#define EARLY      5  /* of so many updates one tells the noise: its rate is too low to act */
#define BEYOND     5  /* times the noise: what is less is no fall; a level loss gets there once in 200 runs */
#define REST       .2 /* of the fall, */
#define REST_NOISE 2  /* or times the noise, whichever is more: where no more is left, the fall is over */

/** esp_range_options_init: 100 updates from 1e-6 to 1; the rate rises by 15 % each. */
void
esp_range_options_init (EspRangeOptions *options)
{
  *options = (EspRangeOptions){ .lowest = 1e-6, .highest = 1, .n = 100, .smoothing = .9, .stop_factor = 4 };
}

/** esp_range_result_free: frees @result and its points. */
void
esp_range_result_free (EspRangeResult *result)
{
  g_array_unref (result->points);
  g_free (result);
}

static double
rate_of (const EspRangeOptions *options, guint i)
{
  return options->lowest * pow (options->highest / options->lowest, (double) i / (options->n - 1));
}

static const EspRangePoint *
point (const EspRangeResult *result, guint i)
{
  return &g_array_index (result->points, EspRangePoint, i);
}

/* The part of a test in which rates are too low to act; in as much again they act little from one update to the next. */
static guint
early_part (guint n)
{
  return MAX (4, n / EARLY);
}

/* Where the losses begin, and how much the smooth one is off by the lot of the batches. Differences of neighbours are looked at, so that a
 * loss that sinks already is not taken for one that is uncertain; the running mean keeps (1 - k) / (1 + k) of the variance. */
static void
measure_early (EspRangeResult *result, guint n, double smoothing)
{
  const guint n_noise = MIN (2 * n, result->points->len);
  double sum = 0, squares = 0;

  for (guint i = 0; i < n; i++)
    sum += point (result, i)->loss;
  for (guint i = 1; i < n_noise; i++)
    squares += pow (point (result, i)->loss - point (result, i - 1)->loss, 2);
  result->first = sum / n;
  result->noise = sqrt (squares / (2 * (n_noise - 1.)) * (1 - smoothing) / (1 + smoothing));
}

static void
suggest (EspRangeResult *result, const EspRangeOptions *options)
{
  const guint early = early_part (options->n);
  double lowest = INFINITY, left;

  result->first = result->noise = result->fall = result->at_lowest = result->suggestion = (double) NAN;
  if (result->points->len <= early)
    return;
  measure_early (result, early, options->smoothing);
  for (guint i = early; i < result->points->len; i++)
    if (point (result, i)->smooth < lowest)
      {
        lowest = point (result, i)->smooth;
        result->at_lowest = point (result, i)->rate;
      }
  result->fall = result->first - lowest;
  if (result->fall <= 0 || result->fall < BEYOND * result->noise)
    return;
  left = MAX (REST * result->fall, REST_NOISE * result->noise);
  for (guint i = early; i < result->points->len && isnan (result->suggestion); i++)
    if (point (result, i)->smooth <= lowest + left)
      result->suggestion = point (result, i)->rate;
}

/* Takes the loss of update number @i; FALSE where the test ends with it. */
static gboolean
take (const EspRangeOptions *options, EspRangeResult *result, double loss, double *mean, double *lowest)
{
  const guint i = result->points->len;
  EspRangePoint next = { .rate = rate_of (options, i), .loss = loss };

  if (!isfinite (loss))
    return FALSE;
  *mean = options->smoothing * *mean + (1 - options->smoothing) * loss;
  next.smooth = *mean / (1 - pow (options->smoothing, i + 1.));
  g_array_append_val (result->points, next);
  if (i < options->n / SETTLES)
    return TRUE;
  *lowest = MIN (*lowest, next.smooth);
  return options->stop_factor <= 0 || next.smooth <= options->stop_factor * *lowest;
}

/**
 * esp_range_test_run:
 * @options: rates and how many
 * @step: one update; what it trained is to be thrown away afterwards
 * @data: of @step
 * @job: (nullable): the job
 * @error: of @step, or G_IO_ERROR_CANCELLED
 *
 * The loss that is looked at is a running mean, freed of its beginning at 0. The first fifth of the updates, whose rates are too low to
 * act, tells where the loss begins, and with as many more its noise. What falls by less than five times the noise is no fall, and nothing
 * is suggested. Else it is the rate at which the fall is over: no more is left to the lowest than a fifth of it, or than twice the noise.
 * The lowest itself is no measure, for behind the fall the loss is level over decades and the lot of a batch says where on it the lowest
 * lies; nor is the steepest, which lies where the first tenth of the run falls, whatever comes after.
 * Returns: (transfer full): the curve and what it suggests. Thread: that of @step.
 * Source: Smith 2015, "Cyclical Learning Rates for Training Neural Networks" (WACV 2017), arXiv:1506.01186, section 3.3, which
 * takes as the highest rate the one where accuracy no longer rises evenly; the smooth loss in its place and the end by a blow-up are
 * custom since (fast.ai's finder), the bounds by the noise are this program's.
 */
EspRangeResult *
esp_range_test_run (const EspRangeOptions *options, EspRangeStep step, gpointer data, EspJob *job, GError **error)
{
  g_autoptr (EspRangeResult) result = NULL;
  double mean = 0, lowest = INFINITY;
  gboolean goes_on = TRUE;

  g_return_val_if_fail (options->n >= 10 && options->lowest > 0 && options->highest > options->lowest, NULL);
  g_return_val_if_fail (options->smoothing >= 0 && options->smoothing < 1, NULL);
  result = g_new0 (EspRangeResult, 1);
  result->points = g_array_sized_new (FALSE, FALSE, sizeof (EspRangePoint), options->n);
  for (guint i = 0; i < options->n && goes_on; i++)
    {
      double loss = (double) NAN;

      if (!esp_job_check (job, error) || !step (rate_of (options, i), &loss, data, error))
        return NULL;
      goes_on = take (options, result, loss, &mean, &lowest);
      esp_job_set_progress (job, i + 1, options->n);
    }
  result->diverged = !goes_on;
  suggest (result, options);
  return g_steal_pointer (&result);
}
