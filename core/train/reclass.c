/* reclass.c: the cfg of the same network for other classes */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/reclass.h"

#include "base/error.h"

#define MOST_CLASSES 100000u

static void
set_number (EspCfg *cfg, guint section, const char *key, guint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, value);

  esp_cfg_set (cfg, section, key, text);
}

/* The layer whose output count is the number of classes: what [softmax] reads, through layers that keep their channels. */
static const EspLayer *
find_scores (const EspNetwork *network)
{
  const EspLayer *layer = esp_network_get_layer (network, esp_network_get_n_layers (network) - 1);

  while (layer->inputs[0] >= 0
         && (layer->kind == ESP_LAYER_COST || layer->kind == ESP_LAYER_SOFTMAX || layer->kind == ESP_LAYER_AVGPOOL
             || layer->kind == ESP_LAYER_DROPOUT || layer->kind == ESP_LAYER_MAXPOOL || layer->kind == ESP_LAYER_LOCAL_AVGPOOL))
    layer = esp_network_get_layer (network, (guint) layer->inputs[0]);
  return layer;
}

/* The layer gets @n channels; only those that a cfg can give any number have a key for it. */
static gboolean
set_channels (EspCfg *cfg, const EspLayer *layer, guint64 n, GError **error)
{
  if (layer->kind == ESP_LAYER_CONVOLUTIONAL && layer->conv.groups == 1)
    set_number (cfg, layer->section, "filters", n);
  else if (layer->kind == ESP_LAYER_CONNECTED)
    set_number (cfg, layer->section, "output", n);
  else
    return esp_cfg_refuse (cfg, layer->section, NULL, ESP_ERROR_UNSUPPORTED, error,
                           "the layer before the head cannot be given %" G_GUINT64_FORMAT
                           " channels: expected a [convolutional] layer without groups, or [connected]",
                           n);
  return TRUE;
}

static gboolean
set_head (EspCfg *cfg, const EspNetwork *network, const EspLayer *head, guint n_classes, GError **error)
{
  set_number (cfg, head->section, "classes", n_classes);
  if (head->inputs[0] < 0)
    return esp_cfg_refuse (cfg, head->section, NULL, ESP_ERROR_UNSUPPORTED, error, "the head reads the image itself");
  return set_channels (cfg, esp_network_get_layer (network, (guint) head->inputs[0]), (guint64) head->head.n_anchors * (5 + n_classes),
                       error);
}

/**
 * esp_reclass:
 * @network: a detector or a classifier
 * @n_classes: from 1
 * @error: ESP_ERROR_UNSUPPORTED where the layer before a head has no count of its own, ESP_ERROR_LIMIT
 *
 * Returns: (transfer full): a copy of the cfg with other values of classes=, filters= and output=; byte for byte as it was in between.
 * Thread: any.
 */
EspCfg *
esp_reclass (const EspNetwork *network, guint n_classes, GError **error)
{
  g_autoptr (EspCfg) cfg = esp_cfg_copy (esp_network_get_cfg (network));
  guint n;
  const guint *heads = esp_network_get_heads (network, &n);

  if (n_classes == 0 || n_classes > MOST_CLASSES)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%u classes: expected 1 to %u", n_classes, MOST_CLASSES);
      return NULL;
    }
  for (guint i = 0; i < n; i++)
    if (!set_head (cfg, network, esp_network_get_layer (network, heads[i]), n_classes, error))
      return NULL;
  if (n == 0 && !set_channels (cfg, find_scores (network), n_classes, error))
    return NULL;
  return g_steal_pointer (&cfg);
}
