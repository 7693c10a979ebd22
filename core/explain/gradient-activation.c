/* gradient-activation.c: gradient × activation, method 1's attribution */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "explain/explainer-private.h"
#include "net/engine-watch.h"

/* Where a channel is judged: the convolution before batch normalisation; elsewhere the output. */
static EspAt
place_of (const EspLayer *layer)
{
  return layer->kind == ESP_LAYER_CONVOLUTIONAL ? ESP_AT_CONV : ESP_AT_OUT;
}

static gboolean
run (EspExplainer *explainer, const float *input, const EspTarget *target, int layer, EspJob *job, GError **error)
{
  EspEngine *engine = esp_explainer_get_engine (explainer, FALSE, error);

  if (engine != NULL && layer == ESP_EVERY_LAYER)
    esp_engine_watch_products (engine, ESP_AT_CONV, ESP_REDUCE_MAX);
  return engine != NULL && esp_explainer_gradient (explainer, engine, input, target, job, error);
}

/* R = A * dT/dA elementwise, A the convolution's output before batch normalisation, as a channel's score takes it; of other layers the
 * output. Signed: what raises T is positive. A channel whose gamma is 0 passes no gradient and has R = 0. */
static gboolean
map (EspExplainer *explainer, int layer, int channel, float *values, GError **error)
{
  const EspLayer *of = esp_network_get_layer (explainer->network, (guint) layer);

  return esp_engine_map_product (explainer->engine, (guint) layer, place_of (of), 0, channel, values, error);
}

/* r[c] = max over h, w of A * dT/dA, in the engine's own layout. */
static gboolean
score (EspExplainer *explainer, guint layer, EspAt at, EspReduce reduce, float *scores, GError **error)
{
  return esp_engine_reduce_product (explainer->engine, layer, at, reduce, scores, error);
}

const EspAttribution esp_attribution_gradient_activation = {
  .id = "gradient-activation",
  .title = N_ ("Gradient × activation"),
  .source = "Shi, Li, Yamaguchi 2020, Comput. Electron. Agric. 169:105214 (GradAM)",
  .unit = "gradient × activation, logits",
  .is_signed = TRUE,
  .gives = ESP_GIVES_LAYERS | ESP_GIVES_CHANNELS,
  .run = run,
  .map = map,
  .score = score,
};
