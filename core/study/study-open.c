/* study-open.c: opening: everything is read in the lane first, then the study changes at once or not at all */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/study-private.h"

typedef struct
{
  EspStudyFiles files;
  EspJob *job; /* (nullable) */
} OpenCall;

static void
open_call_free (gpointer data)
{
  OpenCall *call = data;

  esp_study_files_clear (&call->files);
  g_clear_pointer (&call->job, esp_job_unref);
  g_free (call);
}

/* Thread: lane. */
static void
open_run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const OpenCall *call = data;
  g_autoptr (GError) error = NULL;
  EspMaterial *material = esp_material_load (&call->files, call->job, &error);

  if (material != NULL)
    g_task_return_pointer (task, material, (GDestroyNotify) esp_material_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* The lane's task has no source, so that the lane never holds the last reference to a study; the caller's task is finished here. */
static void
open_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) outer = data;
  g_autoptr (GError) error = NULL;
  EspMaterial *material = g_task_propagate_pointer (G_TASK (result), &error);

  if (material != NULL)
    g_task_return_pointer (outer, material, (GDestroyNotify) esp_material_unref);
  else
    g_task_return_error (outer, g_steal_pointer (&error));
}

/**
 * esp_study_open_async:
 * @study: the study
 * @files: what to open, completed by the caller; copied
 * @job: (nullable): cancels
 * @callback: calls esp_study_open_finish()
 * @data: its data
 *
 * Reads in the lane, before full passes and background work. The study stays as it is until esp_study_open_finish(). Thread: main.
 */
void
esp_study_open_async (EspStudy *study, const EspStudyFiles *files, EspJob *job, GAsyncReadyCallback callback, gpointer data)
{
  GTask *outer;
  g_autoptr (GTask) inner = NULL;
  OpenCall *call;

  g_return_if_fail (ESP_IS_STUDY (study) && files != NULL);
  outer = g_task_new (study, NULL, callback, data);
  inner = g_task_new (NULL, NULL, open_read, outer);
  call = g_new0 (OpenCall, 1);
  call->files = (EspStudyFiles){
    .cfg = g_strdup (files->cfg),
    .weights = g_strdup (files->weights),
    .data = g_strdup (files->data),
    .names = g_strdup (files->names),
    .plan = g_strdup (files->plan),
    .split = g_strdup (files->split),
  };
  call->job = job != NULL ? esp_job_ref (job) : NULL;
  g_task_set_source_tag (outer, esp_study_open_async);
  g_task_set_task_data (inner, call, open_call_free);
  esp_lane_run_async (study->lane, ESP_LANE_VIEW, inner, open_run);
}

/* The unpruned pass ends by being through, by failing, or by its job being cancelled. */
static void
number_changed (gpointer data)
{
  EspStudy *study = data;

  if (study->baseline_job != NULL && !esp_live_is_running (study->live))
    {
      g_clear_pointer (&study->baseline_job, esp_job_unref);
      study_update_busy (study);
    }
  study_numbers (study);
}

/* Pictures that cannot be read, once it is known of all. */
static void
tell_left_out (EspStudy *study)
{
  EspMaterial *m = study->material;
  g_autofree char *before = g_strdup (m->notice);
  guint n = 0;

  for (guint i = 0; i < m->n_images; i++)
    {
      const EspOutcome *outcome = esp_live_get_baseline (study->live, i);

      n += outcome != NULL && outcome->failure != NULL;
    }
  if (n == 0)
    return;
  g_free (m->notice);
  m->notice = g_strdup_printf ("%u of %u pictures cannot be read and %s left out of all numbers%s%s", n, m->n_images, n == 1 ? "is" : "are",
                               before != NULL && *before != '\0' ? "; " : "", before != NULL ? before : "");
  study_notify (study, STUDY_PROP_NOTICE);
}

