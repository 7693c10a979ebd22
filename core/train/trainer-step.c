/* trainer-step.c: the turns of a run that compute: engines for the sizes that come, sub-batches, updates */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/trainer-private.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

#define SIZE_EVERY 10 /* updates of one input size in a row, darknet's */

static guint
part_of (const EspTrainer *trainer)
{
  return trainer->keys->batch / trainer->keys->subdivisions;
}

static EspFeeder *
make_feeder (EspTrainer *trainer, GError **error)
{
  EspFeederOptions options;

  esp_feeder_options_init (&options, trainer->network);
  options.augment = trainer->options.augment;
  options.orientation = trainer->options.orientation;
  options.batch = part_of (trainer);
  options.size_every = SIZE_EVERY * trainer->keys->subdivisions;
  options.seed = trainer->options.seed;
  options.first_step = trainer->place.step * trainer->keys->subdivisions;
  options.workers = trainer->options.workers;
  options.cache = trainer->options.cache;
  return esp_feeder_new (trainer->train, trainer->train_map, &options, error);
}

/** esp_trainer_prepare: the feeder's threads begin, and the first engine is planned. */
gboolean
esp_trainer_prepare (EspTrainer *trainer, GError **error)
{
  const EspShape input = esp_network_get_input (trainer->network);

  trainer->seeds = esp_seeds_new (esp_network_get_n_layers (trainer->network));
  trainer->feeder = make_feeder (trainer, error);
  if (trainer->feeder == NULL || !esp_trainer_size_engine (trainer, input.w, input.h, error))
    return FALSE;
  if (esp_feeder_get_n (trainer->feeder) == trainer->n_images)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%u images are there to be trained on: expected %" G_GUINT64_FORMAT,
               esp_feeder_get_n (trainer->feeder), (guint64) trainer->n_images);
  return FALSE;
}

/** esp_trainer_turn_prepare: as esp_trainer_prepare(). Nothing is written, but of a run that is over and goes on in another folder. */
gboolean
esp_trainer_turn_prepare (EspTrainer *trainer, GError **error)
{
  if (!esp_trainer_take_threads (trainer, error) || !esp_trainer_prepare (trainer, error))
    return FALSE;
  trainer->turn = ESP_TURN_TRAIN;
  esp_trainer_end_epoch (trainer);
  trainer->saved = g_get_monotonic_time ();
  return trainer->turn != ESP_TURN_STOP || esp_trainer_open_folder (trainer, error);
}

static void
begin_update (EspTrainer *trainer)
{
  memcpy (trainer->statistics, esp_parameter_vector_get_statistics (trainer->vector),
          esp_parameter_vector_get_n_statistics (trainer->vector) * sizeof (float));
  esp_parameter_vector_clear_gradients (trainer->vector);
  trainer->sums = (EspTrainSums){ 0 };
}

/** esp_trainer_forget_update: what sub-batches of an update that is not whole have moved is as before it. */
void
esp_trainer_forget_update (EspTrainer *trainer)
{
  if (trainer->part == 0)
    return;
  memcpy (esp_parameter_vector_get_statistics (trainer->vector), trainer->statistics,
          esp_parameter_vector_get_n_statistics (trainer->vector) * sizeof (float));
  esp_parameter_vector_clear_gradients (trainer->vector);
  trainer->part = 0;
}

static void
add_parts (EspTrainSums *sums, const EspLossParts *parts, guint n_images)
{
  sums->box += parts->box;
  sums->objectness += parts->objectness;
  sums->classes += parts->classes;
  sums->overlap += parts->overlap;
  sums->positives += parts->n_positives;
  sums->images += n_images;
}

static void
add_sums (EspTrainSums *sums, const EspTrainSums *other)
{
  sums->box += other->box;
  sums->objectness += other->objectness;
  sums->classes += other->classes;
  sums->overlap += other->overlap;
  sums->positives += other->positives;
  sums->images += other->images;
}

static gboolean
run_batch (EspTrainer *trainer, const EspBatch *batch, GError **error)
{
  EspObjectiveStep step = { .engine = trainer->engine, .batch = batch, .seeds = trainer->seeds };
  const guint64 number = trainer->place.step * trainer->keys->subdivisions + trainer->part;
  const guint lowest = MAX (trainer->options.freeze, trainer->keys->optimiser.first_layer);

  trainer->part++; /* from here on there is something to take back */
  esp_engine_set_step (trainer->engine, trainer->options.seed, number);
  if (!esp_engine_forward (trainer->engine, batch->input, trainer->job, error))
    return FALSE;
  esp_seeds_clear (trainer->seeds);
  for (guint i = 0; i < trainer->terms->len; i++)
    {
      const EspObjective *objective = ((const EspTerm *) g_ptr_array_index (trainer->terms, i))->objective;

      if (objective->seed != NULL && !objective->seed (trainer->states[i], &step, error))
        return FALSE;
    }
  if (!esp_seeds_set (trainer->seeds, trainer->engine, error) || !esp_engine_backward (trainer->engine, lowest, trainer->job, error))
    return FALSE;
  add_parts (&trainer->sums, &step.parts, batch->n);
  return TRUE;
}

static double
total_of (const EspTrainSums *sums)
{
  return sums->box + sums->objectness + sums->classes;
}

