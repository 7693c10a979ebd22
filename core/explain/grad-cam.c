/* grad-cam.c: Grad-CAM: each channel by the mean of its gradient */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "explain/explainer-private.h"

/* The weight of a channel: the mean of its gradient over rows and columns, equation 1. */
static double
weight_of (const EspField *field, int channel)
{
  const gsize plane = (gsize) field->shape.h * (gsize) field->shape.w;
  double sum = 0;

  for (gsize i = 0; i < plane; i++)
    sum += (double) field->gradients[(gsize) channel * plane + i];
  return sum / (double) plane;
}

/* Equation 2: the sum over channels of weight × activation, and nothing of what is below 0; of one channel its share alone, likewise. */
static gboolean
map (EspExplainer *explainer, int layer, int channel, float *values, GError **error)
{
  g_auto (EspField) field = { .values = NULL };
  g_autofree double *sums = NULL;
  gsize plane;

  if (!esp_explainer_read_field (explainer, layer, ESP_AT_OUT, TRUE, &field, error))
    return FALSE;
  plane = (gsize) field.shape.h * (gsize) field.shape.w;
  sums = g_new0 (double, plane);
  for (int c = MAX (channel, 0); c < (channel < 0 ? field.shape.c : channel + 1); c++)
    {
      const double weight = weight_of (&field, c);

      for (gsize i = 0; i < plane; i++)
        sums[i] += weight * (double) field.values[(gsize) c * plane + i];
    }
  for (gsize i = 0; i < plane; i++)
    values[i] = (float) MAX (sums[i], 0);
  return TRUE;
}

/* Weight × activation, signed, reduced over rows and columns. */
static gboolean
score (EspExplainer *explainer, guint layer, EspAt at, EspReduce reduce, float *scores, GError **error)
{
  g_auto (EspField) field = { .values = NULL };
  gsize plane;

  if (!esp_explainer_read_field (explainer, (int) layer, at, TRUE, &field, error))
    return FALSE;
  plane = (gsize) field.shape.h * (gsize) field.shape.w;
  for (int c = 0; c < field.shape.c; c++)
    {
      const double weight = weight_of (&field, c);

      for (gsize i = 0; i < plane; i++)
        field.values[(gsize) c * plane + i] = (float) (weight * (double) field.values[(gsize) c * plane + i]);
    }
  esp_fold_planes (field.values, field.shape, reduce, scores);
  return TRUE;
}

const EspAttribution esp_attribution_grad_cam = {
  .id = "grad-cam",
  .title = N_ ("Grad-CAM"),
  .source = "Selvaraju et al. 2017, arXiv:1610.02391, equations 1 and 2",
  .unit = "mean gradient × activation, logits",
  .is_signed = FALSE,
  .gives = ESP_GIVES_LAYERS | ESP_GIVES_CHANNELS,
  .at = ESP_AT_OUT,
  .reduce = ESP_REDUCE_SUM,
  .run = esp_explainer_run_gradient,
  .map = map,
  .score = score,
};
