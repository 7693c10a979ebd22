/* reorg.c: the rows of [reorg] and [reorg3d], which turn pixels into channels and back */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

static const EspFixedKey fixed[] = {
  { "flatten", "0" },
};

static EspReorgWay
way_of (const EspLayer *layer)
{
  if (layer->reorg.extra > 0)
    return ESP_REORG_APART;
  if (layer->reorg.reverse)
    return ESP_REORG_WIDER;
  return layer->kind == ESP_LAYER_REORG ? ESP_REORG_FLAT : ESP_REORG_DEEPER;
}

/* Without whole s x s squares darknet writes past its memory; its [reorg] reads s² channels as one plane. */
static gboolean
check_sizes (const EspLayerReader *reader, const EspLayer *layer, GError **error)
{
  const int s = layer->reorg.stride;

  if (!layer->reorg.reverse && (layer->in.h % s != 0 || layer->in.w % s != 0))
    return esp_cfg_refuse (reader->cfg, reader->section, "stride", ESP_ERROR_SHAPE, error,
                           "the input is %d x %d: expected a divisor of both", layer->in.w, layer->in.h);
  if (way_of (layer) != ESP_REORG_DEEPER && layer->in.c % (s * s) != 0)
    return esp_cfg_refuse (reader->cfg, reader->section, "stride", ESP_ERROR_SHAPE, error, "%d channels come in: expected a multiple of %d",
                           layer->in.c, s * s);
  if ((gint64) layer->in.c * s * s > ESP_MOST_SIDE || (gint64) layer->in.h * s > ESP_MOST_SIDE || (gint64) layer->in.w * s > ESP_MOST_SIDE)
    return esp_cfg_refuse (reader->cfg, reader->section, "stride", ESP_ERROR_LIMIT, error,
                           "at most %d channels, rows and columns are accepted", ESP_MOST_SIDE);
  return TRUE;
}

/* What a classifier of places says of all of them and of none (darknet's Go). */
static gboolean
read_apart (const EspLayerReader *reader, EspLayer *layer, int extra, GError **error)
{
  const guint64 all = esp_shape_count (layer->in) + (guint64) extra;

  if (layer->reorg.stride != 1 || layer->reorg.reverse || layer->kind != ESP_LAYER_REORG)
    return esp_cfg_refuse (reader->cfg, reader->section, "extra", ESP_ERROR_UNSUPPORTED, error,
                           "only in [reorg], with stride=1 and without reverse");
  if (all > ESP_MOST_SIDE)
    return esp_cfg_refuse (reader->cfg, reader->section, "extra", ESP_ERROR_LIMIT, error,
                           "%" G_GUINT64_FORMAT " numbers, at most %d are accepted", all, ESP_MOST_SIDE);
  layer->reorg.extra = extra;
  layer->out = (EspShape){ 1, (int) all, 1, 1 };
  return TRUE;
}

static gboolean
read_reorg (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  int s, reverse, extra;

  if (!esp_reader_fixed (reader, fixed, G_N_ELEMENTS (fixed), error) || !esp_reader_int (reader, "stride", 1, 1, 256, &s, error)
      || !esp_reader_int (reader, "reverse", 0, 0, 1, &reverse, error)
      || !esp_reader_int (reader, "extra", 0, 0, ESP_MOST_SIDE, &extra, error))
    return FALSE;
  layer->reorg = (EspReorg){ s, reverse, 0 };
  if (extra > 0)
    return read_apart (reader, layer, extra, error);
  if (!check_sizes (reader, layer, error))
    return FALSE;
  layer->out = reverse ? (EspShape){ 1, layer->in.c / (s * s), layer->in.h * s, layer->in.w * s }
                       : (EspShape){ 1, layer->in.c * s * s, layer->in.h / s, layer->in.w / s };
  return TRUE;
}

static void
spec_reorg (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_REORG;
  spec->geometry.stride = layer->reorg.stride;
  spec->geometry.way = (int) way_of (layer);
}

/**
 * esp_reorg_sources:
 * @layer: a [reorg] or [reorg3d]
 * @channel: a channel of its output
 * @first: (out): the first channel of its input that the numbers come from
 * @step: (out): how far it is to the next
 *
 * Returns: how many there are: 1, stride² that can only be cut together, or 0 of a channel of zeros. Thread: any.
 */
guint
esp_reorg_sources (const EspLayer *layer, guint channel, guint *first, guint *step)
{
  const guint area = (guint) (layer->reorg.stride * layer->reorg.stride), planes = (guint) layer->in.c / area;
  const guint pixels = (guint) layer->in.h * (guint) layer->in.w;

  switch (way_of (layer))
    {
    case ESP_REORG_FLAT:
      *first = channel / area % planes * area;
      *step = 1;
      return area;
    case ESP_REORG_WIDER:
      *first = channel;
      *step = planes;
      return area;
    case ESP_REORG_APART:
      *first = MIN (channel / pixels, (guint) layer->in.c - 1);
      *step = 0;
      return channel / pixels < (guint) layer->in.c;
    case ESP_REORG_DEEPER:
      break;
    }
  *first = channel % (guint) layer->in.c;
  *step = 0;
  return 1;
}

/* A channel is alive where any of its sources is; a cut asks that all agree. */
static void
flow_reorg (const EspLayer *layer, const guint8 *const *in, const guint *n_in, guint8 *out)
{
  for (guint c = 0; c < (guint) layer->out.c; c++)
    {
      guint first, step;
      const guint n = esp_reorg_sources (layer, c, &first, &step);

      out[c] = n == 0;
      for (guint i = 0; i < n; i++)
        out[c] |= in[0][first + i * step];
    }
}

static gboolean
check_reorg (const EspLayer *layer, const guint8 *const *in, const guint *n_in, const guint8 *out, GError **error)
{
  for (guint c = 0; c < (guint) layer->out.c; c++)
    {
      guint first, step;
      const guint n = esp_reorg_sources (layer, c, &first, &step);

      for (guint i = 1; i < n; i++)
        if (in[0][first + i * step] != in[0][first])
          {
            g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE,
                         "layer %u [%s] makes one channel of %u: of layer %d, channel %u is %s and channel %u is %s: expected both or none",
                         layer->index, esp_layer_kind_name (layer->kind), n, layer->inputs[0], first, in[0][first] ? "kept" : "cut",
                         first + i * step, in[0][first] ? "cut" : "kept");
            return FALSE;
          }
    }
  return TRUE;
}

static char *
describe_reorg (const EspLayer *layer)
{
  if (layer->reorg.extra > 0)
    return g_strdup_printf ("apart, %d more", layer->reorg.extra);
  return g_strdup_printf ("%s %d", layer->reorg.reverse ? "x" : "/", layer->reorg.stride);
}

const EspLayerRow esp_row_reorg = {
  .name = "reorg",
  .read = read_reorg,
  .spec = spec_reorg,
  .flow = flow_reorg,
  .check = check_reorg,
  .describe = describe_reorg,
};

const EspLayerRow esp_row_reorg3d = {
  .name = "reorg3d",
  .read = read_reorg,
  .spec = spec_reorg,
  .flow = flow_reorg,
  .check = check_reorg,
  .describe = describe_reorg,
};
