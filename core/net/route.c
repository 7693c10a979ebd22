/* route.c: the row of [route], which puts channels of earlier layers behind one another */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

#include <string.h>

static gboolean
read_groups (const EspLayerReader *reader, EspRoute *route, GError **error)
{
  return esp_reader_int (reader, "groups", 1, 1, ESP_MOST_SIDE, &route->groups, error)
         && esp_reader_int (reader, "group_id", 0, 0, route->groups - 1, &route->group, error);
}

static gboolean
read_route (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  g_autoptr (GArray) sources = NULL;
  gint64 channels = 0;

  if (!read_groups (reader, &layer->route, error) || !esp_reader_sources (reader, "layers", &sources, error))
    return FALSE;
  layer->in = esp_reader_shape (reader, g_array_index (sources, int, 0));
  for (guint i = 0; i < sources->len; i++)
    {
      const EspShape shape = esp_reader_shape (reader, g_array_index (sources, int, i));

      if (shape.h != layer->in.h || shape.w != layer->in.w)
        return esp_cfg_refuse (reader->cfg, reader->section, "layers", ESP_ERROR_SHAPE, error,
                               "layer %d is %d x %d, layer %d is %d x %d: expected equal sizes", g_array_index (sources, int, 0),
                               layer->in.w, layer->in.h, g_array_index (sources, int, i), shape.w, shape.h);
      if (shape.c % layer->route.groups != 0)
        return esp_cfg_refuse (reader->cfg, reader->section, "groups", ESP_ERROR_SHAPE, error,
                               "layer %d has %d channels: expected a divisor of it", g_array_index (sources, int, i), shape.c);
      channels += shape.c / layer->route.groups;
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
      const guint part = n_in[i] / (guint) layer->route.groups;

      memcpy (out, in[i] + (guint) layer->route.group * part, part);
      out += part;
    }
}

/* In the smaller network the parts are equal again, so that as many must be kept in each of them. */
static gboolean
check_route (const EspLayer *layer, const guint8 *const *in, const guint *n_in, const guint8 *out, GError **error)
{
  const int groups = layer->route.groups;

  for (guint i = 0; i < layer->n_inputs; i++)
    for (int group = 1; group < groups; group++)
      {
        const int part = (int) n_in[i] / groups;
        const guint first = esp_count_kept (in[i], part), other = esp_count_kept (in[i] + group * part, part);

        if (first == other)
          continue;
        g_set_error (
            error, ESP_ERROR, ESP_ERROR_SHAPE,
            "layer %u [route] takes one of %d groups: of layer %d, %u channels are kept in group 0 and %u in group %d: expected as "
            "many in each",
            layer->index, groups, layer->inputs[i], first, other, group);
        return FALSE;
      }
  return TRUE;
}

static char *
describe_route (const EspLayer *layer)
{
  GString *text = g_string_new ("of");

  for (guint i = 0; i < layer->n_inputs; i++)
    g_string_append_printf (text, " %d", layer->inputs[i]);
  if (layer->route.groups > 1)
    g_string_append_printf (text, ", part %d of %d", layer->route.group, layer->route.groups);
  return g_string_free (text, FALSE);
}

static void
spec_route (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_CONCAT;
  spec->geometry.groups = layer->route.groups;
  spec->geometry.group = layer->route.group;
}

static gboolean
is_alias (const EspLayer *layer)
{
  return layer->n_inputs == 1 && layer->route.groups == 1;
}

const EspLayerRow esp_row_route = {
  .name = "route",
  .read = read_route,
  .spec = spec_route,
  .is_alias = is_alias,
  .flow = flow_route,
  .check = check_route,
  .describe = describe_route,
};
