/* layer.c: the registry of layer kinds, and what their readers share */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer.h"

#include "base/error.h"
#include "net/layer-private.h"

#include <string.h>

static const EspLayerRow *const rows[ESP_N_LAYER_KINDS] = {
  [ESP_LAYER_CONVOLUTIONAL] = &esp_row_convolutional,
  [ESP_LAYER_MAXPOOL] = &esp_row_maxpool,
  [ESP_LAYER_UPSAMPLE] = &esp_row_upsample,
  [ESP_LAYER_ROUTE] = &esp_row_route,
  [ESP_LAYER_SHORTCUT] = &esp_row_shortcut,
  [ESP_LAYER_DROPOUT] = &esp_row_dropout,
  [ESP_LAYER_YOLO] = &esp_row_yolo,
  [ESP_LAYER_REGION] = &esp_row_region,
  [ESP_LAYER_SOFTMAX] = &esp_row_softmax,
  [ESP_LAYER_SCALE_CHANNELS] = &esp_row_scale_channels,
  [ESP_LAYER_SAM] = &esp_row_sam,
  [ESP_LAYER_REORG] = &esp_row_reorg,
  [ESP_LAYER_REORG3D] = &esp_row_reorg3d,
  [ESP_LAYER_COST] = &esp_row_cost,
  [ESP_LAYER_AVGPOOL] = &esp_row_avgpool,
  [ESP_LAYER_LOCAL_AVGPOOL] = &esp_row_local_avgpool,
  [ESP_LAYER_CONNECTED] = &esp_row_connected,
};

/** esp_layer_kind_name: Returns: (transfer none): the name between the brackets of its sections. Thread: any. */
const char *
esp_layer_kind_name (EspLayerKind kind)
{
  g_return_val_if_fail ((guint) kind < ESP_N_LAYER_KINDS, NULL);
  return rows[kind]->name;
}

/** esp_layer_is_depthwise: Returns: whether it is a convolution of as many groups, above one, as channels come in, so that each has filters
 * of its own. Thread: any. */
gboolean
esp_layer_is_depthwise (const EspLayer *layer)
{
  return layer->kind == ESP_LAYER_CONVOLUTIONAL && layer->conv.groups > 1 && layer->conv.groups == layer->in.c;
}

/** esp_layer_is_head: Returns: whether its output is an activated map from which boxes are decoded. Thread: any. */
gboolean
esp_layer_is_head (const EspLayer *layer)
{
  return rows[layer->kind]->is_head;
}

/** esp_layer_is_alias: Returns: whether its output is its first input, number for number. Thread: any. */
gboolean
esp_layer_is_alias (const EspLayer *layer)
{
  const EspLayerRow *row = rows[layer->kind];

  return row->is_alias != NULL && row->is_alias (layer);
}

/** esp_layer_describe: Returns: (transfer full): what tells it apart from others of its kind, "" where nothing does. Thread: any. */
char *
esp_layer_describe (const EspLayer *layer)
{
  const EspLayerRow *row = rows[layer->kind];

  return row->describe != NULL ? row->describe (layer) : g_strdup ("");
}

const EspLayerRow *
esp_layer_row (EspLayerKind kind)
{
  return rows[kind];
}

gboolean
esp_layer_kind_parse (const char *name, EspLayerKind *kind)
{
  for (guint i = 0; i < ESP_N_LAYER_KINDS; i++)
    if (g_str_equal (rows[i]->name, name) || g_strcmp0 (rows[i]->alias, name) == 0)
      {
        *kind = i;
        return TRUE;
      }
  return FALSE;
}

void
esp_layer_clear (EspLayer *layer)
{
  g_clear_pointer (&layer->inputs, g_free);
  if (rows[layer->kind]->is_head)
    {
      g_clear_pointer (&layer->head.anchors, g_free);
      g_clear_pointer (&layer->head.tree, esp_tree_free);
    }
  else if (layer->kind == ESP_LAYER_SOFTMAX)
    g_clear_pointer (&layer->softmax.tree, esp_tree_free);
}

EspShape
esp_reader_shape (const EspLayerReader *reader, int layer)
{
  return layer < 0 ? reader->image : reader->layers[layer].out;
}

gboolean
esp_reader_int (const EspLayerReader *reader, const char *key, int fallback, int lowest, int highest, int *value, GError **error)
{
  return esp_cfg_get_int (reader->cfg, reader->section, key, fallback, lowest, highest, value, error);
}

gboolean
esp_reader_strides (const EspLayerReader *reader, int *x, int *y, GError **error)
{
  int both;

  return esp_reader_int (reader, "stride", 1, 1, 1024, &both, error) && esp_reader_int (reader, "stride_x", both, 1, 1024, x, error)
         && esp_reader_int (reader, "stride_y", both, 1, 1024, y, error);
}

/* Numbers are compared as numbers, so that 1.00 is 1. */
static gboolean
is_neutral (const char *value, const char *neutral)
{
  char *end = NULL;
  const double number = g_ascii_strtod (value, &end);

  if (neutral == NULL)
    return FALSE;
  if (g_str_equal (value, neutral))
    return TRUE;
  end += strspn (end, " \t");
  return end != value && (*end == '\0' || *end == '#' || *end == ';') && g_ascii_isdigit (*neutral)
         && number == g_ascii_strtod (neutral, NULL);
}

