/* bench-private.h: what the steps of a running recipe share: data, the network in hand, what was measured */
#pragma once

#include "dataset/dataset.h"
#include "measure/ap.h"
#include "measure/image-cache.h"
#include "measure/latency.h"
#include "net/cost.h"
#include "net/mask.h"
#include "net/weights.h"
#include "score/criterion.h"
#include "prune/plan.h"
#include "recipe/runner.h"
#include "recipe/unit-set.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_SET_TRAIN,
  ESP_SET_VAL,
  ESP_SET_TEST,
  ESP_SET_CALIBRATION,
  ESP_N_SETS,
} EspSet;

/* What one network did on one set. */
typedef struct
{
  double  map, low, high; /* 0..1, 95 % */
  double  precision, recall, f1; /* at score above .25 */
  guint   images;
  double  seconds;        /* of the pass, when it was computed */
  double *draws; /* of the bootstrap, (nullable): equal weights at equal places, whatever the network */
  guint   n_draws;
} EspMeasured;

/* What computing something took. */
typedef struct
{
  double seconds;
  double gflops;  /* counted: forwards, a step of training or of scoring as three */
} EspSpent;

/* What [score] went by: all that the same scores of other classes or of another network are made from. */
typedef struct
{
  const EspCriterion *criterion;
  EspNetwork *network;      /* before [keep-classes] where that comes later */
  EspWeights *weights;
  GStrv       names;        /* (nullable): of its classes */
  GArray     *classes;      /* of int: the target's; empty: all */
  double     *knobs, *method_knobs; /* (nullable) */
  char       *words;        /* of the parameters */
  const char *without;      /* (nullable) */
  guint       limit;
} EspScoring;

/* How rows are trained: what [train] says. */
typedef struct
{
  guint       epochs;
  guint       batch;   /* 0: as the cfg says */
  const char *rate, *policy, *objective; /* "": as the cfg says */
  double      average; /* of the weights, 0: none */
  guint       validate_every, patience;
} EspTraining;

typedef struct
{
  EspNetwork *network;
  EspWeights *weights; /* the best on val */
  double      seconds;
  guint64     images;  /* seen */
  guint       best_epoch;
  double      best;    /* on val, NaN */
  double      rise;    /* of mAP on val at the end (rise.c), NaN */
  guint       diverged; /* the epoch in which that ended it; 0: it did not */
} EspTrained;

/* One row of the report. */
typedef struct
{
  char        *id, *title;
  guint        n_before, n_after; /* seeds; 0: not measured */
  EspMeasured  before, after; /* means over seeds */
  GArray      *before_runs, *after_runs; /* (nullable): of EspMeasured: the seeds */
  EspCost      cost;
  EspLatency   latency;   /* repeats 0: not measured */
  guint        epochs;
  guint        diverged;  /* a training of it ended so, in this epoch; 0: none */
  double       rise;      /* of mAP on val at the end of its trainings: the most of its seeds; NaN */
  EspSpent     spent;     /* in it: scoring, searching and training, measuring apart */
  char        *key;       /* (nullable): all that it depends on, hashed */
  gboolean     taken;     /* from the table of results: without draws, weights and cfg */
  double       difference, difference_low, difference_high; /* of one that was taken, NaN */
  char        *weights_hash; /* of what was measured last */
  char        *cfg;       /* (nullable): in the folder of the run, weights beside it: what can be opened */
} EspRow;

/* What estimates of time go by. */
typedef struct
{
  double forward;  /* seconds of one image of the dense network by itself; 0: not timed yet */
  double cut;      /* of the cut one; 0: not cut yet */
  double share;    /* of the dense network's compute, what the cut one has or is expected to have */
  double slower;   /* a first epoch against the forwards that it counts as */
  double later;    /* seconds, of all behind the row that is made */
  guint  runs;     /* of the row that is made, those behind the one in hand */
  guint  epochs, seeds; /* of [train], while the steps are gone through */
} EspPace;

