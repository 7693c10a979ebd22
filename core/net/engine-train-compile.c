/* engine-train-compile.c: which layers a training step runs, and the kernels of each */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-train-private.h"

#include "base/error.h"
#include "net/layer-private.h"

/** esp_train_root: Returns: 1 + the layer whose place holds input number @input of @layer; 0: the image. */
guint
esp_train_root (EspEngine *engine, guint layer, guint input)
{
  const int from = esp_engine_step (engine, layer)->layer->inputs[input];

  return (guint) (esp_engine_step (engine, from)->root + 1);
}

/* A layer behind which the losses begin: they read what comes in, raw. */
static gboolean
ends (const EspLayer *layer)
{
  return esp_layer_is_head (layer) || layer->kind == ESP_LAYER_SOFTMAX || layer->kind == ESP_LAYER_COST;
}

/* From the last layer back: what need not run, and whose outputs are open to be read and seeded. */
static void
find_ends (EspEngine *engine)
{
  EspTrain *train = engine->train;

  for (guint i = engine->n; i-- > 0;)
    {
      const EspStep *step = esp_engine_step (engine, i);
      EspTrainLayer *layer = esp_train_layer (train, i);
      guint n = 0, running = 0;
      const guint *readers = esp_network_get_consumers (engine->network, i, &n);

      for (guint k = 0; k < n; k++)
        running += esp_train_layer (train, readers[k])->runs;
      layer->runs = running > 0 || train->watched[i] || !ends (step->layer);
      if (layer->runs && (running < n || n == 0 || train->watched[i]))
        esp_train_layer (train, step->root)->open = TRUE;
    }
  for (guint i = 0; i < engine->n; i++)
    esp_train_layer (train, i)->runs &= esp_engine_step (engine, i)->root == (int) i;
}

/* Forth, who has something to learn; back, whom a gradient reaches. */
static void
find_ways (EspEngine *engine)
{
  EspTrain *train = engine->train;
  g_autofree guint8 *reached = g_new0 (guint8, engine->n + 1);

  for (guint i = 0; i < engine->n; i++)
    {
      EspTrainLayer *layer = esp_train_layer (train, i);

      layer->needs = layer->has_parameters = esp_layer_count_params (esp_engine_step (engine, i)->layer) > 0;
      for (guint k = 0; k < esp_engine_step (engine, i)->layer->n_inputs; k++)
        layer->needs |= train->layers[esp_train_root (engine, i, k)].needs;
    }
  for (guint i = engine->n; i-- > 0;)
    {
      EspTrainLayer *layer = esp_train_layer (train, i);

      layer->back = layer->runs && layer->needs && (reached[i + 1] || layer->open);
      for (guint k = 0; layer->back && k < esp_engine_step (engine, i)->layer->n_inputs; k++)
        reached[esp_train_root (engine, i, k)] = TRUE;
    }
}

static gsize
slot_at (EspTrain *train, guint layer, EspParameter parameter)
{
  const EspParameterSlot *slot = esp_parameter_vector_find (train->vector, layer, parameter);

  return slot != NULL ? slot->at : ESP_NOWHERE;
}

static EspLayout
plain (const EspEngine *engine, EspShape shape)
{
  return esp_kernels_layout (engine->set, shape, TRUE);
}

/* Batch normalisation with the activation, or the activation where backward needs it or forward cannot do it along with the layer. */
static gboolean
compile_bend (EspEngine *engine, EspTrainLayer *layer, const EspStep *step, EspSpec *whole, GError **error)
{
  const EspActivation activation = step->layer->activation;
  const EspLayout in[] = { step->layout, plain (engine, (EspShape){ 1, 2 * step->layout.shape.c, 1, 1 }) };
  const EspSpec normal = { .op = ESP_OP_NORMALIZE, .backward = TRUE, .n_in = 2, .in = in, .out = step->layout, .activation = activation };
  const EspSpec bend = { .op = ESP_OP_ACTIVATION, .backward = TRUE, .n_in = 1, .in = in, .out = step->layout, .activation = activation };

  layer->has_mid = layer->normalizes || esp_activation_needs_input (activation);
  whole->activation = layer->has_mid ? ESP_ACTIVATION_LINEAR : activation;
  if (!layer->normalizes && activation == ESP_ACTIVATION_LINEAR)
    return TRUE;
  layer->bend = esp_engine_kernel (engine, layer->normalizes ? &normal : &bend, NULL, error);
  return layer->bend != NULL;
}

