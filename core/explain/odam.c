/* odam.c: ODAM: gradient × activation element by element, the gradient smoothed */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "explain/explainer-private.h"
#include "image/blur.h"

static const EspKnob knobs[] = {
  { .id = "sigma", .title = N_ ("Smoothing, cells"), .preset = 1, .lowest = 0, .highest = 32, .slider_low = 0, .slider_high = 4 },
};

/* Smoothed gradient × activation, left in field->values. */
static gboolean
multiply (EspExplainer *explainer, int layer, EspAt at, EspField *field, GError **error)
{
  if (!esp_explainer_read_field (explainer, layer, at, TRUE, field, error))
    return FALSE;
  esp_blur_planes (field->gradients, field->shape, explainer->values[0]);
  for (gsize i = 0; i < esp_shape_count (field->shape); i++)
    field->values[i] *= field->gradients[i];
  return TRUE;
}

/* What is above 0 of the sum over channels; of one channel what is above 0 of its own. */
static gboolean
map (EspExplainer *explainer, int layer, int channel, float *values, GError **error)
{
  g_auto (EspField) field = { .values = NULL };
  gsize plane;

  if (!multiply (explainer, layer, ESP_AT_OUT, &field, error))
    return FALSE;
  plane = (gsize) field.shape.h * (gsize) field.shape.w;
  for (gsize i = 0; i < plane; i++)
    {
      double sum = 0;

      for (int c = MAX (channel, 0); c < (channel < 0 ? field.shape.c : channel + 1); c++)
        sum += (double) field.values[(gsize) c * plane + i];
      values[i] = (float) MAX (sum, 0);
    }
  return TRUE;
}

static gboolean
score (EspExplainer *explainer, guint layer, EspAt at, EspReduce reduce, float *scores, GError **error)
{
  g_auto (EspField) field = { .values = NULL };

  if (!multiply (explainer, (int) layer, at, &field, error))
    return FALSE;
  esp_fold_planes (field.values, field.shape, reduce, scores);
  return TRUE;
}

const EspAttribution esp_attribution_odam = {
  .id = "odam",
  .title = N_ ("ODAM"),
  .source
  = "Zhao, Chan 2023, arXiv:2304.06354: sum over channels of smoothed gradient × activation; how wide it is smoothed is a parameter here",
  .unit = "smoothed gradient × activation, logits",
  .is_signed = FALSE,
  .gives = ESP_GIVES_LAYERS | ESP_GIVES_CHANNELS,
  .at = ESP_AT_OUT,
  .reduce = ESP_REDUCE_SUM,
  .knobs = knobs,
  .n_knobs = G_N_ELEMENTS (knobs),
  .run = esp_explainer_run_gradient,
  .map = map,
  .score = score,
};
