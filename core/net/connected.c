/* connected.c: the row of [connected]: a convolution whose window is all of its input */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

static const EspFixedKey fixed[] = {
  { "flipped", "0" },
  { "dot", "0" },
};

static gboolean
read_connected (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  EspConnected *connected = &layer->connected;
  int normalize;

  if (!esp_reader_fixed (reader, fixed, G_N_ELEMENTS (fixed), error)
      || !esp_reader_int (reader, "output", 1, 1, ESP_MOST_SIDE, &connected->output, error)
      || !esp_reader_int (reader, "batch_normalize", 0, 0, 1, &normalize, error)
      || !esp_reader_activation (reader, ESP_ACTIVATION_LOGISTIC, &layer->activation, error)) /* darknet's default, too */
    return FALSE;
  connected->batch_normalize = normalize;
  layer->out = (EspShape){ 1, connected->output, 1, 1 };
  return TRUE;
}

static guint64
count_weights (const EspLayer *layer, guint n_in, guint n_out)
{
  return (guint64) n_in * (guint64) layer->in.h * (guint64) layer->in.w * n_out;
}

static guint64
params_connected (const EspLayer *layer, guint n_in, guint n_out)
{
  return count_weights (layer, n_in, n_out) + (guint64) n_out * (layer->connected.batch_normalize ? 4 : 1);
}

static EspParams *
new_params_connected (const EspLayer *layer)
{
  const guint n_out = (guint) layer->out.c;

  return esp_params_new (n_out, count_weights (layer, (guint) layer->in.c, n_out), layer->connected.batch_normalize);
}

static char *
describe_connected (const EspLayer *layer)
{
  return g_strdup_printf ("%d of %d, %s", layer->out.c, layer->in.c * layer->in.h * layer->in.w, esp_activation_name (layer->activation));
}

static void
spec_connected (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_CONVOLUTION;
  spec->geometry = (EspGeometry){ .groups = 1, .size_h = layer->in.h, .size_w = layer->in.w, .stride_h = 1, .stride_w = 1, .dilation = 1 };
}

static void
spec_parameters_connected (const EspLayer *layer, EspSpec *spec)
{
  spec_connected (layer, spec);
  spec->op = ESP_OP_CONVOLUTION_WEIGHTS;
  spec->out.shape = (EspShape){ layer->out.c, layer->in.c, layer->in.h, layer->in.w };
}

/* AlexeyAB's total counts no operations here. */
const EspLayerRow esp_row_connected = {
  .name = "connected",
  .alias = "conn",
  .read = read_connected,
  .spec = spec_connected,
  .spec_parameters = spec_parameters_connected,
  .params = params_connected,
  .new_params = new_params_connected,
  .weights_first = TRUE,
  .describe = describe_connected,
};
