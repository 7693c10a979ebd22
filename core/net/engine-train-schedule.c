/* engine-train-schedule.c: the acts of a training step in their order, and how long each value lives */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-train-private.h"

#include "net/layer-private.h"

/** esp_train_act_free: @act: (transfer full): an EspTrainAct. */
void
esp_train_act_free (gpointer data)
{
  EspTrainAct *act = data;

  g_free (act->in);
  g_free (act->to);
  g_free (act->add);
  g_clear_pointer (&act->run, esp_call_free);
  g_clear_pointer (&act->bend, esp_call_free);
  g_clear_pointer (&act->learn, esp_call_free);
  g_clear_pointer (&act->sums, esp_call_free);
  for (guint k = 0; act->back != NULL && k < act->n; k++)
    g_clear_pointer (&act->back[k], esp_call_free);
  g_free (act->back);
  g_free (act);
}

static int
add_value (EspTrain *train, gsize bytes, EspHeld held)
{
  EspTrainValue *value = g_new0 (EspTrainValue, 1);

  value->place = (EspPlace){ .bytes = bytes, .at = ESP_NOWHERE, .from = G_MAXINT, .to = -1 };
  value->held = held;
  g_ptr_array_add (train->values, value);
  return (int) train->values->len - 1;
}

static void
touch (EspTrain *train, int value, int at)
{
  EspPlace *place;

  if (value == ESP_NONE)
    return;
  place = &((EspTrainValue *) train->values->pdata[value])->place;
  place->from = MIN (place->from, at);
  place->to = MAX (place->to, at);
}

static int *
no_values (guint n)
{
  int *values = g_new (int, n);

  for (guint k = 0; k < n; k++)
    values[k] = ESP_NONE;
  return values;
}

static EspTrainAct *
act_new (EspEngine *engine, EspTrainActKind kind, guint layer)
{
  EspTrainAct *act = g_new0 (EspTrainAct, 1);

  act->kind = kind;
  act->layer = layer;
  act->n = esp_engine_step (engine, layer)->layer->n_inputs;
  act->in = no_values (act->n);
  act->mid = act->out = act->notes = act->moments = act->grad = ESP_NONE;
  return act;
}

/* Puts it at the end of the list: what it reads and writes lives at that time. */
static void
append (EspEngine *engine, EspTrainAct *act)
{
  EspTrain *train = engine->train;
  const int at = (int) train->acts->len, own[] = { act->mid, act->out, act->notes, act->moments, act->grad };

  g_ptr_array_add (train->acts, act);
  for (guint k = 0; k < G_N_ELEMENTS (own); k++)
    touch (train, own[k], at);
  for (guint k = 0; k < act->n; k++)
    {
      touch (train, act->in[k], at);
      if (act->to != NULL)
        touch (train, act->to[k], at);
    }
}

static gsize
bytes_of (EspEngine *engine, guint layer)
{
  return esp_layout_get_bytes (&esp_engine_step (engine, layer)->layout);
}

static int need_out (EspEngine *engine, guint root);

/* The layer itself, and all of it where there is nothing to finish. */
static void
run_layer (EspEngine *engine, guint index, gboolean again)
{
  EspTrain *train = engine->train;
  EspTrainLayer *layer = esp_train_layer (train, index);
  EspTrainAct *act = act_new (engine, ESP_TRAIN_RUN, index);
  const gsize notes = layer->kernel != NULL ? esp_kernel_get_kept (layer->kernel) : 0;

  for (guint k = 0; k < esp_engine_step (engine, index)->layer->n_inputs; k++)
    act->in[k] = need_out (engine, esp_train_root (engine, index, k));
  act->again = again;
  if (notes > 0 && layer->notes == ESP_NONE)
    layer->notes = add_value (train, notes, ESP_HELD_NOTES);
  act->notes = layer->notes;
  if (layer->has_mid)
    act->mid = layer->mid = add_value (train, bytes_of (engine, index), ESP_HELD_VALUES);
  else
    act->out = layer->out = add_value (train, bytes_of (engine, index), ESP_HELD_VALUES);
  append (engine, act);
}

