/* engine-compile.c: every layer's kernel, made or shared with an earlier engine */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-private.h"

#include <string.h>

#include "base/error.h"
#include "net/flow.h"
#include "net/layer-private.h"

/** esp_engine_refuse: Returns: FALSE, with an error that names cfg, line and layer. */
gboolean
esp_engine_refuse (const EspEngine *engine, const EspLayer *layer, const char *why, GError **error)
{
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s:%u: layer %u [%s]: %s",
               esp_cfg_get_name (esp_network_get_cfg (engine->network)), layer->line, layer->index, esp_layer_kind_name (layer->kind), why);
  return FALSE;
}

/* The image lies plain as long as only convolutions, of a window or of all of it, read it. */
static gboolean
image_is_plain (EspEngine *engine)
{
  for (guint i = 0; i < engine->n; i++)
    {
      const EspLayer *layer = esp_network_get_layer (engine->network, i);

      for (guint k = 0; k < layer->n_inputs; k++)
        if (layer->inputs[k] < 0 && layer->kind != ESP_LAYER_CONVOLUTIONAL && layer->kind != ESP_LAYER_CONNECTED)
          return FALSE;
    }
  return TRUE;
}

static gboolean
is_convolution (const EspLayer *layer)
{
  EspSpec spec = { 0 };

  esp_layer_row (layer->kind)->spec (layer, &spec);
  return spec.op == ESP_OP_CONVOLUTION;
}

/* Whether a convolution writes the value and only convolutions read it, so that it may lie as they like best. */
static gboolean
is_between (EspEngine *engine, const EspLayer *layer)
{
  guint n;
  const guint *readers = esp_network_get_consumers (engine->network, layer->index, &n);

  if (engine->options.mode != ESP_MODE_INFER || !is_convolution (layer) || n == 0)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!is_convolution (esp_network_get_layer (engine->network, readers[i])))
      return FALSE;
  return TRUE;
}

/* Whether a layer shares the place of what it reads; in training dropout has one of its own. */
static gboolean
is_alias (const EspEngine *engine, const EspLayer *layer)
{
  return esp_layer_is_alias (layer) && (engine->options.mode != ESP_MODE_TRAIN || layer->kind != ESP_LAYER_DROPOUT);
}

/** esp_engine_lay_out: makes the steps: how each value lies, and whose place holds it. */
void
esp_engine_lay_out (EspEngine *engine)
{
  engine->steps = g_new0 (EspStep, engine->n + 1);
  for (int i = -1; i < (int) engine->n; i++)
    {
      EspStep *step = esp_engine_step (engine, i);
      EspShape shape;
      gboolean plain;

      step->layer = i < 0 ? NULL : esp_network_get_layer (engine->network, (guint) i);
      shape = i < 0 ? esp_network_get_input (engine->network) : step->layer->out;
      shape.n = (int) engine->options.batch;
      plain = i < 0 ? image_is_plain (engine) : esp_layer_is_head (step->layer);
      step->layout = i >= 0 && is_between (engine, step->layer) ? esp_kernels_layout_between (engine->set, shape, step->layer->activation)
                                                                : esp_kernels_layout (engine->set, shape, plain);
      step->root = i;
      if (i >= 0 && is_alias (engine, step->layer))
        {
          step->layout = esp_engine_step (engine, step->layer->inputs[0])->layout;
          step->root = esp_engine_step (engine, step->layer->inputs[0])->root;
        }
    }
}

static void
describe (const EspStep *step, EspSpec *spec)
{
  esp_layer_row (step->layer->kind)->spec (step->layer, spec);
  spec->gain = step->gain;
  spec->bias = step->shift;
  spec->weights = step->params != NULL ? step->params->weights : NULL;
}

/** esp_engine_kernel: Returns: (transfer full): @old where it was compiled for the same thing, else a new kernel, or NULL. */
EspKernel *
esp_engine_kernel (EspEngine *engine, const EspSpec *spec, EspKernel *old, GError **error)
{
  if (old != NULL && esp_kernel_fits (old, engine->set, spec))
    return esp_kernel_ref (old);
  return esp_kernel_new (engine->set, spec, error);
}

/* The activation as a kernel of its own, for backward: where y is recovered from the output it stays fused in forward, elsewhere y is
 * kept. */
