/* scale-channels.c: the row of [scale_channels], which multiplies an earlier map by the gate before it */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

static gboolean
check_gate (const EspLayerReader *reader, const EspLayer *layer, GError **error)
{
  const EspShape gate = layer->in, map = layer->out;
  const gboolean over_map = layer->scale_channels.over_map;

  if (over_map ? gate.c == 1 && gate.h == map.h && gate.w == map.w : gate.c == map.c && gate.h == 1 && gate.w == 1)
    return TRUE;
  return esp_cfg_refuse (reader->cfg, reader->section, "from", ESP_ERROR_SHAPE, error,
                         "layer %d is %d x %d x %d: the gate before is %d x %d x %d, expected %d x %d x %d", layer->inputs[1], map.w, map.h,
                         map.c, gate.w, gate.h, gate.c, over_map ? map.w : 1, over_map ? map.h : 1, over_map ? 1 : map.c);
}

static gboolean
read_scale_channels (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  int over_map;

  if (!esp_reader_gated (reader, layer, error) || !esp_reader_int (reader, "scale_wh", 0, 0, 1, &over_map, error))
    return FALSE;
  layer->scale_channels.over_map = over_map;
  return check_gate (reader, layer, error);
}

static void
spec_scale_channels (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_MULTIPLY;
}

/* A product is alive where both are; a gate over the map has one channel for all. */
static void
flow_scale_channels (const EspLayer *layer, const guint8 *const *in, const guint *n_in, guint8 *out)
{
  for (guint c = 0; c < n_in[1]; c++)
    out[c] = in[1][c] & in[0][layer->scale_channels.over_map ? 0 : c];
}

static gboolean
check_scale_channels (const EspLayer *layer, const guint8 *const *in, const guint *n_in, const guint8 *out, GError **error)
{
  for (guint c = 0; c < n_in[1] && !layer->scale_channels.over_map; c++)
    if (!esp_check_joined (layer, 0, 1, (int) c, in, error))
      return FALSE;
  return TRUE;
}

static char *
describe_scale_channels (const EspLayer *layer)
{
  return g_strdup_printf ("%d times %d, %s", layer->inputs[1], layer->inputs[0], esp_activation_name (layer->activation));
}

const EspLayerRow esp_row_scale_channels = {
  .name = "scale_channels",
  .read = read_scale_channels,
  .spec = spec_scale_channels,
  .flow = flow_scale_channels,
  .check = check_scale_channels,
  .describe = describe_scale_channels,
};
