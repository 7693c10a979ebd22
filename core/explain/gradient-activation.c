/* gradient-activation.c: gradient × activation, method 1's attribution */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/gradient-activation.h"

#include "base/error.h"

#include <math.h>

/* A layer's arrays, one image. */
typedef struct
{
  float *values, *gradients;
} Arrays;

static void
arrays_clear (Arrays *arrays)
{
  g_free (arrays->values);
  g_free (arrays->gradients);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Arrays, arrays_clear)

/* Where a channel is judged: the convolution before batch normalisation; elsewhere the output. */
static EspAt
place_of (const EspLayer *layer)
{
  return layer->kind == ESP_LAYER_CONVOLUTIONAL ? ESP_AT_CONV : ESP_AT_OUT;
}

static gboolean
read_layer (EspEngine *engine, guint layer, Arrays *arrays, GError **error)
{
  const EspLayer *of = esp_network_get_layer (esp_engine_get_network (engine), layer);
  gsize n = esp_shape_count (esp_engine_get_shape (engine, (int) layer));
  EspAt at = place_of (of);

  if (esp_layer_is_head (of))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "layer %u is a head: choose a layer before it", layer);
      return FALSE;
    }
  arrays->values = g_new (float, n);
  arrays->gradients = g_new (float, n);
  return esp_engine_read (engine, layer, at, arrays->values, error)
         && esp_engine_read_gradient (engine, (int) layer, at, arrays->gradients, error);
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
 * output. Signed: what raises T is positive. A channel whose gamma is 0 passes no gradient and has R = 0. Cost: reads the layer twice.
 * Source: Shi, Li, Yamaguchi 2020, and their released code. Thread: lane. Returns: whether it could be read.
 */
gboolean
esp_gradient_activation_map (EspEngine *engine, guint layer, guint item, int channel, float *values, GError **error)
{
  g_auto (Arrays) arrays = { 0 };
  EspShape shape = esp_engine_get_shape (engine, (int) layer);
  gsize plane = (gsize) shape.h * (gsize) shape.w, base = (gsize) item * (gsize) shape.c * plane;
  int first = MAX (channel, 0), end = channel < 0 ? shape.c : channel + 1;

  if (!read_layer (engine, layer, &arrays, error))
    return FALSE;
  for (gsize i = 0; i < plane; i++)
    {
      double sum = 0;

      for (int c = first; c < end; c++)
        {
          gsize at = base + (gsize) c * plane + i;

          if (arrays.gradients[at] != 0)
            sum += (double) arrays.values[at] * (double) arrays.gradients[at];
        }
      values[i] = (float) sum;
    }
  return TRUE;
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
