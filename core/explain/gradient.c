/* gradient.c: the gradient itself: where a small change changes the target most */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "explain/explainer-private.h"

static const EspKnob knobs[] = {
  { .id = "channels",
    .title = N_ ("Over channels"),
    .preset = ESP_FOLD_MAX,
    .highest = ESP_FOLD_L2,
    .slider_high = ESP_FOLD_L2,
    .words = esp_fold_words },
};

/**
 * esp_gradient_map:
 * @values: (out caller-allocates): |dT/dx| of a channel; of all of them, colours or channels of a layer, its largest, its sum or its
 *   length, as the method's first knob says
 *
 * The map of every method that shows the gradient itself; it has no sign. Thread: lane. Returns: whether the last run could be read.
 */
gboolean
esp_gradient_map (EspExplainer *explainer, int layer, int channel, float *values, GError **error)
{
  g_auto (EspField) field = { .values = NULL };

  if (!esp_explainer_read_field (explainer, layer, ESP_AT_OUT, FALSE, &field, error))
    return FALSE;
  esp_fold_channels (field.gradients, field.shape, channel, (EspFold) explainer->values[0], values);
  return TRUE;
}

/** esp_gradient_score: the scores of the same methods: |dT/dx| folded over each channel's places. Thread: lane. */
gboolean
esp_gradient_score (EspExplainer *explainer, guint layer, EspAt at, EspReduce reduce, float *scores, GError **error)
{
  g_auto (EspField) field = { .values = NULL };

  if (!esp_explainer_read_field (explainer, (int) layer, at, FALSE, &field, error))
    return FALSE;
  esp_fold_planes (field.gradients, field.shape, reduce, scores);
  return TRUE;
}

const EspAttribution esp_attribution_gradient = {
  .id = "gradient",
  .title = N_ ("Gradient"),
  .source = "Simonyan, Vedaldi, Zisserman 2013, arXiv:1312.6034, section 3.1: largest |dT/dx| over the colours",
  .unit = "|gradient|, logits per unit",
  .is_signed = FALSE,
  .gives = ESP_GIVES_LAYERS | ESP_GIVES_PIXELS | ESP_GIVES_CHANNELS,
  .at = ESP_AT_OUT,
  .reduce = ESP_REDUCE_ABS_MEAN,
  .knobs = knobs,
  .n_knobs = G_N_ELEMENTS (knobs),
  .run = esp_explainer_run_gradient,
  .map = esp_gradient_map,
  .score = esp_gradient_score,
};
