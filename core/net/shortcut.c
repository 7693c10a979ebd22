/* shortcut.c: the row of [shortcut], which adds an earlier layer */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

static const EspFixedKey fixed[] = {
  { "weights_type", "none" },
  { "weights_normalization", "none" },
  { "weights_normalizion", "none" }, /* as AlexeyAB's older texts spell it */
  { "assisted_excitation", "0" },
  { "alpha", "1" },
  { "beta", "1" },
};

static gboolean
read_shortcut (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  g_autoptr (GArray) sources = NULL;
  EspShape other;
  int *inputs;

  if (!esp_reader_fixed (reader, fixed, G_N_ELEMENTS (fixed), error) || !esp_reader_sources (reader, "from", &sources, error)
      || !esp_reader_activation (reader, ESP_ACTIVATION_LINEAR, &layer->activation, error))
    return FALSE;
  if (sources->len != 1)
    return esp_cfg_refuse (reader->cfg, reader->section, "from", ESP_ERROR_UNSUPPORTED, error, "%u layers: only one is supported",
                           sources->len);
  other = esp_reader_shape (reader, g_array_index (sources, int, 0));
  if (!esp_shape_equal (other, layer->in))
    return esp_cfg_refuse (reader->cfg, reader->section, "from", ESP_ERROR_UNSUPPORTED, error,
                           "layer %d is %d x %d x %d and layer %d is %d x %d x %d: only equal sizes are added", (int) layer->index - 1,
                           layer->in.w, layer->in.h, layer->in.c, g_array_index (sources, int, 0), other.w, other.h, other.c);
  layer->out = layer->in;
  inputs = g_new (int, 2);
  inputs[0] = layer->inputs[0];
  inputs[1] = g_array_index (sources, int, 0);
  g_free (layer->inputs);
  layer->inputs = inputs;
  layer->n_inputs = 2;
  return TRUE;
}

static double
flops_shortcut (const EspLayer *layer, guint n_in, guint n_out)
{
  return (double) n_out * layer->out.h * layer->out.w;
}

/* A channel is alive where either side still brings something; a cut asks that both agree. */
static void
flow_shortcut (const EspLayer *layer, const guint8 *const *in, const guint *n_in, guint8 *out)
{
  for (guint i = 0; i < n_in[0]; i++)
    out[i] = in[0][i] | in[1][i];
}

static gboolean
check_shortcut (const EspLayer *layer, const guint8 *const *in, const guint *n_in, const guint8 *out, GError **error)
{
  for (guint k = 1; k < layer->n_inputs; k++)
    for (int c = 0; c < MIN (layer->out.c, (int) n_in[k]); c++)
      if (!esp_check_joined (layer, 0, k, c, in, error))
        return FALSE;
  return TRUE;
}

static char *
describe_shortcut (const EspLayer *layer)
{
  return g_strdup_printf ("adds %d, %s", layer->inputs[1], esp_activation_name (layer->activation));
}

static void
spec_shortcut (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_ADD;
}

const EspLayerRow esp_row_shortcut = {
  .name = "shortcut",
  .read = read_shortcut,
  .spec = spec_shortcut,
  .flops = flops_shortcut,
  .flow = flow_shortcut,
  .check = check_shortcut,
  .describe = describe_shortcut,
};
