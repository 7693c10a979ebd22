/* branches.c: two branches of a study's plan side by side */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/branches.h"

#include "base/error.h"
#include "prune/plan-branch.h"
#include "study/study-private.h"

/* Held apart from plan and study: both may be others before it is done. */
typedef struct
{
  EspMaterial *material;
  EspPlanState *a, *b;
  EspJob *job; /* (nullable) */
  EspComparison comparison;
} Pair;

static void
pair_free (gpointer data)
{
  Pair *pair = data;

  esp_material_unref (pair->material);
  esp_plan_state_unref (pair->a);
  esp_plan_state_unref (pair->b);
  g_clear_pointer (&pair->job, esp_job_unref);
  g_free (pair);
}

static GTask *
task_new (EspStudy *study, guint a, guint b, EspJob *job, GAsyncReadyCallback callback, gpointer data, gpointer tag)
{
  GTask *task = g_task_new (NULL, NULL, callback, data); /* without a source: a study that is let go of is closed at once */
  Pair *pair = g_new0 (Pair, 1);

  pair->material = esp_material_ref (study->material);
  pair->a = esp_plan_get_branch_state (study->plan, a);
  pair->b = esp_plan_get_branch_state (study->plan, b);
  pair->job = job != NULL ? esp_job_ref (job) : NULL;
  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, pair, pair_free);
  return task;
}

static EspMask *
mask_of (const Pair *pair, EspPlanState *state)
{
  return esp_plan_state_resolve (state, pair->material->network, pair->material->coupling);
}

static void
difference_run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Pair *pair = data;
  g_autoptr (EspMask) a = mask_of (pair, pair->a), b = mask_of (pair, pair->b);

  g_task_return_pointer (task, esp_plan_difference_new (pair->material->network, a, b), (GDestroyNotify) esp_plan_difference_free);
}

/**
 * esp_study_difference_async:
 * @study: an open study
 * @a: a branch of its plan
 * @b: another, or the same
 * @callback: called on this thread
 * @data: its data
 *
 * What the two cut and cost as they are now. Thread: main; resolved in another.
 */
void
esp_study_difference_async (EspStudy *study, guint a, guint b, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (ESP_IS_STUDY (study) && study->plan != NULL);
  g_return_if_fail (a < esp_plan_get_n_branches (study->plan) && b < esp_plan_get_n_branches (study->plan));
  task = task_new (study, a, b, NULL, callback, data, esp_study_difference_async);
  g_task_run_in_thread (task, difference_run);
}

/** esp_study_difference_finish: Returns: (transfer full): where the two differ. Thread: main. */
EspPlanDifference *
esp_study_difference_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/** esp_study_can_compare: Returns: whether there are labelled images to run two plans over. Thread: main. */
gboolean
esp_study_can_compare (EspStudy *study)
{
  const EspMaterial *m = study->material;

  return m != NULL && m->map != NULL && m->cache != NULL && m->n_images > 0;
}

static void
compare_run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Pair *pair = data;
  const EspMaterial *m = pair->material;
  g_autoptr (EspMask) a = mask_of (pair, pair->a), b = mask_of (pair, pair->b);
  g_autofree guint *indices = g_new (guint, m->n_images);
  g_autoptr (GError) error = NULL;
  const EspCompareInput input = { .network = m->network,
                                  .weights = m->weights,
                                  .dataset = m->dataset,
                                  .map = m->map,
                                  .cache = m->cache,
                                  .options = &m->options,
                                  .indices = indices,
                                  .n = m->n_images,
                                  .protocol = m->protocol,
                                  .n_classes = m->n_classes,
                                  .replicates = ESP_STUDY_REPLICATES,
                                  .seed = ESP_STUDY_SEED };

  for (guint i = 0; i < m->n_images; i++)
    indices[i] = i;
  if (esp_plan_compare (&input, a, b, &pair->comparison, pair->job, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * esp_study_compare_async:
 * @study: a study for which esp_study_can_compare()
 * @a: a branch of its plan
 * @b: another, or the same
 * @job: new: progress in images of the one and then of the other, cancel
 * @callback: called on this thread
 * @data: its data
 *
 * Both cut networks over all images, as they are now; every number as the tile has it. A slider and the picture in view go before it.
 * Thread: main; it is made in the lane.
 */
void
esp_study_compare_async (EspStudy *study, guint a, guint b, EspJob *job, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (ESP_IS_STUDY (study) && esp_study_can_compare (study) && study->plan != NULL && job != NULL);
  g_return_if_fail (a < esp_plan_get_n_branches (study->plan) && b < esp_plan_get_n_branches (study->plan));
  task = task_new (study, a, b, job, callback, data, esp_study_compare_async);
  esp_lane_attend (study->lane, job);
  esp_lane_run_async (study->lane, ESP_LANE_BACKGROUND, task, compare_run);
}

/**
 * esp_study_compare_finish:
 * @result: of esp_study_compare_async()
 * @comparison: (out caller-allocates): mAP of both, their paired difference, objects that only one finds
 * @error: as esp_plan_compare()
 *
 * Returns: whether @comparison is filled. Thread: main.
 */
gboolean
esp_study_compare_finish (GAsyncResult *result, EspComparison *comparison, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  *comparison = ((Pair *) g_task_get_task_data (G_TASK (result)))->comparison;
  return TRUE;
}
