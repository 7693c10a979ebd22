/* trainer-record.c: what a run leaves behind after each epoch, and how far it is */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/trainer-private.h"

#include <math.h>

static double
per_image (double sum, const EspTrainSums *sums)
{
  return sums->images > 0 ? sum / (double) sums->images : (double) NAN;
}

static double
mean_iou (const EspTrainSums *sums)
{
  return sums->positives > 0 ? sums->overlap / (double) sums->positives : (double) NAN;
}

static double
speed_of (const EspTrainer *trainer)
{
  const EspTrainPlace *place = &trainer->place;

  return place->train_seconds > 0 ? (double) place->sums.images / place->train_seconds : (double) NAN;
}

static EspTrainRecord
make_record (EspTrainer *trainer)
{
  const EspTrainPlace *place = &trainer->place;
  const EspTrainSums *sums = &place->sums;

  return (EspTrainRecord){
    .epoch = (guint) place->epoch,
    .step = place->step,
    .images = place->step * trainer->keys->batch,
    .loss = per_image (sums->box + sums->objectness + sums->classes, sums),
    .box_loss = per_image (sums->box, sums),
    .objectness_loss = per_image (sums->objectness, sums),
    .class_loss = per_image (sums->classes, sums),
    .iou = trainer->classifies ? (double) NAN : mean_iou (sums),
    .classifies = trainer->classifies,
    .map = place->map,
    .rate = esp_schedule_rate (&trainer->keys->schedule, place->step),
    .seconds = place->epoch_seconds,
    .total_seconds = place->seconds,
    .images_per_second = speed_of (trainer),
    .memory = trainer->progress.memory,
  };
}

static double
norm_of (const EspTrainer *trainer)
{
  const float *parameters = esp_parameter_vector_get_parameters (trainer->vector);
  const gsize n = esp_parameter_vector_get_n (trainer->vector);
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (double) parameters[i] * parameters[i];
  return sqrt (sum);
}

static gboolean
ends_early (const EspTrainer *trainer)
{
  return esp_patience_is_over (&trainer->place.patience, trainer->options.patience);
}

/* Whether this epoch's weights take the place of last.weights: esp_kept_is_sound(), and those of a run's end whatever they are. */
static gboolean
keep_epoch (EspTrainer *trainer)
{
  EspTrainPlace *place = &trainer->place;
  const double loss = per_image (place->sums.box + place->sums.objectness + place->sums.classes, &place->sums), norm = norm_of (trainer);
  const gboolean keep = ends_early (trainer) || place->step >= trainer->steps
                        || esp_kept_is_sound (&place->kept, loss, esp_loss_watch_last (&place->watch), norm);

  esp_kept_note (&place->kept, loss, norm, esp_trainer_next_epoch (trainer), keep);
  return keep;
}

/* best.weights first: a run that dies in between is taken up from before this epoch and comes here again. */
static gboolean
save_weights (EspTrainer *trainer, GError **error)
{
  g_autofree char *last = esp_trainer_path (trainer, "last.weights"), *best = esp_trainer_path (trainer, "best.weights");
  const gboolean measured = !isnan (trainer->place.map), keep = keep_epoch (trainer);
  const gboolean is_best = trainer->val == NULL ? keep : measured && trainer->place.patience.at == esp_trainer_next_epoch (trainer);

  if (is_best && !esp_weights_save (trainer->network, trainer->snapshot, best, error))
    return FALSE;
  return !keep || esp_weights_save (trainer->network, trainer->snapshot, last, error);
}

static gboolean
log_epoch (EspTrainer *trainer, GError **error)
{
  g_autofree char *path = esp_trainer_path (trainer, "log.jsonl");
  const EspTrainRecord record = make_record (trainer);

  if (!esp_train_log_append (path, &record, &trainer->place.log_size, error))
    return FALSE;
  pthread_mutex_lock (&trainer->lock);
  g_array_append_val (trainer->records, record);
  pthread_mutex_unlock (&trainer->lock);
  return TRUE;
}

