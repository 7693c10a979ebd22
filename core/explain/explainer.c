/* explainer.c: one network and one attribution method: runs it on an image, then gives heatmaps and scores of that run */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/explainer.h"

#include "base/error.h"
#include "explain/explainer-private.h"

/**
 * esp_explainer_new:
 * @network: what is explained; a reference is taken, as of @weights
 * @weights: its parameters
 * @options: how it is run
 *
 * Nothing is compiled before the first run, and no method is set. Returns: (transfer full): the explainer. Thread: lane.
 */
EspExplainer *
esp_explainer_new (EspNetwork *network, EspWeights *weights, const EspExplainerOptions *options)
{
  EspExplainer *explainer = g_new0 (EspExplainer, 1);

  explainer->network = esp_network_ref (network);
  explainer->weights = esp_weights_ref (weights);
  explainer->options = *options;
  explainer->placement = (EspPlacement){ 0, 0, 1, 1 };
  if (explainer->options.batch == 0)
    explainer->options.batch = 8;
  return explainer;
}

static void
close_method (EspExplainer *explainer)
{
  if (explainer->state != NULL && explainer->method->close != NULL)
    explainer->method->close (explainer->state);
  explainer->state = NULL;
  explainer->method = NULL;
  explainer->ran = NULL;
  explainer->has_run = FALSE;
  g_clear_pointer (&explainer->note, g_free);
  g_clear_pointer (&explainer->values, g_free);
}

/** esp_explainer_free: frees @explainer (nullable). Thread: lane, or any once the lane has stopped. */
void
esp_explainer_free (EspExplainer *explainer)
{
  if (explainer == NULL)
    return;
  close_method (explainer);
  g_clear_pointer (&explainer->engine, esp_engine_unref);
  g_clear_pointer (&explainer->lean, esp_engine_unref);
  g_clear_pointer (&explainer->pixels, esp_engine_unref);
  g_free (explainer->input);
  esp_network_unref (explainer->network);
  esp_weights_unref (explainer->weights);
  g_free (explainer);
}

/**
 * esp_explainer_set_method:
 * @method: a row of the registry
 * @values: (nullable): numbers of its knobs; NULL: the presets
 * @error: as the method's own preparations
 *
 * The last run is forgotten. Returns: whether the method can be run; where not, none is set. Thread: lane.
 */
gboolean
esp_explainer_set_method (EspExplainer *explainer, const EspAttribution *method, const double *values, GError **error)
{
  close_method (explainer);
  explainer->method = method;
  explainer->n_ones = 0;
  explainer->value = 0;
  explainer->values
      = values != NULL ? g_memdup2 (values, method->n_knobs * sizeof *values) : esp_knobs_new (method->knobs, method->n_knobs);
  if (method->open == NULL || method->open (explainer, error))
    return TRUE;
  close_method (explainer);
  return FALSE;
}

/** esp_explainer_set_placement: tells where the image lies on the network's input; until then it is the whole of it. Thread: lane. */
void
esp_explainer_set_placement (EspExplainer *explainer, EspPlacement placement)
{
  explainer->placement = placement;
}

/**
 * esp_explainer_get_engine:
 * @pixels: whether its backward is to reach the image
 * @error: as esp_engine_new()
 *
 * Returns: (transfer none): an explain engine of batch 1, made on the first call. Thread: lane.
 */
EspEngine *
esp_explainer_get_engine (EspExplainer *explainer, gboolean pixels, GError **error)
{
  EspEngine **engine = pixels ? &explainer->pixels : &explainer->engine;
  const EspEngineOptions options
      = { .mode = ESP_MODE_EXPLAIN, .backend = explainer->options.backend, .bn = explainer->options.bn, .batch = 1, .pixels = pixels };

  if (*engine == NULL)
    *engine = esp_engine_new (explainer->network, explainer->weights, &options, pixels ? explainer->engine : explainer->pixels, error);
  return *engine;
}

/**
 * esp_explainer_gradient:
 * @engine: an explain engine of batch 1
 * @error: as the engine and esp_target_apply()
 *
 * Forward, seeds, backward, once. Where nothing was above the threshold the backward still runs, on zeros: what is read afterwards is
 * exactly zero, and not an older run's. Returns: whether it ran. Thread: lane.
 */
gboolean
esp_explainer_gradient (
    EspExplainer *explainer, EspEngine *engine, const float *input, const EspTarget *target, EspJob *job, GError **error)
{
  return esp_engine_forward (engine, input, job, error) && esp_target_apply (target, engine, &explainer->n_ones, &explainer->value, error)
         && esp_engine_backward (engine, 0, job, error);
}

