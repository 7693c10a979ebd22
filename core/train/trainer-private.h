/* trainer-private.h: one run of training, as its files share it */
#pragma once

#include "train/trainer.h"

#include <pthread.h>

#include "measure/guess.h"
#include "train/feeder.h"
#include "train/lock.h"
#include "train/train-keys.h"
#include "train/watch.h"

G_BEGIN_DECLS

/* Over the images of an epoch, or of one update. */
typedef struct
{
  double  box, objectness, classes, overlap;
  guint64 positives, images;
} EspTrainSums;

/* What turns do next; each turn is one act of the lane. */
typedef enum
{
  ESP_TURN_PREPARE,
  ESP_TURN_TRAIN,      /* a sub-batch, and the update behind the last one */
  ESP_TURN_CHECKPOINT, /* within an epoch */
  ESP_TURN_VALIDATE,   /* a few images */
  ESP_TURN_RECORD,     /* weights, log, checkpoint */
  ESP_TURN_STOP,
} EspTurn;

/* Where the run stands: what a checkpoint keeps besides numbers of the network. Whole updates only. */
typedef struct
{
  guint64      step;      /* updates done */
  guint64      epoch;     /* epochs recorded */
  guint64      log_size;  /* bytes */
  double       map;       /* of the epoch under way; NaN until it is measured */
  double       seconds;   /* of all turns */
  double       epoch_seconds, train_seconds; /* of this epoch; of its updates alone */
  EspTrainSums sums;      /* of this epoch */
  EspPatience  patience;  /* of measurements, at epochs */
  EspLossWatch watch;     /* of updates */
  EspKept      kept;      /* epoch of last.weights */
} EspTrainPlace;

struct _EspTrainer
{
  EspTrainerOptions options; /* what its pointers lend is copied or counted below */
  EspNetwork *network;
  EspDataset *train, *val;
  GStrv names, pairs;
  char *folder;
  char *about; /* (nullable) */
  GPtrArray *terms; /* of EspTerm */
  EspClassMap *train_map, *val_map;
  EspTrainKeys *keys;
  char *settings; /* what must be equal for a resumed run to be the same */
  EspFolderLock *folder_lock;
  char *source;  /* (nullable): folder of the checkpoint, where the run goes on in another one */
  GBytes *taken; /* (nullable): of a run that goes on, its log up to there */
  guint64 from;  /* updates that it had done then */
  gboolean classifies;
  guint n_classes;
  guint64 n_images, steps;
  guint epochs;

  /* Thread: lane, from the first turn on */
  EspLane *lane;
  guint64 threads;   /* of the lane; of a run that is taken up, at first those it was begun with */
  EspJob *job;
  EspTurn turn;
  gboolean opened;   /* the folder is this run's: esp_trainer_open_folder() */
  EspParameterVector *vector;
  EspOptimiser *optimiser;
  EspFeeder *feeder;
  GPtrArray *engines; /* of EspEngine, by input size; the one used last is the last */
  EspEngine *engine;  /* of these, for the last batch's size */
  EspSeeds *seeds;
  gpointer *states;  /* of the terms */
  float *statistics; /* as before this update */
  guint part;        /* sub-batches of this update that are done */
  EspTrainSums sums; /* of this update */
  EspTrainPlace place;
  gint64 saved;      /* monotonic time of the last checkpoint */
  EspWeights *snapshot;  /* what is validated and written */
  EspImageCache *val_cache;
  EspEngine *val_engine;
  EspPass *val_pass;
  guint *val_indices;
  EspOutcome **outcomes;
  EspGuess *guesses;
  guint validated;
  double validation_seconds; /* of the last one */
  gboolean diverged;         /* that is why an update failed */
  void (*done) (EspTrainer *, gpointer);
  gpointer done_data;

  pthread_mutex_t lock; /* of all below */
  pthread_cond_t stopped;
  gboolean started, pause, parked;
  EspTrainerProgress progress;
  GArray *records; /* of EspTrainRecord */
  GError *error;
  GString *plan;
};

/* Thread: lane, all; each does one turn and sets the next. */
gboolean esp_trainer_turn_prepare  (EspTrainer *trainer, GError **error);
gboolean esp_trainer_turn_train    (EspTrainer *trainer, GError **error);
gboolean esp_trainer_turn_validate (EspTrainer *trainer, GError **error);
gboolean esp_trainer_turn_record   (EspTrainer *trainer, GError **error);

gboolean esp_trainer_prepare        (EspTrainer *trainer, GError **error);
gboolean esp_trainer_size_engine    (EspTrainer *trainer, int width, int height, GError **error);
void     esp_trainer_drop_engines   (EspTrainer *trainer); /* and the feeder */
gboolean esp_trainer_run_part       (EspTrainer *trainer, double rate, GError **error);
void     esp_trainer_forget_update (EspTrainer *trainer); /* takes back a part of one */
guint64  esp_trainer_next_epoch     (const EspTrainer *trainer);
gboolean esp_trainer_is_over        (const EspTrainer *trainer); /* all that there is to do is recorded */
void     esp_trainer_end_epoch     (EspTrainer *trainer); /* decides what follows an epoch's last update */
void     esp_trainer_snapshot       (EspTrainer *trainer);
void     esp_trainer_clear_validation (EspTrainer *trainer);
void     esp_trainer_show          (EspTrainer *trainer, EspTrainerPhase phase); /* brings the progress up to date */

char    *esp_trainer_path          (const EspTrainer *trainer, const char *name); /* (transfer full): in the folder */
gboolean esp_trainer_check_place   (EspTrainer *trainer, const char *path, GError **error);
gboolean esp_trainer_read_log      (EspTrainer *trainer, const char *path, GError **error);
gboolean esp_trainer_open_folder   (EspTrainer *trainer, GError **error); /* net.cfg, net.names; an earlier run is put aside */
gboolean esp_trainer_save          (EspTrainer *trainer, GError **error); /* the checkpoint */
gboolean esp_trainer_load          (EspTrainer *trainer, const char *path, GError **error);
gboolean esp_trainer_take_threads  (EspTrainer *trainer, GError **error); /* those of the lane, as the checkpoint has them where there is
                                                                           * one */
char    *esp_trainer_settings      (const EspTrainer *trainer); /* (transfer full) */

G_END_DECLS
