/* engine-plan.c: how long everything lives that a forward (and backward) touches, and the calls tied to its places */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-private.h"

static gboolean
explains (const EspEngine *engine)
{
  return engine->options.mode == ESP_MODE_EXPLAIN;
}

/* Which step reads each output last. Heads, what feeds them, and outputs that nothing reads stay to the end. */
static void
find_readers (EspEngine *engine)
{
  int end = (int) engine->n;

  for (int i = -1; i < end; i++)
    esp_engine_step (engine, i)->reads = -2;
  for (int i = 0; i < end; i++)
    {
      EspStep *step = esp_engine_step (engine, i);

      for (guint k = 0; k < step->layer->n_inputs; k++)
        {
          EspStep *input = esp_engine_step (engine, esp_engine_step (engine, step->layer->inputs[k])->root);

          input->reads = MAX (input->reads, esp_layer_is_head (step->layer) ? end : i);
        }
    }
  for (int i = 0; i < end; i++)
    {
      EspStep *step = esp_engine_step (engine, i), *root = esp_engine_step (engine, step->root);
      guint n = 0;

      esp_network_get_consumers (engine->network, (guint) i, &n);
      if (n == 0 || esp_layer_is_head (step->layer))
        root->reads = end;
    }
}

/** esp_engine_end: Returns: the time when all is done: forward takes one of each step, backward as many more. */
int
esp_engine_end (const EspEngine *engine)
{
  return (explains (engine) ? 2 : 1) * (int) engine->n;
}

static void
want_places (EspEngine *engine)
{
  const int end = esp_engine_end (engine);
  gsize scratch = 0;

  for (int i = -1; i < (int) engine->n; i++)
    {
      EspStep *step = esp_engine_step (engine, i);
      gsize bytes = esp_layout_get_bytes (&step->layout);

      if (step->root == i)
        esp_place_want (&step->out, bytes, step->joined ? i - 1 : i,
                        engine->options.keep_all || explains (engine) ? end : MAX (step->reads, i));
      if (step->kernel != NULL)
        {
          esp_place_want (&step->kept, esp_kernel_get_kept (step->kernel), i, end);
          scratch = MAX (scratch, esp_kernel_get_scratch (step->kernel));
        }
      if (step->learn != NULL)
        {
          esp_place_want (&step->learned, step->learned.bytes, -1, end);
          scratch = MAX (scratch, esp_kernel_get_scratch (step->learn));
        }
      if (step->order != NULL)
        esp_place_want (&step->taken, esp_layout_get_bytes (&esp_engine_step (engine, step->layer->inputs[0])->layout), i, i);
      if (step->pre.bytes > 0)
        esp_place_want (&step->pre, bytes, i, end);
    }
  if (explains (engine))
    esp_engine_want_gradients (engine);
  esp_place_want (&engine->scratch, scratch, -1, end);
}

static GPtrArray *
list_places (EspEngine *engine)
{
  GPtrArray *places = g_ptr_array_new ();

  for (int i = -1; i < (int) engine->n; i++)
    {
      EspStep *step = esp_engine_step (engine, i);
      EspPlace *const own[] = { &step->out, &step->pre, &step->kept, &step->grad, &step->pre_grad, &step->learned, &step->taken };

      for (guint k = 0; k < G_N_ELEMENTS (own); k++)
        if (own[k]->bytes > 0)
          g_ptr_array_add (places, own[k]);
    }
  if (engine->scratch.bytes > 0)
    g_ptr_array_add (places, &engine->scratch);
  return places;
}

static char *
root_data (EspEngine *engine, int layer)
{
  return esp_engine_step (engine, esp_engine_step (engine, layer)->root)->out.data;
}

/* What the kernel of a step reads and writes: of an activation that is fused, or is backward's alone, only the output. */
static EspCallValues
values_of (EspEngine *engine, EspStep *step, const void **in)
{
  for (guint k = 0; k < step->layer->n_inputs; k++)
    in[k] = step->order != NULL ? step->taken.data : root_data (engine, step->layer->inputs[k]);
  if (step->joins)
    return (EspCallValues){ in, (step + 1)->out.data, NULL, engine->scratch.data };
  return (EspCallValues){ in, step->pre.data != NULL ? step->pre.data : root_data (engine, (int) step->layer->index), step->kept.data,
                          engine->scratch.data };
}

