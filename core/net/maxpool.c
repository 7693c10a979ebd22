/* maxpool.c: the row of [maxpool] */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

static const EspFixedKey fixed[] = {
  { "maxpool_depth", "0" },
  { "antialiasing", "0" },
  { "maxpool_zero_nonmax", "0" },
};

static gboolean
read_maxpool (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  EspMaxpool *pool = &layer->maxpool;
  int x, y, h, w;

  if (!esp_reader_fixed (reader, fixed, G_N_ELEMENTS (fixed), error) || !esp_reader_int (reader, "stride", 1, 1, 1024, &pool->stride, error)
      || !esp_reader_int (reader, "stride_x", pool->stride, 1, 1024, &x, error)
      || !esp_reader_int (reader, "stride_y", pool->stride, 1, 1024, &y, error)
      || !esp_reader_int (reader, "size", pool->stride, 1, 1024, &pool->size, error)
      || !esp_reader_int (reader, "padding", pool->size - 1, 0, pool->size * 2 - 1, &pool->padding, error))
    return FALSE;
  if (x != y)
    return esp_cfg_refuse (reader->cfg, reader->section, "stride_x", ESP_ERROR_UNSUPPORTED, error,
                           "strides %d across and %d down: expected equal ones", x, y);
  pool->stride = x;
  h = layer->in.h + pool->padding - pool->size;
  w = layer->in.w + pool->padding - pool->size;
  if (h < 0 || w < 0)
    return esp_cfg_refuse (reader->cfg, reader->section, "size", ESP_ERROR_SHAPE, error,
                           "the input is %d x %d with %d of padding: expected a smaller size", layer->in.w, layer->in.h, pool->padding);
  layer->out = (EspShape){ 1, layer->in.c, h / pool->stride + 1, w / pool->stride + 1 };
  return TRUE;
}

static double
flops_maxpool (const EspLayer *layer, guint n_in, guint n_out)
{
  return (double) layer->maxpool.size * layer->maxpool.size * n_out * layer->out.h * layer->out.w;
}

static char *
describe_maxpool (const EspLayer *layer)
{
  return g_strdup_printf ("%d x %d / %d", layer->maxpool.size, layer->maxpool.size, layer->maxpool.stride);
}

static void
spec_maxpool (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_MAXPOOL;
  spec->geometry.size = layer->maxpool.size;
  spec->geometry.stride = layer->maxpool.stride;
  spec->geometry.pad = layer->maxpool.padding / 2;
}

const EspLayerRow esp_row_maxpool = {
  .name = "maxpool",
  .alias = "max",
  .read = read_maxpool,
  .spec = spec_maxpool,
  .flops = flops_maxpool,
  .flow = esp_flow_pass,
  .describe = describe_maxpool,
};