static gboolean
compile_bend (EspEngine *engine, EspStep *step, EspSpec *whole, const EspStep *old, GError **error)
{
  const EspActivation activation = step->layer->activation;
  const EspSpec spec
      = { .op = ESP_OP_ACTIVATION, .backward = TRUE, .n_in = 1, .in = &step->layout, .out = step->layout, .activation = activation };

  whole->activation = activation;
  if (engine->options.mode != ESP_MODE_EXPLAIN || (activation == ESP_ACTIVATION_LINEAR && step->keep == NULL))
    return TRUE;
  step->bend = esp_engine_kernel (engine, &spec, old != NULL ? old->bend : NULL, error);
  if (!esp_activation_is_invertible (activation))
    {
      whole->activation = ESP_ACTIVATION_LINEAR;
      step->pre.bytes = esp_layout_get_bytes (&step->layout);
    }
  return step->bend != NULL;
}

/* The max-pool that can be computed along with the convolution @step, or NULL: nothing else may read the convolution, now or later. */
static EspStep *
find_pool (EspEngine *engine, const EspStep *step)
{
  const guint index = step->layer->index;
  guint n = 0;

  if (step->layer->kind != ESP_LAYER_CONVOLUTIONAL || engine->options.mode != ESP_MODE_INFER || engine->options.keep_all
      || step->keep != NULL || index + 1 >= engine->n || esp_network_get_layer (engine->network, index + 1)->kind != ESP_LAYER_MAXPOOL)
    return NULL;
  esp_network_get_consumers (engine->network, index, &n);
  return n == 1 && esp_network_get_layer (engine->network, index + 1)->inputs[0] == (int) index ? esp_engine_step (engine, index + 1)
                                                                                                : NULL;
}

/* Joins a max-pool of side 2 and stride 2 to the convolution where the kernels have the two in one: a large value less to write and
 * read. */
static void
join_pool (EspEngine *engine, EspStep *step, EspSpec *spec)
{
  const EspGeometry halves = { .size_h = 2, .size_w = 2, .stride_h = 2, .stride_w = 2 };
  EspStep *pool = find_pool (engine, step);
  EspSpec both = *spec, alone = { 0 };

  if (pool == NULL)
    return;
  describe (pool, &alone);
  if (memcmp (&alone.geometry, &halves, sizeof halves) != 0)
    return;
  both.geometry.pool = 2;
  both.out = pool->layout;
  if (!esp_kernels_take (engine->set, &both))
    return;
  step->joins = pool->joined = TRUE;
  *spec = both;
}

/* Of a max-pool that alone reads what an activation wrote, one pass back through both, where the kernels have it. */
static gboolean
compile_through (EspEngine *engine, EspStep *step, const EspSpec *pool, const EspStep *old, GError **error)
{
  const EspStep *input = esp_engine_step (engine, step->layer->inputs[0]);
  EspSpec both = *pool;
  guint n = 0;

  if (pool->op != ESP_OP_MAXPOOL || engine->options.mode != ESP_MODE_EXPLAIN || engine->options.guided || input->bend == NULL
      || input->keep != NULL)
    return TRUE;
  esp_network_get_consumers (engine->network, input->layer->index, &n);
  both.activation = input->layer->activation;
  if (n != 1 || !esp_kernels_take (engine->set, &both))
    return TRUE;
  step->through = esp_engine_kernel (engine, &both, old != NULL ? old->through : NULL, error);
  return step->through != NULL;
}

static gboolean
compile_kernel (EspEngine *engine, EspStep *step, const EspFlow *flow, const EspStep *old, GError **error)
{
  const EspLayer *layer = step->layer;
  g_autofree EspLayout *in = g_new (EspLayout, layer->n_inputs);
  g_autofree float *ordered = NULL;
  EspSpec spec = { .n_in = layer->n_inputs, .in = in, .out = step->layout };

  for (guint k = 0; k < layer->n_inputs; k++)
    {
      const EspStep *input = esp_engine_step (engine, layer->inputs[k]);

      if (input->layer != NULL && input->root >= 0 && esp_layer_is_head (esp_engine_step (engine, input->root)->layer)
          && !esp_layer_is_alias (layer))
        return esp_engine_refuse (engine, layer, "reads the output of a head, which is not run here", error);
      in[k] = input->layout;
      spec.backward |= engine->options.mode == ESP_MODE_EXPLAIN && (input->layer != NULL || engine->options.pixels);
    }
  describe (step, &spec);
  if (!compile_bend (engine, step, &spec, old, error))
    return FALSE;
  if (engine->options.mode == ESP_MODE_INFER)
    esp_step_order (step, &spec, flow);
  if (step->order != NULL)
    spec.weights = ordered = esp_step_order_weights (step, &spec);
  join_pool (engine, step, &spec);
  if (old != NULL && (old->params != step->params || old->order != NULL || step->order != NULL))
    old = NULL;
  step->kernel = esp_engine_kernel (engine, &spec, old != NULL ? old->kernel : NULL, error);
  return step->kernel != NULL && compile_through (engine, step, &spec, old, error);
}