static void
need_mid (EspEngine *engine, guint index)
{
  if (esp_train_layer (engine->train, index)->mid == ESP_NONE)
    run_layer (engine, index, TRUE);
}

static void
finish_layer (EspEngine *engine, guint index, gboolean again)
{
  EspTrain *train = engine->train;
  EspTrainLayer *layer = esp_train_layer (train, index);
  EspTrainAct *act;

  need_mid (engine, index);
  act = act_new (engine, ESP_TRAIN_FINISH, index);
  act->again = again;
  act->mid = layer->mid;
  if (layer->normalizes && layer->moments == ESP_NONE)
    layer->moments = add_value (train, esp_kernel_get_kept (layer->bend), ESP_HELD_NOTES);
  act->moments = layer->moments;
  act->out = layer->out = add_value (train, bytes_of (engine, index), ESP_HELD_VALUES);
  append (engine, act);
}

/* The output of layer @root - 1, computed again where it was given up. */
static int
need_out (EspEngine *engine, guint root)
{
  EspTrainLayer *layer = &engine->train->layers[root];

  if (layer->out != ESP_NONE)
    return layer->out;
  if (layer->has_mid)
    finish_layer (engine, root - 1, TRUE);
  else
    run_layer (engine, root - 1, TRUE);
  return layer->out;
}

/* Whether backward reads the inputs; their gradients or those of the parameters are made of them. */
static gboolean
reads_inputs (const EspLayer *layer)
{
  return layer->kind == ESP_LAYER_SAM || layer->kind == ESP_LAYER_SCALE_CHANNELS;
}

static gboolean
reads_output (EspEngine *engine, guint index)
{
  const EspTrainLayer *layer = esp_train_layer (engine->train, index);
  const EspLayer *of = esp_engine_step (engine, index)->layer;

  return esp_layer_is_head (of) || of->kind == ESP_LAYER_SOFTMAX || (layer->bend != NULL && !layer->has_mid);
}

/* An input whose gradient is the output's own, and nobody else's yet: no copy is made. ESP_NONE: none. */
static int
find_passed (EspEngine *engine, guint index)
{
  const EspLayer *layer = esp_engine_step (engine, index)->layer;
  const EspTrain *train = engine->train;

  if (layer->kind == ESP_LAYER_SHORTCUT
          ? layer->shortcut.weights != ESP_ADD_UNWEIGHTED || layer->shortcut.alpha != 1 || layer->shortcut.beta != 1
          : layer->kind != ESP_LAYER_DROPOUT)
    return ESP_NONE;
  for (guint k = layer->n_inputs; k-- > 0;)
    {
      const guint root = esp_train_root (engine, index, k);
      guint same = 0;

      for (guint j = 0; j < layer->n_inputs; j++)
        same += esp_train_root (engine, index, j) == root;
      if (same == 1 && train->layers[root].needs && train->layers[root].grad == ESP_NONE
          && esp_layout_equal (&engine->steps[root].layout, &esp_engine_step (engine, index)->layout))
        return (int) k;
    }
  return ESP_NONE;
}

/* Where the gradients of the inputs go: the first to come stores, others add. */
static void
find_targets (EspEngine *engine, EspTrainAct *act)
{
  EspTrain *train = engine->train;
  const int passed = find_passed (engine, act->layer);

  act->to = no_values (act->n);
  act->add = g_new0 (gboolean, act->n);
  for (guint k = 0; k < act->n; k++)
    {
      const guint root = esp_train_root (engine, act->layer, k);
      EspTrainLayer *input = &train->layers[root];

      if (!input->needs)
        continue;
      act->add[k] = input->grad != ESP_NONE;
      if ((int) k == passed)
        input->grad = act->grad;
      else if (input->grad == ESP_NONE)
        input->grad = add_value (train, esp_layout_get_bytes (&engine->steps[root].layout), ESP_HELD_GRADIENTS);
      act->to[k] = input->grad;
    }
}

