/* softmax.c: the row of [softmax], which ends a classifier */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

/* spatial is for darknet's graphics cards alone; its other kernels pass over it. */
static const EspFixedKey fixed[] = {
  { "spatial", "0" },
};

/* darknet passes over groups= beside it; what could be meant by both is refused. */
static gboolean
read_tree (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  EspSoftmax *softmax = &layer->softmax;

  if (!esp_reader_tree (reader, esp_shape_count (layer->in), &softmax->tree, error))
    return FALSE;
  if (softmax->tree != NULL && softmax->groups != 1)
    return esp_cfg_refuse (reader->cfg, reader->section, "groups", ESP_ERROR_UNSUPPORTED, error, "expected 1 beside tree=");
  return TRUE;
}

static gboolean
read_softmax (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  EspSoftmax *softmax = &layer->softmax;

  if (!esp_reader_fixed (reader, fixed, G_N_ELEMENTS (fixed), error)
      || !esp_reader_int (reader, "groups", 1, 1, ESP_MOST_SIDE, &softmax->groups, error)
      || !esp_cfg_get_double (reader->cfg, reader->section, "temperature", 1, &softmax->temperature, error))
    return FALSE;
  if (esp_shape_count (layer->in) % (gsize) softmax->groups != 0)
    return esp_cfg_refuse (reader->cfg, reader->section, "groups", ESP_ERROR_SHAPE, error,
                           "%" G_GSIZE_FORMAT " numbers come in: "
                           "expected a divisor of it",
                           esp_shape_count (layer->in));
  if (!((float) softmax->temperature > 0))
    return esp_cfg_refuse (reader->cfg, reader->section, "temperature", ESP_ERROR_LIMIT, error, "expected a number above 0");
  layer->out = layer->in;
  return read_tree (reader, layer, error);
}

static void
spec_softmax (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_SOFTMAX;
  spec->scale[0] = 1 / layer->softmax.temperature;
  spec->geometry.groups = layer->softmax.groups;
  if (layer->softmax.tree != NULL)
    {
      spec->parts = layer->softmax.tree->sizes;
      spec->n_parts = (guint) layer->softmax.tree->n_groups;
    }
}

static char *
describe_softmax (const EspLayer *layer)
{
  const int groups = layer->softmax.tree != NULL ? layer->softmax.tree->n_groups : layer->softmax.groups;

  return groups > 1 ? g_strdup_printf ("%d groups", groups) : g_strdup ("");
}

const EspLayerRow esp_row_softmax = {
  .name = "softmax",
  .alias = "soft",
  .read = read_softmax,
  .spec = spec_softmax,
  .flow = esp_flow_pass,
  .check = esp_check_all_kept,
  .describe = describe_softmax,
};
