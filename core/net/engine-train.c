/* engine-train.c: a training step: forward with the statistics of the batch, backward to the parameters */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-train-private.h"

#include <string.h>

#include "base/error.h"

#define MOMENTUM 0.1f /* of running statistics towards those of the batch, as darknet has it */

/* What a channel mask leaves of each output, when it is another than last time. */
static void
follow_mask (EspEngine *engine)
{
  EspTrain *train = engine->train;
  const EspMask *mask = esp_parameter_vector_get_channels (train->vector);
  g_autoptr (EspFlow) flow = NULL;

  if (mask == train->channels)
    return;
  g_clear_pointer (&train->channels, esp_mask_unref);
  train->channels = mask != NULL ? esp_mask_ref ((EspMask *) mask) : NULL;
  flow = mask != NULL ? esp_flow_new (engine->network, mask) : NULL;
  for (guint i = 0; i < engine->n; i++)
    {
      EspTrainLayer *layer = esp_train_layer (train, i);
      guint n = 0;
      const guint8 *bits = esp_layer_cleared (esp_engine_step (engine, i)->layer, mask, flow, &n);

      g_clear_pointer (&layer->keep, g_free);
      for (guint c = 0; bits != NULL && c < n && layer->keep == NULL; c++)
        if (!bits[c])
          layer->keep = g_memdup2 (bits, n);
    }
}

static void
follow_parameters (EspTrain *train)
{
  const float *from = esp_parameter_vector_get_parameters (train->vector);
  const gsize n = esp_parameter_vector_get_n (train->vector);

  for (gsize i = 0; train->parameters != NULL && i < n; i++)
    train->parameters[i] = (double) from[i];
}

/* rolling = 0.9 rolling + 0.1 batch, of the variance the unbiased one, m / (m - 1) of the batch's. */
static void
move_statistics (EspEngine *engine, const EspTrainAct *act)
{
  const EspTrainLayer *layer = esp_train_layer (engine->train, act->layer);
  const EspShape s = esp_engine_step (engine, act->layer)->layout.shape;
  const double *moments = (const double *) (gpointer) esp_train_data (engine->train, act->moments);
  const double m = (double) s.n * s.h * s.w, unbiased = m > 1 ? m / (m - 1) : 1;
  float *means = esp_parameter_vector_get_statistics (engine->train->vector) + layer->statistics, *variances = means + s.c;

  for (int c = 0; c < s.c; c++)
    {
      if (layer->keep != NULL && !layer->keep[c])
        continue;
      means[c] += MOMENTUM * ((float) moments[ESP_MOMENT_MEAN * s.c + c] - means[c]);
      variances[c] += MOMENTUM * ((float) (unbiased * moments[ESP_MOMENT_VARIANCE * s.c + c]) - variances[c]);
    }
}

/* In the place of the batch's: the running ones, as inference reads them. */
static void
fix_statistics (EspEngine *engine, const EspTrainAct *act)
{
  const EspTrainLayer *layer = esp_train_layer (engine->train, act->layer);
  const int n = esp_engine_step (engine, act->layer)->layout.shape.c;
  const float *means = esp_parameter_vector_get_statistics (engine->train->vector) + layer->statistics, *variances = means + n;
  double *moments = (double *) (gpointer) esp_train_data (engine->train, act->moments);

  for (int c = 0; c < n; c++)
    {
      moments[ESP_MOMENT_MEAN * n + c] = (double) means[c];
      moments[ESP_MOMENT_VARIANCE * n + c] = (double) variances[c];
    }
}

static void
clear_masked (EspEngine *engine, const EspTrainAct *act, int value)
{
  const EspTrainLayer *layer = esp_train_layer (engine->train, act->layer);

  if (layer->keep != NULL)
    esp_layout_zero_channels (&esp_engine_step (engine, act->layer)->layout, esp_train_data (engine->train, value), layer->keep);
}

static void
drop (EspEngine *engine, guint index, const void *from, void *to, gboolean add)
{
  const EspStep *step = esp_engine_step (engine, index);

  esp_dropout_run (&step->layout, step->layer->dropout.probability, esp_dropout_key (engine->train->seed, engine->train->step, index), from,
                   to, add);
}

