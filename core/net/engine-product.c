/* engine-product.c: value × gradient where a forward and a backward left them */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine.h"

#include <string.h>

#include "kernels/product.h"
#include "net/engine-private.h"
#include "net/engine-watch.h"

/* At the convolution A * dT/dA = (y - b') * dT/dy, y the value before the activation and b' the folded bias. */
static EspProductValue
value_at (EspEngine *engine, const EspStep *step, EspAt at)
{
  EspProductValue value = { .data = esp_engine_step (engine, step->root)->out.data, .below = 1 };

  if (at != ESP_AT_OUT && step->pre.data != NULL)
    value.data = step->pre.data;
  else if (at != ESP_AT_OUT && step->layer->activation == ESP_ACTIVATION_LEAKY)
    value.below = 10;
  if (at == ESP_AT_CONV)
    {
      value.shift = step->shift;
      value.gain = step->gain;
    }
  return value;
}

static void
reduce (EspEngine *engine, const EspStep *step, EspAt at, EspReduce how, float *scores)
{
  static const EspProduct products[ESP_N_REDUCES] = { [ESP_REDUCE_MAX] = ESP_PRODUCT_MAX,
                                                      [ESP_REDUCE_SUM] = ESP_PRODUCT_SUM,
                                                      [ESP_REDUCE_ABS_SUM] = ESP_PRODUCT_ABS_SUM,
                                                      [ESP_REDUCE_MEAN] = ESP_PRODUCT_SUM,
                                                      [ESP_REDUCE_ABS_MEAN] = ESP_PRODUCT_ABS_SUM };
  const EspShape shape = step->layout.shape;
  const EspProductValue value = value_at (engine, step, at);

  esp_product_reduce (&step->layout, value.data, step->arrived ? esp_step_gradient (step, at) : NULL, value.shift, value.below,
                      products[how], scores);
  if (how == ESP_REDUCE_MEAN || how == ESP_REDUCE_ABS_MEAN)
    for (int i = 0; i < shape.n * shape.c; i++)
      scores[i] /= (float) (shape.h * shape.w);
}

/**
 * esp_engine_watch_products:
 * @engine: an explain engine
 * @at: before batch normalisation or before the activation
 * @how: over h and w
 *
 * From the next backward on the products of every convolution are reduced as soon as its gradient is known, while value and gradient are in
 * the cache; esp_engine_reduce_product() then gives those numbers, the same bits, of a lean engine, too, which has no others. Memory-bound
 * networks are explained faster so. Thread: lane.
 */
void
esp_engine_watch_products (EspEngine *engine, EspAt at, EspReduce how)
{
  g_return_if_fail (engine->options.mode == ESP_MODE_EXPLAIN && at != ESP_AT_OUT);

  engine->watched = TRUE;
  engine->watch_at = at;
  engine->watch_reduce = how;
  for (guint i = 0; i < engine->n; i++)
    {
      EspStep *step = esp_engine_step (engine, i);

      step->has_product = FALSE;
      if (step->layer->kind == ESP_LAYER_CONVOLUTIONAL && step->product == NULL)
        step->product = g_new (float, (gsize) step->layout.shape.n *(gsize) step->layout.shape.c);
    }
}

/* Whether somebody watches the largest products of a convolution, and nothing else touches its gradient on the way back through
 * @activation. */
static gboolean
can_bend (const EspEngine *engine, const EspStep *step, EspActivation activation)
{
  return engine->watched && step->product != NULL && engine->watch_reduce == ESP_REDUCE_MAX && step->layer->activation == activation
         && (step->back_bend != NULL) == (activation != ESP_ACTIVATION_LINEAR) && !engine->options.guided && !step->seeded_before
         && step->keep == NULL && step->layout.size == sizeof (float);
}

static EspProductBend
bend_of (EspEngine *engine, const EspStep *step)
{
  const EspProductValue value = value_at (engine, step, engine->watch_at);

  return (EspProductBend){ .value = value.data,
                           .grad_out = step->grad.data,
                           .grad_in = step->pre_grad.data,
                           .shift = value.shift,
                           .below = (float) value.below,
                           .slope = step->layer->activation == ESP_ACTIVATION_LEAKY ? 0.1f : 1 };
}

/**
 * esp_step_bend_watched:
 * @engine: on the way back
 * @step: what the gradient of the output has arrived at
 *
 * Where somebody watches the largest products of a leaky convolution and nothing else touches its gradient before: goes back through the
 * activation and reduces them in one pass. Returns: FALSE where it did nothing. Thread: lane.
 */
gboolean
esp_step_bend_watched (EspEngine *engine, EspStep *step)
{
  EspProductBend bend;

  if (!can_bend (engine, step, ESP_ACTIVATION_LEAKY))
    return FALSE;
  bend = bend_of (engine, step);
  esp_product_bend (&step->layout, &bend, step->product);
  return step->has_product = TRUE;
}

/**
 * esp_step_bends_along:
 * @engine: on the way back
 * @step: what the gradient of the output has arrived at
 *
 * Returns: whether esp_step_bend_watched() can wait for the gradient of the step's input, which goes through the activation, too.
 * Thread: lane.
 */
