/* trainer.h: one run of training: its loop in the lane, its validation, its files */
#pragma once

#include "base/lane.h"
#include "measure/evaluate.h"
#include "train/augment.h"
#include "train/objective.h"
#include "train/range-test.h"
#include "train/train-log.h"

G_BEGIN_DECLS

typedef struct
{
  EspNetwork        *network;            /* its [net] says how it is trained; esp_train_rewrite() says it anew */
  EspWeights        *weights;            /* where it begins: train/start.h */
  EspDataset        *train;
  EspDataset        *val;                /* (nullable): no number says then which epoch was the best */
  const char *const *names;              /* (nullable): of the network's classes */
  const char *const *pairs;              /* (nullable): "A=B", data set class to network class */
  gboolean           background;         /* objects of classes that the network lacks are background; else such data are refused */
  const char        *folder;             /* NULL for esp_trainer_find_rate () alone; gets net.cfg, net.names, log.jsonl, last.weights,
                                          * best.weights, checkpoint */
  const char        *about;              /* (nullable): text for run.json there: what began the run needs to know when it goes on */
  const char        *resume;             /* (nullable): a checkpoint of this same run */
  EspTerm *const    *terms;              /* (nullable): what is made small; none: what the network is trained for */
  guint              n_terms;
  const EspMask     *mask;               /* (nullable): masked channels stay at 0 */
  const guint8      *elements;           /* (nullable): one byte a parameter (EspParameterVector), 0 stays at 0 */
  EspAugment         augment;
  EspOrientation     orientation;
  guint              freeze;             /* layers below are not changed, nor are their running statistics, which they normalise with; 0
                                          * none */
  guint              epochs;             /* 0: as [net] max_batches says */
  guint              validate_every;     /* epochs; 0 only the last */
  guint              patience;           /* validations without a better one before it ends early; 0: never */
  double             checkpoint_minutes; /* between two, besides those of the epochs; 0: none */
  double             clip;               /* the gradient's norm at most; 0: any */
  double             average;            /* EMA of the weights, what is kept at each update; 0: none. Validated and written instead of
                                          * them */
  gsize              memory;             /* bytes of one training engine; 0: as many as it takes */
  gsize              cache;              /* bytes of decoded pictures, of each of train and val */
  guint64            seed;
  guint              workers;            /* threads that make batches; no number depends on it. 0: as the feeder has it */
} EspTrainerOptions;

typedef enum
{
  ESP_TRAINER_READY,     /* not started */
  ESP_TRAINER_RUNNING,
  ESP_TRAINER_PAUSED,
  ESP_TRAINER_FINISHED,  /* all epochs, or ended early */
  ESP_TRAINER_CANCELLED, /* with a checkpoint to go on from */
  ESP_TRAINER_FAILED,    /* esp_trainer_dup_error() */
} EspTrainerState;

typedef enum
{
  ESP_TRAINER_PREPARING,
  ESP_TRAINER_TRAINING,
  ESP_TRAINER_VALIDATING,
  ESP_TRAINER_SAVING,
} EspTrainerPhase;

typedef struct
{
  EspTrainerState state;
  EspTrainerPhase phase;
  guint           epoch, epochs;    /* finished; in all */
  guint64         step, steps;      /* updates */
  guint64         images;           /* seen */
  guint           validated, validates; /* images of the validation under way */
  double          loss, box_loss, objectness_loss, class_loss; /* means over the images of the last update */
  double          iou;              /* of what was matched in it, NaN */
  double          rate;
  double          images_per_second; /* trained, lately */
  double          seconds;          /* since the first step */
  double          seconds_left;     /* NaN until known */
  double          map, best;        /* of the last validation, of the best; NaN until known */
  guint           best_epoch;       /* 0 until known */
  guint64         memory;           /* planned bytes of training engines */
  gboolean        early;            /* ended early: nothing better for long */
} EspTrainerProgress;

typedef struct _EspTrainer EspTrainer;

void        esp_trainer_options_init (EspTrainerOptions       *options,
                                      EspNetwork              *network);
/* Checks all that can be checked without computing, makes the folder and locks it. Thread: any. */
EspTrainer *esp_trainer_new          (const EspTrainerOptions *options,
                                      GError                 **error);
EspTrainer *esp_trainer_ref          (EspTrainer              *trainer);
void        esp_trainer_unref        (EspTrainer              *trainer);

/* Thread: lane. In place of a run: a rate that rises, and what the loss says to it. */
EspRangeResult *esp_trainer_find_rate (EspTrainer             *trainer, /* not started; of no use afterwards */
                                       const EspRangeOptions  *options,
                                       EspJob                 *job,     /* (nullable) */
                                       GError                **error);

/* Thread: any, all below. */
void        esp_trainer_start        (EspTrainer              *trainer, /* once; turns of a sub-batch each, at the back of the lane's
                                                                         * queue */
                                      EspLane                 *lane,    /* outlives the trainer, or is freed after it stopped */
                                      void                   (*done) (EspTrainer *trainer, gpointer data), /* (nullable): in the lane, once it stopped */
                                      gpointer                 data);
void        esp_trainer_pause        (EspTrainer              *trainer);
void        esp_trainer_resume       (EspTrainer              *trainer);
void        esp_trainer_cancel       (EspTrainer              *trainer); /* stops between two layers, and writes a checkpoint of the last
                                                                          * whole update */
gboolean    esp_trainer_wait         (EspTrainer              *trainer,  /* whether it has stopped, FINISHED, CANCELLED or FAILED */
                                      gint64                   until);   /* monotonic, microseconds */
void        esp_trainer_get_progress (EspTrainer              *trainer,
                                      EspTrainerProgress      *progress); /* (out) */
GArray     *esp_trainer_dup_records  (EspTrainer              *trainer,  /* (transfer full): of EspTrainRecord, from epoch number @first
                                                                          * on */
                                      guint                    first);
GError     *esp_trainer_dup_error    (EspTrainer              *trainer); /* (transfer full) (nullable) */
char       *esp_trainer_dup_plan     (EspTrainer              *trainer); /* (transfer full): planned memory and the like, for people; ""
                                                                          * until known */
EspNetwork *esp_trainer_get_network  (EspTrainer              *trainer); /* (transfer none) */
const char *esp_trainer_get_folder   (EspTrainer              *trainer);

/* (transfer full): the same network with "key=value" of [net] set, of all heads with a "head." before the key. */
EspNetwork *esp_train_rewrite        (EspNetwork              *network,
                                      const char *const       *pairs,    /* NULL-terminated */
                                      GError                 **error);

/* Updates that show @epochs whole epochs. */
guint64     esp_train_count_steps    (guint64                  n_images,
                                      guint                    batch,
                                      guint64                  epochs);
/* (transfer full): the same network with the schedule of its [net] squeezed or stretched to so many updates. */
EspNetwork *esp_train_set_length     (EspNetwork              *network,
                                      guint64                  steps,
                                      GError                 **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTrainer, esp_trainer_unref)

G_END_DECLS
