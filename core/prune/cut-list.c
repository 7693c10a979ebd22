/* cut-list.c: what a plan keeps, for trainers of other frameworks
 *
 * Of every layer that has filters: the indices of the outputs and inputs that are kept, in the order of the original, so that indexing a
 * weight tensor with them gives the pruned one. docs/formats.md describes it. */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/cut-list.h"

#include "base/file.h"
#include "base/json.h"

/* {"count": 32, "kept": [0, 3, …]} */
static void
append_side (GString *to, const char *name, const guint8 *bits, guint n)
{
  gboolean any = FALSE;

  g_string_append_printf (to, "\"%s\": {\"count\": %u, \"kept\": [", name, n);
  for (guint c = 0; c < n; c++)
    if (bits[c])
      {
        g_string_append_printf (to, any ? ", %u" : "%u", c);
        any = TRUE;
      }
  g_string_append (to, "]}");
}

static guint
count (const guint8 *bits, guint n)
{
  guint kept = 0;

  for (guint c = 0; c < n; c++)
    kept += bits[c] != 0;
  return kept;
}

static void
append_groups (GString *to, const EspLayer *layer, guint kept)
{
  const guint groups = layer->kind == ESP_LAYER_CONVOLUTIONAL ? (guint) layer->conv.groups : 1;

  g_string_append_printf (to, "\"groups\": %u, \"groups_left\": %u,\n   ", groups,
                          esp_layer_is_depthwise (layer) ? kept * groups / (guint) layer->conv.filters : groups);
}

static void
append_layer (GString *to, const EspNetwork *network, const EspMask *mask, const EspLayer *layer)
{
  guint n_in = 0, n_out = 0;
  g_autofree guint8 *in = esp_mask_flow (mask, network, layer->inputs[0], &n_in),
                    *out = esp_mask_flow (mask, network, (int) layer->index, &n_out);

  g_string_append_printf (to, "{\"layer\": %u, \"kind\": \"%s\", \"pytorch\": \"module_list.%u\", \"opencv\": \"%s_%u\",\n   ",
                          layer->index, esp_layer_kind_name (layer->kind), layer->index,
                          layer->kind == ESP_LAYER_CONVOLUTIONAL ? "conv" : "connected", layer->index);
  append_groups (to, layer, count (out, n_out));
  if (layer->kind == ESP_LAYER_CONNECTED)
    g_string_append_printf (to, "\"inputs_per_channel\": %d, ", layer->in.h * layer->in.w);
  append_side (to, "outputs", out, n_out);
  g_string_append (to, ",\n   ");
  append_side (to, "inputs", in, n_in);
  g_string_append_c (to, '}');
}

/**
 * esp_cut_list_write:
 * @network: the network
 * @mask: what is kept of it
 * @cfg_hash: (nullable): SHA-256 of the cfg file
 * @weights_hash: (nullable): of the weights file
 * @path: where to
 * @error: ESP_ERROR_IO
 *
 * Whole or not at all. Thread: any.
 */
gboolean
esp_cut_list_write (
    const EspNetwork *network, const EspMask *mask, const char *cfg_hash, const char *weights_hash, const char *path, GError **error)
{
  g_autoptr (GString) text = g_string_new ("{\"format\": \"espalier-cut-list\", \"version\": 1, \"tool\": \"espalier " ESP_VERSION "\",\n");
  gboolean any = FALSE;

  g_return_val_if_fail (network != NULL && mask != NULL && path != NULL, FALSE);
  g_string_append (text, " \"cfg\": ");
  esp_json_append_string (text, cfg_hash);
  g_string_append (text, ",\n \"weights\": ");
  esp_json_append_string (text, weights_hash);
  g_string_append (text, ",\n \"layers\": [");
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      const EspLayer *layer = esp_network_get_layer (network, l);

      if (layer->kind != ESP_LAYER_CONVOLUTIONAL && layer->kind != ESP_LAYER_CONNECTED)
        continue;
      g_string_append (text, any ? ",\n  " : "\n  ");
      append_layer (text, network, mask, layer);
      any = TRUE;
    }
  g_string_append (text, "]}\n");
  return esp_file_write (path, text->str, text->len, error);
}