gboolean
esp_step_bends_along (EspEngine *engine, EspStep *step)
{
  return step->layer->n_inputs == 1 && step->back[0] != NULL && esp_call_bends (step->back[0]) && !step->skipped && step->run_learn == NULL
         && can_bend (engine, step, ESP_ACTIVATION_LEAKY);
}

/**
 * esp_step_bends_behind:
 * @engine: on the way back
 * @step: a step whose gradient is known
 * @input: the step of one of its inputs
 *
 * Returns: whether none but @step gives @input its gradient and nobody will read it, so that it is only wanted before the activation and
 * for the products there. Thread: lane.
 */
gboolean
esp_step_bends_behind (EspEngine *engine, const EspStep *step, const EspStep *input)
{
  guint n = 0;

  if (step->layer->n_inputs > 1 || input->layer == NULL || input->arrived || input->holds || !esp_call_bends (step->back[0]))
    return FALSE;
  esp_network_get_consumers (engine->network, input->layer->index, &n);
  return n == 1 && (can_bend (engine, input, ESP_ACTIVATION_LEAKY) || can_bend (engine, input, ESP_ACTIVATION_LINEAR));
}

/**
 * esp_step_hand_on_bent:
 * @engine: on the way back
 * @step: a step of one input
 * @input: the step of that
 * @along: what esp_step_bends_along() said
 * @behind: what esp_step_bends_behind() said; one of the two
 *
 * The gradient of the input, together with the slopes on both sides of the operation and the products there.
 * Returns: FALSE where the kernel failed. Thread: lane.
 */
gboolean
esp_step_hand_on_bent (EspEngine *engine, EspStep *step, EspStep *input, gboolean along, gboolean behind)
{
  EspProductBend out, in;

  if (along)
    out = bend_of (engine, step);
  if (behind)
    in = bend_of (engine, input);
  step->has_product |= along;
  input->has_product |= behind;
  input->skipped = behind && input->layer->activation == ESP_ACTIVATION_LEAKY;
  return esp_call_run_bent (step->back[0], input->arrived, along ? &out : NULL, step->product, behind ? &in : NULL, input->product);
}

/** esp_step_watch: reduces the products of a convolution whose gradient before the activation is there, if somebody watches. Thread:
 * lane. */
void
esp_step_watch (EspEngine *engine, EspStep *step)
{
  if (!engine->watched || step->product == NULL || step->has_product)
    return;
  reduce (engine, step, engine->watch_at, engine->watch_reduce, step->product);
  step->has_product = TRUE;
}

/**
 * esp_engine_reduce_product:
 * @engine: after a backward
 * @layer: a layer from its @stop on
 * @at: which value and its own gradient are multiplied
 * @how: over h and w
 * @scores: (out): batch * c numbers
 * @error: return location
 *
 * At the convolution A * dT/dA = (y - b') * dT/dy, with y the value before the activation and b' the folded bias: exact at gamma = 0 too,
 * and no unfolded run is needed. Runs where the numbers lie; nothing is reordered, nothing allocated. Thread: as forward.
 * Source: Shi et al. 2020, Comput. Electron. Agric. 169:105214 (the product before batch normalisation). Errors: ESP_ERROR_SHAPE.
 */
gboolean
esp_engine_reduce_product (EspEngine *engine, guint layer, EspAt at, EspReduce how, float *scores, GError **error)
{
  const EspStep *step = layer < engine->n ? esp_engine_step (engine, layer) : NULL;
  const gboolean reduced
      = step != NULL && (int) layer >= engine->stop && step->has_product && at == engine->watch_at && how == engine->watch_reduce;

  if (!reduced && !esp_engine_can_read_gradient (engine, (int) layer, at, error))
    return FALSE;
  if (reduced)
    memcpy (scores, step->product, (gsize) step->layout.shape.n * (gsize) step->layout.shape.c * sizeof *scores);
  else
    reduce (engine, step, at, how, scores);
  return TRUE;
}

/**
 * esp_engine_map_product:
 * @engine: after a backward
 * @layer: a layer from its @stop on
 * @at: which value and its own gradient are multiplied
 * @item: image of the batch
 * @channel: a channel, or -1 for the sum over all
 * @map: (out): h * w numbers
 * @error: return location
 *
 * As esp_engine_reduce_product(), over channels instead of pixels, in double. A channel whose gamma is 0 adds nothing. Allocates nothing.
 * Thread: as forward. Errors: ESP_ERROR_SHAPE.
 */
gboolean
esp_engine_map_product (EspEngine *engine, guint layer, EspAt at, guint item, int channel, float *map, GError **error)
{
  const EspStep *step;
  EspProductValue value;

  if (!esp_engine_can_read_gradient (engine, (int) layer, at, error))
    return FALSE;
  step = esp_engine_step (engine, layer);
  g_return_val_if_fail (item < engine->options.batch && channel < step->layout.shape.c, FALSE);
  value = value_at (engine, step, at);
  if (step->arrived)
    esp_product_map (&step->layout, &value, esp_step_gradient (step, at), (int) item, channel, map);
  else
    memset (map, 0, (gsize) step->layout.shape.h * (gsize) step->layout.shape.w * sizeof *map);
  return TRUE;
}
