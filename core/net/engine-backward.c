/* engine-backward.c: from seeds at outputs back to every activation before them */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine.h"

#include <string.h>

#include "base/error.h"
#include "net/engine-train-private.h"

static gboolean
has_gradient (EspEngine *engine, int layer, GError **error)
{
  const char *why = NULL;

  if (engine->options.mode != ESP_MODE_EXPLAIN)
    why = "gradients need an explain engine";
  else if (layer < -1 || layer >= (int) engine->n)
    why = "there is no such layer";
  else if (esp_engine_step (engine, layer)->grad.data == NULL)
    why = "gradients of the image need an engine with pixels";
  if (why != NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %d: %s", layer, why);
  return why == NULL;
}

/** esp_engine_clear_seeds: @engine: forgets all seeds: the next backward starts from those set after this. Thread: as forward. */
void
esp_engine_clear_seeds (EspEngine *engine)
{
  for (guint i = 0; i < engine->n; i++)
    {
      esp_engine_step (engine, i)->seeded = esp_engine_step (engine, i)->seeded_before = FALSE;
      if (engine->train != NULL)
        esp_train_layer (engine->train, i)->seeded = FALSE;
    }
}

/**
 * esp_engine_set_seed:
 * @engine: an explain engine, or one for training after a forward
 * @layer: any layer; of a head the activated map, so that its logits are the output of the convolution it reads; in training one that a
 *   head reads, a watched one or the last
 * @seed: dT/d(output of @layer), batch * c * h * w numbers, n c h w
 * @error: return location
 *
 * Seeds of several layers add up to one target T. They stay set until esp_engine_clear_seeds(). The place of a seed is made when it is
 * first set, later ones reuse it. In training the next backward uses them up. Thread: as forward. Errors: ESP_ERROR_SHAPE.
 */
gboolean
esp_engine_set_seed (EspEngine *engine, guint layer, const float *seed, GError **error)
{
  EspStep *step;

  if (engine->train != NULL)
    return esp_train_set_seed (engine, layer, seed, error);
  if (!has_gradient (engine, (int) layer, error))
    return FALSE;
  step = esp_engine_step (engine, layer);
  if (step->seed == NULL)
    step->seed = g_malloc (esp_layout_get_bytes (&step->layout));
  esp_layout_pack (&step->layout, seed, step->seed);
  step->seeded = TRUE;
  return TRUE;
}

/**
 * esp_engine_set_seed_before:
 * @engine: an explain engine
 * @layer: any layer
 * @seed: dT/d(value of @layer before its activation), batch * c * h * w numbers, n c h w
 * @error: return location
 *
 * As esp_engine_set_seed(), before the activation, whose derivative may be 0 where the seed is not. Thread: as forward.
 * Errors: ESP_ERROR_SHAPE.
 */
gboolean
esp_engine_set_seed_before (EspEngine *engine, guint layer, const float *seed, GError **error)
{
  EspStep *step;

  if (!has_gradient (engine, (int) layer, error))
    return FALSE;
  step = esp_engine_step (engine, layer);
  if (step->seed_before == NULL)
    step->seed_before = g_malloc (esp_layout_get_bytes (&step->layout));
  esp_layout_pack (&step->layout, seed, step->seed_before);
  step->seeded_before = TRUE;
  return TRUE;
}

/**
 * esp_engine_set_seed_item:
 * @engine: an explain engine
 * @layer: any layer
 * @at: ESP_AT_OUT, or ESP_AT_PRE as esp_engine_set_seed_before()
 * @item: image of the batch
 * @seed: dT/d(value there) of that image, c * h * w numbers, c h w
 * @error: return location
 *
 * The other images keep the seeds that they have, or zeros where none were set. Thread: as forward. Errors: ESP_ERROR_SHAPE.
 */
gboolean
esp_engine_set_seed_item (EspEngine *engine, guint layer, EspAt at, guint item, const float *seed, GError **error)
{
  EspStep *step;
  EspLayout one;
  void **place;
  gboolean *seeded;

  g_return_val_if_fail (engine->train == NULL && at != ESP_AT_CONV && item < engine->options.batch, FALSE);

  if (!has_gradient (engine, (int) layer, error))
    return FALSE;
  step = esp_engine_step (engine, layer);
  place = at == ESP_AT_PRE ? &step->seed_before : &step->seed;
  seeded = at == ESP_AT_PRE ? &step->seeded_before : &step->seeded;
  if (*place == NULL)
    *place = g_malloc (esp_layout_get_bytes (&step->layout));
  if (!*seeded)
    memset (*place, 0, esp_layout_get_bytes (&step->layout));
  one = step->layout;
  one.shape.n = 1;
  esp_layout_pack (&one, seed, (char *) *place + item * esp_layout_get_bytes (&one));
  *seeded = TRUE;
  return TRUE;
}

static void
forget_last (EspEngine *engine)
{
  for (int i = -1; i < (int) engine->n; i++)
    {
      EspStep *step = esp_engine_step (engine, i);

      step->arrived = step->seeded || step->seeded_before;
      step->skipped = step->has_product = step->planted = step->handed = FALSE;
    }
}

/* Before anything is added to the gradient of a step; of one whose place came with a gradient in it, afterwards. */
static void
plant_seed (EspStep *step)
{
  if (step->planted)
    return;
  step->planted = TRUE;
  if (step->seeded && step->handed)
    esp_layout_add (&step->layout, step->seed, step->grad.data);
  else if (step->seeded)
    memcpy (step->grad.data, step->seed, esp_layout_get_bytes (&step->layout));
  else if (step->seeded_before && !step->handed)
    memset (step->grad.data, 0, esp_layout_get_bytes (&step->layout));
}

/* Onto input @k of a step; @along: what is left of its own way back goes with it. */
static gboolean
hand_on (EspEngine *engine, EspStep *step, guint k, EspStep *input, gboolean along)
{
  gboolean behind;

  if (step->lends && input->grad_root == step->grad_root)
    return input->handed = TRUE;
  plant_seed (input);
  behind = esp_step_bends_behind (engine, step, input);
  if (along || behind)
    return esp_step_hand_on_bent (engine, step, input, along, behind);
  input->skipped = step->back_through != NULL && !input->arrived && (step->holds || !input->holds);
  return esp_call_run (input->skipped ? step->back_through : step->back[k], input->arrived);
}

static gboolean
step_back (EspEngine *engine, EspStep *step, int stop)
{
  const gboolean along = step->layer->inputs[0] >= stop && esp_step_bends_along (engine, step);

  plant_seed (step);
  if (step->back_bend != NULL && !along && !step->skipped && !esp_step_bend_watched (engine, step)
      && !esp_call_run (step->back_bend, FALSE))
    return FALSE;
  if (engine->options.guided && step->bend != NULL && esp_activation_is_rectifier (step->layer->activation))
    esp_layout_guide (&step->layout, esp_engine_step (engine, step->root)->out.data, step->pre_grad.data);
  if (step->seeded_before)
    esp_layout_add (&step->layout, step->seed_before, step->pre_grad.data != NULL ? step->pre_grad.data : step->grad.data);
  if (step->keep != NULL)
    esp_layout_zero_channels (&step->layout, step->pre_grad.data, step->keep);
  if (!along)
    esp_step_watch (engine, step);
  if (step->run_learn != NULL && !esp_call_run (step->run_learn, FALSE))
    return FALSE;
  for (guint k = 0; k < step->layer->n_inputs; k++)
    {
      EspStep *input = esp_engine_step (engine, step->layer->inputs[k]);

      if (step->back[k] == NULL || step->layer->inputs[k] < stop)
        continue;
      if (!hand_on (engine, step, k, input, along))
        return FALSE;
      input->arrived = TRUE;
    }
  return TRUE;
}

/**
 * esp_engine_backward:
 * @engine: an explain engine after a forward
 * @stop: the lowest layer whose gradients are wanted; 0 for all, and the image too if the engine has pixels
 * @job: (nullable): cancels between two layers
 * @error: return location
 *
 * Gradients of T = sum over seeds of seed * output, at every layer from @stop on, and of the parameters there if the engine has them. The
 * first consumer of a value stores its gradient, later ones add. Max-pooling sends a gradient to the first largest number in row-major
 * order, leaky and relu use the lower slope at 0, both as darknet. Runs again from the same seeds give the same bits. Allocates nothing. In
 * a guided engine what comes back through a rectifier is no gradient: it is set to 0 where it is negative and where the rectifier's output
 * is not above 0 (Springenberg et al. 2014, arXiv:1412.6806, section 3.4; those that are no plain relu keep their own slope above 0). In
 * training the gradients of the parameters from @stop on are added to the vector's, those of layers are not kept, and a forward comes
 * before every backward. Thread: as forward.
 * Errors: G_IO_ERROR_CANCELLED, and then the gradients are undefined; ESP_ERROR_SHAPE where the engine is none for explaining.
 */
gboolean
esp_engine_backward (EspEngine *engine, guint stop, EspJob *job, GError **error)
{
  int lowest = stop == 0 ? -1 : (int) stop;

  if (engine->train != NULL)
    return esp_train_backward (engine, stop, job, error);
  if (engine->options.mode != ESP_MODE_EXPLAIN)
    return has_gradient (engine, 0, error);
  forget_last (engine);
  engine->stop = (int) engine->n;
  for (int i = (int) engine->n - 1; i >= (int) stop; i--)
    {
      EspStep *step = esp_engine_step (engine, i);

      if (!esp_job_check (job, error))
        return FALSE;
      if (step->arrived && !step_back (engine, step, lowest))
        return esp_engine_failed (engine, (guint) i, error);
    }
  engine->stop = lowest;
  return TRUE;
}

/* The gradient of an output that was passed over on the way to its activation: the reader's own is still there. */
static gboolean
fetch_skipped (EspEngine *engine, EspStep *step, GError **error)
{
  guint n;
  const guint reader = esp_network_get_consumers (engine->network, step->layer->index, &n)[0];

  if (!esp_call_run (esp_engine_step (engine, reader)->back[0], FALSE))
    return esp_engine_failed (engine, reader, error);
  step->skipped = FALSE;
  return TRUE;
}

/**
 * esp_engine_can_read_gradient:
 * @engine: after a backward
 * @layer: a layer; -1 is the image
 * @at: where in it
 * @error: return location
 *
 * Returns: TRUE if the last backward reached this place, and its numbers are there now; else an error that says why not. Thread: as
 * forward.
 */
gboolean
esp_engine_can_read_gradient (EspEngine *engine, int layer, EspAt at, GError **error)
{
  if (!has_gradient (engine, layer, error))
    return FALSE;
  if (layer < engine->stop)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %d: the last backward stopped at layer %d", layer, engine->stop);
  else if (at == ESP_AT_CONV && (layer < 0 || esp_engine_step (engine, layer)->layer->kind != ESP_LAYER_CONVOLUTIONAL))
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %d: only convolutions have a place before batch normalisation", layer);
  else if (!esp_engine_step (engine, layer)->holds && esp_engine_step (engine, layer)->arrived)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %d: this engine is a lean one and keeps the gradients of watched layers alone",
                 layer);
  else
    return at != ESP_AT_OUT || !esp_engine_step (engine, layer)->skipped || fetch_skipped (engine, esp_engine_step (engine, layer), error);
  return FALSE;
}

