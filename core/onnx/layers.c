/* layers.c: each kind of layer in ONNX operators */
#define G_LOG_DOMAIN "esp-onnx"
#include "config.h"

#include "onnx/private.h"

#include "base/error.h"

#include <string.h>

/* What a kind of layer needs to say its output. */
typedef gboolean (*Emit) (EspOnnxExport *one, const EspLayer *layer, const char *name, const char **value, GError **error);

/** esp_onnx_refuse: says why @layer cannot be written. Returns: FALSE. */
gboolean
esp_onnx_refuse (const EspLayer *layer, const char *what, GError **error)
{
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "layer %u (%s, line %u of the cfg): %s cannot be said in ONNX operators",
               layer->index, esp_layer_kind_name (layer->kind), layer->line, what);
  return FALSE;
}

/** esp_onnx_value: Returns: (transfer none): what the output of @layer is called; -1 is the image. */
const char *
esp_onnx_value (const EspOnnxExport *one, int layer)
{
  return layer < 0 ? "image" : one->values[layer];
}

/** esp_onnx_slice: Returns: (transfer none): the numbers @from up to, not including, @to along @axis. */
const char *
esp_onnx_slice (EspOnnxGraph *graph, const char *value, gint64 axis, gint64 from, gint64 to)
{
  return ESP_ONNX_NODE (graph, "Slice", NULL, value, ESP_ONNX_INTS (graph, from), ESP_ONNX_INTS (graph, to), ESP_ONNX_INTS (graph, axis),
                        ESP_ONNX_INTS (graph, 1));
}

static const char *
input_of (const EspOnnxExport *one, const EspLayer *layer, guint i)
{
  return esp_onnx_value (one, layer->inputs[i]);
}

static gboolean
activate (EspOnnxExport *one, const EspLayer *layer, const char *linear, const char *name, const char **value, GError **error)
{
  g_autofree char *what = g_strdup_printf ("the activation %s", esp_activation_name (layer->activation));

  *value = layer->activation == ESP_ACTIVATION_LINEAR ? linear : esp_onnx_activate (one->graph, layer->activation, linear, name);
  return *value != NULL || esp_onnx_refuse (layer, what, error);
}

/* Weights and biases with the batch normalisation folded in, in double. */
static void
fold (const EspParams *params, EspBnForm form, float *weights, float *biases)
{
  const gsize each = params->n_weights / params->filters;

  for (gsize f = 0; f < params->filters; f++)
    {
      const double gain = params->scales != NULL ? (double) params->scales[f] / esp_bn_sigma (params->variances[f], form) : 1;

      biases[f] = (float) ((double) params->biases[f] - (params->scales != NULL ? gain * (double) params->means[f] : 0));
      for (gsize i = f * each; i < (f + 1) * each; i++)
        weights[i] = (float) (gain * (double) params->weights[i]);
    }
}

/* A connected layer is a convolution whose window is all of its input. */
static const char *
convolve (EspOnnxExport *one, const EspLayer *layer, const char *name, const gint64 *dims)
{
  const EspParams *params = esp_weights_get (one->weights, layer->index);
  const gint64 filters = params->filters;
  float *weights = g_new (float, params->n_weights), *biases = g_new (float, params->filters);
  g_autofree char *w = g_strdup_printf ("weights_%u", layer->index);
  g_autofree char *b = g_strdup_printf ("biases_%u", layer->index);
  const char *out;

  fold (params, one->bn, weights, biases);
  out = ESP_ONNX_NODE (one->graph, "Conv", name, input_of (one, layer, 0), esp_onnx_floats (one->graph, w, dims, 4, weights),
                       esp_onnx_floats (one->graph, b, &filters, 1, biases));
  ESP_ONNX_SET_INTS (one->graph, "kernel_shape", dims[2], dims[3]);
  return out;
}

static gboolean
emit_convolutional (EspOnnxExport *one, const EspLayer *layer, const char *name, const char **value, GError **error)
{
  const EspConvolutional *conv = &layer->conv;
  const gint64 dims[] = { conv->filters, layer->in.c / conv->groups, conv->size, conv->size };
  const char *linear = convolve (one, layer, layer->activation == ESP_ACTIVATION_LINEAR ? name : NULL, dims);

  ESP_ONNX_SET_INTS (one->graph, "strides", conv->stride_y, conv->stride_x);
  ESP_ONNX_SET_INTS (one->graph, "pads", conv->pad, conv->pad, conv->pad, conv->pad);
  ESP_ONNX_SET_INTS (one->graph, "dilations", conv->dilation, conv->dilation);
  esp_onnx_set_int (one->graph, "group", conv->groups);
  return activate (one, layer, linear, name, value, error);
}

static gboolean
emit_connected (EspOnnxExport *one, const EspLayer *layer, const char *name, const char **value, GError **error)
{
  const gint64 dims[] = { layer->out.c, layer->in.c, layer->in.h, layer->in.w };

  return activate (one, layer, convolve (one, layer, layer->activation == ESP_ACTIVATION_LINEAR ? name : NULL, dims), name, value, error);
}

