/* network.c: the immutable graph of layers read from a cfg */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/network.h"

#include "base/error.h"
#include "net/layer-private.h"
#include "net/weights.h"

typedef struct
{
  guint *items;
  guint n;
} Indices;

struct _EspNetwork
{
  EspCfg *cfg;
  EspDialect dialect; /* while reading auto where pjreddie's is possible */
  EspShape input;
  gboolean letterbox;
  guint n_layers;
  EspLayer *layers;
  Indices *consumers; /* per layer */
  Indices heads;
  guint8 *head_input; /* per layer */
};

/* What [net] may say of recurrent networks changes what its layers are; training's keys do not. */
static const EspFixedKey fixed[] = {
  { "time_steps", "1" },
  { "track", "0" },
};

/* Options of any kind by which darknet reads less or other than all of a layer's numbers from the weights file. */
static const EspFixedKey fixed_everywhere[] = {
  { "dontload", "0" },
  { "dontloadscales", "0" },
  { "dontsave", "0" },
  { "numload", "0" },
};

static gboolean
read_input (EspNetwork *network, GError **error)
{
  EspLayerReader reader = { .cfg = network->cfg };
  EspShape *input = &network->input;
  int inputs, letterbox;

  *input = (EspShape){ .n = 1 };
  if (!esp_reader_fixed (&reader, fixed, G_N_ELEMENTS (fixed), error)
      || !esp_reader_int (&reader, "width", 0, 1, ESP_MOST_SIDE, &input->w, error)
      || !esp_reader_int (&reader, "height", 0, 1, ESP_MOST_SIDE, &input->h, error)
      || !esp_reader_int (&reader, "channels", 0, 1, ESP_MOST_SIDE, &input->c, error)
      || !esp_reader_int (&reader, "letter_box", 0, 0, 1, &letterbox, error))
    return FALSE;
  if (input->w == 0 || input->h == 0 || input->c == 0)
    return esp_cfg_refuse (network->cfg, 0, NULL, ESP_ERROR_FORMAT, error, "expected width=, height= and channels=");
  if (esp_shape_count (*input) > ESP_MOST_NUMBERS)
    return esp_cfg_refuse (network->cfg, 0, "width", ESP_ERROR_LIMIT, error, "%d x %d x %d is larger than what is accepted", input->w,
                           input->h, input->c);
  inputs = (int) esp_shape_count (*input);
  network->letterbox = letterbox;
  return esp_reader_int (&reader, "inputs", inputs, inputs, inputs, &inputs, error);
}

/* What kind of network it is comes first: of one with recurrent layers the input may not even have a shape. */
static gboolean
check_kinds (const EspCfg *cfg, GError **error)
{
  for (guint i = 1; i < esp_cfg_get_n_sections (cfg); i++)
    {
      EspLayerKind kind;

      if (!esp_layer_kind_parse (esp_cfg_get_kind (cfg, i), &kind))
        return esp_cfg_refuse (cfg, i, NULL, ESP_ERROR_UNSUPPORTED, error, "layers of this kind are not supported");
    }
  return TRUE;
}

/* Reads section index + 1 into the layer; what was read before is there already. */
static gboolean
read_layer (EspNetwork *network, guint index, GError **error)
{
  const EspLayerReader reader = { network->cfg, index + 1, network->input, network->layers, index, network->dialect };
  EspLayer *layer = &network->layers[index];
  const gboolean known = esp_layer_kind_parse (esp_cfg_get_kind (network->cfg, reader.section), &layer->kind); /* check_kinds() saw to it */

  layer->index = index;
  layer->section = reader.section;
  layer->line = esp_cfg_get_line (network->cfg, reader.section, NULL);
  g_assert (known);
  network->n_layers = index + 1;
  layer->n_inputs = 1;
  layer->inputs = g_new (int, 1);
  layer->inputs[0] = (int) index - 1;
  layer->in = esp_reader_shape (&reader, (int) index - 1);
  return esp_reader_fixed (&reader, fixed_everywhere, G_N_ELEMENTS (fixed_everywhere), error) && esp_dialect_check (&reader, error)
         && esp_layer_row (layer->kind)->read (&reader, layer, error);
}

