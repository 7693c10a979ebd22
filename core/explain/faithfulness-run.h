/* faithfulness-run.h: methods and baselines measured on the same boxes of a data set */
#pragma once

#include "dataset/class-map.h"
#include "explain/faithfulness.h"
#include "measure/image-cache.h"
#include "measure/paired.h"

G_BEGIN_DECLS

#define ESP_FAITH_FEWEST 20 /* boxes that a measure has a number of: below, no interval, no p, and nothing is proved */

typedef enum
{
  ESP_FAITH_DELETION,      /* area, less is better */
  ESP_FAITH_INSERTION,     /* area, more is better */
  ESP_FAITH_POINTING,      /* 1 where the hottest cell is inside the object's box */
  ESP_FAITH_ENERGY,        /* share of positive heat in the object's box */
  ESP_FAITH_SPARSENESS,    /* Gini */
  ESP_FAITH_STABILITY,     /* Max-Sensitivity, less is better */
  ESP_FAITH_RANDOMISATION, /* rank correlation with the map of a randomised network, mean over the stages, less is better */
  ESP_N_FAITH,
} EspFaith;

const char *esp_faith_key   (EspFaith measure); /* "deletion" */
int         esp_faith_sense (EspFaith measure); /* 1: more is better, -1: less is, 0: neither */

/* One box, one image. */
typedef struct
{
  guint        image; /* of the data set */
  EspDetection detection;
  gboolean     has_truth;
  EspBox       truth; /* where there is one: of the object that it matches */
} EspFaithCase;

/* Thread: any, both. */
void   esp_faith_case_match (EspFaithCase       *of,     /* fills in the truth */
                             const EspTruth     *truths, /* of the image */
                             guint               n,
                             const EspClassMap  *map);   /* (nullable): their classes are the network's */
EspBox esp_faith_case_box   (const EspFaithCase *of);    /* that pointing and energy are asked of: the object's, else the detection's own */

/* NaN where a measure was not taken. */
typedef struct
{
  double values[ESP_N_FAITH];
} EspFaithRow;

/* Borrowed pointers. */
typedef struct
{
  EspNetwork            *network;
  EspWeights            *weights;
  EspDataset            *dataset;
  EspImageCache         *cache;   /* of that data set, fitted to the network */
  const EspClassMap     *map;     /* (nullable): from its classes to the network's */
  EspExplainerOptions    run;
  EspFaithfulnessOptions curves;
  int                    layer;   /* of methods that give layers; -1: the pixels where a method gives them, else the default layer */
  guint                  n_boxes; /* 100 */
  float                  least;   /* score of a box, 0.3 */
  guint                  n_stable, perturbations; /* the first 20 boxes, 10 times each, */
  double                 radius;                  /* every number moved evenly by up to 0.05 */
  guint                  n_random, stages;        /* the first 10 boxes; a quarter of the layers from the top, two, three, all */
  guint64                seed;
} EspFaithPlan;

void     esp_faith_plan_init (EspFaithPlan          *plan,     /* (out): the numbers above; the caller fills in dataset and cache */
                              EspNetwork            *network,
                              EspWeights            *weights,
                              guint64                seed);
/* Thread: lane. */
GArray  *esp_faith_choose    (const EspFaithPlan    *plan,     /* (transfer full): of EspFaithCase, at most n_boxes */
                              EspJob                *job,
                              GError               **error);
/* One method, or a baseline, over the cases from @first on. Thread: lane. */
gboolean esp_faith_run       (const EspFaithPlan    *plan,
                              const GArray          *cases,
                              const EspAttribution  *method,   /* (nullable): the baseline */
                              EspBaseline            baseline,
                              guint                  first,
                              EspFaithRow           *rows,     /* (out caller-allocates): one a case */
                              void                 (*told) (guint    done, /* (nullable): after each case: so many rows are filled in */
                                                            gpointer data),
                              gpointer               data,
                              EspJob                *job,
                              GError               **error);
EspWeights *esp_weights_randomised (const EspNetwork *network, /* (transfer full) */
                                    EspWeights       *weights,
                                    double            share,   /* of the layers with parameters, from the top */
                                    guint64           seed);

/* How one method does. */
typedef struct
{
  EspInterval mean[ESP_N_FAITH];
  EspPaired   against[ESP_N_FAITH][ESP_N_BASELINES]; /* method minus baseline */
  double      holm[ESP_N_FAITH][ESP_N_BASELINES];    /* p, Holm over all methods and baselines: of deletion and insertion together, else of
                                                      * the measure */
  gboolean    beats[ESP_N_FAITH];                    /* all four, each below .05 */
  guint       proved;                                /* of EspProved */
} EspFaithVerdict;

void     esp_faith_judge     (const EspFaithRow *const *methods,    /* n_methods, each n rows */
                              guint                     n_methods,
                              const EspFaithRow *const *baselines,  /* ESP_N_BASELINES, likewise */
                              guint                     n,
                              guint                     replicates, /* 20000 */
                              guint64                   seed,
                              EspFaithVerdict          *verdicts);  /* (out caller-allocates): n_methods */

G_END_DECLS
