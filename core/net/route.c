/* route.c: the row of [route], which puts channels of earlier layers behind one another */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

#include <string.h>

static const EspFixedKey fixed[] = {
  { "groups", "1" },
  { "group_id", "0" },
};

static gboolean
read_route (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  g_autoptr (GArray) sources = NULL;
  gint64 channels = 0;

  if (!esp_reader_fixed (reader, fixed, G_N_ELEMENTS (fixed), error) || !esp_reader_sources (reader, "layers", &sources, error))
    return FALSE;
  layer->in = esp_reader_shape (reader, g_array_index (sources, int, 0));
  for (guint i = 0; i < sources->len; i++)
    {
      const EspShape shape = esp_reader_shape (reader, g_array_index (sources, int, i));

      if (shape.h != layer->in.h || shape.w != layer->in.w)
        return esp_cfg_refuse (reader->cfg, reader->section, "layers", ESP_ERROR_SHAPE, error,
                               "layer %d is %d x %d, layer %d is %d x %d: expected equal sizes", g_array_index (sources, int, 0),
                               layer->in.w, layer->in.h, g_array_index (sources, int, i), shape.w, shape.h);
      channels += shape.c;
    }
  if (channels > ESP_MOST_SIDE)
    return esp_cfg_refuse (reader->cfg, reader->section, "layers", ESP_ERROR_LIMIT, error,
                           "%" G_GINT64_FORMAT " channels, at most %d are accepted", channels, ESP_MOST_SIDE);
  layer->out = (EspShape){ 1, (int) channels, layer->in.h, layer->in.w };
  layer->n_inputs = sources->len;
  g_free (layer->inputs);
  layer->inputs = g_memdup2 (sources->data, sources->len * sizeof (int));
  return TRUE;
}

static void
flow_route (const EspLayer *layer, const guint8 *const *in, const guint *n_in, guint8 *out)
{
  for (guint i = 0; i < layer->n_inputs; i++)
    {
      memcpy (out, in[i], n_in[i]);
      out += n_in[i];
    }
}

static char *
describe_route (const EspLayer *layer)
{
  GString *text = g_string_new ("of");

  for (guint i = 0; i < layer->n_inputs; i++)
    g_string_append_printf (text, " %d", layer->inputs[i]);
  return g_string_free (text, FALSE);
}

static void
spec_route (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_CONCAT;
}

static gboolean
is_alias (const EspLayer *layer)
{
  return layer->n_inputs == 1;
}

const EspLayerRow esp_row_route = {
  .name = "route",
  .read = read_route,
  .spec = spec_route,
  .is_alias = is_alias,
  .flow = flow_route,
  .describe = describe_route,
};
