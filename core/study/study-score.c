/* study-score.c: criteria: what the sliders rank by is what the criterion says
 *
 * A study opens with a criterion that needs no image. Once the unpruned pass is through, attribution is scored in the background, and takes
 * over only while nothing of the plan was touched: sliders never change their meaning under a hand. It is kept then, and choosing it is
 * instant. */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "base/error.h"
#include "study/study-private.h"

#define BACKGROUND_CRITERION "attribution"

typedef struct
{
  EspMaterial *material;
  const EspCriterion *criterion;
  EspLane *lane;
  EspJob *job;
} ScoreCall;

static void
score_call_free (gpointer data)
{
  ScoreCall *call = data;

  esp_material_unref (call->material);
  esp_job_unref (call->job);
  g_free (call);
}

/* Thread: lane. */
static void
score_run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const ScoreCall *call = data;
  g_autoptr (GError) error = NULL;
  EspScores *scores = NULL;

  if (esp_job_check (call->job, &error))
    scores = esp_material_score (call->material, call->criterion, call->lane, call->job, &error);
  if (scores != NULL)
    g_task_return_pointer (task, scores, (GDestroyNotify) esp_scores_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* The lane's task has no source: the lane never holds the last reference to a study. */
static void
score_in_lane (EspStudy *study, const EspCriterion *criterion, EspJob *job, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, data);
  ScoreCall *call = g_new0 (ScoreCall, 1);

  *call = (ScoreCall){ esp_material_ref (study->material), criterion, study->lane, esp_job_ref (job) };
  g_task_set_task_data (task, call, score_call_free);
  esp_lane_run_async (study->lane, ESP_LANE_BACKGROUND, task, score_run);
}

static void
use_scores (EspStudy *study, EspScores *scores)
{
  esp_plan_set_scores (study->plan, scores);
  study_plan_flush (study);
}

static gboolean
is_untouched (EspStudy *study)
{
  gboolean undo = FALSE, redo = FALSE;

  g_object_get (study->plan, "can-undo", &undo, "can-redo", &redo, NULL);
  return !undo && !redo && esp_mask_is_full (study->mask);
}

static void
end_score (EspStudy *study, EspJob *job)
{
  if (study->score_job == job)
    g_clear_pointer (&study->score_job, esp_job_unref);
  study_update_busy (study);
}

static gboolean
has_unread (EspStudy *study)
{
  for (guint i = 0; i < study->material->n_images; i++)
    {
      const EspOutcome *outcome = esp_live_get_baseline (study->live, i);

      if (outcome != NULL && outcome->failure != NULL)
        return TRUE;
    }
  return FALSE;
}

typedef struct
{
  GWeakRef study;
  EspMaterial *material; /* the answer is of this one alone */
  EspJob *job;
} Background;

static void
background_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Background *call = data;
  g_autoptr (EspStudy) study = g_weak_ref_get (&call->study);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspScores) scores = g_task_propagate_pointer (G_TASK (result), &error);

  if (study != NULL && study->material == call->material)
    {
      end_score (study, call->job);
      /* nobody asked: too few photographs for it, or one that cannot be read, are no failure, and whoever chooses the criterion is told */
      if (g_error_matches (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED) || has_unread (study))
        g_debug ("not scored in the background: %s", error->message);
      else if (scores == NULL)
        study_fail (study, error);
      else
        {
          g_hash_table_replace (study->scores, g_strdup (esp_scores_get_criterion (scores)), esp_scores_ref (scores));
          if (is_untouched (study) && g_strcmp0 (study->criterion, esp_scores_get_criterion (study->material->scores)) == 0)
            use_scores (study, scores);
        }
    }
  g_weak_ref_clear (&call->study);
  esp_material_unref (call->material);
  esp_job_unref (call->job);
  g_free (call);
}

/** study_score_begin: scores by attribution in the background. Thread: main. */
void
study_score_begin (EspStudy *study)
{
  const EspCriterion *criterion = esp_criterion_find (BACKGROUND_CRITERION);
  Background *call;

  if (criterion == NULL || study->score_job != NULL || g_hash_table_contains (study->scores, criterion->id))
    return;
  call = g_new0 (Background, 1);
  g_weak_ref_init (&call->study, study);
  call->material = esp_material_ref (study->material);
  call->job = esp_job_new ("Scoring channels by attribution");
  study->score_job = esp_job_ref (call->job);
  score_in_lane (study, criterion, call->job, background_done, call);
}

