/* joint.c: a shortcut in ONNX operators: sums of what both have, by factors or learned weights */
#define G_LOG_DOMAIN "esp-onnx"
#include "config.h"

#include "onnx/private.h"

#include <math.h>

static EspShape
shape_of (const EspOnnxExport *one, int layer)
{
  return layer < 0 ? esp_network_get_input (one->network) : esp_network_get_layer (one->network, (guint) layer)->out;
}

/* The factor of input @i at channel @c after the normalisation over inputs. */
static double
learned (const EspLayer *layer, const EspParams *params, guint i, guint c)
{
  const guint each = (guint) (params->n_weights / layer->n_inputs);
  const guint at = each == 1 ? 0 : c;
  double sum = 0, most = -HUGE_VAL;

  for (guint k = 0; k < layer->n_inputs; k++)
    most = fmax (most, (double) params->weights[k * each + at]);
  for (guint k = 0; k < layer->n_inputs; k++)
    {
      const double w = (double) params->weights[k * each + at];

      sum += layer->shortcut.normal == ESP_ADD_SOFTMAX ? exp (w - most) : fmax (w, 0);
    }
  switch (layer->shortcut.normal)
    {
    case ESP_ADD_AS_IS:
      return (double) params->weights[i * each + at];
    case ESP_ADD_RELU:
      return fmax ((double) params->weights[i * each + at], 0) / (sum + 1e-4);
    case ESP_ADD_SOFTMAX:
      break;
    }
  return exp ((double) params->weights[i * each + at] - most) / (sum + 1e-4);
}

/* Input @i times its factors; @value where they are all 1. */
static const char *
weigh (EspOnnxExport *one, const EspLayer *layer, guint i, const char *value, int channels)
{
  const EspShortcut *shortcut = &layer->shortcut;
  const EspParams *params = esp_weights_get (one->weights, layer->index);
  const gint64 dims[] = { 1, channels, 1, 1 };
  float *factors;

  if (shortcut->weights == ESP_ADD_UNWEIGHTED && (i > 1 || (i == 0 ? shortcut->alpha : shortcut->beta) == 1))
    return value;
  factors = g_new (float, channels);
  for (int c = 0; c < channels; c++)
    factors[c] = (float) (shortcut->weights != ESP_ADD_UNWEIGHTED ? learned (layer, params, i, (guint) c)
                          : i == 0                                ? shortcut->alpha
                                                                  : shortcut->beta);
  return ESP_ONNX_NODE (one->graph, "Mul", NULL, value, esp_onnx_floats (one->graph, NULL, dims, G_N_ELEMENTS (dims), factors));
}

/* pjreddie's shortcut takes every s-th pixel of a larger map. */
static const char *
thin (EspOnnxExport *one, const char *value, EspShape from, EspShape to)
{
  const gint64 step = from.w / to.w;

  return ESP_ONNX_NODE (one->graph, "Slice", NULL, value, ESP_ONNX_INTS (one->graph, 0, 0),
                        ESP_ONNX_INTS (one->graph, step * to.h, step * to.w), ESP_ONNX_INTS (one->graph, 2, 3),
                        ESP_ONNX_INTS (one->graph, step, step));
}

/* Adds input @i to @sum; channels that only the first input has stay as they are. */
static const char *
add_input (EspOnnxExport *one, const EspLayer *layer, guint i, const char *sum)
{
  const EspShape shape = shape_of (one, layer->inputs[i]);
  const int common = MIN (shape.c, layer->out.c);
  const char *value = esp_onnx_value (one, layer->inputs[i]), *first = sum;

  if (shape.c > common)
    value = esp_onnx_slice (one->graph, value, 1, 0, common);
  if (shape.w > layer->out.w)
    value = thin (one, value, shape, layer->out);
  if (common < layer->out.c)
    first = esp_onnx_slice (one->graph, sum, 1, 0, common);
  value = ESP_ONNX_NODE (one->graph, "Add", NULL, first, weigh (one, layer, i, value, common));
  if (common == layer->out.c)
    return value;
  value = ESP_ONNX_NODE (one->graph, "Concat", NULL, value, esp_onnx_slice (one->graph, sum, 1, common, layer->out.c));
  esp_onnx_set_int (one->graph, "axis", 1);
  return value;
}

/**
 * esp_onnx_add_joint:
 * @one: the export
 * @layer: a shortcut
 * @name: of its output
 * @value: (out): what it came to be called
 * @error: ESP_ERROR_UNSUPPORTED
 *
 * Learned weights become constants.
 */
gboolean
esp_onnx_add_joint (EspOnnxExport *one, const EspLayer *layer, const char *name, const char **value, GError **error)
{
  g_autofree char *what = g_strdup_printf ("the activation %s", esp_activation_name (layer->activation));
  const char *sum = weigh (one, layer, 0, esp_onnx_value (one, layer->inputs[0]), layer->out.c);

  for (guint i = 1; i < layer->n_inputs; i++)
    {
      const EspShape shape = shape_of (one, layer->inputs[i]);

      if (shape.w < layer->out.w)
        return esp_onnx_refuse (layer, "a smaller map added onto every other pixel", error);
      if (layer->shortcut.alpha != 1 && shape.c < layer->out.c)
        return esp_onnx_refuse (layer, "a factor of a part of the channels", error);
      sum = add_input (one, layer, i, sum);
    }
  *value = esp_onnx_activate (one->graph, layer->activation, sum, name);
  return *value != NULL || esp_onnx_refuse (layer, what, error);
}
