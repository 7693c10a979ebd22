/* engine-values.c: what a forward left, in plain order */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine.h"

#include "base/error.h"
#include "net/engine-private.h"
#include "net/layer-private.h"

static gboolean
not_kept (EspEngine *engine, guint layer, const char *what, const char *how, GError **error)
{
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %u of %u: %s is not kept by this engine; %s", layer, engine->n, what, how);
  return FALSE;
}

static gboolean
explains (const EspEngine *engine)
{
  return engine->options.mode == ESP_MODE_EXPLAIN;
}

/**
 * esp_engine_can_read:
 * @engine: the engine
 * @layer: a layer
 * @at: where in it
 * @error: return location
 *
 * Returns: whether the numbers there are still held when a forward ends; else says why not (ESP_ERROR_SHAPE).
 */
gboolean
esp_engine_can_read (EspEngine *engine, guint layer, EspAt at, GError **error)
{
  const EspStep *step;

  if (layer >= engine->n)
    return not_kept (engine, layer, "there is no such layer; its output", "layers count from 0", error);
  step = esp_engine_step (engine, layer);
  if (at == ESP_AT_CONV && step->layer->kind != ESP_LAYER_CONVOLUTIONAL)
    return not_kept (engine, layer, "the layer is no convolution, so what lies before batch normalisation", "read it at out", error);
  if (at != ESP_AT_OUT && !explains (engine))
    return not_kept (engine, layer, "what lies before the activation", "make an explain engine", error);
  if (engine->options.mode == ESP_MODE_TRAIN && esp_engine_step (engine, step->root)->out.data == NULL)
    return not_kept (engine, layer, "the output", "watch it", error);
  if (engine->options.mode == ESP_MODE_INFER && !engine->options.keep_all && esp_engine_step (engine, step->root)->reads < (int) engine->n)
    return not_kept (engine, layer, "the output", "make one with keep_all", error);
  return TRUE;
}

/* The y of a leaky layer from its output; others keep y, or have it as their output. */
static void
unbend (const EspStep *step, double *values, gsize n)
{
  if (step->layer->activation != ESP_ACTIVATION_LEAKY)
    return;
  for (gsize i = 0; i < n; i++)
    if (values[i] < 0)
      values[i] /= 0.1;
}

static void
read_pre (EspEngine *engine, const EspStep *step, double *values)
{
  gsize n = esp_shape_count (step->layout.shape);

  if (step->pre.data != NULL)
    {
      esp_layout_unpack_double (&step->layout, step->pre.data, values);
      return;
    }
  esp_layout_unpack_double (&step->layout, esp_engine_step (engine, step->root)->out.data, values);
  unbend (step, values, n);
}

/* Whether y says nothing of the convolution at channel @c: gamma is 0, or the mask has cleared the output that y is recovered from. */
static gboolean
is_lost (const EspStep *step, int c)
{
  if (step->keep != NULL && !step->keep[c] && step->pre.data == NULL)
    return TRUE;
  return step->gain != NULL && step->gain[c] == 0;
}

static gboolean
any_lost (const EspStep *step)
{
  for (int c = 0; c < step->layout.shape.c; c++)
    if (is_lost (step, c))
      return TRUE;
  return FALSE;
}

/* The convolution itself, unfolded and without bias, by the double reference. */
static gboolean
convolve_again (EspEngine *engine, const EspStep *step, double *values, GError **error)
{
  const EspKernelSet *set = esp_kernels_reference_double ();
  const EspStep *input = esp_engine_step (engine, step->layer->inputs[0]);
  EspLayout in = esp_kernels_layout (set, input->layout.shape, TRUE), out = esp_kernels_layout (set, step->layout.shape, TRUE);
  g_autofree double *zero = g_new0 (double, (gsize) out.shape.c), *plain = g_new (double, esp_shape_count (in.shape));
  const void *from = plain;
  const EspCallValues to = { &from, values, NULL, NULL };
  EspSpec spec = { .n_in = 1, .in = &in, .out = out, .weights = step->params->weights, .bias = zero };
  g_autoptr (EspKernel) kernel = NULL;
  g_autoptr (EspCall) call = NULL;

  esp_layer_row (step->layer->kind)->spec (step->layer, &spec);
  kernel = esp_kernel_new (set, &spec, error);
  if (kernel == NULL)
    return FALSE;
  esp_layout_unpack_double (&input->layout, esp_engine_step (engine, input->root)->out.data, plain);
  call = esp_call_new_forward (kernel, &to);
  return call != NULL && esp_call_run (call, FALSE);
}

