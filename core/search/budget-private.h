/* budget-private.h: the search for a plan, as its own files share it */
#pragma once

#include "base/job.h"
#include "score/cut-pass.h"
#include "search/budget.h"
#include "search/spend.h"

G_BEGIN_DECLS

struct _EspBudget
{
  const EspBudgetInput *input;
  EspNetwork   *network;
  guint         n_groups, n_classes;
  guint        *choose, *judge; /* images, ascending */
  guint         n_choose, n_judge;
  GPtrArray    *tries;          /* of EspBudgetTry */
  guint         found;
  int           uniform;
  double        most;           /* in the limit's unit */
  EspBudgetHalf halves[2];
  double        seconds;
  gint64        begun;
  EspPlan      *plan;           /* the search's own: the input's changes once, when it is over */
  EspCutPass   *passes[2];      /* over the half that chooses, and the one that judges */
  EspJob       *job;
};

/* What the spending asks: the plan under one way to rank. */
typedef struct
{
  EspBudget *budget;
  guint      scores;
} EspBudgetAsk;

EspMask  *esp_budget_mask       (EspBudget           *budget,  /* (transfer full): of the plan with these ratios */
                                 guint                scores,
                                 const double        *ratios);
double    esp_budget_ask        (const double        *ratios,  /* an EspSpendFunc of an EspBudgetAsk: in the limit's unit; for ms in
                                                                * BFLOPs */
                                 gpointer             data);
double    esp_budget_cost       (const EspBudget     *budget,  /* in the limit's unit, ms apart */
                                 const EspCost       *cost);
double    esp_budget_cost_try   (const EspBudget     *budget,  /* in the limit's unit */
                                 const EspBudgetTry  *one);
EspBudgetTry *esp_budget_try    (EspBudget           *budget,  /* the one of @index, to be changed */
                                 guint                index);
gboolean  esp_budget_measure    (EspBudget           *budget,  /* once for a mask */
                                 EspTryKind           kind,
                                 guint                scores,
                                 const double        *ratios,
                                 guint               *index,   /* (out) */
                                 GError             **error);
EspOutcome **esp_budget_outcomes (EspBudget          *budget,  /* (transfer full) (array): over a half; NULL with @error */
                                 EspMask             *mask,
                                 gboolean             of_judge,
                                 double              *map,     /* (out) */
                                 GError             **error);
gboolean  esp_budget_time       (EspBudget           *budget,  /* of the network that @mask leaves */
                                 EspMask             *mask,
                                 double              *ms,
                                 GError             **error);
gboolean  esp_budget_may_try    (const EspBudget     *budget); /* tries and time are left */

/* The best plan within @most (of esp_budget_ask), or, with a number for @enough, one of at least that mAP. */
gboolean  esp_budget_search     (EspBudget           *budget,
                                 double               most,
                                 double               enough,  /* NaN: the best there is */
                                 guint               *best,    /* (out) */
                                 GError             **error);
/* The one that costs least of those with @enough mAP. */
gboolean  esp_budget_shrink     (EspBudget           *budget,
                                 double               enough,
                                 guint               *best,    /* (out) */
                                 GError             **error);

G_END_DECLS
