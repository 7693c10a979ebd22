/* engine.c: making, running and continuing a compiled network */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/engine-train-private.h"

static void
step_clear (EspStep *step)
{
  g_clear_pointer (&step->run, esp_call_free);
  g_clear_pointer (&step->run_bend, esp_call_free);
  g_clear_pointer (&step->back_bend, esp_call_free);
  g_clear_pointer (&step->back_through, esp_call_free);
  for (guint k = 0; step->back != NULL && k < step->layer->n_inputs; k++)
    g_clear_pointer (&step->back[k], esp_call_free);
  g_clear_pointer (&step->back, g_free);
  g_clear_pointer (&step->run_learn, esp_call_free);
  g_clear_pointer (&step->kernel, esp_kernel_unref);
  g_clear_pointer (&step->learn, esp_kernel_unref);
  g_clear_pointer (&step->through, esp_kernel_unref);
  g_clear_pointer (&step->bend, esp_kernel_unref);
  if (step->params != NULL)
    esp_params_unref ((EspParams *) step->params);
  g_free (step->gain);
  g_free (step->shift);
  g_free (step->keep);
  g_free (step->order);
  g_free (step->seed);
  g_free (step->seed_before);
  g_free (step->product);
}

static void
engine_clear (gpointer data)
{
  EspEngine *engine = data;

  g_clear_pointer (&engine->train, esp_train_free);
  for (guint i = 0; engine->steps != NULL && i <= engine->n; i++)
    step_clear (&engine->steps[i]);
  g_free (engine->steps);
  free (engine->arena);
  g_clear_pointer (&engine->weights, esp_weights_unref);
  g_clear_pointer (&engine->network, esp_network_unref);
}

/* ESP_KERNELS=reference puts the plain C in oneDNN's place: a thread sanitizer sees nothing of kernels that are made at run time. */
static const EspKernelSet *
find_set (EspBackendKind backend)
{
  switch (backend)
    {
    case ESP_BACKEND_REFERENCE:
      return esp_kernels_reference ();
    case ESP_BACKEND_REFERENCE_DOUBLE:
      return esp_kernels_reference_double ();
    case ESP_BACKEND_BFLOAT16:
      return esp_kernels_bfloat16 ();
    case ESP_BACKEND_ONEDNN:
      break;
    }
  return g_strcmp0 (g_getenv ("ESP_KERNELS"), "reference") == 0 ? esp_kernels_reference () : esp_kernels_onednn ();
}

/** esp_backend_is_available: Returns: whether this processor has the instructions that the backend is for. Thread: any. */
gboolean
esp_backend_is_available (EspBackendKind backend)
{
  return find_set (backend) != NULL;
}

static gboolean
check_backend (const EspEngineOptions *options, GError **error)
{
  const char *why = NULL;

  if (!esp_backend_is_available (options->backend))
    why = "this processor has no instructions for bfloat16";
  else if (options->backend == ESP_BACKEND_BFLOAT16 && options->mode != ESP_MODE_INFER)
    why = "bfloat16 is for inference only: gradients need float32";
  if (why != NULL)
    g_set_error_literal (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, why);
  return why == NULL;
}

/**
 * esp_engine_new:
 * @network: what to compile; a reference is taken
 * @weights: (nullable): its parameters; a reference is taken; not read, and may be NULL, in training, where the vector has them
 * @options: mode, kernels, batch and what stays readable; the mask is copied
 * @reuse: (nullable): an engine whose compiled kernels and packed weights are shared where shape and parameters agree
 * @error: return location
 *
 * Compiles every layer, plans one arena, and binds. Batch normalisation is folded into weights and bias, in double. Where weights and
 * shapes agree with @reuse nothing is compiled anew; oneDNN's own cache does the rest. An engine for training reads the parameters of its
 * vector on every forward, runs no heads, and has no mask of its own: it follows the vector's.
 *
 * Returns: (transfer full): the engine, or NULL. Thread: lane (a reference: any); the thread that makes it runs and frees it.
 * Errors: ESP_ERROR_UNSUPPORTED with file and line; ESP_ERROR_LIMIT where memory does not suffice.
 */