static gboolean
run_forward (EspEngine *engine, const EspTrainAct *act)
{
  const EspTrainLayer *layer = esp_train_layer (engine->train, act->layer);
  const gboolean normalizes = act->kind == ESP_TRAIN_FINISH && layer->normalizes && !act->again;
  const gboolean frozen = esp_train_is_frozen (engine, act->layer);

  if (normalizes && frozen)
    fix_statistics (engine, act);
  if (act->run == NULL)
    drop (engine, act->layer, esp_train_data (engine->train, act->in[0]), esp_train_data (engine->train, act->out), FALSE);
  else if (!esp_call_run (act->run, FALSE))
    return FALSE;
  if (act->kind == ESP_TRAIN_FINISH || !layer->has_mid)
    clear_masked (engine, act, act->out);
  if (normalizes && !frozen)
    move_statistics (engine, act);
  return TRUE;
}

/* The gradients of gamma and beta that the normalisation left. */
static void
take_moments (EspEngine *engine, const EspTrainAct *act, gboolean add)
{
  const EspTrainLayer *layer = esp_train_layer (engine->train, act->layer);
  const EspLayout *layout = &esp_engine_step (engine, act->layer)->layout;
  const gsize n = (gsize) layout->shape.c;
  const double *moments = (const double *) (gpointer) esp_train_data (engine->train, act->moments) + ESP_MOMENT_GAMMA * n;
  void *to = esp_train_gradient (engine, layer->scales); /* biases follow, as beta follows gamma */

  if (layout->size == sizeof (double))
    for (gsize i = 0; i < 2 * n; i++)
      ((double *) to)[i] = moments[i];
  else
    for (gsize i = 0; i < 2 * n; i++)
      ((float *) to)[i] = (float) (moments[i] + (add ? (double) ((float *) to)[i] : 0));
}

/* To the inputs from layer @stop on; the one that shares the gradient comes last, when nobody else reads it any more. */
static gboolean
pass_on (EspEngine *engine, const EspTrainAct *act, guint stop)
{
  const EspLayer *layer = esp_engine_step (engine, act->layer)->layer;

  for (guint k = 0; k < act->n; k++)
    {
      if (act->to[k] == ESP_NONE || esp_engine_step (engine, layer->inputs[k])->root < (int) stop)
        continue;
      if (layer->kind == ESP_LAYER_DROPOUT)
        drop (engine, act->layer, esp_train_data (engine->train, act->grad), esp_train_data (engine->train, act->to[k]), act->add[k]);
      else if (act->back[k] != NULL && !esp_call_run (act->back[k], act->add[k]))
        return FALSE;
    }
  return TRUE;
}

static gboolean
run_back (EspEngine *engine, const EspTrainAct *act, guint stop, gboolean add)
{
  clear_masked (engine, act, act->grad);
  if (act->bend != NULL && !esp_call_run (act->bend, FALSE))
    return FALSE;
  if (esp_train_layer (engine->train, act->layer)->normalizes)
    take_moments (engine, act, add);
  if ((act->learn != NULL && !esp_call_run (act->learn, add)) || (act->sums != NULL && !esp_call_run (act->sums, add)))
    return FALSE;
  return pass_on (engine, act, stop);
}

/**
 * esp_train_forward:
 * @engine: for training
 * @input: batch * c * h * w numbers in n c h w order
 * @job: (nullable): cancels between two layers
 * @error: return location
 *
 * As esp_engine_forward(), with the statistics of the batch; running statistics move. Both but for frozen layers. Outputs that heads read
 * are there until backward.
 */
gboolean
esp_train_forward (EspEngine *engine, const float *input, EspJob *job, GError **error)
{
  EspTrain *train = engine->train;

  train->is_fresh = FALSE;
  follow_mask (engine);
  follow_parameters (train);
  esp_layout_pack (&engine->steps[0].layout, input, esp_train_data (train, train->layers[0].out));
  for (guint i = 0; i < train->seeds; i++)
    {
      const EspTrainAct *act = train->acts->pdata[i];

      if (!esp_job_check (job, error))
        return FALSE;
      if (!run_forward (engine, act))
        return esp_engine_failed (engine, act->layer, error);
    }
  esp_engine_clear_seeds (engine);
  train->is_fresh = TRUE;
  return TRUE;
}

/**
 * esp_train_set_seed:
 * @engine: after a forward
 * @layer: one that a head reads, a watched one, or the last
 * @seed: dT/d(output of @layer), batch * c * h * w numbers, n c h w
 * @error: ESP_ERROR_SHAPE where no seed can be set
 *
 * As esp_engine_set_seed(): the next backward uses it up.
 */
