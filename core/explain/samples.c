/* samples.c: many variants of one image through one engine, the target frozen, and sums of what they leave at the layers asked for */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/samples.h"

#include <string.h>

#include "base/error.h"

#define MOST_BYTES ((gsize) 1 << 30) /* of the engine of several images, and of what is kept of every layer */

static void
forget (EspSamples *samples)
{
  for (guint i = 0; i < samples->n_kept; i++)
    {
      g_free (samples->kept[i].sum);
      g_free (samples->kept[i].before[0]);
      g_free (samples->kept[i].before[1]);
    }
  g_clear_pointer (&samples->kept, g_free);
  samples->n_kept = 0;
  g_clear_pointer (&samples->room[0], g_free);
  g_clear_pointer (&samples->room[1], g_free);
}

/** esp_samples_free: frees the state (nullable). Thread: lane. */
void
esp_samples_free (gpointer data)
{
  EspSamples *samples = data;

  if (samples == NULL)
    return;
  forget (samples);
  g_clear_pointer (&samples->engine, esp_engine_unref);
  g_free (samples->inputs);
  g_free (samples);
}

/* As many images at once as the options say and memory is meant for. */
static gboolean
open_engine (EspSamples *samples, EspExplainer *explainer, EspEngine *one, GError **error)
{
  EspEngineOptions options
      = { .mode = ESP_MODE_EXPLAIN, .backend = explainer->options.backend, .bn = explainer->options.bn, .pixels = TRUE };

  if (samples->engine != NULL)
    return TRUE;
  samples->batch = (guint) CLAMP (MOST_BYTES / MAX (esp_engine_get_bytes (one), 1), 1, explainer->options.batch);
  options.batch = samples->batch;
  samples->engine = esp_engine_new (explainer->network, explainer->weights, &options, NULL, error);
  if (samples->engine == NULL)
    return FALSE;
  samples->inputs = g_new (float, esp_shape_count (esp_network_get_input (explainer->network)) * samples->batch);
  return TRUE;
}

/* A network that gives every layer much to keep is refused, not swapped out. */
static gboolean
keep (EspSamples *samples, const EspExplainer *explainer, int layer, GError **error)
{
  const guint n = esp_network_get_n_layers (explainer->network);
  gsize largest = 0, all = 0;

  forget (samples);
  samples->layer = layer;
  samples->kept = g_new0 (EspKept, n + 1);
  for (int i = -1; i < (int) n; i++)
    {
      EspKept *kept = &samples->kept[samples->n_kept];

      if (i >= 0 && i != layer && (layer != ESP_EVERY_LAYER || esp_layer_is_head (esp_network_get_layer (explainer->network, (guint) i))))
        continue;
      kept->layer = i;
      kept->n = esp_shape_count (esp_explainer_get_shape (explainer, i));
      all += kept->n * sizeof (float);
      largest = MAX (largest, kept->n);
      samples->n_kept++;
    }
  if (all > MOST_BYTES)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT,
                   "%s: every layer of this network is %" G_GSIZE_FORMAT " MB to keep; ask for one layer", explainer->method->id,
                   all >> 20);
      return FALSE;
    }
  for (guint i = 0; i < samples->n_kept; i++)
    samples->kept[i].sum = g_new0 (float, samples->kept[i].n);
  for (guint i = 0; i < 2; i++)
    samples->room[i] = g_new (float, largest * samples->batch);
  return TRUE;
}

/**
 * esp_samples_begin:
 * @explainer: whose method's state this is
 * @input: the image
 * @target: what is explained
 * @layer: as esp_explainer_run()
 * @mask: (out) (transfer full): M of the image itself, for all its variants
 * @error: as the engine, the target; ESP_ERROR_LIMIT where every layer is more than 1 GB
 *
 * Thread: lane. Returns: (transfer none) (nullable): the state, its sums 0.
 */
EspSamples *
esp_samples_begin (
    EspExplainer *explainer, const float *input, const EspTarget *target, int layer, EspTargetMask **mask, EspJob *job, GError **error)
{
  EspEngine *engine = esp_explainer_get_engine (explainer, FALSE, error);
  EspSamples *samples;

  if (engine == NULL || !esp_engine_forward (engine, input, job, error))
    return NULL;
  if (explainer->state == NULL)
    explainer->state = g_new0 (EspSamples, 1);
  samples = explainer->state;
  *mask = esp_target_resolve (target, engine, 0, error);
  if (*mask == NULL || !esp_target_mask_value (*mask, engine, 0, &explainer->value, error)
      || !open_engine (samples, explainer, engine, error) || !keep (samples, explainer, layer, error))
    return NULL;
  explainer->n_ones = samples->n_ones = esp_target_mask_get_n_ones (*mask);
  return samples;
}

/* The last batch is filled up with what lies there; those images have no seed and no gradient. */
static gboolean
run_some (EspSamples *samples, const EspTargetMask *mask, guint count, double *values, EspJob *job, GError **error)
{
  if (!esp_engine_forward (samples->engine, samples->inputs, job, error))
    return FALSE;
  esp_engine_clear_seeds (samples->engine);
  for (guint i = 0; i < count; i++)
    if (!esp_target_mask_apply (mask, samples->engine, i, &values[i], error))
      return FALSE;
  return esp_engine_backward (samples->engine, 0, job, error);
}

/**
 * esp_samples_run:
 * @samples: the state
 * @explainer: whose
 * @mask: the target
 * @n: how many samples
 * @make: fills in the input of one
 * @take: adds what some of them left to the sums
 * @data: for both
 * @error: as the engine and @take; G_IO_ERROR_CANCELLED
 *
 * Sums do not depend on how many images are run at once, but for what the engine's own numbers do. Thread: lane. Returns: whether all ran.
 */
gboolean
esp_samples_run (EspSamples *samples,
                 const EspExplainer *explainer,
                 const EspTargetMask *mask,
                 guint n,
                 EspSampleMake make,
                 EspSampleTake take,
                 gpointer data,
                 EspJob *job,
                 GError **error)
{
  const gsize each = esp_shape_count (esp_network_get_input (explainer->network));
  g_autofree double *values = g_new0 (double, samples->batch);

  memset (samples->inputs, 0, each * samples->batch * sizeof (float));
  for (guint first = 0; first < n; first += samples->batch)
    {
      const guint count = MIN (samples->batch, n - first);

      esp_explainer_progress (explainer, job, first, n);
      for (guint i = 0; i < count; i++)
        make (first + i, samples->inputs + i * each, data);
      if (!run_some (samples, mask, count, values, job, error) || !take (samples, first, count, values, data, error))
        return FALSE;
    }
  esp_explainer_progress (explainer, job, n, n);
  return TRUE;
}

/** esp_samples_find: Returns: (transfer none) (nullable): what was summed at a layer or the pixels; else @error names what the run was
 * for. */
const EspKept *
esp_samples_find (const EspSamples *samples, int layer, GError **error)
{
  for (guint i = 0; samples != NULL && i < samples->n_kept; i++)
    if (samples->kept[i].layer == layer)
      return &samples->kept[i];
  if (samples != NULL && samples->layer == ESP_PIXELS)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %d: the run was for the pixels alone", layer);
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %d: the run was for layer %d alone", layer,
                 samples != NULL ? samples->layer : -1);
  return NULL;
}