/* (transfer full): which weights are there after a run that went wrong. */
static char *
tell_kept (const EspTrainer *trainer)
{
  const guint64 at = trainer->place.kept.at, epoch = trainer->place.epoch;

  if (at == 0)
    return g_strdup (epoch > 0 ? "no epoch was sound, so that no weights are kept" : "no epoch was whole, so that no weights are kept");
  return g_strdup_printf ("last.weights in %s are those of epoch %" G_GUINT64_FORMAT "%s", trainer->folder, at,
                          at < epoch ? ", the last one that was sound" : "");
}

static gboolean
fail_diverged (EspTrainer *trainer, const char *what, GError **error)
{
  g_autofree char *kept = tell_kept (trainer);

  trainer->diverged = TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_DIVERGED,
               "training diverged at update %" G_GUINT64_FORMAT ", in epoch %" G_GUINT64_FORMAT
               ": %s. %s; a lower learning rate helps; so do, in its cfg, a longer burn_in= and, of heads, max_delta=5",
               trainer->place.step + 1, trainer->place.epoch + 1, what, kept);
  return FALSE;
}

static gboolean
check_loss (EspTrainer *trainer, GError **error)
{
  EspWatchOptions watch;

  esp_watch_options_init (&watch);
  switch (esp_loss_watch_add (&trainer->place.watch, &watch, total_of (&trainer->sums) / trainer->keys->batch))
    {
    case ESP_WATCH_NOT_FINITE:
      return fail_diverged (trainer, "the loss is no longer a number", error);
    case ESP_WATCH_DIVERGED:
      return fail_diverged (trainer, "the loss has been far above what it was for too long", error);
    case ESP_WATCH_FINE:
    default:
      return TRUE;
    }
}

/* The gradients of all sub-batches are there. */
static gboolean
end_update (EspTrainer *trainer, double rate, GError **error)
{
  const guint batch = trainer->keys->batch;
  EspLossParts parts = { 0 };

  for (guint i = 0; i < trainer->terms->len; i++)
    {
      const EspObjective *objective = ((const EspTerm *) g_ptr_array_index (trainer->terms, i))->objective;

      if (objective->gradient != NULL)
        objective->gradient (trainer->states[i], trainer->vector, batch, &parts);
    }
  add_parts (&trainer->sums, &parts, 0);
  if (!check_loss (trainer, error))
    return FALSE;
  if (!esp_optimiser_step (trainer->optimiser, rate, 1. / batch))
    return fail_diverged (trainer, "a gradient is no longer a number", error);
  trainer->part = 0;
  trainer->place.step++;
  add_sums (&trainer->place.sums, &trainer->sums);
  return TRUE;
}

/** esp_trainer_run_part: one sub-batch; behind the last one of an update the update itself, at @rate: trainer->part is 0 then. */
gboolean
esp_trainer_run_part (EspTrainer *trainer, double rate, GError **error)
{
  g_autoptr (EspBatch) batch = esp_feeder_next (trainer->feeder, trainer->job, error);

  if (batch == NULL || !esp_trainer_size_engine (trainer, batch->w, batch->h, error))
    return FALSE;
  if (trainer->part == 0)
    begin_update (trainer);
  return run_batch (trainer, batch, error) && (trainer->part < trainer->keys->subdivisions || end_update (trainer, rate, error));
}

static guint64
epochs_shown (const EspTrainer *trainer)
{
  return trainer->place.step * trainer->keys->batch / trainer->n_images;
}

/** esp_trainer_next_epoch: Returns: the number of the epoch that is under way, from 1; several end at once where a batch shows all images
 * more than once. */
guint64
esp_trainer_next_epoch (const EspTrainer *trainer)
{
  const guint64 next = trainer->place.epoch + 1;

  return CLAMP (epochs_shown (trainer), next, MAX (next, (guint64) trainer->epochs));
}

/** esp_trainer_end_epoch: after a whole update, or where a run is taken up: sets what is next. */
void
esp_trainer_end_epoch (EspTrainer *trainer)
{
  const gboolean last = trainer->place.step >= trainer->steps;
  const guint every = trainer->options.validate_every;

  if (esp_trainer_is_over (trainer))
    trainer->turn = ESP_TURN_STOP;
  else if (epochs_shown (trainer) <= trainer->place.epoch && !last)
    return;
  else if (trainer->val != NULL && isnan (trainer->place.map) && (last || (every > 0 && esp_trainer_next_epoch (trainer) % every == 0)))
    trainer->turn = ESP_TURN_VALIDATE;
  else
    trainer->turn = ESP_TURN_RECORD;
}

/* A checkpoint is there from the first update on: what cannot be written is not found out after an hour. */
static void
choose_next (EspTrainer *trainer)
{
  const gint64 every = (gint64) (trainer->options.checkpoint_minutes * 60 * G_USEC_PER_SEC);

  if (!trainer->opened || (every > 0 && g_get_monotonic_time () - trainer->saved > every))
    trainer->turn = ESP_TURN_CHECKPOINT;
  esp_trainer_end_epoch (trainer);
}

/** esp_trainer_turn_train: one sub-batch, at the rate that the schedule has for its update, counted from 1. */
gboolean
esp_trainer_turn_train (EspTrainer *trainer, GError **error)
{
  const gint64 begun = g_get_monotonic_time ();

  if (!esp_trainer_run_part (trainer, esp_schedule_rate (&trainer->keys->schedule, trainer->place.step + 1), error))
    return FALSE;
  trainer->place.train_seconds += (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
  if (trainer->part == 0)
    choose_next (trainer);
  esp_trainer_show (trainer, ESP_TRAINER_TRAINING);
  return TRUE;
}
