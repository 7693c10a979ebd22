/* budget.h: the plan that loses least for what it may cost, chosen on half of the images and judged on the other */
#pragma once

#include "measure/evaluate.h"
#include "net/cost.h"
#include "prune/plan.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_BUDGET_BFLOPS,
  ESP_BUDGET_MB, /* of the weights file, 10^6 bytes */
  ESP_BUDGET_MS, /* an image in the engine, batch 1, median */
  ESP_BUDGET_N_UNITS,
} EspBudgetUnit;

typedef struct
{
  EspBudgetUnit unit;
  double        most;     /* INFINITY: whatever it costs */
  gboolean      relative; /* most is the share of the whole network's */
} EspBudgetLimit;

const char *esp_budget_unit_name   (EspBudgetUnit    unit);  /* "BFLOPs", "MB", "ms" */
gboolean    esp_budget_limit_parse (const char      *text,   /* "0.5x-bflops", "12-mb", "4.5-ms" */
                                    EspBudgetLimit  *limit,
                                    GError         **error);

typedef struct _EspBudget EspBudget;

/* A plan was measured, or one tried for itself alone counts among those held against the limit. Thread: lane. */
typedef void (*EspBudgetTriedFunc) (const EspBudget *budget, /* while it is searched: what was tried so far, and the limit */
                                    guint            index,
                                    gpointer         data);

/* All borrowed. */
typedef struct
{
  EspWeights               *weights;
  EspPlan                  *plan;      /* its floor, rounding and choices by hand hold; in the end it gets what was found, as one act */
  EspScores *const         *scores;    /* each a way to rank that is tried */
  guint                     n_scores;
  EspDataset               *dataset;   /* labelled */
  const EspClassMap        *map;
  EspImageCache            *cache;     /* of that data set */
  const EspEvaluateOptions *options;
  const EspProtocol        *protocol;
  EspBudgetLimit            limit;
  double                    least_map; /* on the choosing half; NaN: none. Without a limit the plan of least MB, or, for other units,
                                        * BFLOPs */
  guint                     n_images;  /* at most, of both halves; 0: all */
  guint                     n_tries;   /* plans that are measured, at most; within a limit the whole network and a uniform plan at least:
                                        * 2 */
  double                    seconds;   /* after which no more are begun but those two; 0: no end. What is found then depends on the
                                        * machine */
  guint                     replicates;
  guint64                   seed;
  EspBudgetTriedFunc        tried;     /* (nullable) */
  gpointer                  tried_data;
} EspBudgetInput;

typedef enum
{
  ESP_TRY_WHOLE,
  ESP_TRY_UNIFORM,  /* one ratio for all groups */
  ESP_TRY_ALONE,    /* one group alone, to see what it bears; not held against the limit */
  ESP_TRY_SOLVED,   /* from what groups bear alone */
  ESP_TRY_REFINED,  /* a neighbour of the best so far */
  ESP_TRY_N_KINDS,
} EspTryKind;

/* A plan that was measured on the choosing half. */
typedef struct
{
  EspTryKind  kind;
  guint       scores;   /* which of them ranked */
  double     *ratios;   /* one a group */
  EspMask    *mask;
  EspCost     cost;
  double      ms;       /* NaN where it was not measured */
  double      map;
  gboolean    fits;     /* within the limit */
  gboolean    frontier; /* no other has more mAP for as little, or as much for less */
} EspBudgetTry;

/* What one half of the images says. */
typedef struct
{
  guint       n_images;
  double      whole, found, uniform; /* mAP; of the best uniform plan, NaN where there is none */
  EspInterval from_whole, from_uniform; /* found minus those, paired */
} EspBudgetHalf;

const char         *esp_try_kind_name        (EspTryKind            kind);
guint              *esp_budget_choose        (EspDataset           *dataset,  /* (transfer full): the choosing half, ascending */
                                              guint                 n_images,
                                              guint64               seed,
                                              guint                *n_choose,
                                              guint               **judge,    /* (out) (transfer full): the other */
                                              guint                *n_judge);

EspBudget          *esp_budget_solve         (const EspBudgetInput *input,    /* Thread: lane */
                                              EspJob               *job,
                                              GError              **error);
void                esp_budget_free          (EspBudget            *budget);
const EspBudgetTry *esp_budget_get           (const EspBudget      *budget,   /* in the order they were tried */
                                              guint                 index);
guint               esp_budget_get_n         (const EspBudget      *budget);
guint               esp_budget_get_found     (const EspBudget      *budget);
int                 esp_budget_get_uniform   (const EspBudget      *budget);  /* the best one that fits, -1 */
double              esp_budget_get_cost      (const EspBudget      *budget,   /* in the limit's unit */
                                              const EspBudgetTry   *one);
double              esp_budget_get_most      (const EspBudget      *budget);  /* the limit in its unit */
const EspBudgetHalf *esp_budget_get_half     (const EspBudget      *budget,
                                              gboolean              of_judge); /* FALSE: the half that chose */
double              esp_budget_get_seconds   (const EspBudget      *budget);  /* that the search took */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspBudget, esp_budget_free)

G_END_DECLS
