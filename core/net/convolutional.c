/* convolutional.c: the row of [convolutional] */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

/* AlexeyAB's and pjreddie's options that would change what comes out, or what the weights file holds. */
static const EspFixedKey fixed[] = {
  { "antialiasing", "0" }, { "assisted_excitation", "0" },
  { "share_index", NULL }, { "cbn", "0" },
  { "binary", "0" },       { "xnor", "0" },
  { "bin_output", "0" },   { "use_bin_output", "0" },
  { "sway", "0" },         { "rotate", "0" },
  { "stretch", "0" },      { "stretch_sway", "0" },
  { "coordconv", "0" },    { "reverse", "0" },
  { "flipped", "0" },      { "dot", "0" },
  { "deform", "0" },
};

static gboolean
read_options (const EspLayerReader *reader, EspConvolutional *conv, GError **error)
{
  int pad, padding, normalize;

  if (!esp_reader_int (reader, "filters", 1, 1, ESP_MOST_SIDE, &conv->filters, error)
      || !esp_reader_int (reader, "groups", 1, 1, ESP_MOST_SIDE, &conv->groups, error)
      || !esp_reader_int (reader, "size", 1, 1, 1023, &conv->size, error)
      || !esp_reader_strides (reader, &conv->stride_x, &conv->stride_y, error)
      || !esp_reader_int (reader, "dilation", 1, 1, 1024, &conv->dilation, error)
      || !esp_reader_int (reader, "pad", 0, 0, G_MAXINT, &pad, error) || !esp_reader_int (reader, "padding", 0, 0, 1023, &padding, error)
      || !esp_reader_int (reader, "batch_normalize", 0, 0, 1, &normalize, error))
    return FALSE;
  conv->pad = pad != 0 ? conv->size / 2 : padding;
  if (conv->size == 1)
    conv->dilation = 1;
  conv->batch_normalize = normalize;
  return TRUE;
}

/* AlexeyAB's size of the output knows nothing of the dilation, which moves the border out as far as the window grows: with other padding
 * than half the window the two do not meet, and what it computes then is undefined. */
static gboolean
check_dilation (const EspLayerReader *reader, const EspConvolutional *conv, GError **error)
{
  if (conv->dilation == 1 || 2 * conv->pad == conv->size - 1)
    return TRUE;
  return esp_cfg_refuse (reader->cfg, reader->section, "dilation", ESP_ERROR_UNSUPPORTED, error,
                         "a window of %d with %d of padding: expected an odd one, and pad=1", conv->size, conv->pad);
}

static gboolean
read_convolutional (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  EspConvolutional *conv = &layer->conv;
  int h, w;

  if (!esp_reader_fixed (reader, fixed, G_N_ELEMENTS (fixed), error) || !read_options (reader, conv, error)
      || !esp_reader_activation (reader, ESP_ACTIVATION_LOGISTIC, &layer->activation, error)) /* darknet's default, too */
    return FALSE;
  if (!check_dilation (reader, conv, error))
    return FALSE;
  if (layer->in.c % conv->groups != 0 || conv->filters % conv->groups != 0)
    return esp_cfg_refuse (reader->cfg, reader->section, "groups", ESP_ERROR_SHAPE, error,
                           "expected a divisor of the %d channels that come in and of the %d filters", layer->in.c, conv->filters);
  h = layer->in.h + 2 * conv->pad - conv->size;
  w = layer->in.w + 2 * conv->pad - conv->size;
  if (h < 0 || w < 0)
    return esp_cfg_refuse (reader->cfg, reader->section, "size", ESP_ERROR_SHAPE, error,
                           "the input is %d x %d with %d of padding: expected a smaller size", layer->in.w, layer->in.h, conv->pad);
  layer->out = (EspShape){ 1, conv->filters, h / conv->stride_y + 1, w / conv->stride_x + 1 };
  return TRUE;
}

/* A depthwise convolution has as many groups as channels are kept; other groups stay. */
static guint64
count_weights (const EspLayer *layer, guint n_in, guint n_out)
{
  const EspConvolutional *conv = &layer->conv;
  const guint64 per_filter = esp_layer_is_depthwise (layer) ? 1 : n_in / (guint64) conv->groups;

  return per_filter * n_out * (guint64) conv->size * (guint64) conv->size;
}

static guint64
params_convolutional (const EspLayer *layer, guint n_in, guint n_out)
{
  return count_weights (layer, n_in, n_out) + (guint64) n_out * (layer->conv.batch_normalize ? 4 : 1);
}

