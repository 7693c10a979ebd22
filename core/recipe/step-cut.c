/* step-cut.c: the step “cut”: the plan carried out, proved, written, and measured before anything recovers */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "net/cut.h"
#include "prune/export.h"
#include "prune/plan-file.h"
#include "recipe/bench-private.h"
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

static void
cut_by_hand (EspPlan *plan, EspMask *mask, EspNetwork *network)
{
  g_autoptr (GArray) gone = g_array_new (FALSE, FALSE, sizeof (EspChannel));

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      guint n = 0;
      const guint8 *bits = esp_mask_get_bits (mask, l, &n);

      for (guint c = 0; bits != NULL && c < n; c++)
        if (!bits[c])
          g_array_append_val (gone, ((EspChannel){ l, c }));
    }
  if (gone->len > 0)
    esp_plan_set_rules (plan, (const EspChannel *) (gpointer) gone->data, gone->len, ESP_CHANNEL_CUT);
}

/* dense.cfg and dense.weights: what the plan is of, so that both can be opened together. */
static gboolean
write_dense (EspBench *bench, char **cfg_hash, char **weights_hash, GError **error)
{
  g_autofree char *cfg = esp_bench_path (bench, "dense.cfg"), *weights = esp_bench_path (bench, "dense.weights");
  g_autofree char *names = bench->names != NULL ? g_strjoinv ("\n", bench->names) : NULL;
  g_autofree char *names_path = esp_bench_path (bench, "dense.names");
  gsize n = 0;
  g_autofree char *text = esp_cfg_to_text (esp_network_get_cfg (bench->network), &n);

  if (!esp_file_write (cfg, text, n, error) || !esp_weights_save (bench->network, bench->weights, weights, error)
      || (names != NULL && !esp_file_write (names_path, names, strlen (names), error)))
    return FALSE;
  *cfg_hash = esp_hash_file (cfg, error);
  *weights_hash = *cfg_hash != NULL ? esp_hash_file (weights, error) : NULL;
  return *weights_hash != NULL;
}

static gboolean export(EspBench *bench, GError **error)
{
  g_autofree char *cfg_hash = NULL, *weights_hash = NULL, *folder = esp_bench_path (bench, "pruned");
  g_autoptr (EspCoupling) coupling = esp_coupling_new (bench->network);
  g_autoptr (EspScores) none = NULL;
  g_autoptr (EspPlan) plan = NULL;
  Work work = { .bench = bench, .folder = folder };

  if (!write_dense (bench, &cfg_hash, &weights_hash, error))
    return FALSE;
  none = bench->scores != NULL ? esp_scores_ref (bench->scores) : esp_scores_new (bench->network, "random", "");
  plan = esp_plan_new (bench->network, coupling, none);
  cut_by_hand (plan, bench->mask, bench->network);
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

  row->cost = esp_cost_of (bench->cut, NULL);
  row->weights_hash = esp_bench_hash_weights (bench->cut, bench->cut_weights);
  row->seconds = bench->score_seconds;
  row->gflops = bench->score_gflops;
  if (!esp_bench_latency (bench, bench->cut, bench->cut_weights, &row->latency, error)
      || !esp_bench_measure (bench, bench->cut, bench->cut_weights, ESP_SET_TEST, 0, TRUE, &row->before, error))
    return FALSE;
  row->n_before = 1;
  esp_bench_tell (bench, "  cut, before recovery: mAP %.2f %%, F1 %.3f", row->before.map * 100, row->before.f1);
  esp_bench_add_row (bench, g_steal_pointer (&row));
  return TRUE;
}

static gboolean
run (EspBench *bench, const EspStep *step, GError **error)
{
  g_autoptr (EspCut) cut = NULL;

  if (!esp_bench_need (bench, step, bench->mask, "plan", error) || !export(bench, error))
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

const EspStepKind esp_step_cut = { "cut", "the plan carried out", settings, run };
