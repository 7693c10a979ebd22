/* budget-work.c: the search for a plan within a budget, as the main thread sees it */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/budget-work.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/error.h"
#include "search/budget-scores.h"
#include "study/study-private.h"

typedef struct
{
  EspWorkRun base;
  EspPlanState *begun; /* what the plan said */
  EspBudgetWish wish;
  EspPlan *plan;     /* Thread: lane, as the next three, until it has ended */
  GPtrArray *scores; /* of EspScores */
  EspBudget *budget;
  EspBudgetInput input; /* the budget's */
  GArray *points;       /* of EspBudgetPoint; the mutex's, as the rest */
  double most;
  gboolean trying;
} Run;

struct _EspBudgetWork
{
  EspWork parent_instance;
};

G_DEFINE_FINAL_TYPE (EspBudgetWork, esp_budget_work, ESP_TYPE_WORK)

static void
run_clear (EspWorkRun *base)
{
  Run *run = (Run *) base;

  g_clear_pointer (&run->budget, esp_budget_free);
  g_clear_pointer (&run->scores, g_ptr_array_unref);
  g_clear_object (&run->plan);
  esp_plan_state_unref (run->begun);
  g_array_unref (run->points);
}

/* From here to run_search(): the lane. */

static void
on_tried (const EspBudget *budget, guint index, gpointer data)
{
  Run *run = data;
  const EspBudgetTry *one = esp_budget_get (budget, index);
  const EspBudgetPoint point = { esp_budget_get_cost (budget, one), one->map, one->kind };

  g_mutex_lock (&run->base.mutex);
  run->most = esp_budget_get_most (budget);
  if (index < run->points->len)
    g_array_index (run->points, EspBudgetPoint, index) = point;
  else
    g_array_append_val (run->points, point);
  g_mutex_unlock (&run->base.mutex);
}

static gboolean
score (Run *run)
{
  const EspMaterial *m = run->base.material;
  guint n_choose = 0, n_judge = 0;
  g_autofree guint *judge = NULL, *choose = esp_budget_choose (m->dataset, run->wish.n_images, ESP_STUDY_SEED, &n_choose, &judge, &n_judge);
  const EspBudgetScoring what = { .network = m->network,
                                  .weights = m->weights,
                                  .dataset = m->dataset,
                                  .map = m->map,
                                  .options = &m->options,
                                  .lane = run->base.lane,
                                  .seed = ESP_STUDY_SEED,
                                  .images = choose,
                                  .n = n_choose };

  run->scores = esp_budget_score (&what, NULL, run->base.job, &run->base.error);
  return run->scores != NULL;
}

static void
solve (Run *run)
{
  const EspMaterial *m = run->base.material;

  run->plan = esp_plan_new (m->network, m->coupling, m->scores);
  esp_plan_set_state (run->plan, run->begun, "");
  run->input = (EspBudgetInput){ .weights = m->weights,
                                 .plan = run->plan,
                                 .scores = (EspScores *const *) run->scores->pdata,
                                 .n_scores = run->scores->len,
                                 .dataset = m->dataset,
                                 .map = m->map,
                                 .cache = m->cache,
                                 .options = &m->options,
                                 .protocol = m->protocol,
                                 .limit = run->wish.limit,
                                 .least_map = run->wish.least_map,
                                 .n_images = run->wish.n_images,
                                 .n_tries = run->wish.n_tries,
                                 .replicates = ESP_STUDY_REPLICATES,
                                 .seed = ESP_STUDY_SEED,
                                 .tried = on_tried,
                                 .tried_data = run };
  run->budget = esp_budget_solve (&run->input, run->base.job, &run->base.error);
}

static void
run_search (EspWorkRun *base)
{
  Run *run = (Run *) base;

  if (!score (run))
    return;
  g_mutex_lock (&base->mutex);
  run->trying = TRUE;
  g_mutex_unlock (&base->mutex);
  esp_job_set_progress (base->job, 0, run->wish.n_tries);
  solve (run);
}

static void
esp_budget_work_class_init (EspBudgetWorkClass *class)
{
  ESP_WORK_CLASS (class)->run_size = sizeof (Run);
  ESP_WORK_CLASS (class)->work = run_search;
  ESP_WORK_CLASS (class)->clear = run_clear;
}

static void
esp_budget_work_init (EspBudgetWork *self)
{
}

/** esp_budget_work_new: Returns: (transfer full): nothing begun; @study is not held. Thread: main. */
EspBudgetWork *
esp_budget_work_new (EspStudy *study)
{
  return esp_work_new (ESP_TYPE_BUDGET_WORK, study);
}

/**
 * esp_budget_work_start:
 * @work: no search runs in it
 * @wish: what is asked for
 * @error: ESP_ERROR_UNSUPPORTED where nothing is open, or nothing labelled
 *
 * Scores the channels on the half of the images that chooses, then tries plans, in the lane below everything that is looked at.
 * Thread: main.
 */
