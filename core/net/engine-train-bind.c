/* engine-train-bind.c: the acts of a training step tied to the arena and to the vector that is trained */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-train-private.h"

/** esp_train_number: Returns: (transfer none): parameter number @at, as the kernels of the engine read it. */
gpointer
esp_train_number (EspEngine *engine, gsize at)
{
  EspTrain *train = engine->train;

  if (train->parameters != NULL)
    return train->parameters + at;
  return esp_parameter_vector_get_parameters (train->vector) + at;
}

/** esp_train_gradient: Returns: (transfer none): where the kernels of the engine leave the gradient of parameter number @at. */
gpointer
esp_train_gradient (EspEngine *engine, gsize at)
{
  EspTrain *train = engine->train;

  if (train->gradients != NULL)
    return train->gradients + at;
  return esp_parameter_vector_get_gradients (train->vector) + at;
}

/* The outputs of the inputs and then the parameters; room for two more. */
static const void **
list_inputs (EspEngine *engine, const EspTrainAct *act)
{
  const EspTrainLayer *layer = esp_train_layer (engine->train, act->layer);
  const void **in = g_new0 (const void *, act->n + 2);

  for (guint k = 0; k < act->n; k++)
    in[k] = esp_train_data (engine->train, act->in[k]);
  if (!layer->has_parameters)
    return in;
  in[act->n] = esp_train_number (engine, layer->weights);
  if (layer->biases != ESP_NOWHERE)
    in[act->n + 1] = esp_train_number (engine, layer->biases);
  return in;
}

static EspCallValues
values_of (EspEngine *engine, const EspTrainAct *act, const void *const *in)
{
  EspTrain *train = engine->train;
  const int out = esp_train_layer (train, act->layer)->has_mid ? act->mid : act->out;

  return (EspCallValues){ in, esp_train_data (train, out), esp_train_data (train, act->notes), esp_train_data (train, train->scratch) };
}

/* Of the normalisation or activation: the value before and the parameters. */
static EspCallValues
values_of_bend (EspEngine *engine, const EspTrainAct *act, const void *in[2])
{
  EspTrain *train = engine->train;
  const EspTrainLayer *layer = esp_train_layer (train, act->layer);

  in[0] = esp_train_data (train, act->mid);
  in[1] = layer->normalizes ? esp_train_number (engine, layer->scales) : NULL;
  return (EspCallValues){ in, esp_train_data (train, act->out), esp_train_data (train, act->moments),
                          esp_train_data (train, train->scratch) };
}

static gboolean
bind_run (EspEngine *engine, EspTrainAct *act)
{
  g_autofree const void **in = list_inputs (engine, act);
  const EspCallValues values = values_of (engine, act, in);
  EspKernel *kernel = esp_train_layer (engine->train, act->layer)->kernel;

  if (kernel == NULL)
    return TRUE;
  act->run = esp_call_new_forward (kernel, &values);
  return act->run != NULL;
}

static gboolean
bind_finish (EspEngine *engine, EspTrainAct *act)
{
  const EspTrainLayer *layer = esp_train_layer (engine->train, act->layer);
  const void *in[2];
  const EspCallValues values = values_of_bend (engine, act, in);

  act->run = layer->normalizes && (act->again || esp_train_is_frozen (engine, act->layer)) ? esp_call_new_again (layer->bend, &values)
                                                                                           : esp_call_new_forward (layer->bend, &values);
  return act->run != NULL;
}

/* What the gradient of the weights reads: the inputs, of a weighted sum its weights, and the gradient. */
static gboolean
bind_learn (EspEngine *engine, EspTrainAct *act)
{
  const EspTrainLayer *layer = esp_train_layer (engine->train, act->layer);
  g_autofree const void **in = list_inputs (engine, act);
  const void *grad = esp_train_data (engine->train, act->grad);
  EspCallValues values = { in, NULL, NULL, esp_train_data (engine->train, engine->train->scratch) };
  const EspCallValues sums = { &grad, layer->sums != NULL ? esp_train_gradient (engine, layer->biases) : NULL, NULL, values.scratch };

  if (layer->learn == NULL)
    return TRUE;
  in[esp_engine_step (engine, act->layer)->layer->kind == ESP_LAYER_SHORTCUT ? act->n + 1 : act->n] = grad;
  values.out = esp_train_gradient (engine, layer->weights);
  act->learn = esp_call_new_forward (layer->learn, &values);
  if (layer->sums != NULL)
    act->sums = esp_call_new_forward (layer->sums, &sums);
  return act->learn != NULL && (layer->sums == NULL || act->sums != NULL);
}

static gboolean
bind_back (EspEngine *engine, EspTrainAct *act)
{
  EspTrain *train = engine->train;
  const EspTrainLayer *layer = esp_train_layer (train, act->layer);
  g_autofree const void **in = list_inputs (engine, act);
  const EspCallValues values = values_of (engine, act, in);
  const void *before[2];
  const EspCallValues bend = values_of_bend (engine, act, before);
  char *grad = esp_train_data (train, act->grad);

  if (layer->bend != NULL && (act->bend = esp_call_new_backward (layer->bend, 0, &bend, grad, grad)) == NULL)
    return FALSE;
  act->back = g_new0 (EspCall *, act->n);
  for (guint k = 0; k < act->n && layer->kernel != NULL; k++)
    {
      if (act->to[k] == ESP_NONE || act->to[k] == act->grad)
        continue;
      act->back[k] = esp_call_new_backward (layer->kernel, k, &values, grad, esp_train_data (train, act->to[k]));
      if (act->back[k] == NULL)
        return FALSE;
    }
  return bind_learn (engine, act);
}

static gboolean
bind_act (EspEngine *engine, EspTrainAct *act)
{
  switch (act->kind)
    {
    case ESP_TRAIN_RUN:
      return bind_run (engine, act);
    case ESP_TRAIN_FINISH:
      return bind_finish (engine, act);
    case ESP_TRAIN_BACK:
      return bind_back (engine, act);
    case ESP_TRAIN_SEEDS:
      break;
    }
  return TRUE;
}

/**
 * esp_train_bind:
 * @engine: with an arena
 * @error: return location
 *
 * Makes every call of the step, and tells which outputs can be read. Thread: lane.
 */
gboolean
esp_train_bind (EspEngine *engine, GError **error)
{
  EspTrain *train = engine->train;

  if (engine->steps[0].layout.size == sizeof (double))
    {
      train->parameters = g_new0 (double, MAX (esp_parameter_vector_get_n (train->vector), 1));
      train->gradients = g_new0 (double, MAX (esp_parameter_vector_get_n (train->vector), 1));
    }
  for (guint i = 0; i < train->acts->len; i++)
    if (!bind_act (engine, train->acts->pdata[i]))
      return esp_engine_failed (engine, ((EspTrainAct *) train->acts->pdata[i])->layer, error);
  for (guint i = 0; i < engine->n; i++)
    esp_engine_step (engine, i)->out.data = esp_train_data (train, esp_train_layer (train, i)->shown);
  return TRUE;
}
