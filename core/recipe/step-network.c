/* step-network.c: the step “network”: the dense network that all is compared with */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "recipe/bench-private.h"
#include "recipe/step-private.h"
#include "train/start.h"

#define PRIOR .01

static const EspSetting settings[] = {
  { "cfg", ESP_SETTING_TEXT, "the network", NULL },
  { "weights", ESP_SETTING_TEXT, "its weights", NULL },
  { "names", ESP_SETTING_TEXT, "file of its class names, where they are not the data's", "" },
  { "size", ESP_SETTING_COUNT, "pixels of a side of its input; empty: as the cfg says", "", 32, 4096 },
  { NULL },
};

static EspNetwork *
load_network (const EspStep *step, GError **error)
{
  g_autoptr (EspNetwork) network = esp_network_load (esp_step_get_text (step, "cfg"), error);
  const int size = (int) esp_step_get_count (step, "size");

  if (network == NULL || size == 0)
    return g_steal_pointer (&network);
  return esp_network_resized (network, size, size, error);
}

/* Names of the classes: those given, else the data's where there are as many. */
static gboolean
find_names (EspBench *bench, const EspStep *step, const EspNetwork *network, GError **error)
{
  const guint n = (guint) esp_network_get_classes (network);
  EspDataset *test = bench->sets[ESP_SET_TEST];

  if (esp_step_is_set (step, "names"))
    {
      bench->names = esp_names_load (esp_step_get_text (step, "names"), error);
      if (bench->names == NULL)
        return FALSE;
      return g_strv_length (bench->names) == n
             || esp_step_refuse (step, "names", error, "it has %u names, the network has %u classes", g_strv_length (bench->names), n);
    }
  if (test != NULL && esp_dataset_get_names (test) != NULL && esp_dataset_get_n_classes (test) == n)
    bench->names = g_strdupv ((char **) esp_dataset_get_names (test));
  return TRUE;
}

static gboolean
run (EspBench *bench, const EspStep *step, GError **error)
{
  g_autoptr (EspNetwork) network = NULL;
  EspWeights *weights;
  EspCost cost;

  network = load_network (step, error);
  if (network == NULL)
    return FALSE;
  if (esp_network_get_classes (network) == 0)
    return esp_step_refuse (step, "cfg", error, "it has no head ([yolo] or [region])");
  if (!find_names (bench, step, network, error)
      || (weights = esp_weights_load (network, esp_step_get_text (step, "weights"), error)) == NULL)
    return FALSE;
  cost = esp_cost_of (network, NULL);
  esp_bench_tell (bench, "  %u layers, %" G_GUINT64_FORMAT " parameters, %.3f BFLOPs, %d classes", esp_network_get_n_layers (network),
                  cost.params, cost.bflops, esp_network_get_classes (network));
  esp_bench_set_network (bench, g_steal_pointer (&network), weights);
  return esp_pace_begin (bench, error);
}

static const char *const needs[] = { "data", NULL };

const EspStepKind esp_step_network
    = { .id = "network", .title = N_ ("the dense network"), .settings = settings, .run = run, .needs = needs };