gboolean
esp_train_set_seed (EspEngine *engine, guint layer, const float *seed, GError **error)
{
  EspTrain *train = engine->train;
  EspTrainLayer *open = NULL;
  const char *why = NULL;

  if (layer >= engine->n)
    why = "there is no such layer";
  else if (!train->is_fresh)
    why = "seeds are set between a forward and its backward";
  else
    open = esp_train_layer (train, esp_engine_step (engine, layer)->root);
  if (open != NULL && !open->open)
    why = "a training engine takes seeds where a head reads, at the last layer, and at watched ones";
  if (why != NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %u: %s", layer, why);
      return FALSE;
    }
  if (open->grad_shown != ESP_NONE)
    esp_layout_pack (&esp_engine_step (engine, layer)->layout, seed, esp_train_data (train, open->grad_shown));
  open->seeded = TRUE;
  return TRUE;
}

static void
clear_unseeded (EspEngine *engine)
{
  for (guint i = 0; i < engine->n; i++)
    {
      const EspTrainLayer *layer = esp_train_layer (engine->train, i);

      if (layer->open && !layer->seeded && layer->grad_shown != ESP_NONE)
        memset (esp_train_data (engine->train, layer->grad_shown), 0, esp_layout_get_bytes (&esp_engine_step (engine, i)->layout));
    }
}

/* Of a set of doubles its sums are added; what is masked has no gradient. */
static void
settle (EspTrain *train)
{
  const gsize n = esp_parameter_vector_get_n (train->vector);
  const guint8 *keep = esp_parameter_vector_get_keep (train->vector);
  float *gradients = esp_parameter_vector_get_gradients (train->vector);

  for (gsize i = 0; train->gradients != NULL && i < n; i++)
    gradients[i] = (float) ((double) gradients[i] + train->gradients[i]);
  for (gsize i = 0; keep != NULL && i < n; i++)
    if (!keep[i])
      gradients[i] = 0;
}

static gboolean
run_acts_back (EspEngine *engine, guint stop, gboolean add, EspJob *job, GError **error)
{
  EspTrain *train = engine->train;

  for (guint i = train->seeds + 1; i < train->acts->len; i++)
    {
      const EspTrainAct *act = train->acts->pdata[i];

      if (act->kind == ESP_TRAIN_BACK && act->layer < stop)
        break;
      if (!esp_job_check (job, error))
        return FALSE;
      if (act->kind == ESP_TRAIN_BACK ? !run_back (engine, act, stop, add) : !run_forward (engine, act))
        return esp_engine_failed (engine, act->layer, error);
    }
  return TRUE;
}

/**
 * esp_train_backward:
 * @engine: for training, after a forward and seeds
 * @stop: the lowest layer that is trained; none that is frozen is
 * @job: (nullable): cancels between two layers
 * @error: return location
 *
 * As esp_engine_backward(): the gradients of the parameters from @stop on are added to the vector's.
 */
gboolean
esp_train_backward (EspEngine *engine, guint stop, EspJob *job, GError **error)
{
  EspTrain *train = engine->train;
  gboolean add;

  if (!train->is_fresh)
    {
      g_set_error_literal (error, ESP_ERROR, ESP_ERROR_SHAPE, "a backward in training follows a forward: there was none since the last");
      return FALSE;
    }
  train->is_fresh = FALSE;
  clear_unseeded (engine);
  if (train->gradients != NULL)
    memset (train->gradients, 0, esp_parameter_vector_get_n (train->vector) * sizeof (double));
  add = !esp_parameter_vector_take_clear (train->vector) && train->gradients == NULL;
  if (!run_acts_back (engine, MAX (stop, engine->options.freeze), add, job, error))
    return FALSE;
  settle (train);
  return TRUE;
}

/**
 * esp_engine_set_step:
 * @engine: for training
 * @seed: of the run
 * @step: of the batch: another for each that is to be dropped from differently, such as those of one update
 *
 * Which numbers [dropout] layers set to 0 in the next forward and its backward depends on these, the layer, the image's place in the batch
 * and the number's place in the image alone. Thread: as forward.
 */
void
esp_engine_set_step (EspEngine *engine, guint64 seed, guint64 step)
{
  g_return_if_fail (engine->train != NULL);
  engine->train->seed = seed;
  engine->train->step = step;
}
