/* budget-work.h: the search for a plan within a budget beside the window: followed while it tries plans, and its result the plan */
#pragma once

#include "search/budget.h"
#include "study/work.h"

G_BEGIN_DECLS

#define ESP_TYPE_BUDGET_WORK (esp_budget_work_get_type ())
G_DECLARE_FINAL_TYPE (EspBudgetWork, esp_budget_work, ESP, BUDGET_WORK, EspWork)

typedef struct
{
  EspBudgetLimit limit;     /* most INFINITY: whatever it costs */
  double         least_map; /* NAN: none */
  guint          n_images;  /* of both halves; 0: all */
  guint          n_tries;
} EspBudgetWish;

typedef enum
{
  ESP_BUDGET_IDLE, /* nothing was begun */
  ESP_BUDGET_SCORING,
  ESP_BUDGET_TRYING,
  ESP_BUDGET_ENDING, /* asked to stop, not there yet */
  ESP_BUDGET_STOPPED,
  ESP_BUDGET_FAILED,
  ESP_BUDGET_FOUND,
} EspBudgetState;

/* A plan that was measured on the half that chooses. */
typedef struct
{
  double     cost, map; /* cost: in the limit's unit, NAN where it was not measured */
  EspTryKind kind;
} EspBudgetPoint;

/* One search at a time, with the floor, rounding and choices by hand of the plan in hand when it began. After a stop what was found so far
 * is not kept. Thread: main, all of it. */
EspBudgetWork        *esp_budget_work_new        (EspStudy            *study);
gboolean              esp_budget_work_start      (EspBudgetWork       *work,
                                                  const EspBudgetWish *wish,
                                                  GError             **error);  /* ESP_ERROR_UNSUPPORTED: the study cannot be searched */
EspBudgetState        esp_budget_work_get_state  (EspBudgetWork       *work);
GArray               *esp_budget_work_dup_points (EspBudgetWork       *work);   /* (transfer full): of EspBudgetPoint; the first is the
                                                                                 * whole network */
double                esp_budget_work_get_most   (EspBudgetWork       *work);   /* the limit in its unit; NAN while not known */
const EspBudgetWish  *esp_budget_work_get_wish   (EspBudgetWork       *work);   /* (nullable): of the last search */
const EspBudget      *esp_budget_work_get_found  (EspBudgetWork       *work);   /* (transfer none) (nullable): once it is found */
const char           *esp_budget_work_get_criterion (EspBudgetWork    *work);   /* (nullable): its title: what the plan found ranks by */
gboolean              esp_budget_work_is_current (EspBudgetWork       *work);   /* what was found is of the network that is open */
/* The plan is what was found: one act of undo called @label. */
gboolean              esp_budget_work_apply      (EspBudgetWork       *work,
                                                  const char          *label);

G_END_DECLS
