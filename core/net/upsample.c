/* upsample.c: the row of [upsample] */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

static gboolean
read_upsample (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  int *stride = &layer->upsample.stride;
  double *scale = &layer->upsample.scale;

  if (!esp_reader_int (reader, "stride", 2, 1, 1024, stride, error)
      || !esp_cfg_get_double (reader->cfg, reader->section, "scale", 1, scale, error))
    return FALSE;
  if (layer->in.h > ESP_MOST_SIDE / *stride || layer->in.w > ESP_MOST_SIDE / *stride)
    return esp_cfg_refuse (reader->cfg, reader->section, "stride", ESP_ERROR_LIMIT, error,
                           "%d x %d times %d is more than the %d rows and columns that are accepted", layer->in.w, layer->in.h, *stride,
                           ESP_MOST_SIDE);
  layer->out = (EspShape){ 1, layer->in.c, layer->in.h * *stride, layer->in.w * *stride };
  return TRUE;
}

static char *
describe_upsample (const EspLayer *layer)
{
  if (layer->upsample.scale != 1)
    return g_strdup_printf ("x %d, times %g", layer->upsample.stride, layer->upsample.scale);
  return g_strdup_printf ("x %d", layer->upsample.stride);
}

static void
spec_upsample (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_UPSAMPLE;
  spec->geometry.stride = layer->upsample.stride;
  spec->scale[0] = (float) layer->upsample.scale;
}

const EspLayerRow esp_row_upsample = {
  .name = "upsample",
  .read = read_upsample,
  .spec = spec_upsample,
  .flow = esp_flow_pass,
  .describe = describe_upsample,
};