EspEngine *
esp_engine_new (EspNetwork *network, EspWeights *weights, const EspEngineOptions *options, EspEngine *reuse, GError **error)
{
  g_autoptr (EspEngine) engine = NULL;

  g_return_val_if_fail (options->batch >= 1 && (weights != NULL || options->mode == ESP_MODE_TRAIN), NULL);
  if (!check_backend (options, error))
    return NULL;
  engine = g_atomic_rc_box_new0 (EspEngine);
  engine->network = esp_network_ref (network);
  engine->weights = weights != NULL ? esp_weights_ref (weights) : NULL;
  engine->options = *options;
  engine->options.mask = NULL;
  engine->set = find_set (options->backend);
  engine->n = esp_network_get_n_layers (network);
  engine->stop = (int) engine->n;
  if (options->mode == ESP_MODE_TRAIN ? esp_train_new (engine, error) == NULL || !esp_train_plan (engine, error)
                                      : !esp_engine_compile (engine, options->mask, reuse, error) || !esp_engine_plan (engine, error))
    return NULL;
  return g_steal_pointer (&engine);
}

/** esp_engine_ref: Returns: (transfer full): the same engine. Thread: any. */
EspEngine *
esp_engine_ref (EspEngine *engine)
{
  return g_atomic_rc_box_acquire (engine);
}

/** esp_engine_unref: gives one reference back; the last one in the thread that made it. */
void
esp_engine_unref (EspEngine *engine)
{
  g_atomic_rc_box_release_full (engine, engine_clear);
}

/** esp_engine_get_network: Returns: (transfer none): what was compiled. Thread: any. */
EspNetwork *
esp_engine_get_network (EspEngine *engine)
{
  return engine->network;
}

/** esp_engine_get_batch: Returns: images in one forward. Thread: any. */
guint
esp_engine_get_batch (EspEngine *engine)
{
  return engine->options.batch;
}

/** esp_engine_get_bytes: Returns: bytes of arena and packed weights, shared ones included. Thread: any. */
gsize
esp_engine_get_bytes (EspEngine *engine)
{
  return engine->arena_bytes + engine->packed_bytes;
}

/** esp_engine_get_arena: Returns: bytes of the arena alone, which no other engine shares. Thread: any. */
gsize
esp_engine_get_arena (EspEngine *engine)
{
  return engine->arena_bytes;
}

/** esp_engine_get_shape: Returns: the shape of a layer's output with n = batch; layer -1 is the image. Thread: any. */
EspShape
esp_engine_get_shape (EspEngine *engine, int layer)
{
  return esp_engine_step (engine, layer)->layout.shape;
}

/** esp_engine_failed: Returns: FALSE, with an error that names the layer whose kernel failed. */
gboolean
esp_engine_failed (EspEngine *engine, guint layer, GError **error)
{
  const EspStep *step = esp_engine_step (engine, layer);

  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "layer %u [%s]: the kernel “%s” failed", layer,
               esp_layer_kind_name (step->layer->kind), step->kernel != NULL ? esp_kernel_get_name (step->kernel) : "none");
  return FALSE;
}

static gboolean
run_step (EspEngine *engine, EspStep *step)
{
  if (step->run == NULL)
    return TRUE;
  if (step->order != NULL)
    esp_engine_take_input (engine, step);
  if (!esp_call_run (step->run, FALSE) || (step->run_bend != NULL && !esp_call_run (step->run_bend, FALSE)))
    return FALSE;
  if (step->keep != NULL)
    esp_layout_zero_channels (&step->layout, step->out.data, step->keep);
  return TRUE;
}

static gboolean
run_steps (EspEngine *engine, guint from, guint end, EspJob *job, GError **error)
{
  esp_engine_tick (engine, -1);
  for (guint i = from; i < end; i++)
    {
      if (!esp_job_check (job, error))
        return FALSE;
      if (esp_engine_step (engine, i)->joined && i != from)
        continue; /* the convolution before it did its work */
      if (!run_step (engine, esp_engine_step (engine, i)))
        return esp_engine_failed (engine, i, error);
      esp_engine_tick (engine, (int) i);
    }
  return TRUE;
}

/**
 * esp_engine_forward:
 * @engine: the engine
 * @input: batch * c * h * w numbers in n c h w order, 0..1
 * @job: (nullable): cancels between two layers
 * @error: return location
 *
 * Runs the network. Allocates nothing. Results of one image do not depend on the others in the batch, nor on the thread count; in training,
 * where batch normalisation is by the batch's own mean and variance, they do on the others, and running statistics in the vector move.
 * Thread: the one that made it. Errors: G_IO_ERROR_CANCELLED, and then the outputs are undefined.
 */
