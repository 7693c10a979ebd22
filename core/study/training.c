/* training.c: a run of training beside the study, as the main thread sees it */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/error.h"
#include "study/training-private.h"

#define POLL_MS     100
#define MOST_POINTS 800 /* of the curve of losses; beyond it every other one goes */
#define SMOOTH      0.9 /* of a loss, kept at each point: that of one batch says little */

struct _EspTraining
{
  GObject parent_instance;

  GWeakRef study;
  EspLane *lane;
  EspDataset *data; /* (nullable) */
  char *path, *split;
  guint64 opens;         /* data sets that were asked for: the last one counts */
  EspTrainer *trainer;   /* (nullable) */
  EspMaterial *material; /* (nullable): what it was begun beside, while it runs: its number is of these images */
  TrainingBegin *begin;  /* (nullable): what the last run was made of, without its material */
  EspStudyFiles files;   /* of the last run, once it has ended with weights to open */
  gboolean has_trial;
  gboolean resumed; /* the losses of the epochs before are not yet taken from its log */
  EspTrainerProgress progress;
  gboolean starting;
  GArray *loss, *map; /* of EspTrainingPoint */
  guint n_records;    /* whose epochs the curve of mAP has */
  guint64 shown_step;
  guint poll;
};

G_DEFINE_FINAL_TYPE (EspTraining, esp_training, G_TYPE_OBJECT)