/* The gradients of the weights, and of the biases where there is no batch normalisation to have them. */
static gboolean
compile_learn (EspEngine *engine, EspTrainLayer *layer, const EspStep *step, const EspSpec *forward, GError **error)
{
  g_autofree EspLayout *in = g_new (EspLayout, forward->n_in + 1);
  EspSpec spec = { .n_in = step->layer->n_inputs, .in = in, .out = { .block = 1, .size = step->layout.size }, .learned = TRUE };
  const EspSpec sums
      = { .op = ESP_OP_CHANNEL_SUMS, .n_in = 1, .in = &step->layout, .out = plain (engine, (EspShape){ 1, step->layout.shape.c, 1, 1 }) };

  if (!layer->has_parameters || !layer->back)
    return TRUE;
  for (guint k = 0; k < forward->n_in; k++)
    in[k] = forward->in[k];
  if (forward->op == ESP_OP_ADD)
    spec.n_in++; /* its weights, too */
  in[spec.n_in++] = step->layout;
  esp_layer_row (step->layer->kind)->spec_parameters (step->layer, &spec);
  layer->learn = esp_engine_kernel (engine, &spec, NULL, error);
  if (layer->learn == NULL || layer->biases == ESP_NOWHERE || layer->normalizes)
    return layer->learn != NULL;
  layer->sums = esp_engine_kernel (engine, &sums, NULL, error);
  return layer->sums != NULL;
}

/* What a layer reads besides its inputs: its parameters. */
static void
add_parameters (EspEngine *engine, const EspTrainLayer *layer, const EspStep *step, EspSpec *spec, EspLayout *in)
{
  EspSpec learned = { 0 };

  if (!layer->has_parameters)
    return;
  esp_layer_row (step->layer->kind)->spec_parameters (step->layer, &learned);
  spec->learned = TRUE;
  in[spec->n_in++] = plain (engine, learned.out.shape);
  if (layer->biases != ESP_NOWHERE && !layer->normalizes)
    in[spec->n_in++] = plain (engine, (EspShape){ 1, step->layout.shape.c, 1, 1 });
}

static gboolean
compile_layer (EspEngine *engine, guint index, GError **error)
{
  const EspStep *step = esp_engine_step (engine, index);
  const guint n = step->layer->n_inputs;
  EspTrainLayer *layer = esp_train_layer (engine->train, index);
  g_autofree EspLayout *in = g_new (EspLayout, n + 2);
  EspSpec spec = { .n_in = n, .in = in, .out = step->layout };

  for (guint k = 0; k < n; k++)
    {
      in[k] = engine->steps[esp_train_root (engine, index, k)].layout;
      spec.backward |= layer->back && engine->train->layers[esp_train_root (engine, index, k)].needs;
    }
  esp_layer_row (step->layer->kind)->spec (step->layer, &spec);
  layer->weights = slot_at (engine->train, index, ESP_PARAMETER_WEIGHTS);
  layer->scales = slot_at (engine->train, index, ESP_PARAMETER_SCALES);
  layer->biases = slot_at (engine->train, index, ESP_PARAMETER_BIASES);
  layer->statistics = esp_parameter_vector_find_statistics (engine->train->vector, index);
  layer->normalizes = layer->scales != ESP_NOWHERE;
  add_parameters (engine, layer, step, &spec, in);
  if (!compile_bend (engine, layer, step, &spec, error))
    return FALSE;
  layer->kernel = esp_engine_kernel (engine, &spec, NULL, error);
  return layer->kernel != NULL && compile_learn (engine, layer, step, &spec, error);
}