gboolean
esp_reader_fixed (const EspLayerReader *reader, const EspFixedKey *keys, guint n_keys, GError **error)
{
  for (guint i = 0; i < n_keys; i++)
    {
      const char *value = esp_cfg_get (reader->cfg, reader->section, keys[i].key);

      if (value == NULL || is_neutral (value, keys[i].neutral))
        continue;
      if (keys[i].neutral == NULL)
        return esp_cfg_refuse (reader->cfg, reader->section, keys[i].key, ESP_ERROR_UNSUPPORTED, error, "this option is not supported");
      return esp_cfg_refuse (reader->cfg, reader->section, keys[i].key, ESP_ERROR_UNSUPPORTED, error, "only %s is supported",
                             keys[i].neutral);
    }
  return TRUE;
}

gboolean
esp_reader_activation (const EspLayerReader *reader, EspActivation fallback, EspActivation *activation, GError **error)
{
  const char *name = esp_cfg_get (reader->cfg, reader->section, "activation");
  g_autofree char *all = NULL;

  *activation = fallback;
  if (name == NULL || esp_activation_parse (name, activation))
    return TRUE;
  all = esp_activation_list ();
  return esp_cfg_refuse (reader->cfg, reader->section, "activation", ESP_ERROR_UNSUPPORTED, error, "expected %s", all);
}

gboolean
esp_reader_sources (const EspLayerReader *reader, const char *key, GArray **sources, GError **error)
{
  g_autoptr (GArray) numbers = NULL;
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (int));

  if (!esp_cfg_get_doubles (reader->cfg, reader->section, key, &numbers, error))
    return FALSE;
  if (numbers->len == 0)
    return esp_cfg_refuse (reader->cfg, reader->section, NULL, ESP_ERROR_FORMAT, error, "no %s=: expected the numbers of earlier layers",
                           key);
  for (guint i = 0; i < numbers->len; i++)
    {
      const double number = g_array_index (numbers, double, i), n = reader->n_layers;
      const double source = number < 0 ? n + number : number;
      int index;

      if (!(source >= 0 && source < n) || source != (int) source)
        return esp_cfg_refuse (reader->cfg, reader->section, key, ESP_ERROR_SHAPE, error,
                               "expected layers before this one, which is layer %u: 0 to %d, or -1 to %d", reader->n_layers,
                               (int) reader->n_layers - 1, -(int) reader->n_layers);
      index = (int) source;
      g_array_append_val (found, index);
    }
  *sources = g_steal_pointer (&found);
  return TRUE;
}

/* Sets inputs to the gate and the map, out to the map's shape. darknet's products know no mish and no swish. */
gboolean
esp_reader_gated (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  const char *activation = esp_cfg_get (reader->cfg, reader->section, "activation");
  g_autoptr (GArray) sources = NULL;

  if (activation != NULL && (g_str_equal (activation, "mish") || g_str_equal (activation, "swish")))
    return esp_cfg_refuse (reader->cfg, reader->section, "activation", ESP_ERROR_UNSUPPORTED, error, "layers of this kind do not have it");
  if (!esp_reader_sources (reader, "from", &sources, error)
      || !esp_reader_activation (reader, ESP_ACTIVATION_LINEAR, &layer->activation, error))
    return FALSE;
  if (sources->len != 1)
    return esp_cfg_refuse (reader->cfg, reader->section, "from", ESP_ERROR_FORMAT, error, "%u layers: expected one", sources->len);
  layer->inputs = g_renew (int, layer->inputs, 2);
  layer->inputs[1] = g_array_index (sources, int, 0);
  layer->n_inputs = 2;
  layer->out = esp_reader_shape (reader, layer->inputs[1]);
  return TRUE;
}

guint
esp_count_kept (const guint8 *bits, int n)
{
  guint sum = 0;

  for (int i = 0; i < n; i++)
    sum += bits[i];
  return sum;
}

/**
 * esp_layer_fill_spec:
 * @layer: a layer
 * @spec: (inout): op, geometry, scale and parts are set; layouts, activation and parameters are the caller's
 *
 * Thread: any.
 */
void
esp_layer_fill_spec (const EspLayer *layer, EspSpec *spec)
{
  esp_layer_row (layer->kind)->spec (layer, spec);
}

gboolean
esp_check_joined (const EspLayer *layer, guint x, guint y, int channel, const guint8 *const *in, GError **error)
{
  if (in[x][channel] == in[y][channel])
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE,
               "layer %u [%s] %s layers %d and %d: channel %d is cut in layer %d only: expected both or none", layer->index,
               esp_layer_kind_name (layer->kind), layer->kind == ESP_LAYER_SHORTCUT ? "adds" : "multiplies", layer->inputs[x],
               layer->inputs[y], channel, layer->inputs[in[x][channel] ? y : x]);
  return FALSE;
}

void
esp_flow_pass (const EspLayer *layer, const guint8 *const *in, const guint *n_in, guint8 *out)
{
  memcpy (out, in[0], n_in[0]);
}

gboolean
esp_check_all_kept (const EspLayer *layer, const guint8 *const *in, const guint *n_in, const guint8 *out, GError **error)
{
  const guint8 *cut = memchr (in[0], 0, n_in[0]);

  if (cut == NULL)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %u [%s] is %s: channel %d of layer %d that it reads is cut: expected all kept",
               layer->index, esp_layer_kind_name (layer->kind), esp_layer_is_head (layer) ? "a head" : "a sum over all",
               (int) (cut - in[0]), layer->inputs[0]);
  return FALSE;
}
