/* attribution.c: the registry of attribution methods, and one run for all of them */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/attribution.h"

#include "base/error.h"
#include "explain/gradient-activation.h"

static const EspAttribution attributions[] = {
  {
      .id = "gradient-activation",
      .title = "Gradient × activation",
      .source = "Shi, Li, Yamaguchi 2020, Comput. Electron. Agric. 169:105214 (GradAM)",
      .unit = "gradient × activation, logits",
      .is_signed = TRUE,
      .map = esp_gradient_activation_map,
      .score = esp_gradient_activation_score,
  },
};

/** esp_attribution_find: Returns: (nullable): the method of this id. Thread: any. */
const EspAttribution *
esp_attribution_find (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (attributions); i++)
    if (g_strcmp0 (attributions[i].id, id) == 0)
      return &attributions[i];
  return NULL;
}

/**
 * esp_attributions:
 * @n: (out): how many
 *
 * Returns: (transfer none): all methods. Thread: any.
 */
const EspAttribution *
esp_attributions (guint *n)
{
  *n = G_N_ELEMENTS (attributions);
  return attributions;
}

/**
 * esp_attribution_run:
 * @engine: an explain engine of batch 1
 * @input: c * h * w numbers 0..1, as the network takes them
 * @target: what is explained
 * @n_ones: (out) (optional): how many raw head outputs were summed; 0 says that nothing was above the threshold
 * @value: (out) (optional): T, in logits
 * @job: (nullable): cancels between two layers
 * @error: as the engine and esp_target_apply()
 *
 * Forward, seeds, backward, once; after it any method's map or score reads from the engine. Where nothing was above the threshold the
 * backward still runs, on zeros: what is read afterwards is exactly zero, and not an older run's. Thread: lane.
 */
gboolean
esp_attribution_run (
    EspEngine *engine, const float *input, const EspTarget *target, guint *n_ones, double *value, EspJob *job, GError **error)
{
  guint ones;
  double sum;

  g_return_val_if_fail (esp_engine_get_batch (engine) == 1, FALSE);

  if (!esp_engine_forward (engine, input, job, error))
    return FALSE;
  if (!esp_target_apply (target, engine, &ones, &sum, error))
    return FALSE;
  if (!esp_engine_backward (engine, 0, job, error))
    return FALSE;
  if (n_ones != NULL)
    *n_ones = ones;
  if (value != NULL)
    *value = sum;
  return TRUE;
}

static gboolean
check_place (EspEngine *engine, guint layer, int channel, GError **error)
{
  guint n = esp_network_get_n_layers (esp_engine_get_network (engine));
  int channels;

  if (layer >= n)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %u: the network has layers 0 to %u", layer, n - 1);
      return FALSE;
    }
  channels = esp_engine_get_shape (engine, (int) layer).c;
  if (channel < channels)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "channel %d: layer %u has channels 0 to %d", channel, layer, channels - 1);
  return FALSE;
}

/**
 * esp_attribution_heatmap:
 * @method: a row of esp_attributions()
 * @engine: an engine after esp_attribution_run()
 * @layer: a layer, not a head
 * @channel: one of its channels, or -1 for the sum over them
 * @placement: where the image lies in the network's input, as esp_fit_image() gave it
 * @error: ESP_ERROR_SHAPE where there is no such layer or channel; as the method
 *
 * Returns: (transfer full): the map of image 0; its @target is for the caller to fill in. Thread: lane.
 */
EspHeatmap *
esp_attribution_heatmap (const EspAttribution *method, EspEngine *engine, guint layer, int channel, EspPlacement placement, GError **error)
{
  g_autoptr (EspHeatmap) heatmap = NULL;
  EspShape shape;

  if (!check_place (engine, layer, channel, error))
    return NULL;
  shape = esp_engine_get_shape (engine, (int) layer);
  heatmap = esp_heatmap_new (shape.w, shape.h);
  if (!method->map (engine, layer, 0, channel, heatmap->values, error))
    return NULL;
  heatmap->is_signed = method->is_signed;
  heatmap->placement = placement;
  heatmap->unit = g_strdup (method->unit);
  heatmap->method = g_strdup (method->id);
  heatmap->layer = (int) layer;
  heatmap->channel = channel;
  return g_steal_pointer (&heatmap);
}
