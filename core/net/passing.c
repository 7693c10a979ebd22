/* passing.c: the rows of [dropout] and [cost], which only training sees: they pass on what they get */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

static gboolean
read_passing (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  layer->out = layer->in;
  return TRUE;
}

static gboolean
read_dropout (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  return esp_cfg_get_double (reader->cfg, reader->section, "probability", 0.5, &layer->dropout.probability, error)
         && esp_reader_int (reader, "dropblock", 0, 0, 1, &layer->dropout.blocks, error) && read_passing (reader, layer, error);
}

static void
spec_passing (const EspLayer *layer, EspSpec *spec)
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
  .spec = spec_passing,
  .is_alias = is_alias,
  .flow = esp_flow_pass,
};

const EspLayerRow esp_row_cost = {
  .name = "cost",
  .read = read_passing,
  .spec = spec_passing,
  .is_alias = is_alias,
  .flow = esp_flow_pass,
};
