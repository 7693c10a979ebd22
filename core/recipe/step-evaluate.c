/* step-evaluate.c: the step “evaluate”: the dense network as it stands, a row of the report */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "recipe/bench-private.h"
#include "recipe/rows.h"
#include "recipe/step-private.h"

static const char *const latency_words[] = { "yes", "no", NULL };

static const EspSetting settings[] = {
  { "latency", ESP_SETTING_WORD, "whether the time of one image is measured", "yes", 0, 0, latency_words },
  { NULL },
};

static gboolean
measure (EspBench *bench, const EspStep *step, EspRow *row, GError **error)
{
  row->cost = esp_cost_of (bench->network, NULL);
  row->weights_hash = esp_bench_hash_weights (bench->network, bench->weights);
  if (*esp_step_get_text (step, "latency") == 'y' && !esp_bench_latency (bench, bench->network, bench->weights, &row->latency, error))
    return FALSE;
  if (!esp_bench_measure (bench, bench->network, bench->weights, ESP_SET_TEST, 0, TRUE, &row->before, error)
      || !esp_row_keep (bench, row, bench->network, bench->weights, error))
    return FALSE;
  row->n_before = 1;
  esp_bench_tell (bench, "  dense: mAP %.2f %%, F1 %.3f", row->before.map * 100, row->before.f1);
  return esp_bench_note_row (bench, row, error);
}

static gboolean
run (EspBench *bench, const EspStep *step, GError **error)
{
  g_autoptr (EspRow) row = esp_row_new ("dense", "the network before anything is cut");
  gboolean taken;

  row->key = esp_bench_make_row_key (bench, row->id, 0, "");
  if (!esp_bench_take_row (bench, row, &taken, error))
    return FALSE;
  if (!taken && !measure (bench, step, row, error))
    return FALSE;
  esp_bench_add_row (bench, g_steal_pointer (&row));
  return TRUE;
}

static double
estimate (EspBench *bench, const EspStep *step)
{
  return esp_pace_measure (bench, 1, ESP_SET_TEST, 0);
}

static const char *const needs[] = { "network", NULL };

const EspStepKind esp_step_evaluate = {
  .id = "evaluate",
  .title = N_ ("the dense network measured"),
  .settings = settings,
  .run = run,
  .needs = needs,
  .seconds = estimate,
};