enum
{
  CHANGED,
  ENDED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
esp_training_dispose (GObject *object)
{
  EspTraining *self = ESP_TRAINING (object);

  g_clear_handle_id (&self->poll, g_source_remove);
  if (self->trainer != NULL)
    esp_trainer_cancel (self->trainer); /* it leaves a checkpoint; the lane holds it until then */
  g_clear_pointer (&self->trainer, esp_trainer_unref);
  g_clear_pointer (&self->data, esp_dataset_unref);
  g_clear_pointer (&self->material, esp_material_unref);
  g_clear_pointer (&self->begin, training_begin_free);
  g_weak_ref_set (&self->study, NULL);
  G_OBJECT_CLASS (esp_training_parent_class)->dispose (object);
}

static void
esp_training_finalize (GObject *object)
{
  EspTraining *self = ESP_TRAINING (object);

  g_weak_ref_clear (&self->study);
  g_array_unref (self->loss);
  g_array_unref (self->map);
  g_free (self->path);
  g_free (self->split);
  esp_study_files_clear (&self->files);
  G_OBJECT_CLASS (esp_training_parent_class)->finalize (object);
}

static void
esp_training_class_init (EspTrainingClass *class)
{
  GType type = G_TYPE_FROM_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = esp_training_dispose;
  G_OBJECT_CLASS (class)->finalize = esp_training_finalize;
  signals[CHANGED] = g_signal_new ("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ENDED] = g_signal_new ("ended", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
esp_training_init (EspTraining *self)
{
  g_weak_ref_init (&self->study, NULL);
  self->loss = g_array_new (FALSE, FALSE, sizeof (EspTrainingPoint));
  self->map = g_array_new (FALSE, FALSE, sizeof (EspTrainingPoint));
}

/** esp_training_new: Returns: (transfer full): trains beside @study, which it does not hold. Thread: main. */
EspTraining *
esp_training_new (EspStudy *study)
{
  EspTraining *self = g_object_new (ESP_TYPE_TRAINING, NULL);

  g_weak_ref_set (&self->study, study);
  self->lane = study->lane;
  return self;
}

static void
changed (EspTraining *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
thin_losses (EspTraining *self)
{
  while (self->loss->len > MOST_POINTS)
    {
      for (guint i = 1; 2 * i < self->loss->len; i++)
        g_array_index (self->loss, EspTrainingPoint, i) = g_array_index (self->loss, EspTrainingPoint, 2 * i);
      g_array_set_size (self->loss, self->loss->len / 2);
    }
}

static void
add_loss (EspTraining *self)
{
  const EspTrainerProgress *at = &self->progress;
  EspTrainingPoint point = { at->steps > 0 ? (double) at->step / (double) at->steps * at->epochs : 0, at->loss };

  if (at->step == self->shown_step || !isfinite (at->loss))
    return;
  self->shown_step = at->step;
  if (self->loss->len > 0)
    point.value = SMOOTH * g_array_index (self->loss, EspTrainingPoint, self->loss->len - 1).value + (1 - SMOOTH) * point.value;
  g_array_append_val (self->loss, point);
  thin_losses (self);
}

/* A run that goes on: of each epoch before, the log has one loss. */
static void
add_earlier_losses (EspTraining *self, const GArray *records)
{
  for (guint i = records->len; i-- > 0;)
    {
      const EspTrainRecord *record = &g_array_index (records, EspTrainRecord, i);
      const EspTrainingPoint point = { record->epoch, record->loss };

      if (isfinite (record->loss))
        g_array_prepend_val (self->loss, point);
    }
  thin_losses (self);
}

static void
add_epochs (EspTraining *self)
{
  g_autoptr (GArray) records = esp_trainer_dup_records (self->trainer, self->n_records + 1);

  for (guint i = 0; i < records->len; i++)
    {
      const EspTrainRecord *record = &g_array_index (records, EspTrainRecord, i);
      const EspTrainingPoint point = { record->epoch, record->map };

      if (isfinite (record->map))
        g_array_append_val (self->map, point);
      self->n_records = record->epoch;
    }
  if (self->resumed)
    add_earlier_losses (self, records);
  self->resumed = FALSE;
}

static gboolean
has_stopped (const EspTrainerProgress *progress)
{
  return progress->state == ESP_TRAINER_FINISHED || progress->state == ESP_TRAINER_CANCELLED || progress->state == ESP_TRAINER_FAILED;
}

/* "Trained 12 epochs: coco256 train"; where another study was opened meanwhile, its images have nothing to say of this network. */
static void
make_trial (EspTraining *self)
{
  g_autoptr (EspStudy) study = g_weak_ref_get (&self->study);
  g_autofree char *title = NULL;

  if (self->progress.epoch > 0)
    training_find_files (self->material, self->trainer, &self->files);
  if (self->map->len == 0)
    return;
  if (study == NULL || study->material != self->material)
    return;
  title = g_strdup_printf (g_dngettext (NULL, "Trained %u epoch: %s", "Trained %u epochs: %s", self->progress.epoch), self->progress.epoch,
                           esp_dataset_get_title (self->begin->train));
  self->has_trial = training_result (study, self->trainer, title);
}

static gboolean
poll (gpointer data)
{
  EspTraining *self = data;
  g_autoptr (GError) error = NULL;

  esp_trainer_get_progress (self->trainer, &self->progress);
  add_loss (self);
  add_epochs (self);
  changed (self);
  if (!has_stopped (&self->progress))
    return G_SOURCE_CONTINUE;
  self->poll = 0;
  error = esp_trainer_dup_error (self->trainer);
  make_trial (self);
  g_clear_pointer (&self->material, esp_material_unref);
  g_signal_emit (self, signals[ENDED], 0, error);
  return G_SOURCE_REMOVE;
}

typedef struct
{
  EspMaterial *material;
  char *path, *split;
  guint64 number;
} OpenCall;

static void
open_call_free (gpointer data)
{
  OpenCall *call = data;

  esp_material_unref (call->material);
  g_free (call->path);
  g_free (call->split);
  g_free (call);
}

static void
open_run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const OpenCall *call = data;
  g_autoptr (GError) error = NULL;
  EspDataset *dataset = training_open_data (call->material, call->path, call->split, NULL, &error);

  if (dataset != NULL)
    g_task_return_pointer (task, dataset, (GDestroyNotify) esp_dataset_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static EspMaterial *
material_of (EspTraining *self, GTask *task)
{
  g_autoptr (EspStudy) study = g_weak_ref_get (&self->study);

  if (study != NULL && study->material != NULL)
    return esp_material_ref (study->material);
  g_task_return_new_error (task, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "nothing is open that could be trained");
  return NULL;
}

/**
 * esp_training_open_async:
 * @training: a training
 * @path: of a data set
 * @split: (nullable): which part; NULL: train where the format has it, else all
 * @callback: calls esp_training_open_finish()
 * @data: its data
 *
 * Reads lists and labels in a thread. Thread: main.
 */
void
esp_training_open_async (EspTraining *self, const char *path, const char *split, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, data);
  EspMaterial *material = material_of (self, task);
  OpenCall *call;

  if (material == NULL)
    return;
  call = g_new0 (OpenCall, 1);
  *call = (OpenCall){ material, g_strdup (path), g_strdup (split), ++self->opens };
  g_task_set_task_data (task, call, open_call_free);
  g_task_run_in_thread (task, open_run);
}

/* @data: (transfer full). */
static void
take_data (EspTraining *self, EspDataset *data, const char *path, const char *split)
{
  g_clear_pointer (&self->data, esp_dataset_unref);
  self->data = data;
  g_free (self->path);
  g_free (self->split);
  self->path = g_strdup (path);
  self->split = g_strdup (split);
}

/**
 * esp_training_open_finish:
 * @training: a training
 * @result: of esp_training_open_async()
 * @error: the reader's; G_IO_ERROR_CANCELLED where other data were asked for or forgotten, or a run begun, meanwhile
 *
 * Trains on these data from the next start on. Returns: FALSE with @error set, and the data are what they were. Thread: main.
 */
gboolean
esp_training_open_finish (EspTraining *self, GAsyncResult *result, GError **error)
{
  const OpenCall *call;
  EspDataset *dataset;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  call = g_task_get_task_data (G_TASK (result));
  dataset = g_task_propagate_pointer (G_TASK (result), error);
  if (dataset == NULL)
    return FALSE;
  if (call->number != self->opens)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "other images were chosen meanwhile");
      esp_dataset_unref (dataset);
      return FALSE;
    }
  take_data (self, dataset, call->path, call->split);
  changed (self);
  return TRUE;
}

/** esp_training_get_data: Returns: (transfer none) (nullable): what the next run is trained on. Thread: main. */
EspDataset *
esp_training_get_data (EspTraining *self)
{
  return self->data;
}

/** esp_training_get_run_data: Returns: (transfer none) (nullable): what the last run is trained on, whatever is chosen since. Thread:
 * main. */
EspDataset *
esp_training_get_run_data (EspTraining *self)
{
  return self->begin != NULL ? self->begin->train : NULL;
}

/** esp_training_forget_data: what the last study was trained on is no longer chosen. Thread: main. */
void
esp_training_forget_data (EspTraining *self)
{
  take_data (self, NULL, NULL, NULL);
  self->opens++;
  changed (self);
}

static void
begin_run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  TrainingBegin *begin = data;
  g_autoptr (GError) error = NULL;
  EspTrainer *trainer = !begin->resumes || training_file_load (begin, &error) ? training_begin (begin, &error) : NULL;

  if (trainer != NULL)
    g_task_return_pointer (task, trainer, (GDestroyNotify) esp_trainer_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
begin_async (EspTraining *self, GTask *task, TrainingBegin *begin)
{
  self->starting = TRUE;
  g_task_set_task_data (task, begin, (GDestroyNotify) training_begin_free);
  g_task_run_in_thread (task, begin_run);
  changed (self);
}

static gboolean
is_free (EspTraining *self, GTask *task)
{
  if (!self->starting && self->poll == 0)
    return TRUE;
  g_task_return_new_error (task, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "a training is under way: stop it first");
  return FALSE;
}

/**
 * esp_training_start_async:
 * @training: with data, none under way
 * @options: how; copied
 * @callback: calls esp_training_start_finish()
 * @data: its data
 *
 * Puts the run together in a thread, then it goes on in the lane below everything else. Thread: main.
 */
void
esp_training_start_async (EspTraining *self, const EspTrainingOptions *options, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, data);
  g_autoptr (EspStudy) study = g_weak_ref_get (&self->study);
  EspMaterial *material;
  TrainingBegin *begin;

  g_return_if_fail (self->data != NULL);
  if (!is_free (self, task) || (material = material_of (self, task)) == NULL)
    return;
  begin = g_new0 (TrainingBegin, 1);
  *begin = (TrainingBegin){
    .material = material,
    .mask = options->cut && !esp_mask_is_full (study->mask) ? esp_mask_ref (study->mask) : NULL,
    .train = esp_dataset_ref (self->data),
    .path = g_strdup (self->path),
    .split = g_strdup (self->split),
    .epochs = options->epochs,
    .rate = options->rate,
    .policy = g_strdup (options->policy),
    .scratch = options->scratch,
    .average = options->average,
    .cut = options->cut,
    .folder = g_strdup (options->folder),
  };
  begin_async (self, task, begin);
}

/**
 * esp_training_continue_async:
 * @training: none under way
 * @folder: of a run that was begun by esp_training_start_async() and stopped
 * @callback: calls esp_training_start_finish()
 * @data: its data
 *
 * Goes on from the folder's last checkpoint, on the data it was begun with. Thread: main.
 */
void
esp_training_continue_async (EspTraining *self, const char *folder, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, data);
  EspMaterial *material;
  TrainingBegin *begin;

  if (!is_free (self, task) || (material = material_of (self, task)) == NULL)
    return;
  begin = g_new0 (TrainingBegin, 1);
  *begin = (TrainingBegin){ .material = material, .folder = g_strdup (folder), .resumes = TRUE };
  begin_async (self, task, begin);
}

static void
take_begin (EspTraining *self, const TrainingBegin *begin)
{
  g_clear_pointer (&self->begin, training_begin_free);
  self->begin = g_new0 (TrainingBegin, 1);
  *self->begin = *begin;
  self->begin->material = NULL;
  self->begin->mask = NULL;
  self->begin->train = esp_dataset_ref (begin->train);
  self->begin->path = g_strdup (begin->path);
  self->begin->split = g_strdup (begin->split);
  self->begin->policy = g_strdup (begin->policy);
  self->begin->folder = g_strdup (begin->folder);
}

static void
take_trainer (EspTraining *self, EspTrainer *trainer, const TrainingBegin *begin)
{
  g_clear_pointer (&self->trainer, esp_trainer_unref);
  self->trainer = trainer;
  g_clear_pointer (&self->material, esp_material_unref);
  self->material = esp_material_ref (begin->material);
  take_begin (self, begin);
  esp_study_files_clear (&self->files);
  self->has_trial = FALSE;
  self->resumed = begin->resumes;
  g_array_set_size (self->loss, 0);
  g_array_set_size (self->map, 0);
  self->n_records = 0;
  self->shown_step = 0;
  take_data (self, esp_dataset_ref (begin->train), begin->path, begin->split);
  self->opens++;
  esp_trainer_start (trainer, self->lane, NULL, NULL);
  self->poll = g_timeout_add (POLL_MS, poll, self);
  esp_trainer_get_progress (trainer, &self->progress);
}

/** esp_training_start_finish: Returns: whether the run is under way; else @error says why not. Thread: main. */
gboolean
esp_training_start_finish (EspTraining *self, GAsyncResult *result, GError **error)
{
  EspTrainer *trainer;
  const TrainingBegin *begin;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  begin = g_task_get_task_data (G_TASK (result));
  trainer = g_task_propagate_pointer (G_TASK (result), error);
  if (begin != NULL)
    self->starting = FALSE;
  if (trainer != NULL)
    take_trainer (self, trainer, begin);
  changed (self);
  return trainer != NULL;
}

/** esp_training_pause: the run stands still at its next turn. Thread: main. */
void
esp_training_pause (EspTraining *self)
{
  if (self->trainer != NULL)
    esp_trainer_pause (self->trainer);
}

/** esp_training_resume: and goes on. Thread: main. */
void
esp_training_resume (EspTraining *self)
{
  if (self->trainer != NULL)
    esp_trainer_resume (self->trainer);
}

/** esp_training_stop: the run ends with a checkpoint. Thread: main. */
void
esp_training_stop (EspTraining *self)
{
  if (self->trainer != NULL)
    esp_trainer_cancel (self->trainer);
}

/** esp_training_get_state: Returns: READY before any run, and while one is put together. Thread: main. */
EspTrainerState
esp_training_get_state (EspTraining *self)
{
  return self->trainer != NULL ? self->progress.state : ESP_TRAINER_READY;
}

/** esp_training_is_busy: Returns: whether a run is put together or under way, paused or not. Thread: main. */
gboolean
esp_training_is_busy (EspTraining *self)
{
  return self->starting || self->poll != 0;
}

/** esp_training_has_trial: Returns: whether what the last run left is measured on the study's images, or will be. Thread: main. */
gboolean
esp_training_has_trial (EspTraining *self)
{
  return self->has_trial;
}

/**
 * esp_training_get_files:
 * @training: a training
 * @files: (out): the network that the last run left, with the data of the study that it was begun beside; to be cleared
 *
 * Returns: FALSE while it runs, and where no epoch of it was whole. Thread: main.
 */
gboolean
esp_training_get_files (EspTraining *self, EspStudyFiles *files)
{
  if (self->files.cfg == NULL)
    return FALSE;
  esp_study_files_copy (files, &self->files);
  return TRUE;
}

/**
 * esp_training_get_options:
 * @training: a training
 * @options: (out): how the last run was begun; its strings belong to @training until another is
 *
 * Returns: FALSE before any run. Thread: main.
 */
gboolean
esp_training_get_options (EspTraining *self, EspTrainingOptions *options)
{
  const TrainingBegin *begin = self->begin;

  if (begin == NULL)
    return FALSE;
  *options = (EspTrainingOptions){
    .epochs = begin->epochs,
    .rate = begin->rate,
    .policy = begin->policy,
    .scratch = begin->scratch,
    .cut = begin->cut,
    .average = begin->average,
    .folder = begin->folder,
  };
  return TRUE;
}

/** esp_training_get_progress: @progress: (out): where the run is; all 0 before any. Thread: main. */
void
esp_training_get_progress (EspTraining *self, EspTrainerProgress *progress)
{
  *progress = self->progress;
}

/** esp_training_get_loss: Returns: (transfer none) (array length=n): the loss by epochs, smoothed, until the next "changed". Thread:
 * main. */
const EspTrainingPoint *
esp_training_get_loss (EspTraining *self, guint *n)
{
  *n = self->loss->len;
  return (const EspTrainingPoint *) (gpointer) self->loss->data;
}

/** esp_training_get_map: Returns: (transfer none) (array length=n): of every epoch that was measured. Thread: main. */
const EspTrainingPoint *
esp_training_get_map (EspTraining *self, guint *n)
{
  *n = self->map->len;
  return (const EspTrainingPoint *) (gpointer) self->map->data;
}
