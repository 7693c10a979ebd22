/* taylor.c: the first-order change of the target were a value set to 0 */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "explain/explainer-private.h"

static gboolean
multiply (EspExplainer *explainer, int layer, EspAt at, EspField *field, GError **error)
{
  if (!esp_explainer_read_field (explainer, layer, at, TRUE, field, error))
    return FALSE;
  for (gsize i = 0; i < esp_shape_count (field->shape); i++)
    field->values[i] *= field->gradients[i];
  return TRUE;
}

/* Sum over channels of |gradient × value|; of one channel its own. */
static gboolean
map (EspExplainer *explainer, int layer, int channel, float *values, GError **error)
{
  g_auto (EspField) field = { .values = NULL };

  if (!multiply (explainer, layer, ESP_AT_OUT, &field, error))
    return FALSE;
  esp_fold_channels (field.values, field.shape, channel, ESP_FOLD_SUM, values);
  return TRUE;
}

/* |mean of gradient × activation|, equation 8; as it is asked for the absolute value of another reduction. */
static gboolean
score (EspExplainer *explainer, guint layer, EspAt at, EspReduce reduce, float *scores, GError **error)
{
  const int n = esp_explainer_get_shape (explainer, (int) layer).c;

  if (!esp_engine_reduce_product (explainer->ran, layer, at, reduce, scores, error))
    return FALSE;
  for (int c = 0; c < n; c++)
    scores[c] = fabsf (scores[c]);
  return TRUE;
}

const EspAttribution esp_attribution_taylor = {
  .id = "taylor",
  .title = N_ ("Taylor"),
  .source = "Molchanov et al. 2017, arXiv:1611.06440, equations 7 and 8, without their scaling of each layer to length 1",
  .unit = "|gradient × activation|, logits",
  .is_signed = FALSE,
  .gives = ESP_GIVES_LAYERS | ESP_GIVES_PIXELS | ESP_GIVES_CHANNELS,
  .at = ESP_AT_OUT,
  .reduce = ESP_REDUCE_MEAN,
  .run = esp_explainer_run_gradient,
  .map = map,
  .score = score,
};
