/* range-test.c: which learning rate: one short run with a rate that rises, and where its loss fell fastest */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/range-test.h"

#include <math.h>

#define SETTLES 10 /* of so many updates one does not count: the smooth loss begins with few */

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

/* Fall of the smooth loss over e-folds of the rate, between neighbours @reach apart. */
static double
fall_at (const EspRangeResult *result, guint i, guint reach)
{
  const EspRangePoint *before = point (result, i - reach), *after = point (result, i + reach);

  return (before->smooth - after->smooth) / log (after->rate / before->rate);
}

static void
suggest (EspRangeResult *result, guint n)
{
  const guint settled = n / SETTLES, reach = MAX (1, n / 50);
  double most = 0, lowest = INFINITY;

  result->steepest = result->at_lowest = result->suggestion = (double) NAN;
  for (guint i = settled; i < result->points->len; i++)
    if (point (result, i)->smooth < lowest)
      {
        lowest = point (result, i)->smooth;
        result->at_lowest = point (result, i)->rate;
      }
  for (guint i = settled + reach; i + reach < result->points->len; i++)
    if (fall_at (result, i, reach) > most)
      {
        most = fall_at (result, i, reach);
        result->steepest = point (result, i)->rate;
      }
  if (!isnan (result->steepest))
    result->suggestion = MIN (result->steepest, result->at_lowest / 10);
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
 * The loss that is looked at is a running mean, freed of its beginning at 0. The first tenth of the updates is passed over.
 * Returns: (transfer full): the curve and what it suggests. Thread: that of @step.
 * Source: Smith 2017, "Cyclical Learning Rates for Training Neural Networks", arXiv:1506.01186, section 3.3; the steepest place as a
 * suggestion, and a tenth of the lowest, are custom since (fast.ai's finder).
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
  suggest (result, options->n);
  return g_steal_pointer (&result);
}
