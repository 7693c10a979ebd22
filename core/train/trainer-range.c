/* trainer-range.c: which learning rate: a few updates of a run at a rate that rises */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/trainer-private.h"

#include <math.h>

#include "base/error.h"

/* One update; a loss or gradient that is no number is where the test ends, and no failure of it. */
static gboolean
update (double rate, double *loss, gpointer data, GError **error)
{
  EspTrainer *trainer = data;
  g_autoptr (GError) local = NULL;
  gboolean done;

  do
    done = esp_trainer_run_part (trainer, rate, &local);
  while (done && trainer->part != 0);
  *loss = (trainer->sums.box + trainer->sums.objectness + trainer->sums.classes) / trainer->keys->batch;
  if (done)
    return TRUE;
  if (trainer->diverged)
    {
      *loss = (double) NAN;
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/**
 * esp_trainer_find_rate:
 * @trainer: a run that was not started, with or without a folder; of no use afterwards but to be freed
 * @options: rates and how many updates
 * @job: (nullable): progress in updates; cancelled between two layers
 * @error: those of computing; G_IO_ERROR_CANCELLED
 *
 * Trains as the run would, at rates of the test in place of the schedule's, and writes nothing.
 *
 * Returns: (transfer full): the curve and what it suggests. Thread: lane.
 */
EspRangeResult *
esp_trainer_find_rate (EspTrainer *trainer, const EspRangeOptions *options, EspJob *job, GError **error)
{
  EspRangeResult *result;

  g_return_val_if_fail (!trainer->started, NULL);
  trainer->started = TRUE;
  if (job != NULL)
    {
      esp_job_unref (trainer->job);
      trainer->job = esp_job_ref (job);
    }
  result = esp_trainer_prepare (trainer, error) ? esp_range_test_run (options, update, trainer, job, error) : NULL;
  esp_trainer_drop_engines (trainer);
  return result;
}
