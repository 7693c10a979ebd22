/* dropout.c: the row of [dropout], which only training sees */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

static gboolean
read_dropout (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  layer->out = layer->in;
  return TRUE;
}

static void
spec_dropout (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_CONCAT;
}

static gboolean
is_alias (const EspLayer *layer)
{
  return TRUE;
}

const EspLayerRow esp_row_dropout = {
  .name = "dropout",
  .read = read_dropout,
  .spec = spec_dropout,
  .is_alias = is_alias,
  .flow = esp_flow_pass,
};