struct _EspBench
{
  const EspRunOptions *options;
  EspJob              *job;
  char                *folder;
  EspDataset          *sets[ESP_N_SETS];
  char                *set_hashes[ESP_N_SETS];
  EspImageCache       *caches[ESP_N_SETS];
  EspShape             cache_shapes[ESP_N_SETS];
  GStrv                pairs;        /* (nullable) data set class = network class */
  const EspProtocol   *protocol;
  guint                replicates;
  EspNetwork          *network;      /* the dense one, as it now is */
  EspWeights          *weights;
  GStrv                names;        /* (nullable): of its classes */
  const EspCriterion  *criterion;
  EspScores           *scores;       /* of the dense network */
  EspKeepClasses      *kept_classes; /* (nullable): by [keep-classes] behind [score], whose classes were more */
  gboolean             stripped;     /* [keep-classes] took some away: their objects are background of what is trained */
  char                *score_key;    /* (nullable): hash of what made them */
  EspScoring           scoring;
  EspSpent             score_spent;  /* on the scores */
  EspSpent             counts_spent; /* on how many channels of each set are kept: nothing where a person said so */
  EspUnitSets         *units;        /* of the dense network, from [plan] on */
  EspMask             *mask;
  guint               *kept;         /* by unit set: what the mask keeps */
  guint                floor;        /* of the plan: channels that every layer keeps */
  EspNetwork          *cut;          /* from [cut] on */
  EspWeights          *cut_weights;
  EspTraining          training;
  gboolean             has_training;
  guint                n_seeds;      /* of the method's training */
  EspPace              pace;
  GPtrArray           *rows;         /* of EspRow */
  GPtrArray           *overlaps;     /* of EspOverlap: what [proxies] found */
};

void         esp_bench_tell      (EspBench           *bench,
                                  const char         *format,
                                  ...) G_GNUC_PRINTF (2, 3);
/* Runs @func in the lane at the lowest priority and waits. */
void         esp_bench_compute   (EspBench           *bench,
                                  EspLaneFunc         func,
                                  gpointer            data);
char        *esp_bench_path      (EspBench           *bench,      /* (transfer full): in the folder of the run */
                                  const char         *name);
void         esp_bench_set_network (EspBench         *bench,
                                  EspNetwork         *network,    /* (transfer full) */
                                  EspWeights         *weights);   /* (transfer full) */
EspImageCache *esp_bench_images  (EspBench           *bench,      /* (transfer none) */
                                  EspSet              set,
                                  EspNetwork         *network);
char        *esp_bench_hash_weights (EspNetwork      *network,    /* (transfer full) */
                                  EspWeights         *weights);

/* What was computed before, by a text that says what made it. */
JsonObject  *esp_bench_recall    (EspBench           *bench,      /* (transfer full) (nullable): NULL: never, or unreadable */
                                  const char         *what,
                                  const char         *key);
gboolean     esp_bench_remember  (EspBench           *bench,
                                  const char         *what,
                                  const char         *key,
                                  JsonObject         *values,     /* (transfer full) */
                                  GError            **error);
char        *esp_bench_key_path  (EspBench           *bench,      /* (transfer full): of a file or folder of that key */
                                  const char         *what,
                                  const char         *key,
                                  const char         *suffix);

gboolean     esp_bench_measure   (EspBench           *bench,
                                  EspNetwork         *network,
                                  EspWeights         *weights,
                                  EspSet              set,
                                  guint               limit,      /* images, 0: all */
                                  gboolean            draws,      /* with an interval */
                                  EspMeasured        *measured,   /* (out) */
                                  GError            **error);
void         esp_measured_clear  (EspMeasured        *measured);
/* Takes the mean over seeds; each draw of the bootstrap draws seeds, too. */
EspMeasured  esp_measured_pool   (const EspMeasured  *all,
                                  guint               n,
                                  guint64             seed);
/* @a minus @b on the same images. */
void         esp_measured_differ (const EspMeasured  *a,
                                  const EspMeasured  *b,
                                  double             *value,
                                  double             *low,
                                  double             *high);
gboolean     esp_bench_latency   (EspBench           *bench,
                                  EspNetwork         *network,
                                  EspWeights         *weights,
                                  EspLatency         *latency,
                                  GError            **error);

EspScores   *esp_bench_score     (EspBench           *bench,      /* (transfer full) */
                                  const EspCriterionInput *input, /* network, weights, classes, tau, seed */
                                  const EspCriterion *criterion,
                                  EspSet              set,
                                  guint               limit,
                                  const char         *words,      /* what else made them: part of the key */
                                  char              **hash,       /* (out) (optional) (transfer full): of all that made them */
                                  EspSpent           *spent,      /* (out) */
                                  GError            **error);
/* (transfer full): of the calibration images. */
EspScores   *esp_bench_score_by  (EspBench           *bench,
                                  const EspScoring   *scoring,
                                  EspNetwork         *network,
                                  EspWeights         *weights,
                                  const GArray       *classes,    /* of int: of @network; empty: all */
                                  char              **hash,       /* (out) (optional) (transfer full) */
                                  EspSpent           *spent,      /* (out) */
                                  GError            **error);
void         esp_scoring_clear   (EspScoring         *scoring);
/* (transfer full): the scores of the same channels in a network whose heads alone are others. */
EspScores   *esp_bench_carry_scores (EspScores       *scores,
                                  const EspNetwork   *network);