static gboolean
check_dropout (EspEngine *engine, const EspLayer *layer, GError **error)
{
  const char *why = layer->dropout.blocks                 ? "dropblock=1 is not trained here: dropout is"
                    : !(layer->dropout.probability >= 0)  ? "probability= below 0"
                    : !(layer->dropout.probability < 1.0) ? "probability= is not below 1"
                                                          : NULL;

  return why == NULL || esp_engine_refuse (engine, layer, why, error);
}

static gboolean
check_options (EspEngine *engine, GError **error)
{
  const EspEngineOptions *options = &engine->options;
  const char *why = NULL;

  if (options->vector == NULL)
    why = "a training engine needs the vector that it trains";
  else if (!esp_parameter_vector_fits (options->vector, engine->network))
    why = "the vector is of a network with other parameters";
  else if (options->bn != ESP_BN_ALEXEY)
    why = "training has AlexeyAB's form of batch normalisation alone";
  for (guint i = 0; why == NULL && i < options->n_watch; i++)
    if (options->watch[i] >= engine->n)
      why = "a watched layer is not there";
  if (why != NULL)
    g_set_error_literal (error, ESP_ERROR, ESP_ERROR_SHAPE, why);
  return why == NULL;
}

/**
 * esp_train_new:
 * @engine: with network, options and set
 * @error: return location
 *
 * Lays out every value and makes every kernel; heads are left out, and what only they read is open. Nothing has an address yet.
 * Returns: the state; NULL and what there is of it in engine->train on errors. Thread: lane.
 */
EspTrain *
esp_train_new (EspEngine *engine, GError **error)
{
  EspTrain *train;

  if (!check_options (engine, error))
    return NULL;
  esp_engine_lay_out (engine);
  train = engine->train = g_new0 (EspTrain, 1);
  train->vector = esp_parameter_vector_ref (engine->options.vector);
  train->layers = g_new0 (EspTrainLayer, engine->n + 1);
  train->watched = g_new0 (guint8, engine->n);
  for (guint i = 0; i < engine->options.n_watch; i++)
    train->watched[engine->options.watch[i]] = TRUE;
  engine->options.watch = NULL; /* the caller's */
  find_ends (engine);
  find_ways (engine);
  for (guint i = 0; i < engine->n; i++)
    {
      const EspLayer *layer = esp_engine_step (engine, i)->layer;

      if (!esp_train_layer (train, i)->runs)
        continue;
      if (layer->kind == ESP_LAYER_DROPOUT ? !check_dropout (engine, layer, error) : !compile_layer (engine, i, error))
        return NULL;
    }
  return train;
}

static void
layer_clear (EspTrainLayer *layer)
{
  g_clear_pointer (&layer->kernel, esp_kernel_unref);
  g_clear_pointer (&layer->bend, esp_kernel_unref);
  g_clear_pointer (&layer->learn, esp_kernel_unref);
  g_clear_pointer (&layer->sums, esp_kernel_unref);
  g_free (layer->keep);
}

/** esp_train_free: @train: (transfer full): frees it; the arena is the engine's. Thread: as it was made. */
void
esp_train_free (EspTrain *train)
{
  const guint n = esp_network_get_n_layers (esp_parameter_vector_get_network (train->vector));

  g_clear_pointer (&train->acts, g_ptr_array_unref);
  g_clear_pointer (&train->values, g_ptr_array_unref);
  for (guint i = 0; i <= n; i++)
    layer_clear (&train->layers[i]);
  g_free (train->layers);
  g_free (train->watched);
  g_free (train->parameters);
  g_free (train->gradients);
  g_clear_pointer (&train->channels, esp_mask_unref);
  esp_parameter_vector_unref (train->vector);
  g_free (train);
}
