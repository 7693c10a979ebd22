/* step-cut.c: the step “cut”: the plan carried out, proved, written, and measured before anything recovers */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "net/cut.h"
#include "prune/export.h"
#include "prune/plan-file.h"
#include "recipe/bench-private.h"
#include "recipe/rows.h"
#include "recipe/step-private.h"

static const EspSetting settings[] = { { NULL } };

typedef struct
{
  EspBench *bench;
  EspExport what;
  const char *folder;
  EspExportResult result;
  GError *error;
} Work;

static void
work_run (gpointer data)
{
  Work *work = data;

  esp_export_write (&work->what, work->folder, &work->result, work->bench->job, &work->error);
}

static gboolean export(EspBench *bench, GError **error)
{
  g_autofree char *cfg_hash = NULL, *weights_hash = NULL, *folder = esp_bench_path (bench, "pruned");
  g_autoptr (EspPlan) plan = NULL;
  Work work = { .bench = bench, .folder = folder };

  if (!esp_bench_write_dense (bench, &cfg_hash, &weights_hash, error))
    return FALSE;
  plan = esp_bench_make_plan (bench, bench->mask);
  work.what = (EspExport){
    .plan = plan, .weights = bench->weights, .cfg_hash = cfg_hash, .weights_hash = weights_hash, .seed = bench->options->seed
  };
  esp_bench_compute (bench, work_run, &work);
  if (work.error == NULL)
    esp_bench_tell (bench, "  cut against masked: %.2g of a layer's maximum at most; pruned/ has it", work.result.difference);
  else
    g_propagate_error (error, work.error);
  esp_export_result_clear (&work.result);
  return work.error == NULL;
}

static gboolean
measure (EspBench *bench, GError **error)
{
  g_autoptr (EspRow) row = esp_row_new ("method", "what the recipe cuts");

  row->key = esp_bench_make_row_key (bench, row->id, ESP_USES_MASK, "");
  row->cost = esp_cost_of (bench->cut, NULL);
  row->weights_hash = esp_bench_hash_weights (bench->cut, bench->cut_weights);
  esp_spent_add (&row->spent, bench->counts_spent.gflops > 0 ? &bench->counts_spent : &bench->score_spent);
  if (!esp_bench_latency (bench, bench->cut, bench->cut_weights, &row->latency, error)
      || !esp_bench_measure (bench, bench->cut, bench->cut_weights, ESP_SET_TEST, 0, TRUE, &row->before, error)
      || !esp_row_keep (bench, row, bench->cut, bench->cut_weights, error))
    return FALSE;
  esp_pace_note_cut (bench, &row->latency);
  row->n_before = 1;
  esp_bench_tell (bench, "  cut, before recovery: mAP %.2f %%, F1 %.3f", row->before.map * 100, row->before.f1);
  esp_bench_add_row (bench, g_steal_pointer (&row));
  return TRUE;
}

static gboolean
run (EspBench *bench, const EspStep *step, GError **error)
{
  g_autoptr (EspCut) cut = NULL;

  if (!export(bench, error))
    return FALSE;
  cut = esp_cut_new (bench->network, bench->weights, bench->mask, NULL, error);
  if (cut == NULL)
    return FALSE;
  g_clear_pointer (&bench->cut, esp_network_unref);
  g_clear_pointer (&bench->cut_weights, esp_weights_unref);
  bench->cut = esp_network_ref (esp_cut_get_network (cut));
  bench->cut_weights = esp_weights_ref (esp_cut_get_weights (cut));
  return measure (bench, error);
}

static double
estimate (EspBench *bench, const EspStep *step)
{
  return esp_pace_measure (bench, bench->pace.share, ESP_SET_TEST, 0);
}

static const char *const needs[] = { "plan", NULL };

const EspStepKind esp_step_cut = {
  .id = "cut",
  .title = N_ ("the plan carried out"),
  .settings = settings,
  .run = run,
  .needs = needs,
  .seconds = estimate,
};
