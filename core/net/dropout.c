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

const EspLayerRow esp_row_dropout = {
  .name = "dropout",
  .read = read_dropout,
  .flow = esp_flow_pass,
};