gboolean
esp_budget_work_start (EspBudgetWork *self, const EspBudgetWish *wish, GError **error)
{
  g_autoptr (EspStudy) study = esp_work_dup_study (ESP_WORK (self));
  Run *run;

  g_return_val_if_fail (esp_work_get_job (ESP_WORK (self)) == NULL && wish != NULL, FALSE);
  if (study == NULL || study->material == NULL || study->material->map == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, _ ("a budget needs labelled images: what a plan loses is its mAP"));
      return FALSE;
    }
  run = esp_work_new_run (ESP_WORK (self), study, _ ("Looking for a plan within the budget"));
  run->begun = esp_plan_get_state (study->plan);
  run->wish = *wish;
  run->points = g_array_new (FALSE, FALSE, sizeof (EspBudgetPoint));
  run->most = NAN;
  esp_work_begin (ESP_WORK (self), run);
  return TRUE;
}

/** esp_budget_work_get_state: Returns: where the last search is. Thread: main. */
EspBudgetState
esp_budget_work_get_state (EspBudgetWork *self)
{
  Run *run = esp_work_get_run (ESP_WORK (self));
  gboolean trying;

  if (run == NULL)
    return ESP_BUDGET_IDLE;
  if (esp_work_get_job (ESP_WORK (self)) == NULL)
    return run->budget != NULL                                                   ? ESP_BUDGET_FOUND
           : g_error_matches (run->base.error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? ESP_BUDGET_STOPPED
                                                                                 : ESP_BUDGET_FAILED;
  if (esp_job_is_cancelled (run->base.job))
    return ESP_BUDGET_ENDING;
  g_mutex_lock (&run->base.mutex);
  trying = run->trying;
  g_mutex_unlock (&run->base.mutex);
  return trying ? ESP_BUDGET_TRYING : ESP_BUDGET_SCORING;
}

/** esp_budget_work_dup_points: Returns: (transfer full) (element-type EspBudgetPoint): the plans tried so far, in order. Thread: main. */
GArray *
esp_budget_work_dup_points (EspBudgetWork *self)
{
  GArray *points = g_array_new (FALSE, FALSE, sizeof (EspBudgetPoint));
  Run *run = esp_work_get_run (ESP_WORK (self));

  if (run == NULL)
    return points;
  g_mutex_lock (&run->base.mutex);
  if (run->points->len > 0)
    g_array_append_vals (points, run->points->data, run->points->len);
  g_mutex_unlock (&run->base.mutex);
  return points;
}

/** esp_budget_work_get_most: Returns: the limit in its unit, infinite where there is none, NAN while not known. Thread: main. */
double
esp_budget_work_get_most (EspBudgetWork *self)
{
  Run *run = esp_work_get_run (ESP_WORK (self));
  double most;

  if (run == NULL)
    return (double) NAN;
  g_mutex_lock (&run->base.mutex);
  most = run->most;
  g_mutex_unlock (&run->base.mutex);
  return most;
}

/** esp_budget_work_get_wish: Returns: (transfer none) (nullable): what the last search was asked for. Thread: main. */
const EspBudgetWish *
esp_budget_work_get_wish (EspBudgetWork *self)
{
  const Run *run = esp_work_get_run (ESP_WORK (self));

  return run != NULL ? &run->wish : NULL;
}

/** esp_budget_work_get_found: Returns: (transfer none) (nullable): what the last search found, until the next begins. Thread: main. */
const EspBudget *
esp_budget_work_get_found (EspBudgetWork *self)
{
  const Run *run = esp_work_get_run (ESP_WORK (self));

  return run != NULL && esp_work_get_job (ESP_WORK (self)) == NULL ? run->budget : NULL;
}

/** esp_budget_work_get_criterion: Returns: (transfer none) (nullable): the title of what the plan found ranks by. Thread: main. */
const char *
esp_budget_work_get_criterion (EspBudgetWork *self)
{
  const Run *run = esp_work_get_run (ESP_WORK (self));
  const EspBudget *budget = esp_budget_work_get_found (self);
  const EspBudgetTry *found = budget != NULL ? esp_budget_get (budget, esp_budget_get_found (budget)) : NULL;
  const EspCriterion *row
      = found != NULL ? esp_criterion_find (esp_scores_get_criterion (g_ptr_array_index (run->scores, found->scores))) : NULL;

  return row != NULL ? row->title : NULL;
}

/** esp_budget_work_is_current: Returns: whether what was found fits what is open now. Thread: main. */
gboolean
esp_budget_work_is_current (EspBudgetWork *self)
{
  return esp_budget_work_get_found (self) != NULL && esp_work_is_current (ESP_WORK (self));
}

/**
 * esp_budget_work_apply:
 * @work: a plan was found in it
 * @label: the words of the act
 *
 * The plan in hand becomes exactly what was measured, hand-made choices included as they were when the search began. Returns: FALSE where
 * another study is open. Thread: main.
 */
gboolean
esp_budget_work_apply (EspBudgetWork *self, const char *label)
{
  g_autoptr (EspStudy) study = esp_work_dup_study (ESP_WORK (self));
  const Run *run = esp_work_get_run (ESP_WORK (self));
  g_autoptr (EspPlanState) state = NULL;

  if (study == NULL || !esp_budget_work_is_current (self))
    return FALSE;
  state = esp_plan_get_state (run->plan);
  esp_plan_set_state (study->plan, state, label);
  return TRUE;
}
