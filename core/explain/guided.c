/* guided.c: guided backpropagation: only what is positive is passed back, and only where the way forward was positive */
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

/* An engine of its own: in it no backward is a gradient. */
static gboolean
prepare (EspExplainer *explainer, GError **error)
{
  const EspEngineOptions options = {
    .mode = ESP_MODE_EXPLAIN, .backend = explainer->options.backend, .bn = explainer->options.bn, .batch = 1, .pixels = TRUE, .guided = TRUE
  };

  if (explainer->state == NULL)
    explainer->state = esp_engine_new (explainer->network, explainer->weights, &options, explainer->pixels, error);
  return explainer->state != NULL;
}

static void
finish (gpointer state)
{
  esp_engine_unref (state);
}

static gboolean
run (EspExplainer *explainer, const float *input, const EspTarget *target, G_GNUC_UNUSED int layer, EspJob *job, GError **error)
{
  explainer->ran = NULL;
  if (!prepare (explainer, error) || !esp_explainer_gradient (explainer, explainer->state, input, target, job, error))
    return FALSE;
  explainer->ran = explainer->state;
  return TRUE;
}

const EspAttribution esp_attribution_guided = {
  .id = "guided-backpropagation",
  .title = N_ ("Guided backpropagation"),
  .source = "Springenberg et al. 2014, arXiv:1412.6806, section 3.4; rectifiers that are no plain relu keep their own slope above 0",
  .unit = "|guided gradient|",
  .is_signed = FALSE,
  .gives = ESP_GIVES_LAYERS | ESP_GIVES_PIXELS | ESP_GIVES_CHANNELS,
  .at = ESP_AT_OUT,
  .reduce = ESP_REDUCE_ABS_MEAN,
  .knobs = knobs,
  .n_knobs = G_N_ELEMENTS (knobs),
  .close = finish,
  .run = run,
  .map = esp_gradient_map,
  .score = esp_gradient_score,
};