/** esp_step_gradient: Returns: (transfer none): the gradient at @at of a step that one arrived at, but for the factor of batch
 * normalisation. */
const char *
esp_step_gradient (const EspStep *step, EspAt at)
{
  return at != ESP_AT_OUT && step->pre_grad.data != NULL ? step->pre_grad.data : step->grad.data;
}

/**
 * esp_engine_read_gradient_double:
 * @engine: after a backward
 * @layer: a layer from its @stop on; -1 is the image
 * @at: with respect to the output, the value before the activation, or the convolution before batch normalisation
 * @values: (out): batch * c * h * w numbers, n c h w
 * @error: return location
 *
 * Gradients that no seed reaches are 0. To be read before the next forward. Thread: as forward. Errors: ESP_ERROR_SHAPE.
 */
gboolean
esp_engine_read_gradient_double (EspEngine *engine, int layer, EspAt at, double *values, GError **error)
{
  const EspStep *step;
  gsize n, plane;

  if (!esp_engine_can_read_gradient (engine, layer, at, error))
    return FALSE;
  step = esp_engine_step (engine, layer);
  n = esp_shape_count (step->layout.shape);
  plane = (gsize) step->layout.shape.h * (gsize) step->layout.shape.w;
  if (!step->arrived)
    memset (values, 0, n * sizeof *values);
  else
    esp_layout_unpack_double (&step->layout, esp_step_gradient (step, at), values);
  if (at == ESP_AT_CONV && step->gain != NULL)
    for (gsize i = 0; i < n; i++)
      values[i] *= step->gain[i / plane % (gsize) step->layout.shape.c];
  return TRUE;
}

/** esp_engine_read_gradient: as esp_engine_read_gradient_double(), rounded to float. */
gboolean
esp_engine_read_gradient (EspEngine *engine, int layer, EspAt at, float *values, GError **error)
{
  const EspStep *step;
  gsize n, plane;

  if (!esp_engine_can_read_gradient (engine, layer, at, error))
    return FALSE;
  step = esp_engine_step (engine, layer);
  n = esp_shape_count (step->layout.shape);
  plane = (gsize) step->layout.shape.h * (gsize) step->layout.shape.w;
  if (!step->arrived)
    memset (values, 0, n * sizeof *values);
  else
    esp_layout_unpack (&step->layout, esp_step_gradient (step, at), values);
  if (at == ESP_AT_CONV && step->gain != NULL)
    for (gsize i = 0; i < n; i++)
      values[i] = (float) ((double) values[i] * step->gain[i / plane % (gsize) step->layout.shape.c]);
  return TRUE;
}
