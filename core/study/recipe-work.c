/* recipe-work.c: a recipe run in a thread of its own, as the main thread sees it */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/recipe-work.h"

#include "prune/plan.h"

#define POLL_MS 100
#define WAIT    (G_USEC_PER_SEC / 10)

/* What both threads know; everything below the mutex is its. */
typedef struct
{
  EspRecipe *recipe;
  char *folder;
  EspLane *lane;
  EspJob *job;
  GMutex mutex;
  GCond cond;
  int step;
  gint64 began;
  double *seconds; /* of each step */
  char *line;
  JsonNode *report;  /* (nullable) */
  EspScores *scores; /* (nullable) */
  gboolean asked, answered, ended;
  char *answer; /* (nullable) */
  GError *error;
} Run;

struct _EspRecipeWork
{
  GObject parent_instance;

  EspLane *lane;
  Run *run; /* (nullable): the last one */
  GThread *thread;
  gboolean told_hand;
  guint poll;
};

G_DEFINE_FINAL_TYPE (EspRecipeWork, esp_recipe_work, G_TYPE_OBJECT)

enum
{
  CHANGED,
  HAND,
  ENDED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
run_free (Run *run)
{
  esp_recipe_unref (run->recipe);
  esp_job_unref (run->job);
  g_clear_pointer (&run->report, json_node_unref);
  g_clear_pointer (&run->scores, esp_scores_unref);
  g_clear_error (&run->error);
  g_mutex_clear (&run->mutex);
  g_cond_clear (&run->cond);
  g_free (run->folder);
  g_free (run->seconds);
  g_free (run->line);
  g_free (run->answer);
  g_free (run);
}

static Run *
run_new (EspLane *lane, EspRecipe *recipe, const char *folder)
{
  Run *run = g_new0 (Run, 1);

  run->recipe = esp_recipe_ref (recipe);
  run->folder = g_strdup (folder);
  run->lane = lane;
  run->job = esp_job_new (esp_recipe_get_title (recipe));
  run->step = -1;
  run->seconds = g_new0 (double, esp_recipe_get_n_steps (recipe) + 1);
  run->line = g_strdup ("");
  g_mutex_init (&run->mutex);
  g_cond_init (&run->cond);
  return run;
}

/* Under the mutex: the time of the step that it is at. */
static void
count_time (Run *run)
{
  const gint64 now = g_get_monotonic_time ();

  if (run->step >= 0)
    run->seconds[run->step] += (double) (now - run->began) / G_USEC_PER_SEC;
  run->began = now;
}

/* From here to esp_recipe_work_new(): the runner's thread. */

static void
on_step (gpointer data, guint step)
{
  Run *run = data;

  g_mutex_lock (&run->mutex);
  count_time (run);
  run->step = (int) step;
  g_mutex_unlock (&run->mutex);
  esp_job_set_progress (run->job, 0, 0);
}

static void
on_line (gpointer data, const char *line)
{
  Run *run = data;

  g_mutex_lock (&run->mutex);
  g_free (run->line);
  run->line = g_strstrip (g_strdup (line));
  g_mutex_unlock (&run->mutex);
}

static void
on_rows (gpointer data, JsonNode *report)
{
  Run *run = data;

  g_mutex_lock (&run->mutex);
  g_clear_pointer (&run->report, json_node_unref);
  run->report = json_node_ref (report);
  g_mutex_unlock (&run->mutex);
}

/* (transfer full) (nullable): what was answered; *@given is FALSE where the run was stopped instead. */
static char *
wait_for_answer (Run *run, EspScores *scores, gboolean *given)
{
  char *answer;

  g_mutex_lock (&run->mutex);
  run->scores = scores != NULL ? esp_scores_ref (scores) : NULL;
  run->asked = TRUE;
  run->answered = FALSE;
  while (!run->answered && !esp_job_is_cancelled (run->job))
    g_cond_wait_until (&run->cond, &run->mutex, g_get_monotonic_time () + WAIT);
  run->asked = FALSE;
  *given = run->answered;
  answer = g_steal_pointer (&run->answer);
  g_clear_pointer (&run->scores, esp_scores_unref);
  g_mutex_unlock (&run->mutex);
  return answer;
}

static EspMask *
on_hand (gpointer data, EspNetwork *network, EspScores *scores, EspMask *proposed, GError **error)
{
  Run *run = data;
  gboolean given = FALSE;
  g_autofree char *plan = wait_for_answer (run, scores, &given);

  if (!given && !esp_job_check (run->job, error))
    return NULL;
  return plan != NULL ? esp_plan_read_mask (network, plan, NULL, NULL, error) : esp_mask_ref (proposed);
}

static gpointer
run_thread (gpointer data)
{
  Run *run = data;
  const EspRunOptions options = { .recipe = run->recipe,
                                  .folder = run->folder,
                                  .lane = run->lane,
                                  .seed = 1,
                                  .tell = on_line,
                                  .step = on_step,
                                  .rows = on_rows,
                                  .hand = on_hand,
                                  .data = run };
  GError *error = NULL;
  JsonNode *report = esp_recipe_run (&options, run->job, &error);

  g_mutex_lock (&run->mutex);
  count_time (run);
  if (report != NULL)
    {
      g_clear_pointer (&run->report, json_node_unref);
      run->report = report;
    }
  run->error = error;
  run->ended = TRUE;
  g_mutex_unlock (&run->mutex);
  return NULL;
}

/** esp_recipe_work_new: Returns: (transfer full): nothing begun; @lane is lent and outlives it. Thread: main. */
EspRecipeWork *
esp_recipe_work_new (EspLane *lane)
{
  EspRecipeWork *self = g_object_new (ESP_TYPE_RECIPE_WORK, NULL);

  self->lane = lane;
  return self;
}

static void
esp_recipe_work_dispose (GObject *object)
{
  EspRecipeWork *self = ESP_RECIPE_WORK (object);

  g_clear_handle_id (&self->poll, g_source_remove);
  if (self->thread != NULL)
    {
      esp_job_cancel (self->run->job); /* it leaves what it has; the lane is gone soon */
      g_thread_join (g_steal_pointer (&self->thread));
    }
  g_clear_pointer (&self->run, run_free);
  G_OBJECT_CLASS (esp_recipe_work_parent_class)->dispose (object);
}

static void
esp_recipe_work_class_init (EspRecipeWorkClass *class)
{
  GType type = G_TYPE_FROM_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = esp_recipe_work_dispose;
  signals[CHANGED] = g_signal_new ("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[HAND] = g_signal_new ("hand", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ENDED] = g_signal_new ("ended", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
esp_recipe_work_init (EspRecipeWork *self)
{
}

static gboolean
finish (EspRecipeWork *self)
{
  const gboolean stopped = g_error_matches (self->run->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  self->poll = 0;
  g_thread_join (g_steal_pointer (&self->thread));
  g_signal_emit (self, signals[CHANGED], 0);
  g_signal_emit (self, signals[ENDED], 0, stopped ? NULL : self->run->error);
  return G_SOURCE_REMOVE;
}

static gboolean
poll (gpointer data)
{
  g_autoptr (EspRecipeWork) self = g_object_ref (data);
  Run *run = self->run;
  gboolean asked, ended;

  g_mutex_lock (&run->mutex);
  asked = run->asked && !run->answered;
  ended = run->ended;
  g_mutex_unlock (&run->mutex);
  if (ended)
    return finish (self);
  g_signal_emit (self, signals[CHANGED], 0);
  if (asked && !self->told_hand)
    g_signal_emit (self, signals[HAND], 0);
  self->told_hand = asked;
  return G_SOURCE_CONTINUE;
}

/**
 * esp_recipe_work_start:
 * @work: nothing runs in it
 * @recipe: closed: nothing is left to be given
 * @folder: of the results; what is there already is not made again
 *
 * Thread: main.
 */
void
esp_recipe_work_start (EspRecipeWork *self, EspRecipe *recipe, const char *folder)
{
  g_return_if_fail (self->thread == NULL && recipe != NULL && folder != NULL);
  Run *run = run_new (self->lane, recipe, folder);

  g_clear_pointer (&self->run, run_free);
  self->run = run;
  self->told_hand = FALSE;
  self->thread = g_thread_new ("recipe", run_thread, run);
  self->poll = g_timeout_add (POLL_MS, poll, self);
  g_signal_emit (self, signals[CHANGED], 0);
}

/** esp_recipe_work_stop: ends the run soon; started again in the same folder it goes on. Thread: main. */
void
esp_recipe_work_stop (EspRecipeWork *self)
{
  if (self->thread == NULL)
    return;
  esp_job_cancel (self->run->job);
  g_signal_emit (self, signals[CHANGED], 0);
}

/** esp_recipe_work_get_state: Returns: where the last run is. Thread: main. */
EspRecipeState
esp_recipe_work_get_state (EspRecipeWork *self)
{
  Run *run = self->run;
  gboolean asked;

  if (run == NULL)
    return ESP_RECIPE_IDLE;
  if (self->thread == NULL)
    return run->error == NULL                                               ? ESP_RECIPE_FINISHED
           : g_error_matches (run->error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? ESP_RECIPE_STOPPED
                                                                            : ESP_RECIPE_FAILED;
  if (esp_job_is_cancelled (run->job))
    return ESP_RECIPE_ENDING;
  g_mutex_lock (&run->mutex);
  asked = run->asked && !run->answered;
  g_mutex_unlock (&run->mutex);
  return asked ? ESP_RECIPE_WAITING : ESP_RECIPE_RUNNING;
}

/** esp_recipe_work_get_recipe: Returns: (transfer none) (nullable): of the last run. Thread: main. */
EspRecipe *
esp_recipe_work_get_recipe (EspRecipeWork *self)
{
  return self->run != NULL ? self->run->recipe : NULL;
}

/** esp_recipe_work_get_folder: Returns: (transfer none) (nullable): of the results of the last run. Thread: main. */
const char *
esp_recipe_work_get_folder (EspRecipeWork *self)
{
  return self->run != NULL ? self->run->folder : NULL;
}

/** esp_recipe_work_get_job: Returns: (transfer none) (nullable): of the run while it runs. Thread: main. */
EspJob *
esp_recipe_work_get_job (EspRecipeWork *self)
{
  return self->thread != NULL ? self->run->job : NULL;
}

/** esp_recipe_work_get_step: Returns: the step that the last run is or was at, from 0; -1: none yet. Thread: main. */
int
esp_recipe_work_get_step (EspRecipeWork *self)
{
  int step = -1;

  if (self->run == NULL)
    return step;
  g_mutex_lock (&self->run->mutex);
  step = self->run->step;
  g_mutex_unlock (&self->run->mutex);
  return step;
}

/** esp_recipe_work_get_seconds: Returns: what @step has taken so far since the run was begun or went on. Thread: main. */
double
esp_recipe_work_get_seconds (EspRecipeWork *self, guint step)
{
  Run *run = self->run;
  double seconds;

  if (run == NULL || step >= esp_recipe_get_n_steps (run->recipe))
    return 0;
  g_mutex_lock (&run->mutex);
  if (!run->ended)
    count_time (run);
  seconds = run->seconds[step];
  g_mutex_unlock (&run->mutex);
  return seconds;
}

/** esp_recipe_work_dup_line: Returns: (transfer full): the last line that the run told, "" where there is none. Thread: main. */
char *
esp_recipe_work_dup_line (EspRecipeWork *self)
{
  char *line;

  if (self->run == NULL)
    return g_strdup ("");
  g_mutex_lock (&self->run->mutex);
  line = g_strdup (self->run->line);
  g_mutex_unlock (&self->run->mutex);
  return line;
}

/** esp_recipe_work_dup_report: Returns: (transfer full) (nullable): what report.json would say now; the same node as long as nothing is
 * new. Thread: main. */
JsonNode *
esp_recipe_work_dup_report (EspRecipeWork *self)
{
  JsonNode *report;

  if (self->run == NULL)
    return NULL;
  g_mutex_lock (&self->run->mutex);
  report = self->run->report != NULL ? json_node_ref (self->run->report) : NULL;
  g_mutex_unlock (&self->run->mutex);
  return report;
}

/** esp_recipe_work_dup_scores: Returns: (transfer full) (nullable): what the plan that it waits with is by; NULL where it does not wait.
 * Thread: main. */
EspScores *
esp_recipe_work_dup_scores (EspRecipeWork *self)
{
  EspScores *scores;

  if (self->run == NULL)
    return NULL;
  g_mutex_lock (&self->run->mutex);
  scores = self->run->scores != NULL ? esp_scores_ref (self->run->scores) : NULL;
  g_mutex_unlock (&self->run->mutex);
  return scores;
}

/** esp_recipe_work_answer: the run goes on with the channels that @plan keeps; a file that does not fit ends it with the reason.
 * Thread: main. */
void
esp_recipe_work_answer (EspRecipeWork *self, const char *plan)
{
  Run *run = self->run;

  g_return_if_fail (esp_recipe_work_get_state (self) == ESP_RECIPE_WAITING);
  g_mutex_lock (&run->mutex);
  g_free (run->answer);
  run->answer = g_strdup (plan);
  run->answered = TRUE;
  g_cond_signal (&run->cond);
  g_mutex_unlock (&run->mutex);
  g_signal_emit (self, signals[CHANGED], 0);
}