void         esp_spent_add       (EspSpent           *to,
                                  const EspSpent     *spent);

gboolean     esp_bench_train_row     (EspBench           *bench,
                                  const char         *name,       /* of the row, for files and people */
                                  EspNetwork         *network,
                                  EspWeights         *weights,
                                  guint               epochs,
                                  guint64             seed,
                                  const EspLatency   *latency,    /* of the network: for an estimate of time */
                                  EspTrained         *trained,    /* (out) */
                                  GError            **error);
void         esp_trained_clear   (EspTrained         *trained);

EspRow      *esp_row_new         (const char         *id,
                                  const char         *title);
void         esp_row_free        (EspRow             *row);
EspRow      *esp_bench_find_row  (EspBench           *bench,
                                  const char         *id);         /* NULL */
/* Estimates, in seconds. */
gboolean     esp_pace_begin      (EspBench           *bench,
                                  GError            **error);
void         esp_pace_note_cut   (EspBench           *bench,
                                  const EspLatency   *latency);
void         esp_pace_note_epoch (EspBench           *bench,
                                  const EspLatency   *latency,     /* of the network that is trained */
                                  double              seconds,
                                  guint64             images);
double       esp_pace_measure    (const EspBench     *bench,
                                  double              share,       /* of the dense network's compute */
                                  EspSet              set,
                                  guint               limit);
double       esp_pace_score      (const EspBench     *bench,
                                  guint               limit);
double       esp_pace_train      (const EspBench     *bench,
                                  double              share,
                                  guint               epochs);
double       esp_pace_estimate   (EspBench           *bench,
                                  guint               first);      /* step */
void         esp_pace_tell       (EspBench           *bench,
                                  double              seconds);    /* of the row that is made */

/* What a row depends on beyond the dense network and test. */
typedef enum
{
  ESP_USES_MASK     = 1 << 0, /* what the method keeps */
  ESP_USES_SCORES   = 1 << 1,
  ESP_USES_TRAINING = 1 << 2,
} EspRowUses;

/* (transfer full): a hash of all of it. */
char        *esp_bench_make_row_key (EspBench        *bench,
                                  const char         *id,
                                  EspRowUses          uses,
                                  const char         *extra);      /* whatever else */
/* Full tier: whether the row stands in the table of results already, and not in this folder: it is filled in from there. */
gboolean     esp_bench_take_row  (EspBench           *bench,
                                  EspRow             *row,         /* its key is set */
                                  gboolean           *taken,       /* (out) */
                                  GError            **error);
/* Of the table at @path: fills in the row with that key. */
gboolean     esp_results_find    (const char         *path,
                                  EspRow             *row,
                                  gboolean           *found,       /* (out) */
                                  GError            **error);
/* Notes that the row is in this folder, with all that it was made of. */
gboolean     esp_bench_note_row  (EspBench           *bench,
                                  const EspRow       *row,
                                  GError            **error);
/* Adds it, over one of the same id. */
void         esp_bench_add_row   (EspBench           *bench,
                                  EspRow             *row);        /* (transfer full) */

/* dense.cfg, dense.weights and dense.names in the folder: what plans of it are of. Both hashes: (out) (transfer full). */
gboolean     esp_bench_write_dense (EspBench         *bench,
                                  char              **cfg_hash,
                                  char              **weights_hash,
                                  GError            **error);
/* (transfer full): of the network in hand, that cuts what @mask cuts, by hand. */
EspPlan     *esp_bench_make_plan (EspBench           *bench,
                                  EspMask            *mask);
/* (transfer full): what the hand makes of @proposed, where there is one. */
EspMask     *esp_bench_ask_hand  (EspBench           *bench,
                                  EspMask            *proposed,
                                  GError            **error);

/* How far two sets of kept channels agree. */
typedef struct
{
  char  *a, *b;
  double overlap, chance; /* 0..1: the share of the kept channels that both keep; of two sets of as many by lot. NaN where one is not
                           * known */
  char  *reason;          /* (nullable): why not */
} EspOverlap;

void         esp_overlap_free    (EspOverlap         *overlap);
/* How much a curve still rose at its end; NaN where that is not known. */
double       esp_curve_rise      (const double       *values,
                                  guint               n);

/* Tells whoever looks on what the report would say now. */
void         esp_bench_show      (EspBench           *bench);
/* Writes report.json, report.md and results.tsv. (transfer full) */
JsonNode    *esp_bench_report    (EspBench           *bench,
                                  GError            **error);

#define ESP_RISE .005 /* of mAP: a curve that rose by more at its end is not flat */

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspMeasured, esp_measured_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspTrained, esp_trained_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspRow, esp_row_free)

G_END_DECLS
