/* bench-train.c: how many images a second training sees: forward, backward from every head, update */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "bench-train.h"

#include "train/optimiser.h"

#define BATCH        8
#define MOST_BYTES   ((gsize) 3 << 30) /* what does not fit is computed again */
#define MOST_SECONDS 20                /* no further step after so long, once two were timed */
#define RATE         1e-6              /* nothing is learned here, so nothing may blow up */

typedef struct
{
  EspEngine *engine;
  EspOptimiser *optimiser;
  EspParameterVector *vector;
  const EspNetwork *network;
  float *input, *seed;
} Run;

static void
run_clear (Run *run)
{
  g_clear_pointer (&run->engine, esp_engine_unref);
  g_clear_pointer (&run->optimiser, esp_optimiser_free);
  g_clear_pointer (&run->vector, esp_parameter_vector_unref);
  g_free (run->input);
  g_free (run->seed);
}

/* What heads read, else what comes before a softmax and a cost, else the last layer. */
static guint
open_layer (const EspNetwork *network, guint k)
{
  guint n;
  const guint *heads = esp_network_get_heads (network, &n);
  int last = (int) esp_network_get_n_layers (network) - 1;

  if (n > 0)
    return (guint) esp_network_get_layer (network, heads[k])->inputs[0];
  while (last > 0)
    {
      const EspLayer *layer = esp_network_get_layer (network, (guint) last);

      if (layer->kind != ESP_LAYER_SOFTMAX && layer->kind != ESP_LAYER_COST)
        break;
      last = layer->inputs[0];
    }
  return (guint) MAX (last, 0);
}

static gboolean
take_step (Run *run, EspJob *job, GError **error)
{
  guint n;

  esp_network_get_heads (run->network, &n);
  esp_parameter_vector_clear_gradients (run->vector);
  if (!esp_engine_forward (run->engine, run->input, job, error))
    return FALSE;
  for (guint k = 0; k < MAX (n, 1); k++)
    if (!esp_engine_set_seed (run->engine, open_layer (run->network, k), run->seed, error))
      return FALSE;
  if (!esp_engine_backward (run->engine, 0, job, error))
    return FALSE;
  if (esp_optimiser_step (run->optimiser, RATE, 1.0 / BATCH))
    return TRUE;
  g_set_error_literal (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "a gradient is not a finite number");
  return FALSE;
}

static gboolean
prepare (Run *run, EspNetwork *network, const EspWeights *weights, GError **error)
{
  const EspOptimiserOptions sgd = { .kind = ESP_OPTIMISER_SGD, .momentum = 0.9, .decay = 0.0005 };
  const gsize n = BATCH * esp_shape_count (esp_network_get_input (network));
  EspEngineOptions options = { .mode = ESP_MODE_TRAIN, .batch = BATCH, .memory = MOST_BYTES };
  gsize most = 0;

  run->network = network;
  run->vector = esp_parameter_vector_new (network, weights);
  options.vector = run->vector;
  run->engine = esp_engine_new (network, NULL, &options, NULL, error);
  if (run->engine == NULL)
    return FALSE;
  run->optimiser = esp_optimiser_new (run->vector, &sgd);
  run->input = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    run->input[i] = (float) (i * 7919 % 251) / 250;
  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    most = MAX (most, BATCH * esp_shape_count (esp_network_get_layer (network, i)->out));
  run->seed = g_new (float, most);
  for (gsize i = 0; i < most; i++)
    run->seed[i] = (float) (i * 6007 % 257) / 256 - 0.5f;
  return TRUE;
}

/* Of the steps' times the median. */
static gboolean
time_steps (Run *run, int steps, EspJob *job, double *seconds, GError **error)
{
  g_autofree double *took = g_new (double, steps);
  const gint64 begin = g_get_monotonic_time ();
  int n = 0;

  if (!take_step (run, job, error)) /* the first meets memory that was never touched */
    return FALSE;
  for (; n < steps && (n < 2 || g_get_monotonic_time () - begin < MOST_SECONDS * G_USEC_PER_SEC); n++)
    {
      const gint64 start = g_get_monotonic_time ();
      int i = n;
      double now;

      if (!take_step (run, job, error))
        return FALSE;
      now = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
      for (; i > 0 && took[i - 1] > now; i--)
        took[i] = took[i - 1];
      took[i] = now;
    }
  *seconds = took[n / 2];
  return TRUE;
}

/**
 * esp_bench_train:
 * @network: what to train
 * @weights: to begin with
 * @steps: how many steps to time, at least 1
 * @job: (nullable): cancels
 * @images_per_second: (out): of the median step
 * @error: where the network cannot be trained, or not in 3 GB
 *
 * A step is a forward of 8 images, gradients from every head to all parameters, and an update with momentum and decay. Images and gradients
 * of the heads are numbers of no meaning: the losses, which are small beside the rest, are not timed. Thread: lane.
 */
gboolean
esp_bench_train (EspNetwork *network, const EspWeights *weights, int steps, EspJob *job, double *images_per_second, GError **error)
{
  Run run = { 0 };
  double seconds = 0;
  const gboolean done = prepare (&run, network, weights, error) && time_steps (&run, steps, job, &seconds, error);

  if (done)
    *images_per_second = BATCH / seconds;
  run_clear (&run);
  return done;
}