static EspCallValues
values_of_bend (EspEngine *engine, EspStep *step, const void **pre)
{
  *pre = step->pre.data;
  return (EspCallValues){ pre, root_data (engine, (int) step->layer->index), NULL, engine->scratch.data };
}

static gboolean
bind_forward (EspEngine *engine, EspStep *step)
{
  g_autofree const void **in = g_new (const void *, step->layer->n_inputs);
  const EspCallValues values = values_of (engine, step, in);
  const void *pre;
  const EspCallValues bend = values_of_bend (engine, step, &pre);

  step->run = esp_call_new_forward (step->kernel, &values);
  if (pre != NULL)
    step->run_bend = esp_call_new_forward (step->bend, &bend);
  return step->run != NULL && (pre == NULL || step->run_bend != NULL);
}

static gboolean
bind_backward (EspEngine *engine, EspStep *step)
{
  g_autofree const void **in = g_new (const void *, step->layer->n_inputs);
  const EspCallValues values = values_of (engine, step, in);
  const void *pre;
  const EspCallValues bend = values_of_bend (engine, step, &pre);
  const char *grad = step->bend != NULL ? step->pre_grad.data : step->grad.data;

  step->back = g_new0 (EspCall *, step->layer->n_inputs);
  if (step->bend != NULL)
    step->back_bend = esp_call_new_backward (step->bend, 0, &bend, step->grad.data, step->pre_grad.data);
  if (step->bend != NULL && step->back_bend == NULL)
    return FALSE;
  for (guint k = 0; k < step->layer->n_inputs; k++)
    {
      EspStep *input = esp_engine_step (engine, step->layer->inputs[k]);

      if (input->grad.data == NULL)
        continue;
      step->back[k] = esp_call_new_backward (step->kernel, k, &values, grad, input->grad.data);
      if (step->back[k] == NULL)
        return FALSE;
    }
  if (step->through != NULL)
    step->back_through
        = esp_call_new_backward (step->through, 0, &values, grad, esp_engine_step (engine, step->layer->inputs[0])->pre_grad.data);
  return step->through == NULL || step->back_through != NULL;
}

static gboolean
bind_learn (EspEngine *engine, EspStep *step)
{
  const guint n = step->layer->n_inputs;
  g_autofree const void **in = g_new (const void *, n + 1);
  EspCallValues values = values_of (engine, step, in);

  in[n] = step->bend != NULL ? step->pre_grad.data : step->grad.data;
  values.out = step->learned.data;
  step->run_learn = esp_call_new_forward (step->learn, &values);
  return step->run_learn != NULL;
}

/**
 * esp_engine_plan:
 * @engine: compiled
 * @error: return location
 *
 * Gives every value a place while it lives, allocates the arena, and ties the kernels to it.
 * Thread: lane. Errors: ESP_ERROR_LIMIT where memory does not suffice.
 */
gboolean
esp_engine_plan (EspEngine *engine, GError **error)
{
  g_autoptr (GPtrArray) places = NULL;

  find_readers (engine);
  want_places (engine);
  places = list_places (engine);
  if (!esp_engine_allocate (engine, places, esp_places_plan (places), error))
    return FALSE;
  if (explains (engine))
    esp_engine_share_gradients (engine);
  for (guint i = 0; i < engine->n; i++)
    {
      EspStep *step = esp_engine_step (engine, i);

      if (step->root == (int) i && !bind_forward (engine, step))
        return esp_engine_failed (engine, i, error);
      if (explains (engine) && step->grad.data != NULL && !bind_backward (engine, step))
        return esp_engine_failed (engine, i, error);
      if (step->learn != NULL && !bind_learn (engine, step))
        return esp_engine_failed (engine, i, error);
    }
  return TRUE;
}