typedef struct
{
  guint64 numbers, channels, params;
} Totals;

/* Bounds what would be allocated for the network, before anything is. */
static gboolean
check_size (EspNetwork *network, guint index, Totals *totals, GError **error)
{
  const EspLayer *layer = &network->layers[index];
  const guint64 out = esp_shape_count (layer->out);

  totals->numbers += out;
  totals->channels += (guint64) layer->out.c;
  totals->params += esp_layer_count_params (layer);
  if (out > ESP_MOST_NUMBERS || totals->numbers > ESP_MOST_ALL_NUMBERS)
    return esp_cfg_refuse (network->cfg, layer->section, NULL, ESP_ERROR_LIMIT, error,
                           "an output of %d x %d x %d: more numbers than are accepted (%" G_GUINT64_FORMAT " a layer, %" G_GUINT64_FORMAT
                           " in all)",
                           layer->out.w, layer->out.h, layer->out.c, ESP_MOST_NUMBERS, ESP_MOST_ALL_NUMBERS);
  if (totals->channels > ESP_MOST_CHANNELS)
    return esp_cfg_refuse (network->cfg, layer->section, NULL, ESP_ERROR_LIMIT, error,
                           "%" G_GUINT64_FORMAT " channels up to here, at most %" G_GUINT64_FORMAT " are accepted", totals->channels,
                           ESP_MOST_CHANNELS);
  if (totals->params > ESP_MOST_PARAMS)
    return esp_cfg_refuse (network->cfg, layer->section, NULL, ESP_ERROR_LIMIT, error,
                           "%" G_GUINT64_FORMAT " parameters up to here, at most %" G_GUINT64_FORMAT " are accepted", totals->params,
                           ESP_MOST_PARAMS);
  return TRUE;
}

static gboolean
read_layers (EspNetwork *network, GError **error)
{
  const guint n = esp_cfg_get_n_sections (network->cfg) - 1;
  Totals totals = { 0 };

  if (n == 0)
    return esp_cfg_refuse (network->cfg, 0, NULL, ESP_ERROR_FORMAT, error, "no layer follows: expected at least one");
  network->layers = g_new0 (EspLayer, n);
  for (guint i = 0; i < n; i++)
    if (!read_layer (network, i, error) || !check_size (network, i, &totals, error))
      return FALSE;
  return TRUE;
}

static void
append_index (Indices *indices, guint index)
{
  if (indices->n > 0 && indices->items[indices->n - 1] == index)
    return;
  indices->items = g_renew (guint, indices->items, indices->n + 1);
  indices->items[indices->n++] = index;
}

static void
link_consumers (EspNetwork *network)
{
  network->consumers = g_new0 (Indices, network->n_layers);
  for (guint i = 0; i < network->n_layers; i++)
    for (guint j = 0; j < network->layers[i].n_inputs; j++)
      if (network->layers[i].inputs[j] >= 0)
        append_index (&network->consumers[network->layers[i].inputs[j]], i);
}

static gboolean
find_heads (EspNetwork *network, GError **error)
{
  for (guint i = 0; i < network->n_layers; i++)
    if (esp_layer_is_head (&network->layers[i]))
      append_index (&network->heads, i);
  for (guint i = 1; i < network->heads.n; i++)
    {
      const EspLayer *first = &network->layers[network->heads.items[0]], *head = &network->layers[network->heads.items[i]];

      if (head->head.classes != first->head.classes)
        return esp_cfg_refuse (network->cfg, head->section, "classes", ESP_ERROR_SHAPE, error,
                               "the head in line %u has %d: expected as many", first->line, first->head.classes);
    }
  return TRUE;
}

/* Walks from the heads back through all that only passes channels on, to the convolutions that make them. */
static void
mark_head_inputs (EspNetwork *network)
{
  g_autofree guint8 *reached = g_new0 (guint8, network->n_layers);

  network->head_input = g_new0 (guint8, network->n_layers);
  for (guint i = network->n_layers; i-- > 0;)
    {
      const EspLayer *layer = &network->layers[i];

      if (reached[i] && layer->kind == ESP_LAYER_CONVOLUTIONAL)
        network->head_input[i] = 1;
      else if (esp_layer_row (layer->kind)->flow != NULL && (reached[i] || esp_layer_is_head (layer)))
        for (guint j = 0; j < layer->n_inputs; j++)
          if (layer->inputs[j] >= 0)
            reached[layer->inputs[j]] = 1;
    }
}

