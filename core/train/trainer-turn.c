/* trainer-turn.c: the turns of a run in the lane, and the hand on it */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/trainer-private.h"

#include <math.h>

#include "base/error.h"

/* One act of the lane; dropped with a lane that goes before it ran. */
typedef struct
{
  EspTrainer *trainer;
  gboolean ran;
} Turn;

static void post (EspTrainer *trainer);

/* Tells those who wait; nothing of the run changes after it. */
static void
stop (EspTrainer *trainer, EspTrainerState state, GError *error)
{
  esp_trainer_show (trainer, trainer->progress.phase);
  esp_trainer_drop_engines (trainer);
  esp_trainer_clear_validation (trainer);
  g_clear_pointer (&trainer->val_engine, esp_engine_unref);
  g_clear_pointer (&trainer->val_cache, esp_image_cache_unref);
  g_clear_pointer (&trainer->folder_lock, esp_folder_lock_free);
  pthread_mutex_lock (&trainer->lock);
  trainer->progress.state = state;
  trainer->progress.seconds_left = 0;
  trainer->error = error;
  pthread_cond_broadcast (&trainer->stopped);
  pthread_mutex_unlock (&trainer->lock);
  if (trainer->done != NULL)
    trainer->done (trainer, trainer->done_data);
}

/* What the last whole update left is worth keeping; a run without one leaves all as it was. */
static void
stop_cancelled (EspTrainer *trainer)
{
  GError *error = NULL;

  esp_trainer_forget_update (trainer);
  if (trainer->place.step > trainer->from && !esp_trainer_save (trainer, &error))
    stop (trainer, ESP_TRAINER_FAILED, error);
  else
    stop (trainer, ESP_TRAINER_CANCELLED, NULL);
}

static gboolean
take_turn (EspTrainer *trainer, GError **error)
{
  switch (trainer->turn)
    {
    case ESP_TURN_PREPARE:
      return esp_trainer_turn_prepare (trainer, error);
    case ESP_TURN_TRAIN:
      return esp_trainer_turn_train (trainer, error);
    case ESP_TURN_CHECKPOINT:
      trainer->turn = ESP_TURN_TRAIN;
      return esp_trainer_save (trainer, error);
    case ESP_TURN_VALIDATE:
      return esp_trainer_turn_validate (trainer, error);
    case ESP_TURN_RECORD:
      return esp_trainer_turn_record (trainer, error);
    case ESP_TURN_STOP:
    default:
      return TRUE;
    }
}

/* Whether the run is to wait where it is. */
static gboolean
park (EspTrainer *trainer)
{
  gboolean parked;

  pthread_mutex_lock (&trainer->lock);
  parked = trainer->pause && !esp_job_is_cancelled (trainer->job);
  trainer->parked = parked;
  trainer->progress.state = parked ? ESP_TRAINER_PAUSED : ESP_TRAINER_RUNNING;
  pthread_mutex_unlock (&trainer->lock);
  return parked;
}

static void
turn_run (gpointer data)
{
  Turn *turn = data;
  EspTrainer *trainer = turn->trainer;
  const gint64 begun = g_get_monotonic_time ();
  GError *error = NULL;
  gboolean done;
  double seconds;

  turn->ran = TRUE;
  if (park (trainer))
    return;
  done = esp_job_check (trainer->job, &error) && take_turn (trainer, &error);
  seconds = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
  trainer->place.seconds += seconds;
  trainer->place.epoch_seconds += seconds;
  if (done && trainer->turn != ESP_TURN_STOP)
    {
      esp_trainer_show (trainer, trainer->progress.phase);
      post (trainer);
      return;
    }
  if (done)
    stop (trainer, ESP_TRAINER_FINISHED, NULL);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_error_free (error);
      stop_cancelled (trainer);
    }
  else
    stop (trainer, ESP_TRAINER_FAILED, error);
}

static void
turn_free (gpointer data)
{
  Turn *turn = data;

  if (!turn->ran)
    stop_cancelled (turn->trainer);
  esp_trainer_unref (turn->trainer);
  g_free (turn);
}

static void
post (EspTrainer *trainer)
{
  Turn *turn = g_new0 (Turn, 1);

  turn->trainer = esp_trainer_ref (trainer);
  esp_lane_post (trainer->lane, ESP_LANE_BACKGROUND, turn_run, turn, turn_free);
}

/**
 * esp_trainer_start:
 * @trainer: a run that was not started
 * @lane: where it computes: turns of a sub-batch at the lowest priority, each at the back of the queue, interrupted between two layers by
 *   what is more urgent
 * @done: (nullable): called in the lane once it has stopped, whatever way; after that nothing changes
 * @data: for @done
 *
 * A lane that is freed first drops the next turn; the run then ends as if cancelled. A paused run has no turn that could be dropped: it is
 * cancelled and waited for before its lane goes. Thread: any.
 */
