/* maxpool.c: the rows of [maxpool] and of [local_avgpool]: a window that takes the largest number or the mean */
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

/* @beyond: 1 where a window may lie beyond the border as a whole */
static gboolean
read_window (const EspLayerReader *reader, EspLayer *layer, EspMaxpool *pool, int beyond, GError **error)
{
  int h, w, size;

  if (!esp_reader_strides (reader, &pool->stride_x, &pool->stride_y, error)
      || !esp_reader_int (reader, "stride", 1, 1, MOST_SIZE, &size, error)
      || !esp_reader_int (reader, "size", size, 1, MOST_SIZE, &pool->size, error)
      || !esp_reader_int (reader, "padding", pool->size - 1, 0, pool->size * 2 - 2 + beyond, &pool->padding, error))
    return FALSE;
  h = layer->in.h + pool->padding - pool->size;
  w = layer->in.w + pool->padding - pool->size;
  if (h < 0 || w < 0)
    return esp_cfg_refuse (reader->cfg, reader->section, "size", ESP_ERROR_SHAPE, error,
                           "the input is %d x %d with %d of padding: expected a smaller size", layer->in.w, layer->in.h, pool->padding);
  layer->out = (EspShape){ 1, layer->in.c, h / pool->stride_y + 1, w / pool->stride_x + 1 };
  return TRUE;
}

static gboolean
read_maxpool (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  return esp_reader_fixed (reader, fixed, G_N_ELEMENTS (fixed), error) && read_window (reader, layer, &layer->maxpool, 1, error);
}

static gboolean
read_local_avgpool (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  return read_window (reader, layer, &layer->local_avgpool, 0, error);
}

static const EspMaxpool *
window_of (const EspLayer *layer)
{
  return layer->kind == ESP_LAYER_MAXPOOL ? &layer->maxpool : &layer->local_avgpool;
}

static double
flops_window (const EspLayer *layer, guint n_in, guint n_out)
{
  const EspMaxpool *pool = window_of (layer);

  return (double) pool->size * pool->size * n_out * layer->out.h * layer->out.w;
}

static char *
describe_window (const EspLayer *layer)
{
  const EspMaxpool *pool = window_of (layer);
  g_autofree char *down = pool->stride_x != pool->stride_y ? g_strdup_printf (" x %d", pool->stride_y) : g_strdup ("");

  return g_strdup_printf ("%d x %d / %d%s", pool->size, pool->size, pool->stride_x, down);
}

static void
spec_window (const EspLayer *layer, EspSpec *spec)
{
  const EspMaxpool *pool = window_of (layer);

  spec->op = layer->kind == ESP_LAYER_MAXPOOL ? ESP_OP_MAXPOOL : ESP_OP_AVGPOOL;
  spec->geometry.size_h = spec->geometry.size_w = pool->size;
  spec->geometry.stride_h = pool->stride_y;
  spec->geometry.stride_w = pool->stride_x;
  spec->geometry.pad = pool->padding / 2;
}

const EspLayerRow esp_row_maxpool = {
  .name = "maxpool",
  .alias = "max",
  .read = read_maxpool,
  .spec = spec_window,
  .flops = flops_window,
  .flow = esp_flow_pass,
  .describe = describe_window,
};

const EspLayerRow esp_row_local_avgpool = {
  .name = "local_avgpool",
  .alias = "local_avg",
  .read = read_local_avgpool,
  .spec = spec_window,
  .flops = flops_window,
  .flow = esp_flow_pass,
  .describe = describe_window,
};