static void
network_clear (gpointer data)
{
  EspNetwork *network = data;

  for (guint i = 0; network->layers != NULL && i < network->n_layers; i++)
    esp_layer_clear (&network->layers[i]);
  for (guint i = 0; network->consumers != NULL && i < network->n_layers; i++)
    g_free (network->consumers[i].items);
  g_free (network->layers);
  g_free (network->consumers);
  g_free (network->heads.items);
  g_free (network->head_input);
  esp_cfg_free (network->cfg);
}

/* What auto was, now that all shortcuts are read. */
static void
settle_dialect (EspNetwork *network)
{
  gboolean strided = FALSE;

  if (network->dialect != ESP_DIALECT_AUTO)
    return;
  for (guint i = 0; i < network->n_layers; i++)
    strided |= network->layers[i].kind == ESP_LAYER_SHORTCUT && network->layers[i].shortcut.strided;
  network->dialect = strided ? ESP_DIALECT_PJREDDIE : ESP_DIALECT_ALEXEY;
}

/**
 * esp_network_new_dialect:
 * @cfg: (transfer full): the text; kept, and freed if it is refused
 * @dialect: whose darknet it is read for
 * @error: ESP_ERROR_FORMAT, ESP_ERROR_UNSUPPORTED, ESP_ERROR_SHAPE or ESP_ERROR_LIMIT, each with name:line
 *
 * Reads every section strictly: a kind, or an option that changes the computation, which we do not run is refused; keys that only training
 * reads are kept and not looked at. Sizes are darknet's. Layer i is section i + 1.
 * Returns: (transfer full): the network, immutable. Thread: any.
 */
EspNetwork *
esp_network_new_dialect (EspCfg *cfg, EspDialect dialect, GError **error)
{
  g_autoptr (EspNetwork) network = g_atomic_rc_box_new0 (EspNetwork);

  network->cfg = cfg;
  network->dialect = dialect == ESP_DIALECT_AUTO && esp_cfg_is_alexeys (cfg) ? ESP_DIALECT_ALEXEY : dialect;
  if (!check_kinds (cfg, error) || !read_input (network, error) || !read_layers (network, error) || !find_heads (network, error))
    return NULL;
  settle_dialect (network);
  link_consumers (network);
  mark_head_inputs (network);
  return g_steal_pointer (&network);
}

/** esp_network_new: as esp_network_new_dialect(), which chooses the dialect by what the cfg uses. */
EspNetwork *
esp_network_new (EspCfg *cfg, GError **error)
{
  return esp_network_new_dialect (cfg, ESP_DIALECT_AUTO, error);
}

/**
 * esp_network_load_dialect:
 * @path: a cfg file
 * @dialect: whose darknet it is read for
 * @error: as esp_cfg_load() and esp_network_new_dialect()
 *
 * Returns: (transfer full): the network. Thread: any.
 */
EspNetwork *
esp_network_load_dialect (const char *path, EspDialect dialect, GError **error)
{
  EspCfg *cfg = esp_cfg_load (path, error);

  return cfg != NULL ? esp_network_new_dialect (cfg, dialect, error) : NULL;
}

/** esp_network_load: as esp_network_load_dialect(), which chooses the dialect by what the cfg uses. */
EspNetwork *
esp_network_load (const char *path, GError **error)
{
  return esp_network_load_dialect (path, ESP_DIALECT_AUTO, error);
}

/**
 * esp_network_resized:
 * @network: a network
 * @w: width of the input
 * @h: its height
 * @error: as esp_network_new_dialect(), where a layer cannot have what comes in then
 *
 * Returns: (transfer full): the same cfg read with another width= and height=. Thread: any.
 */
