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
  esp_heads_free (probe->heads);
  esp_engine_unref (probe->engine);
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
