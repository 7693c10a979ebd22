/* criterion.h: the registry of criteria, each gives scores */
#pragma once

#include "base/knob.h"
#include "base/lane.h"
#include "explain/attribution.h"
#include "measure/evaluate.h"
#include "score/scores.h"

G_BEGIN_DECLS

/* What a criterion may look at; those that need no images take NULL for the data. */
typedef struct
{
  EspNetwork    *network;
  EspWeights    *weights;
  EspDataset    *dataset;    /* (nullable) */
  EspImageCache *cache;      /* (nullable) */
  const int     *classes;    /* (nullable): attribution's target classes; NULL: all */
  guint          n_classes;
  const float   *tau;        /* (nullable): in place of attribution's knob */
  const char    *without;    /* (nullable): contrast's: the pictures without the thing, as esp_path_beside() reads it */
  guint64        seed;       /* random's */
  EspBnForm      bn;
  EspBackendKind backend;
  EspLane       *lane;       /* (nullable): yields to acts of higher priority between images */
  const double  *knobs;      /* (nullable): one a knob of the criterion; NULL: the presets */
  const double  *method_knobs; /* (nullable): attribution's, one a knob of its method; inverted's: those of what it inverts; NULL: the
                                * presets */
  const EspClassMap *map;    /* (nullable): causal's: of the data set; NULL: by the classes' numbers */
  const EspEvaluateOptions *options; /* (nullable): causal's: what counts as found; NULL: the defaults */
} EspCriterionInput;

typedef struct
{
  const char *id;            /* "attribution", "l1", "bn-gamma", "random" */
  const char *title;
  const char *source;
  gboolean    needs_images;
  gboolean    needs_labels;  /* images with boxes */
  gboolean    needs_pairs;   /* images with a thing and without it, which a study has not */
  gboolean    pooled;        /* default rank: over the group's layers together, else per layer */
  const char *reduce;        /* default coupled-set reduction: "sum", "mean", "max" */
  const EspKnob *knobs;
  guint       n_knobs;
  const EspAttribution *(*method) (const double *knobs); /* (nullable): the row of attribution that it runs */
  EspScores *(*score) (const EspCriterionInput *input, EspJob *job, GError **error); /* as they are measured: ask esp_criterion_score() */
} EspCriterion;

const EspCriterion *esp_criterion_find (const char *id);
const EspCriterion *esp_criteria       (guint      *n);
char               *esp_criteria_list  (void);      /* (transfer full): "attribution, l1, l2": their ids */
/* What decides which images are needed: @criterion, or what it inverts. */
const EspCriterion *esp_criterion_inner (const EspCriterion *criterion,
                                         const double       *knobs);  /* (nullable): the presets */
/* (transfer full): scores, normalised, with the way in which they rank; those that are no finite numbers are refused. Thread: lane. */
EspScores          *esp_criterion_score (const EspCriterion      *criterion,
                                         const EspCriterionInput *input,
                                         EspJob                  *job,
                                         GError                 **error);
/* "taylor" of attribution:method=taylor and so on: (transfer full) numbers of the criterion's knobs and of its method's. */
gboolean            esp_criterion_parse (const EspCriterion  *criterion,
                                         const char          *text,    /* (nullable): "NAME=VALUE,NAME=VALUE" */
                                         double             **knobs,
                                         double             **method_knobs,
                                         GError             **error);

G_END_DECLS