static void
back_layer (EspEngine *engine, guint index)
{
  const EspLayer *of = esp_engine_step (engine, index)->layer;
  EspTrainLayer *layer = esp_train_layer (engine->train, index);
  EspTrainAct *act = act_new (engine, ESP_TRAIN_BACK, index);

  for (guint k = 0; k < of->n_inputs && (layer->learn != NULL || reads_inputs (of)); k++)
    act->in[k] = need_out (engine, esp_train_root (engine, index, k));
  if (layer->has_mid)
    {
      need_mid (engine, index);
      act->mid = layer->mid;
    }
  if (reads_output (engine, index))
    act->out = need_out (engine, index + 1);
  act->notes = layer->notes;
  act->moments = layer->moments;
  act->grad = layer->grad;
  find_targets (engine, act);
  append (engine, act);
}

/* Between forward and backward: open outputs are there to be read, their gradients to be set; what is dropped is gone. */
static void
show (EspEngine *engine)
{
  EspTrain *train = engine->train;
  EspTrainAct *act = act_new (engine, ESP_TRAIN_SEEDS, 0);

  train->seeds = train->acts->len;
  append (engine, act);
  for (guint i = 0; i < engine->n; i++)
    {
      EspTrainLayer *layer = esp_train_layer (train, i);

      if (layer->open)
        {
          layer->shown = layer->out;
          touch (train, layer->shown, (int) train->seeds);
          layer->grad = layer->grad_shown = layer->back ? add_value (train, bytes_of (engine, i), ESP_HELD_GRADIENTS) : ESP_NONE;
          touch (train, layer->grad, (int) train->seeds);
        }
      if (layer->drops_out)
        layer->out = ESP_NONE;
      if (layer->drops_mid)
        layer->mid = ESP_NONE;
    }
}

static gsize
scratch_bytes (EspEngine *engine)
{
  gsize bytes = 0;

  for (guint i = 0; i < engine->n; i++)
    {
      EspTrainLayer *layer = esp_train_layer (engine->train, i);
      EspKernel *const own[] = { layer->kernel, layer->bend, layer->learn, layer->sums };

      for (guint k = 0; k < G_N_ELEMENTS (own); k++)
        bytes = MAX (bytes, own[k] != NULL ? esp_kernel_get_scratch (own[k]) : 0);
    }
  return bytes;
}

static void
begin (EspEngine *engine)
{
  EspTrain *train = engine->train;

  g_clear_pointer (&train->acts, g_ptr_array_unref);
  g_clear_pointer (&train->values, g_ptr_array_unref);
  train->acts = g_ptr_array_new_with_free_func (esp_train_act_free);
  train->values = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i <= engine->n; i++)
    train->layers[i].out = train->layers[i].mid = train->layers[i].grad = train->layers[i].notes = train->layers[i].moments
        = train->layers[i].shown = train->layers[i].grad_shown = ESP_NONE;
  train->layers[0].out = add_value (train, esp_layout_get_bytes (&engine->steps[0].layout), ESP_HELD_VALUES);
  touch (train, train->layers[0].out, 0);
}

/**
 * esp_train_list_acts:
 * @engine: compiled for training
 *
 * Lists the acts of a step anew, with what layers drop computed again just before backward reads it first: from the value before batch
 * normalisation where that is held, else from the layer's inputs, which may be computed again for it in turn. Thread: lane.
 */
void
esp_train_list_acts (EspEngine *engine)
{
  EspTrain *train = engine->train;

  begin (engine);
  for (guint i = 0; i < engine->n; i++)
    if (esp_train_layer (train, i)->runs)
      {
        run_layer (engine, i, FALSE);
        if (esp_train_layer (train, i)->has_mid)
          finish_layer (engine, i, FALSE);
      }
  show (engine);
  for (guint i = engine->n; i-- > 0;)
    if (esp_train_layer (train, i)->back)
      back_layer (engine, i);
  train->scratch = add_value (train, scratch_bytes (engine), ESP_HELD_SCRATCH);
  touch (train, train->scratch, 0);
  touch (train, train->scratch, (int) train->acts->len);
}
