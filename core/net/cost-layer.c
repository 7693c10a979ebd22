/* cost-layer.c: the row of [cost], which only training sees */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

static gboolean
read_cost (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  layer->out = layer->in;
  return TRUE;
}

static void
spec_cost (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_CONCAT;
}

static gboolean
is_alias (const EspLayer *layer)
{
  return TRUE;
}

const EspLayerRow esp_row_cost = {
  .name = "cost",
  .read = read_cost,
  .spec = spec_cost,
  .is_alias = is_alias,
  .flow = esp_flow_pass,
};