/* What darknet pads with behind is what it needs for the last window: both say the output's size alike. */
static gboolean
emit_window (EspOnnxExport *one, const EspLayer *layer, const char *name, const char **value, GError **error)
{
  const gboolean mean = layer->kind == ESP_LAYER_LOCAL_AVGPOOL;
  const EspMaxpool *pool = mean ? &layer->local_avgpool : &layer->maxpool;
  const int before = pool->padding / 2, behind = pool->padding - before;

  if (MAX (before, behind) >= pool->size && pool->padding > 0)
    return esp_onnx_refuse (layer, "a padding as wide as the window", error);
  *value = ESP_ONNX_NODE (one->graph, mean ? "AveragePool" : "MaxPool", name, input_of (one, layer, 0));
  ESP_ONNX_SET_INTS (one->graph, "kernel_shape", pool->size, pool->size);
  ESP_ONNX_SET_INTS (one->graph, "strides", pool->stride_y, pool->stride_x);
  ESP_ONNX_SET_INTS (one->graph, "pads", before, before, behind, behind);
  return TRUE;
}

static gboolean
emit_avgpool (EspOnnxExport *one, const EspLayer *layer, const char *name, const char **value, GError **error)
{
  *value = ESP_ONNX_NODE (one->graph, "GlobalAveragePool", name, input_of (one, layer, 0));
  return TRUE;
}

static gboolean
emit_upsample (EspOnnxExport *one, const EspLayer *layer, const char *name, const char **value, GError **error)
{
  const gint64 dims[] = { 4 };
  const float stride = (float) layer->upsample.stride, scales[] = { 1, 1, stride, stride };
  const gboolean scaled = layer->upsample.scale != 1;

  *value = ESP_ONNX_NODE (one->graph, "Resize", scaled ? NULL : name, input_of (one, layer, 0),
                          esp_onnx_floats (one->graph, NULL, (const gint64[]){ 0 }, 1, g_new (float, 1)),
                          esp_onnx_floats (one->graph, NULL, dims, 1, g_memdup2 (scales, sizeof scales)));
  esp_onnx_set_string (one->graph, "mode", "nearest");
  esp_onnx_set_string (one->graph, "coordinate_transformation_mode", "asymmetric");
  esp_onnx_set_string (one->graph, "nearest_mode", "floor");
  if (scaled)
    *value = ESP_ONNX_NODE (one->graph, "Mul", name, *value, esp_onnx_number (one->graph, (float) layer->upsample.scale));
  return TRUE;
}

/* Of each source all channels or one part, behind one another. */
static gboolean
emit_route (EspOnnxExport *one, const EspLayer *layer, const char *name, const char **value, GError **error)
{
  g_autofree const char **parts = g_new (const char *, layer->n_inputs);

  for (guint i = 0; i < layer->n_inputs; i++)
    {
      const int from = layer->inputs[i];
      const int all = from < 0 ? esp_network_get_input (one->network).c : esp_network_get_layer (one->network, (guint) from)->out.c;
      const int each = all / layer->route.groups;

      parts[i] = input_of (one, layer, i);
      if (layer->route.groups > 1)
        parts[i] = esp_onnx_slice (one->graph, parts[i], 1, layer->route.group * each, (layer->route.group + 1) * each);
    }
  *value = parts[0];
  if (layer->n_inputs > 1)
    {
      *value = esp_onnx_node (one->graph, "Concat", name, parts, layer->n_inputs);
      esp_onnx_set_int (one->graph, "axis", 1);
    }
  return TRUE;
}

static gboolean
emit_product (EspOnnxExport *one, const EspLayer *layer, const char *name, const char **value, GError **error)
{
  const char *linear = ESP_ONNX_NODE (one->graph, "Mul", layer->activation == ESP_ACTIVATION_LINEAR ? name : NULL, input_of (one, layer, 1),
                                      input_of (one, layer, 0));

  return activate (one, layer, linear, name, value, error);
}

static const char *
reshape (EspOnnxGraph *graph, const char *value, const char *name, const gint64 *dims, guint n)
{
  return ESP_ONNX_NODE (graph, "Reshape", name, value, esp_onnx_ints (graph, dims, n));
}

/* [reorg]: the memory of the input is read as c / s² planes of h s x w s, of which each s x s becomes channels. */
static const char *
reorg_flat (EspOnnxExport *one, const EspLayer *layer, const char *name)
{
  const int s = layer->reorg.stride;
  const gint64 planes[] = { layer->in.c / (s * s), layer->in.h, s, layer->in.w, s },
               out[] = { 1, layer->out.c, layer->out.h, layer->out.w };
  const char *value = reshape (one->graph, input_of (one, layer, 0), NULL, planes, G_N_ELEMENTS (planes));

  value = ESP_ONNX_NODE (one->graph, "Transpose", NULL, value);
  ESP_ONNX_SET_INTS (one->graph, "perm", 2, 4, 0, 1, 3);
  return reshape (one->graph, value, name, out, G_N_ELEMENTS (out));
}

