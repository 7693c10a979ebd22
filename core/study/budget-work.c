/* budget-work.c: the search for a plan within a budget, as the main thread sees it */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/budget-work.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/error.h"
#include "search/budget-scores.h"
#include "study/study-private.h"

#define POLL_MS 100

/* What main thread and lane share, held by both. */
typedef struct
{
  EspMaterial *material;
  EspPlanState *begun; /* what the plan said */
  EspLane *lane;
  EspJob *job;
  EspBudgetWish wish;
  EspPlan *plan;     /* Thread: lane, as the next four, until it has ended */
  GPtrArray *scores; /* of EspScores */
  EspBudget *budget;
  EspBudgetInput input; /* the budget's */
  GError *error;
  GMutex mutex;   /* of all below */
  GArray *points; /* of EspBudgetPoint */
  double most;
  gboolean trying, ended;
} Run;

struct _EspBudgetWork
{
  GObject parent_instance;

  GWeakRef study;
  Run *run; /* (nullable): the last one */
  guint poll;
};

G_DEFINE_FINAL_TYPE (EspBudgetWork, esp_budget_work, G_TYPE_OBJECT)

enum
{
  CHANGED,
  ENDED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
run_clear (gpointer data)
{
  Run *run = data;

  g_clear_pointer (&run->budget, esp_budget_free);
  g_clear_pointer (&run->scores, g_ptr_array_unref);
  g_clear_object (&run->plan);
  g_clear_error (&run->error);
  esp_plan_state_unref (run->begun);
  esp_material_unref (run->material);
  esp_job_unref (run->job);
  g_array_unref (run->points);
  g_mutex_clear (&run->mutex);
}

static void
run_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, run_clear);
}

static Run *
run_new (EspStudy *study, const EspBudgetWish *wish)
{
  Run *run = g_atomic_rc_box_new0 (Run);

  run->material = esp_material_ref (study->material);
  run->begun = esp_plan_get_state (study->plan);
  run->lane = study->lane;
  run->job = esp_job_new (_ ("Looking for a plan within the budget"));
  run->wish = *wish;
  run->points = g_array_new (FALSE, FALSE, sizeof (EspBudgetPoint));
  run->most = NAN;
  g_mutex_init (&run->mutex);
  return run;
}

/* From here to run_search(): the lane. */

static void
on_tried (const EspBudget *budget, guint index, gpointer data)
{
  Run *run = data;
  const EspBudgetTry *one = esp_budget_get (budget, index);
  const EspBudgetPoint point = { esp_budget_get_cost (budget, one), one->map, one->kind };

  g_mutex_lock (&run->mutex);
  run->most = esp_budget_get_most (budget);
  if (index < run->points->len)
    g_array_index (run->points, EspBudgetPoint, index) = point;
  else
    g_array_append_val (run->points, point);
  g_mutex_unlock (&run->mutex);
}

static gboolean
score (Run *run)
{
  const EspMaterial *m = run->material;
  guint n_choose = 0, n_judge = 0;
  g_autofree guint *judge = NULL, *choose = esp_budget_choose (m->dataset, run->wish.n_images, ESP_STUDY_SEED, &n_choose, &judge, &n_judge);
  const EspBudgetScoring what = { .network = m->network,
                                  .weights = m->weights,
                                  .dataset = m->dataset,
                                  .map = m->map,
                                  .options = &m->options,
                                  .lane = run->lane,
                                  .seed = ESP_STUDY_SEED,
                                  .images = choose,
                                  .n = n_choose };

  run->scores = esp_budget_score (&what, NULL, run->job, &run->error);
  return run->scores != NULL;
}

static void
solve (Run *run)
{
  const EspMaterial *m = run->material;

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
  run->budget = esp_budget_solve (&run->input, run->job, &run->error);
}

static void
run_search (gpointer data)
{
  Run *run = data;

  if (esp_job_check (run->job, &run->error) && score (run))
    {
      g_mutex_lock (&run->mutex);
      run->trying = TRUE;
      g_mutex_unlock (&run->mutex);
      esp_job_set_progress (run->job, 0, run->wish.n_tries);
      solve (run);
    }
  g_mutex_lock (&run->mutex);
  run->ended = TRUE;
  g_mutex_unlock (&run->mutex);
}