/* A = (y - b') / gain where the gain is not 0; elsewhere, and where a mask has cleared y, the convolution is run again. */
static gboolean
read_conv (EspEngine *engine, const EspStep *step, double *values, GError **error)
{
  const EspShape s = step->layout.shape;
  gsize plane = (gsize) s.h * (gsize) s.w, n = esp_shape_count (s);
  g_autofree double *again = NULL;

  if (any_lost (step))
    {
      again = g_new (double, n);
      if (!convolve_again (engine, step, again, error))
        return FALSE;
    }
  read_pre (engine, step, values);
  for (gsize i = 0; i < n; i++)
    {
      int c = (int) (i / plane % (gsize) s.c);

      values[i] = is_lost (step, c) ? again[i] : (values[i] - step->shift[c]) / (step->gain != NULL ? step->gain[c] : 1.0);
    }
  return TRUE;
}

/**
 * esp_engine_read_double:
 * @engine: after a forward
 * @layer: a layer
 * @at: its output, before its activation, or before its batch normalisation and bias
 * @values: (out): batch * c * h * w numbers, n c h w
 * @error: return location
 *
 * The y of a leaky layer is recovered from its output. ESP_AT_CONV is recovered from y; where gamma is 0 (or a mask cleared the channel) y
 * does not tell it, and that layer's convolution is run again, unfolded, by the double reference: slow, and only for such layers.
 * Where a mask cleared a channel, ESP_AT_PRE of a linear or leaky layer is 0 there.
 *
 * Thread: as forward. Errors: ESP_ERROR_SHAPE where this engine does not keep it.
 */
gboolean
esp_engine_read_double (EspEngine *engine, guint layer, EspAt at, double *values, GError **error)
{
  const EspStep *step;

  if (!esp_engine_can_read (engine, layer, at, error))
    return FALSE;
  step = esp_engine_step (engine, layer);
  if (at == ESP_AT_CONV)
    return read_conv (engine, step, values, error);
  if (at == ESP_AT_PRE)
    read_pre (engine, step, values);
  else
    esp_layout_unpack_double (&step->layout, esp_engine_step (engine, step->root)->out.data, values);
  return TRUE;
}

/** esp_engine_read: as esp_engine_read_double(), rounded to float. */
gboolean
esp_engine_read (EspEngine *engine, guint layer, EspAt at, float *values, GError **error)
{
  g_autofree double *exact = NULL;
  const EspStep *step;
  gsize n;

  if (!esp_engine_can_read (engine, layer, at, error))
    return FALSE;
  step = esp_engine_step (engine, layer);
  if (at == ESP_AT_OUT)
    {
      esp_layout_unpack (&step->layout, esp_engine_step (engine, step->root)->out.data, values);
      return TRUE;
    }
  n = esp_shape_count (step->layout.shape);
  exact = g_new (double, n);
  if (!esp_engine_read_double (engine, layer, at, exact, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    values[i] = (float) exact[i];
  return TRUE;
}

/**
 * esp_engine_read_item:
 * @engine: after a forward
 * @layer: a layer
 * @at: its output, or before its activation
 * @item: image of the batch
 * @values: (out): c * h * w numbers, c h w
 * @error: return location
 *
 * As esp_engine_read() of one image alone. Thread: as forward. Errors: ESP_ERROR_SHAPE where this engine does not keep it.
 */
gboolean
esp_engine_read_item (EspEngine *engine, guint layer, EspAt at, guint item, float *values, GError **error)
{
  const EspStep *step;
  const char *native;
  EspLayout one;

  g_return_val_if_fail (at != ESP_AT_CONV && item < engine->options.batch, FALSE);

  if (!esp_engine_can_read (engine, layer, at, error))
    return FALSE;
  step = esp_engine_step (engine, layer);
  one = step->layout;
  one.shape.n = 1;
  native = at == ESP_AT_PRE && step->pre.data != NULL ? step->pre.data : esp_engine_step (engine, step->root)->out.data;
  esp_layout_unpack (&one, native + item * esp_layout_get_bytes (&one), values);
  for (gsize i = 0; at == ESP_AT_PRE && step->pre.data == NULL && i < esp_shape_count (one.shape); i++)
    if (step->layer->activation == ESP_ACTIVATION_LEAKY && values[i] < 0)
      values[i] = (float) ((double) values[i] / 0.1);
  return TRUE;
}

/**
 * esp_engine_write:
 * @engine: the engine
 * @layer: a layer whose output it holds
 * @values: batch * c * h * w numbers, n c h w
 * @error: return location
 *
 * Sets a layer's output, before an esp_engine_forward_from() a later layer. A layer that passes on its input as it is (dropout, a route of
 * one layer) shares its place. Thread: as forward.
 */
gboolean
esp_engine_write (EspEngine *engine, guint layer, const float *values, GError **error)
{
  const EspStep *step;

  if (!esp_engine_can_read (engine, layer, ESP_AT_OUT, error))
    return FALSE;
  step = esp_engine_step (engine, layer);
  esp_layout_pack (&step->layout, values, esp_engine_step (engine, step->root)->out.data);
  return TRUE;
}
