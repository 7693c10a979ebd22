/* training.h: a run of training beside the study: begun from what is open, followed while it runs, and its result a trial */
#pragma once

#include "study/study.h"
#include "train/trainer.h"

G_BEGIN_DECLS

#define ESP_TYPE_TRAINING (esp_training_get_type ())
G_DECLARE_FINAL_TYPE (EspTraining, esp_training, ESP, TRAINING, GObject)

typedef struct
{
  guint       epochs;
  double      rate;    /* of learning, at its highest */
  const char *policy;  /* (nullable): of [net]: what course the rate takes; NULL: as the cfg has it */
  gboolean    scratch; /* from random weights */
  gboolean    cut;     /* what the plan keeps, not the whole network */
  gboolean    average; /* a running average of the weights is what is measured and kept */
  const char *folder;  /* gets all files of the run */
} EspTrainingOptions;

/* A point of a curve, at so many epochs. */
typedef struct
{
  double epoch, value;
} EspTrainingPoint;

/* One run at a time. Signals: "changed" (state, progress, curves or data; ten times a second at most), "ended" (GError, NULL where it went
 * well: the run stands still; its trial follows). Thread: main, all of it. */
EspTraining       *esp_training_new           (EspStudy                 *study);
/* What to train on: a labelled data set. The path's train split where it has splits. */
void               esp_training_open_async    (EspTraining              *training,
                                               const char               *path,
                                               const char               *split,    /* (nullable) */
                                               GAsyncReadyCallback       callback,
                                               gpointer                  data);
gboolean           esp_training_open_finish   (EspTraining              *training, /* FALSE: the data are what they were */
                                               GAsyncResult             *result,
                                               GError                  **error);
EspDataset        *esp_training_get_data      (EspTraining              *training); /* (transfer none) (nullable): of the next run */
EspDataset        *esp_training_get_run_data  (EspTraining              *training); /* (transfer none) (nullable): of the last one */
void               esp_training_forget_data   (EspTraining              *training);
void               esp_training_start_async   (EspTraining              *training,
                                               const EspTrainingOptions *options,
                                               GAsyncReadyCallback       callback,
                                               gpointer                  data);
/* A run that was begun in @folder earlier, from its last checkpoint. */
void               esp_training_continue_async (EspTraining             *training,
                                                const char              *folder,
                                                GAsyncReadyCallback      callback,
                                                gpointer                 data);
gboolean           esp_training_start_finish  (EspTraining              *training,
                                               GAsyncResult             *result,
                                               GError                  **error);
void               esp_training_pause         (EspTraining              *training);
void               esp_training_resume        (EspTraining              *training);
void               esp_training_stop          (EspTraining              *training); /* it can be continued later */
gboolean           esp_training_is_busy       (EspTraining              *training); /* put together or under way, paused or not */
gboolean           esp_training_has_trial     (EspTraining              *training); /* of the last run, which has ended: is made or on its
                                                                                     * way */
gboolean           esp_training_get_files     (EspTraining              *training,
                                               EspStudyFiles            *files);    /* (out): to be cleared */
gboolean           esp_training_get_options   (EspTraining              *training,
                                               EspTrainingOptions       *options);  /* (out): its strings are lent */
EspTrainerState    esp_training_get_state     (EspTraining              *training);
void               esp_training_get_progress  (EspTraining              *training,
                                               EspTrainerProgress       *progress);
const EspTrainingPoint *esp_training_get_loss (EspTraining              *training,
                                               guint                    *n);
const EspTrainingPoint *esp_training_get_map  (EspTraining              *training,
                                               guint                    *n);

G_END_DECLS
