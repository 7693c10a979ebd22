/* gradient-activation.c: gradient × activation, method 1's attribution */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/gradient-activation.h"

#include "base/error.h"

/* Where a channel is judged: the convolution before batch normalisation; elsewhere the output. */
static EspAt
place_of (const EspLayer *layer)
{
  return layer->kind == ESP_LAYER_CONVOLUTIONAL ? ESP_AT_CONV : ESP_AT_OUT;
}

/**
 * esp_gradient_activation_map:
 * @engine: an explain engine whose forward and backward are done
 * @layer: a layer, not a head
 * @item: image of the batch
 * @channel: one channel, or -1 for the sum over all
 * @values: (out caller-allocates): h * w numbers, row-major: logits
 * @error: ESP_ERROR_UNSUPPORTED at a head
 *
 * R = A * dT/dA elementwise, A the convolution's output before batch normalisation, as a channel's score takes it; of other layers the
 * output. Signed: what raises T is positive. A channel whose gamma is 0 passes no gradient and has R = 0. Cost: reads the layer once.
 * Source: Shi, Li, Yamaguchi 2020, and their released code. Thread: lane. Returns: whether it could be read.
 */
gboolean
esp_gradient_activation_map (EspEngine *engine, guint layer, guint item, int channel, float *values, GError **error)
{
  const EspLayer *of = esp_network_get_layer (esp_engine_get_network (engine), layer);

  if (esp_layer_is_head (of))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "layer %u is a head: choose a layer before it", layer);
      return FALSE;
    }
  return esp_engine_map_product (engine, layer, place_of (of), item, channel, values, error);
}

/**
 * esp_gradient_activation_score:
 * @engine: as esp_gradient_activation_map()
 * @layer: a layer, not a head
 * @at: where in the layer; ESP_AT_CONV is the paper's
 * @reduce: over h and w; ESP_REDUCE_MAX, signed, is what the paper's code does
 * @scores: (out caller-allocates): batch * c numbers
 * @error: as the engine
 *
 * r[c] = max over h, w of A * dT/dA, in the engine's own layout. Source and thread as esp_gradient_activation_map().
 */
gboolean
esp_gradient_activation_score (EspEngine *engine, guint layer, EspAt at, EspReduce reduce, float *scores, GError **error)
{
  return esp_engine_reduce_product (engine, layer, at, reduce, scores, error);
}