/**
 * esp_explainer_run_gradient:
 * @layer: ESP_PIXELS where the gradient is to reach them; else they cannot be read of the run
 * @error: as esp_explainer_gradient()
 *
 * The run of every method that one gradient is enough for. Thread: lane. Returns: whether it ran.
 */
gboolean
esp_explainer_run_gradient (EspExplainer *explainer, const float *input, const EspTarget *target, int layer, EspJob *job, GError **error)
{
  EspEngine *engine = esp_explainer_get_engine (explainer, layer == ESP_PIXELS, error);

  explainer->ran = NULL;
  if (engine == NULL || !esp_explainer_gradient (explainer, engine, input, target, job, error))
    return FALSE;
  if (layer == ESP_PIXELS)
    {
      g_free (explainer->input);
      explainer->input = g_memdup2 (input, esp_shape_count (esp_network_get_input (explainer->network)) * sizeof *input);
    }
  explainer->ran = engine;
  return TRUE;
}

/** esp_explainer_get_shape: Returns: the shape of a layer's output, or of the pixels, for one image. Thread: any. */
EspShape
esp_explainer_get_shape (const EspExplainer *explainer, int layer)
{
  EspShape shape
      = layer == ESP_PIXELS ? esp_network_get_input (explainer->network) : esp_network_get_layer (explainer->network, (guint) layer)->out;

  shape.n = 1;
  return shape;
}

/**
 * esp_explainer_read_field:
 * @layer: a layer, or ESP_PIXELS
 * @at: where in it; of the pixels ESP_AT_OUT
 * @values: whether the values are wanted, too
 * @field: (out): to be cleared
 * @error: ESP_ERROR_SHAPE where the run did not reach the pixels, or the layer has no such place
 *
 * Thread: lane. Returns: whether the last run could be read.
 */
gboolean
esp_explainer_read_field (EspExplainer *explainer, int layer, EspAt at, gboolean values, EspField *field, GError **error)
{
  gsize n;

  g_return_val_if_fail (explainer->ran != NULL, FALSE);

  *field = (EspField){ .shape = esp_explainer_get_shape (explainer, layer) };
  n = esp_shape_count (field->shape);
  field->gradients = g_new (float, n);
  if (!esp_engine_read_gradient (explainer->ran, layer, at, field->gradients, error))
    return FALSE;
  if (!values)
    return TRUE;
  if (layer == ESP_PIXELS)
    {
      field->values = g_memdup2 (explainer->input, n * sizeof *field->values);
      return TRUE;
    }
  field->values = g_new (float, n);
  return esp_engine_read (explainer->ran, (guint) layer, at, field->values, error);
}

/** esp_explainer_progress: says how far a run of many is, unless whoever runs it counts images instead. Thread: lane. */
void
esp_explainer_progress (const EspExplainer *explainer, EspJob *job, guint done, guint total)
{
  if (!explainer->options.quiet)
    esp_job_set_progress (job, done, total);
}

/* What a method cannot give is refused by name. */
static gboolean
check_gives (const EspExplainer *explainer, guint wanted, const char *what, GError **error)
{
  if ((explainer->method->gives & wanted) != 0)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s gives no %s", explainer->method->id, what);
  return FALSE;
}

/** esp_check_no_channel: refuses any @channel but -1. Returns: whether it is -1. Thread: any. */
gboolean
esp_check_no_channel (const EspExplainer *explainer, int channel, GError **error)
{
  if (channel < 0)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s gives one heatmap at the pixels, and none of a channel", explainer->method->id);
  return FALSE;
}

static gboolean
check_layer (const EspExplainer *explainer, int layer, GError **error)
{
  const guint n = esp_network_get_n_layers (explainer->network);

  if (layer == ESP_PIXELS)
    return check_gives (explainer, ESP_GIVES_PIXELS, "heatmap at the pixels", error);
  if (layer < 0 || (guint) layer >= n)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %d: the network has layers 0 to %u", layer, n - 1);
  else if (esp_layer_is_head (esp_network_get_layer (explainer->network, (guint) layer)))
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "layer %d is a head: choose a layer before it", layer);
  else
    return TRUE;
  return FALSE;
}

/**
 * esp_explainer_run:
 * @input: c * h * w numbers 0..1, as the network takes them
 * @target: what is explained
 * @layer: what will be read of the run: a layer, ESP_PIXELS, or ESP_EVERY_LAYER; a method may read any layer whatever was said
 * @job: (nullable): cancels between two layers
 * @error: as the engine, the target and the method
 *
 * Returns: whether there is a run to read from. Thread: lane.
 */