static void
score_done (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) outer = data;
  g_autoptr (GError) error = NULL;
  EspStudy *study = g_task_get_source_object (outer);
  EspScores *scores = g_task_propagate_pointer (G_TASK (result), &error);

  end_score (study, g_task_get_task_data (outer));
  if (scores != NULL)
    g_task_return_pointer (outer, scores, (GDestroyNotify) esp_scores_unref);
  else
    g_task_return_error (outer, g_steal_pointer (&error));
}

/* The background's own scoring, or an earlier choice, gives way to what is chosen now. */
static void
take_job (EspStudy *study, EspJob *job)
{
  esp_job_cancel (study->score_job);
  g_clear_pointer (&study->score_job, esp_job_unref);
  study->score_job = esp_job_ref (job);
  study_update_busy (study);
}

/**
 * esp_study_set_criterion_async:
 * @study: an open study
 * @criterion: id of the registry
 * @job: (nullable): progress and cancel; without one the study's own is at esp_study_get_job()
 * @callback: calls esp_study_set_criterion_finish()
 * @data: its data
 *
 * Scores in the lane below everything else; instant for a criterion scored before. Thread: main.
 */
void
esp_study_set_criterion_async (EspStudy *study, const char *criterion, EspJob *job, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) outer = g_task_new (study, NULL, callback, data);
  const EspCriterion *row = esp_criterion_find (criterion);
  EspScores *known = g_hash_table_lookup (study->scores, criterion);
  g_autoptr (EspJob) own = NULL;

  if (study->material == NULL || row == NULL)
    {
      g_task_return_new_error (outer, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s is no criterion that this study can score by", criterion);
      return;
    }
  g_task_set_source_tag (outer, study->material); /* the answer is of this one alone */
  if (known != NULL)
    {
      g_task_return_pointer (outer, esp_scores_ref (known), (GDestroyNotify) esp_scores_unref);
      return;
    }
  own = job != NULL ? esp_job_ref (job) : esp_job_new (row->title);
  g_task_set_task_data (outer, esp_job_ref (own), (GDestroyNotify) esp_job_unref);
  take_job (study, own);
  score_in_lane (study, row, own, score_done, g_steal_pointer (&outer));
}

/** esp_study_set_criterion_finish: the plan ranks by the new scores from here on. Returns: FALSE with @error set, the plan as it was.
 * Thread: main. */
gboolean
esp_study_set_criterion_finish (EspStudy *study, GAsyncResult *result, GError **error)
{
  g_autoptr (EspScores) scores = NULL;

  g_return_val_if_fail (g_task_is_valid (result, study), FALSE);
  scores = g_task_propagate_pointer (G_TASK (result), error);
  if (scores == NULL)
    return FALSE;
  if (study->plan == NULL || study->material != g_task_get_source_tag (G_TASK (result)))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the study was closed or is another one now");
      return FALSE;
    }
  g_hash_table_replace (study->scores, g_strdup (esp_scores_get_criterion (scores)), esp_scores_ref (scores));
  use_scores (study, scores);
  return TRUE;
}

/** esp_study_take_scores: as if this study had scored by their criterion. Returns: FALSE where they are of another network. Thread:
 * main. */
gboolean
esp_study_take_scores (EspStudy *study, EspScores *scores)
{
  if (study->plan == NULL)
    return FALSE;
  for (guint l = 0; l < esp_network_get_n_layers (study->material->network); l++)
    {
      guint n = 0, own = 0;
      const double *theirs = esp_scores_get (scores, l, &n), *ours = esp_scores_get (study->material->scores, l, &own);

      if ((theirs == NULL) != (ours == NULL) || (ours != NULL && n != own))
        return FALSE;
    }
  g_hash_table_replace (study->scores, g_strdup (esp_scores_get_criterion (scores)), esp_scores_ref (scores));
  use_scores (study, scores);
  return TRUE;
}