/* Every number a channel of its own, then zeros. */
static const char *
reorg_apart (EspOnnxExport *one, const EspLayer *layer, const char *name)
{
  const gint64 all = (gint64) esp_shape_count (layer->in), flat[] = { 1, all, 1, 1 }, rest[] = { 1, layer->out.c - all, 1, 1 };
  const char *zeros = esp_onnx_floats (one->graph, NULL, rest, G_N_ELEMENTS (rest), g_new0 (float, rest[1]));
  const char *value
      = ESP_ONNX_NODE (one->graph, "Concat", name, reshape (one->graph, input_of (one, layer, 0), NULL, flat, G_N_ELEMENTS (flat)), zeros);

  esp_onnx_set_int (one->graph, "axis", 1);
  return value;
}

static gboolean
emit_reorg (EspOnnxExport *one, const EspLayer *layer, const char *name, const char **value, GError **error)
{
  if (layer->reorg.extra > 0)
    *value = reorg_apart (one, layer, name);
  else if (!layer->reorg.reverse && layer->kind == ESP_LAYER_REORG)
    *value = reorg_flat (one, layer, name);
  else
    {
      *value = ESP_ONNX_NODE (one->graph, layer->reorg.reverse ? "DepthToSpace" : "SpaceToDepth", name, input_of (one, layer, 0));
      esp_onnx_set_int (one->graph, "blocksize", layer->reorg.stride);
    }
  return TRUE;
}

static gboolean
emit_softmax (EspOnnxExport *one, const EspLayer *layer, const char *name, const char **value, GError **error)
{
  const gint64 groups = layer->softmax.groups, all = (gint64) esp_shape_count (layer->in);
  const gint64 parts[] = { groups, all / groups }, out[] = { 1, layer->out.c, layer->out.h, layer->out.w };

  if (layer->softmax.tree != NULL)
    return esp_onnx_refuse (layer, "a tree of classes", error);
  *value = reshape (one->graph, input_of (one, layer, 0), NULL, parts, G_N_ELEMENTS (parts));
  if (layer->softmax.temperature != 1)
    *value = ESP_ONNX_NODE (one->graph, "Div", NULL, *value, esp_onnx_number (one->graph, (float) layer->softmax.temperature));
  *value = ESP_ONNX_NODE (one->graph, "Softmax", NULL, *value);
  esp_onnx_set_int (one->graph, "axis", 1);
  *value = reshape (one->graph, *value, name, out, G_N_ELEMENTS (out));
  return TRUE;
}

/* Dropout and cost pass on what they read. */
static gboolean
emit_nothing (EspOnnxExport *one, const EspLayer *layer, const char *name, const char **value, GError **error)
{
  *value = input_of (one, layer, 0);
  return TRUE;
}

static const Emit emits[ESP_N_LAYER_KINDS] = {
  [ESP_LAYER_CONVOLUTIONAL] = emit_convolutional,
  [ESP_LAYER_MAXPOOL] = emit_window,
  [ESP_LAYER_LOCAL_AVGPOOL] = emit_window,
  [ESP_LAYER_UPSAMPLE] = emit_upsample,
  [ESP_LAYER_ROUTE] = emit_route,
  [ESP_LAYER_SHORTCUT] = esp_onnx_add_joint,
  [ESP_LAYER_DROPOUT] = emit_nothing,
  [ESP_LAYER_COST] = emit_nothing,
  [ESP_LAYER_SOFTMAX] = emit_softmax,
  [ESP_LAYER_SCALE_CHANNELS] = emit_product,
  [ESP_LAYER_SAM] = emit_product,
  [ESP_LAYER_REORG] = emit_reorg,
  [ESP_LAYER_REORG3D] = emit_reorg,
  [ESP_LAYER_AVGPOOL] = emit_avgpool,
  [ESP_LAYER_CONNECTED] = emit_connected,
};

/**
 * esp_onnx_add_layer:
 * @one: the export
 * @layer: the next layer of its network
 * @error: ESP_ERROR_UNSUPPORTED, naming the layer and its line in the cfg
 *
 * A layer's output is called layer_N; heads give boxes and scores instead.
 */
gboolean
esp_onnx_add_layer (EspOnnxExport *one, const EspLayer *layer, GError **error)
{
  g_autofree char *name = g_strdup_printf ("layer_%u", layer->index);

  if (esp_layer_is_head (layer))
    return esp_onnx_add_head (one, layer, error);
  if (emits[layer->kind] == NULL)
    return esp_onnx_refuse (layer, "this kind of layer", error);
  return emits[layer->kind](one, layer, name, &one->values[layer->index], error);
}