static EspParams *
new_params_convolutional (const EspLayer *layer)
{
  const guint filters = (guint) layer->conv.filters;

  return esp_params_new (filters, count_weights (layer, (guint) layer->in.c, filters), layer->conv.batch_normalize);
}

static double
flops_convolutional (const EspLayer *layer, guint n_in, guint n_out)
{
  return 2.0 * (double) count_weights (layer, n_in, n_out) * layer->out.h * layer->out.w;
}

static gboolean
check_depthwise (const EspLayer *layer, const guint8 *in, const guint8 *out, GError **error)
{
  const int each = layer->out.c / layer->in.c;

  for (int i = 0; i < layer->out.c; i++)
    if (in[i / each] != out[i])
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE,
                     "layer %u [convolutional] is depthwise: channel %d is %s in it and channel %d is %s in layer %d that it reads: "
                     "expected both or none",
                     layer->index, i, out[i] ? "kept" : "cut", i / each, in[i / each] ? "kept" : "cut", layer->inputs[0]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_groups (const EspLayer *layer, const char *side, const guint8 *bits, int channels, GError **error)
{
  const int per_group = channels / layer->conv.groups;
  const guint first = esp_count_kept (bits, per_group);

  for (int group = 0; group < layer->conv.groups; group++)
    if (esp_count_kept (bits + group * per_group, per_group) != first || first == 0)
      {
        g_set_error (
            error, ESP_ERROR, ESP_ERROR_SHAPE,
            "layer %u [convolutional] has %d groups: of the channels that %s, %u are kept in group 0 and %u in group %d: expected as "
            "many in each, and at least one",
            layer->index, layer->conv.groups, side, first, esp_count_kept (bits + group * per_group, per_group), group);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_convolutional (const EspLayer *layer, const guint8 *const *in, const guint *n_in, const guint8 *out, GError **error)
{
  if (esp_count_kept (out, layer->out.c) == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %u [convolutional]: all %d channels are cut: expected at least one kept",
                   layer->index, layer->out.c);
      return FALSE;
    }
  if (layer->conv.groups == 1)
    return TRUE;
  if (esp_layer_is_depthwise (layer))
    return check_depthwise (layer, in[0], out, error);
  return check_groups (layer, "come in", in[0], layer->in.c, error) && check_groups (layer, "go out", out, layer->out.c, error);
}

static char *
describe_convolutional (const EspLayer *layer)
{
  const EspConvolutional *conv = &layer->conv;
  const gboolean depthwise = esp_layer_is_depthwise (layer);
  g_autofree char *down = conv->stride_x != conv->stride_y ? g_strdup_printf (" x %d", conv->stride_y) : g_strdup ("");
  g_autofree char *groups = conv->groups > 1 && !depthwise ? g_strdup_printf (", %d groups", conv->groups) : g_strdup ("");
  g_autofree char *dilated = conv->dilation > 1 ? g_strdup_printf (", dilation %d", conv->dilation) : g_strdup ("");

  return g_strdup_printf ("%d x %d / %d%s %s%s%s%s", conv->size, conv->size, conv->stride_x, down, esp_activation_name (layer->activation),
                          groups, depthwise ? ", depthwise" : "", dilated);
}

static void
spec_convolutional (const EspLayer *layer, EspSpec *spec)
{
  const EspConvolutional *conv = &layer->conv;

  spec->op = ESP_OP_CONVOLUTION;
  spec->geometry.groups = conv->groups;
  spec->geometry.size_h = spec->geometry.size_w = conv->size;
  spec->geometry.stride_h = conv->stride_y;
  spec->geometry.stride_w = conv->stride_x;
  spec->geometry.pad = conv->pad * conv->dilation;
  spec->geometry.dilation = conv->dilation;
}

static void
spec_parameters_convolutional (const EspLayer *layer, EspSpec *spec)
{
  spec_convolutional (layer, spec);
  spec->op = ESP_OP_CONVOLUTION_WEIGHTS;
  spec->out.shape = (EspShape){ layer->conv.filters, layer->in.c / layer->conv.groups, layer->conv.size, layer->conv.size };
}

const EspLayerRow esp_row_convolutional = {
  .name = "convolutional",
  .alias = "conv",
  .read = read_convolutional,
  .spec = spec_convolutional,
  .spec_parameters = spec_parameters_convolutional,
  .params = params_convolutional,
  .new_params = new_params_convolutional,
  .flops = flops_convolutional,
  .check = check_convolutional,
  .describe = describe_convolutional,
};
