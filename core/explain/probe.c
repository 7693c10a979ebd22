/* probe.c: variants of one image, a batch at a time, and what the heads say of each */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/probe.h"

/**
 * esp_probe_new:
 * @network: a network
 * @weights: its parameters
 * @options: backend, form of the batch normalisation and batch
 * @error: as esp_engine_new()
 *
 * Returns: (transfer full): an engine of inference with room for a batch of images; no forward allocates. Thread: lane.
 */
EspProbe *
esp_probe_new (EspNetwork *network, EspWeights *weights, const EspExplainerOptions *options, GError **error)
{
  const guint batch = options->batch > 0 ? options->batch : 8;
  const EspEngineOptions run = { .mode = ESP_MODE_INFER, .backend = options->backend, .bn = options->bn, .batch = batch };
  EspEngine *engine = esp_engine_new (network, weights, &run, NULL, error);
  EspProbe *probe;

  if (engine == NULL)
    return NULL;
  probe = g_new0 (EspProbe, 1);
  probe->engine = engine;
  probe->network = esp_network_ref (network);
  probe->weights = esp_weights_ref (weights);
  probe->single = run;
  probe->single.batch = 1;
  probe->heads = esp_heads_new (engine);
  probe->batch = batch;
  probe->shape = esp_network_get_input (network);
  probe->stride = esp_shape_count (probe->shape);
  probe->input = g_new0 (float, batch * probe->stride);
  return probe;
}

/** esp_probe_free: frees @probe (nullable). Thread: lane, or any once the lane has stopped. */
void
esp_probe_free (EspProbe *probe)
{
  if (probe == NULL)
    return;
  if (probe->one != probe->engine)
    {
      g_clear_pointer (&probe->one_heads, esp_heads_free);
      g_clear_pointer (&probe->one, esp_engine_unref);
    }
  esp_heads_free (probe->heads);
  esp_engine_unref (probe->engine);
  esp_weights_unref (probe->weights);
  esp_network_unref (probe->network);
  g_free (probe->input);
  g_free (probe);
}

/** esp_probe_get: Returns: (transfer none): where image @item of the next batch is to be written, c * h * w numbers 0..1. Thread: lane. */
float *
esp_probe_get (EspProbe *probe, guint item)
{
  return probe->input + item * probe->stride;
}

/** esp_probe_forward: one forward of the batch, its heads read. Returns: FALSE with the engine's error, or cancelled. Thread: lane. */
gboolean
esp_probe_forward (EspProbe *probe, EspJob *job, GError **error)
{
  return esp_engine_forward (probe->engine, probe->input, job, error) && esp_heads_read (probe->heads, error);
}

/* Made when the first batch is not full. */
static gboolean
open_one (EspProbe *probe, GError **error)
{
  if (probe->one != NULL)
    return TRUE;
  if (probe->batch == 1)
    {
      probe->one = probe->engine;
      probe->one_heads = probe->heads;
      return TRUE;
    }
  probe->one = esp_engine_new (probe->network, probe->weights, &probe->single, NULL, error);
  if (probe->one != NULL)
    probe->one_heads = esp_heads_new (probe->one);
  return probe->one != NULL;
}

/**
 * esp_probe_run:
 * @n: how many images of the batch are filled in, 1 or more
 * @read: called after each forward
 * @data: for it
 * @job: (nullable): cancels between two layers
 * @error: the engine's, @read's, or cancelled
 *
 * A full batch takes one forward; the images of another go one by one, so that nothing is computed that nobody reads. No number depends on
 * which: the engine's bits do not depend on its batch. Thread: lane. Returns: whether all were run and read.
 */
gboolean
esp_probe_run (EspProbe *probe, guint n, EspProbeRead read, gpointer data, EspJob *job, GError **error)
{
  if (n == probe->batch)
    return esp_probe_forward (probe, job, error) && read (probe->engine, probe->heads, 0, n, data, error);
  if (!open_one (probe, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!esp_engine_forward (probe->one, esp_probe_get (probe, i), job, error) || !esp_heads_read (probe->one_heads, error)
        || !read (probe->one, probe->one_heads, i, 1, data, error))
      return FALSE;
  return TRUE;
}
