/* shortcut.c: the row of [shortcut], which adds earlier layers */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

#include <string.h>

static const EspFixedKey fixed[] = {
  { "assisted_excitation", "0" },
};

/* What only pjreddie's darknet reads: factors of the channels that both have. */
static const EspFixedKey pjreddies[] = {
  { "alpha", "1" },
  { "beta", "1" },
};

/* What only AlexeyAB's reads. */
static const EspFixedKey alexeys[] = {
  { "weights_type", "none" },
};

static gboolean
choose (const EspLayerReader *reader, const char *key, const char *const *words, guint *value, GError **error)
{
  const char *text = esp_cfg_get (reader->cfg, reader->section, key);
  g_autofree char *known = g_strjoinv (", ", (char **) words);

  *value = 0;
  if (text == NULL)
    return TRUE;
  for (guint i = 0; words[i] != NULL; i++)
    if (g_str_equal (words[i], text))
      {
        *value = i;
        return TRUE;
      }
  return esp_cfg_refuse (reader->cfg, reader->section, key, ESP_ERROR_UNSUPPORTED, error, "expected one of %s", known);
}

static gboolean
read_weights (const EspLayerReader *reader, EspShortcut *shortcut, GError **error)
{
  static const char *const types[] = { "none", "per_feature", "per_layer", "per_channel", NULL };
  static const char *const normals[] = { "none", "relu", "avg_relu", "softmax", NULL };
  static const EspAddWeights weights[] = { ESP_ADD_UNWEIGHTED, ESP_ADD_PER_INPUT, ESP_ADD_PER_INPUT, ESP_ADD_PER_CHANNEL };
  static const EspAddNormal how[] = { ESP_ADD_AS_IS, ESP_ADD_RELU, ESP_ADD_RELU, ESP_ADD_SOFTMAX };
  const char *old = "weights_normalizion"; /* as AlexeyAB's older texts spell it */
  const gboolean is_old = esp_cfg_get (reader->cfg, reader->section, old) != NULL;
  guint type, normal;

  if (!choose (reader, "weights_type", types, &type, error)
      || !choose (reader, is_old ? old : "weights_normalization", normals, &normal, error))
    return FALSE;
  shortcut->weights = weights[type];
  shortcut->normal = shortcut->weights != ESP_ADD_UNWEIGHTED ? how[normal] : ESP_ADD_AS_IS;
  return TRUE;
}

static gboolean
read_factors (const EspLayerReader *reader, EspShortcut *shortcut, GError **error)
{
  if (reader->dialect != ESP_DIALECT_PJREDDIE && !esp_reader_fixed (reader, pjreddies, G_N_ELEMENTS (pjreddies), error))
    return FALSE;
  if (reader->dialect == ESP_DIALECT_PJREDDIE && !esp_reader_fixed (reader, alexeys, G_N_ELEMENTS (alexeys), error))
    return FALSE;
  return esp_cfg_get_double (reader->cfg, reader->section, "alpha", 1, &shortcut->alpha, error)
         && esp_cfg_get_double (reader->cfg, reader->section, "beta", 1, &shortcut->beta, error) && read_weights (reader, shortcut, error);
}

/* Maps of one size are added by channel. pjreddie's darknet adds others too, by strides that must agree; AlexeyAB's by flat index. */
static gboolean
check_source (const EspLayerReader *reader, EspLayer *layer, int source, GError **error)
{
  const EspShape a = layer->in, b = esp_reader_shape (reader, source);

  if (a.h == b.h && a.w == b.w)
    return TRUE;
  if (reader->dialect == ESP_DIALECT_ALEXEY)
    return esp_cfg_refuse (reader->cfg, reader->section, "from", ESP_ERROR_UNSUPPORTED, error,
                           "layer %d is %d x %d x %d and layer %d is %d x %d x %d: maps of equal size are expected in AlexeyAB's dialect",
                           (int) layer->index - 1, a.w, a.h, a.c, source, b.w, b.h, b.c);
  if (a.w / b.w != a.h / b.h || b.w / a.w != b.h / a.h)
    return esp_cfg_refuse (reader->cfg, reader->section, "from", ESP_ERROR_SHAPE, error,
                           "layer %d is %d x %d and layer %d is %d x %d: expected the same stride across and down", (int) layer->index - 1,
                           a.w, a.h, source, b.w, b.h);
  if (layer->shortcut.alpha != 1 || layer->shortcut.beta != 1 || layer->shortcut.weights != ESP_ADD_UNWEIGHTED)
    return esp_cfg_refuse (reader->cfg, reader->section, "from", ESP_ERROR_UNSUPPORTED, error,
                           "maps of unequal size are only added as they are");
  layer->shortcut.strided = TRUE;
  return TRUE;
}

