/* oracle-hold.c: which networks libdarknet, as Debian ships it, runs as they are meant
 *
 * Its 2018 build passes over every option that it does not know and runs ReLU for an activation that it does not know, without failing.
 * What it can hold is therefore decided here, from the cfg's own words: kinds and activations are listed, options are those that change
 * what comes out. */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/oracle-private.h"

#include <string.h>

#include "base/error.h"

#define MOST_NUMBERS (G_GUINT64_CONSTANT (1) << 28) /* of all outputs together: 1 GiB of result */
#define MOST_VERSION 1000                           /* of a weights file: from here on the two readers take it for different layouts */

static const char *const kinds[] = { "convolutional", "connected", "maxpool", "avgpool", "route", "shortcut", "upsample",   "dropout",
                                     "reorg",         "yolo",      "region",  "softmax", "cost",  "logistic", "activation", NULL };
static const char *const activations[]
    = { "logistic", "loggy", "relu", "elu", "selu", "relie", "plse", "hardtan", "lhtan", "linear", "ramp", "leaky", "tanh", "stair", NULL };

/* An option that changes what comes out and that libdarknet does not know, or reads otherwise; neutral NULL: only its absence. */
static const struct
{
  const char *kind, *key, *neutral;
} options[] = {
  { "convolutional", "dilation", "1" },
  { "convolutional", "antialiasing", "0" },
  { "convolutional", "assisted_excitation", "0" },
  { "convolutional", "share_index", NULL },
  { "convolutional", "cbn", "0" },
  { "convolutional", "binary", "0" },
  { "convolutional", "xnor", "0" },
  { "convolutional", "bin_output", "0" },
  { "convolutional", "use_bin_output", "0" },
  { "convolutional", "sway", "0" },
  { "convolutional", "rotate", "0" },
  { "convolutional", "stretch", "0" },
  { "convolutional", "stretch_sway", "0" },
  { "convolutional", "coordconv", "0" },
  { "convolutional", "reverse", "0" },
  { "convolutional", "flipped", "0" },
  { "convolutional", "deform", "0" },
  { "maxpool", "antialiasing", "0" },
  { "maxpool", "maxpool_depth", "0" },
  { "maxpool", "maxpool_zero_nonmax", "0" },
  { "route", "groups", "1" },
  { "route", "group_id", "0" },
  { "shortcut", "weights_type", "none" },
  { "shortcut", "weights_normalization", "none" },
  { "shortcut", "weights_normalizion", "none" },
  { "shortcut", "assisted_excitation", "0" },
  { "softmax", "spatial", "0" },
  { "yolo", "scale_x_y", "1" },
  { "yolo", "new_coords", "0" },
  { "yolo", "map", NULL },
  { "yolo", "embedding_layer", NULL },
};

/* Options of every kind by which it reads less than all of a layer's numbers, or another layer's. */
static const char *const loading[] = { "dontload", "dontloadscales", "numload" };

/* Where numbers are meant they are compared as numbers, a comment behind them aside. */
static gboolean
is_neutral (const char *value, const char *neutral)
{
  char *end = NULL;
  double number;

  if (value == NULL || g_strcmp0 (value, neutral) == 0)
    return TRUE;
  if (neutral == NULL || !g_ascii_isdigit (*neutral))
    return FALSE;
  number = g_ascii_strtod (value, &end);
  return end != value && number == g_ascii_strtod (neutral, NULL);
}

static gboolean
check_options (const EspCfg *cfg, const EspLayer *layer, const char *kind, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (g_str_equal (options[i].kind, kind) && !is_neutral (esp_cfg_get (cfg, layer->section, options[i].key), options[i].neutral))
      return esp_cfg_refuse (cfg, layer->section, options[i].key, ESP_ERROR_ORACLE, error, "libdarknet runs layer %u [%s] without it",
                             layer->index, kind);
  for (guint i = 0; i < G_N_ELEMENTS (loading); i++)
    if (!is_neutral (esp_cfg_get (cfg, layer->section, loading[i]), "0"))
      return esp_cfg_refuse (cfg, layer->section, loading[i], ESP_ERROR_ORACLE, error,
                             "libdarknet does not read all numbers of layer %u [%s] then", layer->index, kind);
  return TRUE;
}

static gboolean
check_activation (const EspCfg *cfg, const EspLayer *layer, const char *kind, GError **error)
{
  const char *name = esp_cfg_get (cfg, layer->section, "activation");

  if (name == NULL || g_strv_contains (activations, name))
    return TRUE;
  return esp_cfg_refuse (cfg, layer->section, "activation", ESP_ERROR_ORACLE, error,
                         "libdarknet does not know it and runs layer %u [%s] with relu", layer->index, kind);
}