void
esp_trainer_start (EspTrainer *trainer, EspLane *lane, void (*done) (EspTrainer *trainer, gpointer data), gpointer data)
{
  gboolean started;

  pthread_mutex_lock (&trainer->lock);
  started = trainer->started;
  trainer->started = TRUE;
  pthread_mutex_unlock (&trainer->lock);
  g_return_if_fail (!started && trainer->folder != NULL);
  trainer->lane = lane;
  trainer->done = done;
  trainer->done_data = data;
  esp_lane_attend (lane, trainer->job);
  post (trainer);
}

/** esp_trainer_pause: it waits behind the sub-batch in flight until esp_trainer_resume() or esp_trainer_cancel(). Thread: any. */
void
esp_trainer_pause (EspTrainer *trainer)
{
  pthread_mutex_lock (&trainer->lock);
  trainer->pause = TRUE;
  pthread_mutex_unlock (&trainer->lock);
}

/* Wakes a run that waits. */
static void
wake (EspTrainer *trainer)
{
  gboolean parked;

  pthread_mutex_lock (&trainer->lock);
  parked = trainer->parked;
  trainer->parked = FALSE;
  trainer->pause = FALSE;
  pthread_mutex_unlock (&trainer->lock);
  if (parked)
    post (trainer);
}

/** esp_trainer_resume: it goes on; nothing where it was not paused. Thread: any. */
void
esp_trainer_resume (EspTrainer *trainer)
{
  wake (trainer);
}

/** esp_trainer_cancel: it stops between two layers, takes back a part of an update, and writes a checkpoint. Never waits. Thread: any. */
void
esp_trainer_cancel (EspTrainer *trainer)
{
  esp_job_cancel (trainer->job);
  wake (trainer);
}

static gboolean
is_over (EspTrainerState state)
{
  return state == ESP_TRAINER_FINISHED || state == ESP_TRAINER_CANCELLED || state == ESP_TRAINER_FAILED;
}

/**
 * esp_trainer_wait:
 * @until: monotonic time in microseconds
 *
 * Returns: whether the run has stopped by then. Thread: any but the lane.
 */
gboolean
esp_trainer_wait (EspTrainer *trainer, gint64 until)
{
  gboolean over;

  pthread_mutex_lock (&trainer->lock);
  while (!(over = is_over (trainer->progress.state)))
    {
      const gint64 left = until - g_get_monotonic_time ();
      struct timespec at;

      if (left <= 0)
        break;
      clock_gettime (CLOCK_REALTIME, &at);
      at.tv_sec += left / G_USEC_PER_SEC;
      at.tv_nsec += left % G_USEC_PER_SEC * 1000;
      if (at.tv_nsec >= 1000000000)
        {
          at.tv_nsec -= 1000000000;
          at.tv_sec++;
        }
      pthread_cond_timedwait (&trainer->stopped, &trainer->lock, &at);
    }
  pthread_mutex_unlock (&trainer->lock);
  return over;
}

/** esp_trainer_get_progress: @progress: (out): how far it is, as one moment had it. Thread: any. */
void
esp_trainer_get_progress (EspTrainer *trainer, EspTrainerProgress *progress)
{
  pthread_mutex_lock (&trainer->lock);
  *progress = trainer->progress;
  pthread_mutex_unlock (&trainer->lock);
}

/** esp_trainer_dup_records: Returns: (transfer full): of EspTrainRecord: those of epochs from @first on, of a resumed run all. Thread:
 * any. */
GArray *
esp_trainer_dup_records (EspTrainer *trainer, guint first)
{
  GArray *records = g_array_new (FALSE, FALSE, sizeof (EspTrainRecord));

  pthread_mutex_lock (&trainer->lock);
  for (guint i = 0; i < trainer->records->len; i++)
    if (g_array_index (trainer->records, EspTrainRecord, i).epoch >= first)
      g_array_append_val (records, g_array_index (trainer->records, EspTrainRecord, i));
  pthread_mutex_unlock (&trainer->lock);
  return records;
}

/** esp_trainer_dup_error: Returns: (transfer full) (nullable): why it failed. Thread: any. */
GError *
esp_trainer_dup_error (EspTrainer *trainer)
{
  GError *error;

  pthread_mutex_lock (&trainer->lock);
  error = trainer->error != NULL ? g_error_copy (trainer->error) : NULL;
  pthread_mutex_unlock (&trainer->lock);
  return error;
}

/** esp_trainer_dup_plan: Returns: (transfer full): the planned memory by kind, one a line; "" before the first update. Thread: any. */
char *
esp_trainer_dup_plan (EspTrainer *trainer)
{
  char *plan;

  pthread_mutex_lock (&trainer->lock);
  plan = g_strdup (trainer->plan->str);
  pthread_mutex_unlock (&trainer->lock);
  return plan;
}

/** esp_trainer_get_network: Returns: (transfer none): what is trained, with the cfg that says how: net.cfg. Thread: any. */
EspNetwork *
esp_trainer_get_network (EspTrainer *trainer)
{
  return trainer->network;
}

/** esp_trainer_get_folder: Returns: (transfer none): where its files are. Thread: any. */
const char *
esp_trainer_get_folder (EspTrainer *trainer)
{
  return trainer->folder;
}