static gboolean
read_shortcut (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  g_autoptr (GArray) sources = NULL;

  if (!esp_reader_fixed (reader, fixed, G_N_ELEMENTS (fixed), error) || !esp_reader_sources (reader, "from", &sources, error)
      || !esp_reader_activation (reader, ESP_ACTIVATION_LINEAR, &layer->activation, error)
      || !read_factors (reader, &layer->shortcut, error))
    return FALSE;
  if (sources->len > 1 && reader->dialect == ESP_DIALECT_PJREDDIE)
    return esp_cfg_refuse (reader->cfg, reader->section, "from", ESP_ERROR_UNSUPPORTED, error,
                           "%u layers: pjreddie's dialect adds only one", sources->len);
  layer->out = layer->in;
  layer->inputs = g_renew (int, layer->inputs, sources->len + 1);
  layer->n_inputs = sources->len + 1;
  memcpy (layer->inputs + 1, sources->data, sources->len * sizeof (int));
  for (guint i = 0; i < sources->len; i++)
    if (!check_source (reader, layer, layer->inputs[i + 1], error))
      return FALSE;
  if (layer->shortcut.strided && sources->len > 1)
    return esp_cfg_refuse (reader->cfg, reader->section, "from", ESP_ERROR_UNSUPPORTED, error,
                           "%u layers of unequal sizes: only one is supported", sources->len);
  return TRUE;
}

static guint64
params_shortcut (const EspLayer *layer, guint n_in, guint n_out)
{
  switch (layer->shortcut.weights)
    {
    case ESP_ADD_PER_INPUT:
      return layer->n_inputs;
    case ESP_ADD_PER_CHANNEL:
      return (guint64) layer->n_inputs * n_out;
    case ESP_ADD_UNWEIGHTED:
      break;
    }
  return 0;
}

static double
flops_shortcut (const EspLayer *layer, guint n_in, guint n_out)
{
  const double each = (double) (layer->n_inputs - 1) * (layer->shortcut.weights != ESP_ADD_UNWEIGHTED ? 2 : 1);

  return each * n_out * layer->out.h * layer->out.w;
}

/* A channel is alive where any side still brings something; a cut asks that all agree. */
static void
flow_shortcut (const EspLayer *layer, const guint8 *const *in, const guint *n_in, guint8 *out)
{
  memcpy (out, in[0], n_in[0]);
  for (guint k = 1; k < layer->n_inputs; k++)
    for (guint i = 0; i < MIN (n_in[0], n_in[k]); i++)
      out[i] |= in[k][i];
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
  GString *text = g_string_new ("adds ");

  for (guint k = 1; k < layer->n_inputs; k++)
    g_string_append_printf (text, k > 1 ? ", %d" : "%d", layer->inputs[k]);
  g_string_append_printf (text, "%s, %s", layer->shortcut.weights != ESP_ADD_UNWEIGHTED ? ", weighted" : "",
                          esp_activation_name (layer->activation));
  return g_string_free (text, FALSE);
}

static void
spec_shortcut (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_ADD;
  spec->geometry.weights = (int) layer->shortcut.weights;
  spec->geometry.normal = (int) layer->shortcut.normal;
  spec->scale[0] = (float) layer->shortcut.alpha;
  spec->scale[1] = (float) layer->shortcut.beta;
}

static void
spec_parameters_shortcut (const EspLayer *layer, EspSpec *spec)
{
  spec_shortcut (layer, spec);
  spec->op = ESP_OP_ADD_WEIGHTS;
  spec->out.shape = (EspShape){ 1, (int) params_shortcut (layer, 0, (guint) layer->out.c), 1, 1 };
}

const EspLayerRow esp_row_shortcut = {
  .name = "shortcut",
  .read = read_shortcut,
  .spec = spec_shortcut,
  .spec_parameters = spec_parameters_shortcut,
  .params = params_shortcut,
  .flops = flops_shortcut,
  .flow = flow_shortcut,
  .check = check_shortcut,
  .describe = describe_shortcut,
};