gboolean
esp_engine_forward (EspEngine *engine, const float *input, EspJob *job, GError **error)
{
  return esp_engine_forward_part (engine, input, 0, engine->n, job, error);
}

/**
 * esp_engine_forward_part:
 * @engine: the engine
 * @input: (nullable): batch * c * h * w numbers in n c h w order, 0..1; NULL where @first is not 0
 * @first: first layer to run
 * @end: first layer not to run; no max-pool, which may be one with the convolution before it
 * @job: (nullable): cancels between two layers
 * @error: return location
 *
 * A part of a forward, begun as esp_engine_forward() or, with @first above 0, as esp_engine_forward_from(). esp_engine_save_live() @end may
 * follow, and a part from @end goes on. Thread and errors: as esp_engine_forward().
 */
gboolean
esp_engine_forward_part (EspEngine *engine, const float *input, guint first, guint end, EspJob *job, GError **error)
{
  EspStep *image = esp_engine_step (engine, -1);

  g_return_val_if_fail (first <= end && end <= engine->n && (end == engine->n || !esp_engine_step (engine, end)->joined), FALSE);
  g_return_val_if_fail (engine->train == NULL || (first == 0 && end == engine->n && input != NULL), FALSE);
  if (engine->train != NULL)
    return esp_train_forward (engine, input, job, error);
  if (input != NULL && image->out.data != NULL)
    esp_layout_pack (&image->layout, input, image->out.data);
  return run_steps (engine, first, end, job, error);
}

/**
 * esp_engine_forward_from:
 * @engine: the engine
 * @layer: first layer to run
 * @job: (nullable): cancels between two layers
 * @error: return location
 *
 * Continues a forward: what layers from @layer on read of earlier ones must hold, by esp_engine_load_live(), esp_engine_write(), or a
 * forward before that kept it (keep_all and explain engines). Thread and errors: as esp_engine_forward().
 */
gboolean
esp_engine_forward_from (EspEngine *engine, guint layer, EspJob *job, GError **error)
{
  g_return_val_if_fail (engine->train == NULL, FALSE);
  return run_steps (engine, layer, engine->n, job, error);
}

/* Whether the value made by step @i is needed once all before @layer have run. */
static gboolean
is_live (EspEngine *engine, int i, guint layer)
{
  const EspStep *step = esp_engine_step (engine, i);

  return step->root == i && i < (int) layer && step->reads >= (int) layer;
}

/**
 * esp_engine_get_live_bytes:
 * @engine: the engine
 * @layer: where a later forward would continue
 *
 * Returns: bytes of what layers from @layer on read of earlier ones, and of the heads before it, which stay part of the result. Equal for
 * networks that agree up to @layer. Thread: any.
 */
gsize
esp_engine_get_live_bytes (EspEngine *engine, guint layer)
{
  gsize bytes = 0;

  for (int i = -1; i < (int) layer; i++)
    if (is_live (engine, i, layer))
      bytes += esp_layout_get_bytes (&esp_engine_step (engine, i)->layout);
  return bytes;
}

/**
 * esp_engine_save_live:
 * @engine: just run up to @layer or, with keep_all, beyond
 * @layer: where a later forward would continue
 * @buffer: (out): esp_engine_get_live_bytes() bytes
 *
 * Without keep_all the places of early values are taken by later ones: save before the forward goes on, or from a keep_all engine.
 */
void
esp_engine_save_live (EspEngine *engine, guint layer, gpointer buffer)
{
  char *to = buffer;

  for (int i = -1; i < (int) layer; i++)
    if (is_live (engine, i, layer))
      {
        gsize bytes = esp_layout_get_bytes (&esp_engine_step (engine, i)->layout);

        memcpy (to, esp_engine_step (engine, i)->out.data, bytes);
        to += bytes;
      }
}

/** esp_engine_load_live: sets what esp_engine_save_live() saved, for esp_engine_forward_from() @layer. Thread: as forward. */
void
esp_engine_load_live (EspEngine *engine, guint layer, gconstpointer buffer)
{
  const char *from = buffer;

  for (int i = -1; i < (int) layer; i++)
    if (is_live (engine, i, layer))
      {
        gsize bytes = esp_layout_get_bytes (&esp_engine_step (engine, i)->layout);

        memcpy (esp_engine_step (engine, i)->out.data, from, bytes);
        from += bytes;
      }
}
