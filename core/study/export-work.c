/* export-work.c: the plan in hand, cut and written out in the lane while the window goes on */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/export-work.h"

#include "study/study-private.h"

#define SEED 1 /* of the inputs that cut and masked network are compared on: espalier-cli's */

/* What the lane needs; the plan itself stays with the main thread and goes on being changed. */
typedef struct
{
  EspMaterial *material;
  EspPlanState *state;
  EspKeepClasses *keep; /* (nullable) */
  EspJob *job;
  char *folder;
  gboolean onnx;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  esp_material_unref (call->material);
  esp_plan_state_unref (call->state);
  g_clear_pointer (&call->keep, esp_keep_classes_unref);
  esp_job_unref (call->job);
  g_free (call->folder);
  g_free (call);
}

/** esp_exported_free: frees @exported. Thread: any. */
void
esp_exported_free (EspExported *exported)
{
  esp_export_result_clear (&exported->result);
  g_free (exported->folder);
  g_free (exported);
}

/* (transfer full): says what the plan said when it was asked. */
static EspPlan *
make_plan (const Call *call)
{
  const EspMaterial *m = call->material;
  EspPlan *plan = esp_plan_new (m->network, m->coupling, m->scores);

  esp_plan_set_state (plan, call->state, "");
  esp_plan_set_keep_classes (plan, call->keep);
  return plan;
}

/* Thread: lane. */
static void
run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Call *call = data;
  const EspMaterial *m = call->material;
  g_autoptr (EspPlan) plan = make_plan (call);
  g_autoptr (EspExported) exported = g_new0 (EspExported, 1);
  GError *error = NULL;
  const EspExport what = { .plan = plan,
                           .weights = m->weights,
                           .cfg_hash = m->cfg_hash,
                           .weights_hash = m->weights_hash,
                           .bn = m->options.bn,
                           .seed = SEED,
                           .oracle = TRUE,
                           .onnx = call->onnx,
                           .names = (const char *const *) m->names };

  exported->folder = g_strdup (call->folder);
  exported->onnx = call->onnx;
  exported->before = esp_cost_of (m->network, NULL);
  if (esp_job_check (call->job, &error) && esp_export_write (&what, call->folder, &exported->result, call->job, &error))
    g_task_return_pointer (task, g_steal_pointer (&exported), (GDestroyNotify) esp_exported_free);
  else
    g_task_return_error (task, error);
}

/**
 * esp_study_export_async:
 * @study: an open study
 * @folder: where to: what "espalier-cli prune --plan" of the saved plan writes there
 * @onnx: write pruned.onnx, too
 * @job: cancel; nothing is left behind then. Its work has not begun
 * @callback: calls esp_study_export_finish()
 * @data: its data
 *
 * The plan is written as it is now, whatever becomes of it meanwhile. The lane's live work and the picture in view go before. Thread: main.
 */
void
esp_study_export_async (EspStudy *study, const char *folder, gboolean onnx, EspJob *job, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = NULL;
  EspKeepClasses *keep;
  Call *call;

  g_return_if_fail (ESP_IS_STUDY (study) && study->plan != NULL && folder != NULL && job != NULL);
  task
      = g_task_new (NULL, NULL, callback, data); /* without a source: a study that is let go of is closed at once, whatever the lane does */
  keep = esp_plan_get_keep_classes (study->plan);
  call = g_new0 (Call, 1);
  *call = (Call){ .material = esp_material_ref (study->material),
                  .state = esp_plan_get_state (study->plan),
                  .keep = keep != NULL ? esp_keep_classes_ref (keep) : NULL,
                  .job = esp_job_ref (job),
                  .folder = g_strdup (folder),
                  .onnx = onnx };
  esp_lane_attend (study->lane, job);
  g_task_set_task_data (task, call, call_free);
  esp_lane_run_async (study->lane, ESP_LANE_PASS, task, run);
}

/** esp_study_export_finish: Returns: (transfer full): what was written; NULL with @error set: nothing was. Thread: main. */
EspExported *
esp_study_export_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
