/* maxpool.c: the row of [maxpool] */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

#define MOST_SIZE 255 /* places in a window are held in two bytes */

static const EspFixedKey fixed[] = {
  { "maxpool_depth", "0" },
  { "antialiasing", "0" },
  { "maxpool_zero_nonmax", "0" },
};

static gboolean
read_maxpool (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  EspMaxpool *pool = &layer->maxpool;
  int h, w, size;

  if (!esp_reader_fixed (reader, fixed, G_N_ELEMENTS (fixed), error)
      || !esp_reader_strides (reader, &pool->stride_x, &pool->stride_y, error)
      || !esp_reader_int (reader, "stride", 1, 1, MOST_SIZE, &size, error)
      || !esp_reader_int (reader, "size", size, 1, MOST_SIZE, &pool->size, error)
      || !esp_reader_int (reader, "padding", pool->size - 1, 0, pool->size * 2 - 1, &pool->padding, error))
    return FALSE;
  h = layer->in.h + pool->padding - pool->size;
  w = layer->in.w + pool->padding - pool->size;
  if (h < 0 || w < 0)
    return esp_cfg_refuse (reader->cfg, reader->section, "size", ESP_ERROR_SHAPE, error,
                           "the input is %d x %d with %d of padding: expected a smaller size", layer->in.w, layer->in.h, pool->padding);
  layer->out = (EspShape){ 1, layer->in.c, h / pool->stride_y + 1, w / pool->stride_x + 1 };
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
  const EspMaxpool *pool = &layer->maxpool;
  g_autofree char *down = pool->stride_x != pool->stride_y ? g_strdup_printf (" x %d", pool->stride_y) : g_strdup ("");

  return g_strdup_printf ("%d x %d / %d%s", pool->size, pool->size, pool->stride_x, down);
}

static void
spec_maxpool (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_MAXPOOL;
  spec->geometry.size_h = spec->geometry.size_w = layer->maxpool.size;
  spec->geometry.stride_h = layer->maxpool.stride_y;
  spec->geometry.stride_w = layer->maxpool.stride_x;
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