gboolean
esp_explainer_run (EspExplainer *explainer, const float *input, const EspTarget *target, int layer, EspJob *job, GError **error)
{
  g_return_val_if_fail (explainer->method != NULL, FALSE);

  explainer->has_run = FALSE;
  if (layer != ESP_EVERY_LAYER && !check_layer (explainer, layer, error))
    return FALSE;
  g_clear_pointer (&explainer->note, g_free);
  return explainer->has_run = explainer->method->run (explainer, input, target, layer, job, error);
}

/** esp_explainer_get_n_ones: Returns: raw head outputs that the last run summed; 0: nothing was above the threshold. Thread: lane. */
guint
esp_explainer_get_n_ones (const EspExplainer *explainer)
{
  return explainer->n_ones;
}

/** esp_explainer_get_value: Returns: T of the last run, in logits. Thread: lane. */
double
esp_explainer_get_value (const EspExplainer *explainer)
{
  return explainer->value;
}

/** esp_explainer_get_note: Returns: (transfer none) (nullable): what the last run says of itself: how complete it is. Thread: lane. */
const char *
esp_explainer_get_note (const EspExplainer *explainer)
{
  return explainer->note;
}

/* What an earlier run or one that failed half-way has left is not read. */
static gboolean
check_run (const EspExplainer *explainer, GError **error)
{
  if (explainer->has_run)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s: there is no run to read from: none was made, or the last one failed",
               explainer->method->id);
  return FALSE;
}

static gboolean
check_channel (const EspExplainer *explainer, int layer, int channel, GError **error)
{
  int channels;

  if (layer == ESP_PIXELS)
    channels = esp_network_get_input (explainer->network).c;
  else
    channels = esp_network_get_layer (explainer->network, (guint) layer)->out.c;
  if (channel < channels)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "channel %d: layer %d has channels 0 to %d", channel, layer, channels - 1);
  return FALSE;
}

/**
 * esp_explainer_heatmap:
 * @layer: a layer, not a head; or ESP_PIXELS
 * @channel: one of its channels, or -1 for all together
 * @placement: where the image lies in the network's input, as esp_fit_image() gave it
 * @error: ESP_ERROR_SHAPE where there is no such layer or channel; ESP_ERROR_UNSUPPORTED where the method gives no such map, or no run went
 *   well
 *
 * Returns: (transfer full): the map of the last run; its @target is for the caller to fill in. Thread: lane.
 */
EspHeatmap *
esp_explainer_heatmap (EspExplainer *explainer, int layer, int channel, EspPlacement placement, GError **error)
{
  const EspAttribution *method = explainer->method;
  g_autoptr (EspHeatmap) heatmap = NULL;
  EspShape shape;

  g_return_val_if_fail (method != NULL, NULL);

  if (!check_layer (explainer, layer, error) || !check_channel (explainer, layer, channel, error) || !check_run (explainer, error))
    return NULL;
  if (layer != ESP_PIXELS && !check_gives (explainer, ESP_GIVES_LAYERS, "heatmap at a layer", error))
    return NULL;
  shape = layer == ESP_PIXELS ? esp_network_get_input (explainer->network) : esp_network_get_layer (explainer->network, (guint) layer)->out;
  if (shape.w == 1 && shape.h == 1)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
                   "layer %d is 1 × 1 and has no places to tell apart, so there is no heatmap: choose a layer before it", layer);
      return NULL;
    }
  heatmap = esp_heatmap_new (shape.w, shape.h);
  if (!method->map (explainer, layer, channel, heatmap->values, error))
    return NULL;
  heatmap->is_signed = method->is_signed;
  heatmap->placement = placement;
  heatmap->unit = g_strdup (method->unit);
  heatmap->method = g_strdup (method->id);
  heatmap->layer = layer;
  heatmap->channel = channel;
  return g_steal_pointer (&heatmap);
}

/**
 * esp_explainer_score:
 * @layer: a layer, not a head
 * @at: where in the layer; ESP_AT_CONV is method 1's
 * @reduce: over h and w; ESP_REDUCE_MAX, signed, is what method 1's code does
 * @scores: (out caller-allocates): c numbers
 * @error: ESP_ERROR_UNSUPPORTED where the method gives none, or no run went well
 *
 * Returns: whether the last run could be read. Thread: lane.
 */
gboolean
esp_explainer_score (EspExplainer *explainer, guint layer, EspAt at, EspReduce reduce, float *scores, GError **error)
{
  g_return_val_if_fail (explainer->method != NULL, FALSE);

  return check_gives (explainer, ESP_GIVES_CHANNELS, "scores of channels", error) && check_layer (explainer, (int) layer, error)
         && check_run (explainer, error) && explainer->method->score (explainer, layer, at, reduce, scores, error);
}