/** esp_trainer_is_over: Returns: whether every epoch is recorded, or nothing was better for long. */
gboolean
esp_trainer_is_over (const EspTrainer *trainer)
{
  const gboolean recorded = trainer->place.step > 0 && trainer->place.sums.images == 0;

  return recorded && (ends_early (trainer) || trainer->place.step >= trainer->steps);
}

/** esp_trainer_turn_record: weights, the log's line and a checkpoint of the epoch that is over. While the run goes on, an epoch that is no
 * longer sound (esp_kept_is_sound()) leaves last.weights as they are, and without a validation best.weights, too. */
gboolean
esp_trainer_turn_record (EspTrainer *trainer, GError **error)
{
  EspTrainPlace *place = &trainer->place;

  esp_trainer_show (trainer, ESP_TRAINER_SAVING);
  if (trainer->snapshot == NULL)
    esp_trainer_snapshot (trainer);
  if (!esp_trainer_open_folder (trainer, error) || !save_weights (trainer, error))
    return FALSE;
  g_clear_pointer (&trainer->snapshot, esp_weights_unref);
  place->epoch = esp_trainer_next_epoch (trainer);
  if (!log_epoch (trainer, error))
    return FALSE;
  place->sums = (EspTrainSums){ 0 };
  place->epoch_seconds = place->train_seconds = 0;
  place->map = (double) NAN;
  trainer->turn = esp_trainer_is_over (trainer) ? ESP_TURN_STOP : ESP_TURN_TRAIN;
  return esp_trainer_save (trainer, error);
}

static double
seconds_left (const EspTrainer *trainer, double speed)
{
  const double images = (double) (trainer->steps - trainer->place.step) * trainer->keys->batch;
  const guint every = trainer->options.validate_every;
  const double epochs = trainer->epochs > trainer->place.epoch ? (double) (trainer->epochs - trainer->place.epoch) : 0;

  return images / speed + trainer->validation_seconds * (every > 0 ? epochs / every : 1);
}

/* The numbers of the last whole update. */
static void
show_update (EspTrainer *trainer, EspTrainerProgress *progress)
{
  const EspTrainSums *sums = &trainer->sums;
  const double speed = speed_of (trainer);

  if (trainer->part != 0 || sums->images == 0)
    return;
  progress->loss = per_image (sums->box + sums->objectness + sums->classes, sums);
  progress->box_loss = per_image (sums->box, sums);
  progress->objectness_loss = per_image (sums->objectness, sums);
  progress->class_loss = per_image (sums->classes, sums);
  progress->iou = mean_iou (sums);
  progress->rate = esp_schedule_rate (&trainer->keys->schedule, trainer->place.step);
  if (isfinite (speed))
    {
      progress->images_per_second = speed;
      progress->seconds_left = seconds_left (trainer, speed);
    }
}

/** esp_trainer_show: brings what esp_trainer_get_progress() tells up to date. */
void
esp_trainer_show (EspTrainer *trainer, EspTrainerPhase phase)
{
  const EspTrainPlace *place = &trainer->place;
  EspTrainerProgress *progress = &trainer->progress;

  pthread_mutex_lock (&trainer->lock);
  if (progress->epochs == 0)
    progress->loss = progress->iou = progress->seconds_left = progress->map = (double) NAN;
  progress->phase = phase;
  progress->epoch = (guint) place->epoch;
  progress->epochs = trainer->epochs;
  progress->step = place->step;
  progress->steps = trainer->steps;
  progress->images = place->step * trainer->keys->batch;
  progress->validated = trainer->validated;
  progress->validates = trainer->val != NULL ? esp_dataset_get_n (trainer->val) : 0;
  progress->seconds = place->seconds;
  if (!isnan (place->map))
    progress->map = place->map;
  progress->best = place->patience.at > 0 ? place->patience.best : (double) NAN;
  progress->best_epoch = (guint) place->patience.at;
  progress->early = ends_early (trainer) && place->step < trainer->steps;
  show_update (trainer, progress);
  pthread_mutex_unlock (&trainer->lock);
}
