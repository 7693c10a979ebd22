/* budget-scores.h: the ways to rank that a budget is searched with, scored on the images that choose */
#pragma once

#include "measure/evaluate.h"
#include "score/criterion.h"

G_BEGIN_DECLS

/* All borrowed. */
typedef struct
{
  EspNetwork               *network;
  EspWeights               *weights;
  EspDataset               *dataset; /* labelled */
  const EspClassMap        *map;
  const EspEvaluateOptions *options;
  EspLane                  *lane;    /* (nullable): yields there */
  guint64                   seed;
  const guint              *images;  /* those that choose: no image that judges is looked at */
  guint                     n;
} EspBudgetScoring;

gboolean   esp_budget_check_criteria (const char *const *criteria, /* (nullable) */
                                      GError           **error);
/* (transfer full) of EspScores, one a criterion. @criteria: (nullable) (array zero-terminated=1): as "score --criterion" takes them.
 * Thread: lane. */
GPtrArray *esp_budget_score (const EspBudgetScoring *input,
                             const char *const      *criteria,
                             EspJob                 *job,
                             GError                **error);

G_END_DECLS