EspNetwork *
esp_network_resized (const EspNetwork *network, int w, int h, GError **error)
{
  EspCfg *cfg = esp_cfg_copy (network->cfg);
  g_autofree char *width = g_strdup_printf ("%d", w), *height = g_strdup_printf ("%d", h);

  esp_cfg_set (cfg, 0, "width", width);
  esp_cfg_set (cfg, 0, "height", height);
  return esp_network_new_dialect (cfg, network->dialect, error);
}

/** esp_network_get_dialect: Returns: whose darknet it is read for, AlexeyAB's or pjreddie's. Thread: any. */
EspDialect
esp_network_get_dialect (const EspNetwork *network)
{
  return network->dialect;
}

/** esp_network_ref: Returns: (transfer full): the same network. Thread: any. */
EspNetwork *
esp_network_ref (EspNetwork *network)
{
  return g_atomic_rc_box_acquire (network);
}

/** esp_network_unref: gives one reference back. Thread: any. */
void
esp_network_unref (EspNetwork *network)
{
  g_atomic_rc_box_release_full (network, network_clear);
}

/** esp_network_get_cfg: Returns: (transfer none): the text it was read from. Thread: any. */
const EspCfg *
esp_network_get_cfg (const EspNetwork *network)
{
  return network->cfg;
}

/** esp_network_get_input: Returns: the shape of one image, n = 1. Thread: any. */
EspShape
esp_network_get_input (const EspNetwork *network)
{
  return network->input;
}

/** esp_network_get_letterbox: Returns: whether [net] says letter_box=1, so that images keep their shape. Thread: any. */
gboolean
esp_network_get_letterbox (const EspNetwork *network)
{
  return network->letterbox;
}

/** esp_network_get_n_layers: Returns: how many, [net] not counted; at least 1. Thread: any. */
guint
esp_network_get_n_layers (const EspNetwork *network)
{
  return network->n_layers;
}

/** esp_network_get_layer: Returns: (transfer none): the layer that darknet gives this number. Thread: any. */
const EspLayer *
esp_network_get_layer (const EspNetwork *network, guint layer)
{
  g_return_val_if_fail (layer < network->n_layers, NULL);
  return &network->layers[layer];
}

/** esp_network_get_classes: Returns: the classes of its heads, which agree; 0 without heads. Thread: any. */
int
esp_network_get_classes (const EspNetwork *network)
{
  return network->heads.n > 0 ? network->layers[network->heads.items[0]].head.classes : 0;
}

/**
 * esp_network_get_scores:
 * @network: the network
 *
 * Returns: how many classes a classifier tells apart: the numbers of its last layer, where that is no map and there is no head; else 0.
 * Thread: any.
 */
int
esp_network_get_scores (const EspNetwork *network)
{
  const EspLayer *last = &network->layers[network->n_layers - 1];

  return network->heads.n == 0 && last->out.h == 1 && last->out.w == 1 ? last->out.c : 0;
}

/**
 * esp_network_get_consumers:
 * @layer: a layer
 * @n: (out): how many
 *
 * Returns: (transfer none) (array length=n): the layers that read its output, ascending, each once. Thread: any.
 */
const guint *
esp_network_get_consumers (const EspNetwork *network, guint layer, guint *n)
{
  g_return_val_if_fail (layer < network->n_layers, NULL);
  *n = network->consumers[layer].n;
  return network->consumers[layer].items;
}

/**
 * esp_network_get_heads:
 * @n: (out): how many
 *
 * Returns: (transfer none) (array length=n): the [yolo] and [region] layers, ascending. Thread: any.
 */
const guint *
esp_network_get_heads (const EspNetwork *network, guint *n)
{
  *n = network->heads.n;
  return network->heads.items;
}

/**
 * esp_network_is_head_input:
 * @layer: a layer
 *
 * Returns: whether it is a convolution whose channels a head reads, directly or through layers that only pass channels on. Such channels
 * have fixed meanings and are never cut. Thread: any.
 */
gboolean
esp_network_is_head_input (const EspNetwork *network, guint layer)
{
  g_return_val_if_fail (layer < network->n_layers, FALSE);
  return network->head_input[layer];
}
