/* avgpool.c: the row of [avgpool], the mean of each channel */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

static gboolean
read_avgpool (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  layer->out = (EspShape){ 1, layer->in.c, 1, 1 };
  return TRUE;
}

static void
spec_avgpool (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_AVGPOOL;
  spec->geometry.size_h = layer->in.h;
  spec->geometry.size_w = layer->in.w;
  spec->geometry.stride_h = spec->geometry.stride_w = 1;
}

const EspLayerRow esp_row_avgpool = {
  .name = "avgpool",
  .alias = "avg",
  .read = read_avgpool,
  .spec = spec_avgpool,
  .flow = esp_flow_pass,
};