/* A tree's path goes into its cfg, of which it drops every blank. Its processor runs a softmax over a tree in [softmax] only: in [region]
 * it divides by a temperature that is never set, and starts at the wrong numbers. */
static gboolean
check_files (const EspCfg *cfg, const EspLayer *layer, GError **error)
{
  const EspTree *tree = layer->kind == ESP_LAYER_SOFTMAX ? layer->softmax.tree : layer->kind == ESP_LAYER_REGION ? layer->head.tree : NULL;

  if (tree != NULL && layer->kind == ESP_LAYER_REGION)
    return esp_cfg_refuse (cfg, layer->section, "tree", ESP_ERROR_ORACLE, error,
                           "libdarknet divides by 0 in layer %u [region] with it, on a processor", layer->index);
  if (tree != NULL && strpbrk (tree->path, " \t") != NULL)
    return esp_cfg_refuse (cfg, layer->section, "tree", ESP_ERROR_ORACLE, error, "libdarknet opens no path with blanks: %s", tree->path);
  if (layer->kind == ESP_LAYER_REGION && esp_cfg_get (cfg, layer->section, "map") != NULL)
    return esp_cfg_refuse (cfg, layer->section, "map", ESP_ERROR_ORACLE, error,
                           "libdarknet opens that file for layer %u [region], and ends where it is not there", layer->index);
  return TRUE;
}

/* Strides across and down: it has one, and takes it from stride=. */
static gboolean
check_strides (const EspCfg *cfg, const EspLayer *layer, const char *kind, GError **error)
{
  static const char *const keys[] = { "stride_x", "stride_y" };
  int stride, own;

  if (!esp_cfg_get_int (cfg, layer->section, "stride", 1, G_MININT, G_MAXINT, &stride, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      if (!esp_cfg_get_int (cfg, layer->section, keys[i], stride, G_MININT, G_MAXINT, &own, error))
        return FALSE;
      if (own != stride)
        return esp_cfg_refuse (cfg, layer->section, keys[i], ESP_ERROR_ORACLE, error, "libdarknet runs layer %u [%s] with stride %d",
                               layer->index, kind, stride);
    }
  return TRUE;
}

gboolean
esp_oracle_can_hold_layer (const EspCfg *cfg, const EspLayer *layer, GError **error)
{
  const char *kind = esp_layer_kind_name (layer->kind);

  if (!g_strv_contains (kinds, kind))
    return esp_cfg_refuse (cfg, layer->section, NULL, ESP_ERROR_ORACLE, error,
                           "libdarknet has nothing like it, or runs something else by that name: layer %u cannot be compared",
                           layer->index);
  if (!check_options (cfg, layer, kind, error) || !check_activation (cfg, layer, kind, error) || !check_files (cfg, layer, error))
    return FALSE;
  if ((g_str_equal (kind, "convolutional") || g_str_equal (kind, "maxpool")) && !check_strides (cfg, layer, kind, error))
    return FALSE;
  if (g_str_equal (kind, "shortcut") && layer->n_inputs > 2)
    return esp_cfg_refuse (cfg, layer->section, "from", ESP_ERROR_ORACLE, error, "libdarknet adds only the first of these in layer %u [%s]",
                           layer->index, kind);
  if (g_str_equal (kind, "dropout") && layer->index == 0)
    return esp_cfg_refuse (cfg, layer->section, NULL, ESP_ERROR_ORACLE, error, "libdarknet crashes where layer 0 is of this kind");
  return TRUE;
}

/**
 * esp_oracle_can_hold:
 * @network: a network
 * @weights: its numbers, as they were read from a file
 * @error: ESP_ERROR_ORACLE: "net.cfg:12: groups=2: …", the first layer that libdarknet would run as something else
 *
 * Returns: whether libdarknet (Debian's darknet 0.0.0+git20180914) runs what the cfg says. Thread: any.
 */
gboolean
esp_oracle_can_hold (const EspNetwork *network, const EspWeights *weights, GError **error)
{
  const EspCfg *cfg = esp_network_get_cfg (network);
  const EspWeightsHeader header = esp_weights_get_header (weights);
  guint64 numbers = 0;

  if (header.major >= MOST_VERSION || header.minor >= MOST_VERSION)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_ORACLE, "libdarknet reads weights of version %d.%d otherwise", header.major, header.minor);
      return FALSE;
    }
  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);

      if (!esp_oracle_can_hold_layer (cfg, layer, error))
        return FALSE;
      numbers += esp_shape_count (layer->out);
    }
  if (numbers <= MOST_NUMBERS)
    return TRUE;
  return esp_cfg_refuse (cfg, 0, "width", ESP_ERROR_ORACLE, error,
                         "all outputs together are %" G_GUINT64_FORMAT " numbers, more than the %" G_GUINT64_FORMAT
                         " that are asked of libdarknet",
                         numbers, MOST_NUMBERS);
}
