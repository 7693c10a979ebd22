/* info.c: espalier-cli info: the layers of a network, their sizes and what they cost */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "network-options.h"
#include "verbs.h"

#include "net/cost.h"
#include "net/weights.h"

static char *weights_path, *dialect;

static const GOptionEntry options[] = {
  { "weights", 0, 0, G_OPTION_ARG_FILENAME, &weights_path, "Check that this weights file fits", "W" },
  ESP_DIALECT_OPTION (dialect),
  G_OPTION_ENTRY_NULL,
};

/* Of its heads, or of a classifier. */
static int
count_classes (const EspNetwork *network)
{
  return MAX (esp_network_get_classes (network), esp_network_get_scores (network));
}

static void
print_table (const EspNetwork *network, EspCost total)
{
  const EspShape input = esp_network_get_input (network);

  g_print ("%5s  %-14s %-24s %19s %19s %10s %9s\n", "layer", "kind", "", "input", "output", "params", "BFLOPs");
  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);
      const EspCost cost = esp_cost_of_layer (network, i);
      g_autofree char *what = esp_layer_describe (layer);
      g_autofree char *in = g_strdup_printf ("%d x %d x %d", layer->in.w, layer->in.h, layer->in.c);
      g_autofree char *out = g_strdup_printf ("%d x %d x %d", layer->out.w, layer->out.h, layer->out.c);

      g_print ("%5u  %-14s %-24s %19s %19s %10" G_GUINT64_FORMAT " %9.3f\n", i, esp_layer_kind_name (layer->kind), what, in, out,
               cost.params, cost.bflops);
    }
  g_print ("\n%d x %d x %d, %d classes: %" G_GUINT64_FORMAT " parameters, %.2f MB (%" G_GUINT64_FORMAT " bytes), %.3f BFLOPs\n", input.w,
           input.h, input.c, count_classes (network), total.params, (double) total.file_bytes / 1e6, total.file_bytes, total.bflops);
}

static void
add_layer (JsonBuilder *json, const EspNetwork *network, guint index)
{
  const EspLayer *layer = esp_network_get_layer (network, index);
  const EspCost cost = esp_cost_of_layer (network, index);

  json_builder_begin_object (json);
  esp_json_int (json, "index", index);
  esp_json_string (json, "kind", esp_layer_kind_name (layer->kind));
  json_builder_set_member_name (json, "out");
  json_builder_begin_array (json);
  json_builder_add_int_value (json, layer->out.c);
  json_builder_add_int_value (json, layer->out.h);
  json_builder_add_int_value (json, layer->out.w);
  json_builder_end_array (json);
  esp_json_int (json, "params", (gint64) cost.params);
  esp_json_double (json, "bflops", cost.bflops);
  json_builder_end_object (json);
}

static void
add_network (JsonBuilder *json, const EspNetwork *network, EspCost total)
{
  const EspShape input = esp_network_get_input (network);

  esp_json_int (json, "params", (gint64) total.params);
  esp_json_double (json, "bflops", total.bflops);
  esp_json_int (json, "file_bytes", (gint64) total.file_bytes);
  esp_json_int (json, "width", input.w);
  esp_json_int (json, "height", input.h);
  esp_json_int (json, "channels", input.c);
  esp_json_int (json, "classes", count_classes (network));
  esp_json_string (json, "dialect", esp_dialect_name (esp_network_get_dialect (network)));
  json_builder_set_member_name (json, "layers");
  json_builder_begin_array (json);
  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    add_layer (json, network, i);
  json_builder_end_array (json);
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (EspNetwork) network = esp_options_load_network (argv[0], dialect, error);
  g_autoptr (EspWeights) weights = NULL;
  EspCost total;

  if (network == NULL)
    return FALSE;
  if (weights_path != NULL && (weights = esp_weights_load (network, weights_path, error)) == NULL)
    return FALSE;
  total = esp_cost_of (network, NULL);
  add_network (json, network, total);
  if (weights != NULL)
    esp_json_int (json, "seen", (gint64) esp_weights_get_header (weights).seen);
  if (common->json)
    return TRUE;
  print_table (network, total);
  if (weights != NULL)
    g_print ("%s fits; %" G_GUINT64_FORMAT " images seen in training\n", weights_path, esp_weights_get_header (weights).seen);
  return TRUE;
}

const EspVerb esp_verb_info = {
  .name = "info",
  .arguments = "NET.cfg",
  .summary = "List the layers of a network, their sizes and what they cost",
  .options = options,
  .least = 1,
  .most = 1,
  .run = run,
};