static void
baseline_news (guint from, guint to, gpointer data)
{
  EspStudy *study = data;

  study_view_baseline (from, to, study);
  if (to == study->material->n_images)
    {
      tell_left_out (study);
      study_score_begin (study);
    }
  study_update_busy (study);
}

static void
live_failed (const GError *error, gpointer data)
{
  study_fail (data, error);
}

static EspPlan *
make_plan (EspMaterial *material, GError **error)
{
  g_autoptr (EspPlan) plan = esp_plan_new (material->network, material->coupling, material->scores);

  if (material->plan != NULL && !esp_plan_load (plan, material->plan, error))
    return NULL;
  return g_steal_pointer (&plan);
}

static void
fill_images (EspStudy *study)
{
  const EspMaterial *m = study->material;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_object_unref);
  const gboolean labelled = m->map != NULL;

  for (guint i = 0; i < m->n_images; i++)
    {
      const EspSample *sample = esp_dataset_get (m->dataset, i);

      g_ptr_array_add (rows, g_object_new (ESP_TYPE_IMAGE_ROW, "index", i, "path", sample->path, "name", sample->name, "truths",
                                           labelled ? (int) sample->n_truths : -1, NULL));
    }
  g_list_store_splice (study->images, 0, g_list_model_get_n_items (G_LIST_MODEL (study->images)), rows->pdata, rows->len);
}

/* The unpruned network over all images: an act of its own, with progress. */
static void
begin_baseline (EspStudy *study)
{
  if (study->material->n_images == 0)
    return;
  study->baseline_job = esp_job_new ("Evaluating the unpruned network");
  esp_job_set_progress (study->baseline_job, 0, study->material->n_images);
  esp_live_start (study->live, study->baseline_job);
}

static void
notify_all (EspStudy *study)
{
  static const StudyProp all[] = { STUDY_PROP_TITLE, STUDY_PROP_LOADED, STUDY_PROP_CRITERION, STUDY_PROP_NOTICE, STUDY_PROP_PLAN };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    study_notify (study, all[i]);
  study_update_busy (study);
}

static void
install (EspStudy *study, EspMaterial *material, EspPlan *plan)
{
  const EspLiveEvents events = { number_changed, baseline_news, study_trial_done, live_failed };

  study_close (study);
  study->material = esp_material_ref (material);
  g_free (study->criterion);
  study->criterion = g_strdup (esp_scores_get_criterion (material->scores));
  g_hash_table_replace (study->scores, g_strdup (study->criterion), esp_scores_ref (material->scores));
  study->whole = study->cost = esp_cost_of (material->network, NULL);
  g_list_store_remove_all (study->trials);
  fill_images (study);
  study->live = esp_live_new (study->lane, material, &events, study, study->prefix_budget);
  esp_live_set_look_bfloat16 (study->live, study->look_bfloat16);
  if (material->n_images != 0)
    study->view = esp_view_new (study->lane, material, study->live, study_view_news, study);
  study_view_fill (study);
  study_plan_attach (study, plan);
  begin_baseline (study);
  notify_all (study);
  if (material->n_images != 0)
    study_view_image (study, 0);
  study_numbers (study);
}

/**
 * esp_study_open_finish:
 * @study: the study
 * @result: of esp_study_open_async()
 * @error: why not, in words; the study is as it was
 *
 * Network, lists and the first picture's wish are there on return; the unpruned pass has begun. Returns: whether it opened. Thread: main.
 */
gboolean
esp_study_open_finish (EspStudy *study, GAsyncResult *result, GError **error)
{
  g_autoptr (EspMaterial) material = NULL;
  g_autoptr (EspPlan) plan = NULL;

  g_return_val_if_fail (g_task_is_valid (result, study), FALSE);
  material = g_task_propagate_pointer (G_TASK (result), error);
  plan = material != NULL ? make_plan (material, error) : NULL;
  if (plan == NULL)
    return FALSE;
  install (study, material, plan);
  return TRUE;
}