/** esp_budget_work_new: Returns: (transfer full): nothing begun; @study is not held. Thread: main. */
EspBudgetWork *
esp_budget_work_new (EspStudy *study)
{
  EspBudgetWork *self = g_object_new (ESP_TYPE_BUDGET_WORK, NULL);

  g_weak_ref_set (&self->study, study);
  return self;
}

static void
esp_budget_work_dispose (GObject *object)
{
  EspBudgetWork *self = ESP_BUDGET_WORK (object);

  g_clear_handle_id (&self->poll, g_source_remove);
  if (self->run != NULL)
    esp_job_cancel (self->run->job); /* the lane lets go of the rest */
  g_clear_pointer (&self->run, run_unref);
  g_weak_ref_set (&self->study, NULL);
  G_OBJECT_CLASS (esp_budget_work_parent_class)->dispose (object);
}

static void
esp_budget_work_finalize (GObject *object)
{
  g_weak_ref_clear (&ESP_BUDGET_WORK (object)->study);
  G_OBJECT_CLASS (esp_budget_work_parent_class)->finalize (object);
}

static void
esp_budget_work_class_init (EspBudgetWorkClass *class)
{
  GType type = G_TYPE_FROM_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = esp_budget_work_dispose;
  G_OBJECT_CLASS (class)->finalize = esp_budget_work_finalize;
  signals[CHANGED] = g_signal_new ("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ENDED] = g_signal_new ("ended", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
esp_budget_work_init (EspBudgetWork *self)
{
  g_weak_ref_init (&self->study, NULL);
}

static gboolean
has_ended (Run *run)
{
  gboolean ended;

  g_mutex_lock (&run->mutex);
  ended = run->ended;
  g_mutex_unlock (&run->mutex);
  return ended;
}

static gboolean
poll (gpointer data)
{
  g_autoptr (EspBudgetWork) self = g_object_ref (data);
  Run *run = self->run;
  const gboolean ended = has_ended (run);

  if (ended)
    self->poll = 0;
  g_signal_emit (self, signals[CHANGED], 0);
  if (ended)
    g_signal_emit (self, signals[ENDED], 0, g_error_matches (run->error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? NULL : run->error);
  return ended ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/**
 * esp_budget_work_start:
 * @work: no search runs in it
 * @wish: what is asked for
 * @error: ESP_ERROR_UNSUPPORTED where nothing is open, or nothing labelled
 *
 * Scores the channels on the half of the images that chooses, then tries plans, in the lane below everything that is looked at. Thread: main.
 */
gboolean
esp_budget_work_start (EspBudgetWork *self, const EspBudgetWish *wish, GError **error)
{
  g_autoptr (EspStudy) study = g_weak_ref_get (&self->study);
  Run *run;

  g_return_val_if_fail (self->poll == 0 && wish != NULL, FALSE);
  if (study == NULL || study->material == NULL || study->material->map == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, _ ("a budget needs labelled images: what a plan loses is its mAP"));
      return FALSE;
    }
  run = run_new (study, wish);
  g_clear_pointer (&self->run, run_unref);
  self->run = run;
  esp_lane_attend (run->lane, run->job);
  esp_lane_post (run->lane, ESP_LANE_BACKGROUND, run_search, g_atomic_rc_box_acquire (run), run_unref);
  self->poll = g_timeout_add (POLL_MS, poll, self);
  g_signal_emit (self, signals[CHANGED], 0);
  return TRUE;
}

/** esp_budget_work_stop: ends the search soon; what was found so far is not kept. Thread: main. */
void
esp_budget_work_stop (EspBudgetWork *self)
{
  if (self->poll == 0)
    return;
  esp_job_cancel (self->run->job);
  g_signal_emit (self, signals[CHANGED], 0);
}

/** esp_budget_work_get_state: Returns: where the last search is. Thread: main. */
EspBudgetState
esp_budget_work_get_state (EspBudgetWork *self)
{
  Run *run = self->run;
  gboolean trying;

  if (run == NULL)
    return ESP_BUDGET_IDLE;
  if (self->poll == 0)
    return run->budget != NULL                                              ? ESP_BUDGET_FOUND
           : g_error_matches (run->error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? ESP_BUDGET_STOPPED
                                                                            : ESP_BUDGET_FAILED;
  if (esp_job_is_cancelled (run->job))
    return ESP_BUDGET_ENDING;
  g_mutex_lock (&run->mutex);
  trying = run->trying;
  g_mutex_unlock (&run->mutex);
  return trying ? ESP_BUDGET_TRYING : ESP_BUDGET_SCORING;
}

/** esp_budget_work_get_job: Returns: (transfer none) (nullable): of the search while it runs. Thread: main. */
EspJob *
esp_budget_work_get_job (EspBudgetWork *self)
{
  return self->poll != 0 ? self->run->job : NULL;
}

/** esp_budget_work_dup_points: Returns: (transfer full) (element-type EspBudgetPoint): the plans tried so far, in order. Thread: main. */
GArray *
esp_budget_work_dup_points (EspBudgetWork *self)
{
  GArray *points = g_array_new (FALSE, FALSE, sizeof (EspBudgetPoint));

  if (self->run == NULL)
    return points;
  g_mutex_lock (&self->run->mutex);
  if (self->run->points->len > 0)
    g_array_append_vals (points, self->run->points->data, self->run->points->len);
  g_mutex_unlock (&self->run->mutex);
  return points;
}

/** esp_budget_work_get_most: Returns: the limit in its unit, infinite where there is none, NAN while not known. Thread: main. */
double
esp_budget_work_get_most (EspBudgetWork *self)
{
  double most = NAN;

  if (self->run == NULL)
    return most;
  g_mutex_lock (&self->run->mutex);
  most = self->run->most;
  g_mutex_unlock (&self->run->mutex);
  return most;
}

/** esp_budget_work_get_wish: Returns: (transfer none) (nullable): what the last search was asked for. Thread: main. */
const EspBudgetWish *
esp_budget_work_get_wish (EspBudgetWork *self)
{
  return self->run != NULL ? &self->run->wish : NULL;
}

/** esp_budget_work_get_found: Returns: (transfer none) (nullable): what the last search found, until the next begins. Thread: main. */
const EspBudget *
esp_budget_work_get_found (EspBudgetWork *self)
{
  return self->run != NULL && self->poll == 0 ? self->run->budget : NULL;
}

/** esp_budget_work_get_criterion: Returns: (transfer none) (nullable): the title of what the plan found ranks by. Thread: main. */
const char *
esp_budget_work_get_criterion (EspBudgetWork *self)
{
  const EspBudget *budget = esp_budget_work_get_found (self);
  const EspBudgetTry *found = budget != NULL ? esp_budget_get (budget, esp_budget_get_found (budget)) : NULL;
  const EspCriterion *row
      = found != NULL ? esp_criterion_find (esp_scores_get_criterion (g_ptr_array_index (self->run->scores, found->scores))) : NULL;

  return row != NULL ? row->title : NULL;
}

/** esp_budget_work_is_current: Returns: whether what was found fits what is open now. Thread: main. */
gboolean
esp_budget_work_is_current (EspBudgetWork *self)
{
  g_autoptr (EspStudy) study = g_weak_ref_get (&self->study);

  return study != NULL && study->plan != NULL && esp_budget_work_get_found (self) != NULL && self->run->material == study->material;
}

/**
 * esp_budget_work_apply:
 * @work: a plan was found in it
 * @label: the words of the act
 *
 * The plan in hand becomes exactly what was measured, hand-made choices included as they were when the search began. Returns: FALSE where another
 * study is open. Thread: main.
 */
gboolean
esp_budget_work_apply (EspBudgetWork *self, const char *label)
{
  g_autoptr (EspStudy) study = g_weak_ref_get (&self->study);
  g_autoptr (EspPlanState) state = NULL;

  if (study == NULL || !esp_budget_work_is_current (self))
    return FALSE;
  state = esp_plan_get_state (self->run->plan);
  esp_plan_set_state (study->plan, state, label);
  return TRUE;
}