/**
 * esp_layer_cleared:
 * @layer: a layer
 * @mask: (nullable): a mask of its network
 * @flow: (nullable): that mask flowed; NULL with no mask
 * @n: (out): channels
 *
 * Returns: (transfer none) (nullable): the keep-bits of the output: of filters that are cut, and where an activation makes something of
 * nothing, of all that flows from them. NULL: nothing is cleared here.
 */
const guint8 *
esp_layer_cleared (const EspLayer *layer, const EspMask *mask, const EspFlow *flow, guint *n)
{
  const guint8 *own = mask != NULL ? esp_mask_get_bits (mask, layer->index, n) : NULL;

  if (mask == NULL || own != NULL)
    return own;
  if (esp_activation_keeps_zero (layer->activation))
    return NULL;
  return esp_flow_bits (flow, (int) layer->index, n);
}

static gboolean
compile_learn (EspEngine *engine, EspStep *step, const EspStep *old, GError **error)
{
  const EspLayer *layer = step->layer;
  g_autofree EspLayout *in = g_new (EspLayout, layer->n_inputs + 1);
  EspSpec spec = { .n_in = layer->n_inputs + 1, .in = in, .out = { .block = 1, .size = step->layout.size } };
  const EspLayerRow *row = esp_layer_row (layer->kind);

  if (!engine->options.parameters || engine->options.mode != ESP_MODE_EXPLAIN || row->spec_parameters == NULL || step->params == NULL)
    return TRUE;
  spec.weights = step->params->weights;
  if (old != NULL && old->params != step->params)
    old = NULL;
  for (guint k = 0; k < layer->n_inputs; k++)
    in[k] = esp_engine_step (engine, layer->inputs[k])->layout;
  in[layer->n_inputs] = step->layout;
  row->spec_parameters (layer, &spec);
  step->learn = esp_engine_kernel (engine, &spec, old != NULL ? old->learn : NULL, error);
  step->learned.bytes = (step->params->n_weights + step->params->filters) * step->layout.size;
  return step->learn != NULL;
}

static gboolean
compile_step (EspEngine *engine, EspStep *step, const EspMask *mask, const EspFlow *flow, const EspStep *old, GError **error)
{
  guint index = step->layer->index, n = 0;
  const EspParams *params = esp_weights_get (engine->weights, index);
  const guint8 *bits = esp_layer_cleared (step->layer, mask, flow, &n);

  if (step->root != (int) index && engine->options.mode != ESP_MODE_EXPLAIN)
    return TRUE;
  if (esp_layer_count_params (step->layer) > 0)
    {
      if (params == NULL)
        return esp_engine_refuse (engine, step->layer, "has no weights", error);
      step->params = esp_params_ref ((EspParams *) params);
      esp_step_fold (step, engine->options.bn);
    }
  for (guint c = 0; bits != NULL && c < n && step->keep == NULL; c++)
    if (!bits[c])
      step->keep = g_memdup2 (bits, n);
  return compile_learn (engine, step, old, error) && compile_kernel (engine, step, flow, old, error);
}

/**
 * esp_engine_compile:
 * @engine: with network, weights, options and set
 * @mask: (nullable): masked execution
 * @reuse: (nullable): shares its kernels where specification and parameters agree
 * @error: return location
 *
 * Lays out every value and makes every kernel. Nothing has an address yet. Thread: lane.
 */
gboolean
esp_engine_compile (EspEngine *engine, const EspMask *mask, EspEngine *reuse, GError **error)
{
  g_autoptr (EspFlow) flow = mask != NULL ? esp_flow_new (engine->network, mask) : NULL;
  gboolean alike = reuse != NULL && reuse->set == engine->set && reuse->options.bn == engine->options.bn;

  esp_engine_lay_out (engine);
  for (guint i = 0; i < engine->n; i++)
    {
      EspStep *step = esp_engine_step (engine, i);

      if (!compile_step (engine, step, mask, flow, alike && i < reuse->n ? esp_engine_step (reuse, i) : NULL, error))
        return FALSE;
      if (step->kernel != NULL)
        engine->packed_bytes += esp_kernel_get_packed (step->kernel);
    }
  return TRUE;
}
