/* weights.c: the copy-on-write parameters of one network */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/weights.h"

#include "base/rng.h"
#include "net/weights-private.h"

#include <math.h>

struct _EspWeights
{
  guint n_layers;
  EspParams **params; /* per layer, NULL where it has none */
  EspWeightsHeader header;
};

/* Without parameters yet: esp_weights_take() brings them, layer by layer. */
EspWeights *
esp_weights_new_bare (const EspNetwork *network, EspWeightsHeader header)
{
  EspWeights *weights = g_atomic_rc_box_new0 (EspWeights);

  weights->n_layers = esp_network_get_n_layers (network);
  weights->params = g_new0 (EspParams *, weights->n_layers);
  weights->header = header;
  return weights;
}

void
esp_weights_take (EspWeights *weights, guint layer, EspParams *params)
{
  g_assert (weights->params[layer] == NULL);
  weights->params[layer] = params;
}

/**
 * esp_weights_new_zero:
 * @network: whose
 *
 * Returns: (transfer full): zeros of the right sizes, header 0.2.5, seen 0. Thread: any.
 */
EspWeights *
esp_weights_new_zero (const EspNetwork *network)
{
  EspWeights *weights = esp_weights_new_bare (network, (EspWeightsHeader){ 0, 2, 5, 0 });

  for (guint i = 0; i < weights->n_layers; i++)
    if (esp_layer_count_params (esp_network_get_layer (network, i)) > 0)
      weights->params[i] = esp_params_new_for (esp_network_get_layer (network, i));
  return weights;
}

/** esp_network_shares_weights: Returns: whether weights of @network fit @resized: not where a connected layer reads another size.
 * Thread: any. */
gboolean
esp_network_shares_weights (const EspNetwork *network, const EspNetwork *resized)
{
  const guint n = esp_network_get_n_layers (network);

  if (n != esp_network_get_n_layers (resized))
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (esp_layer_count_params (esp_network_get_layer (network, i)) != esp_layer_count_params (esp_network_get_layer (resized, i)))
      return FALSE;
  return TRUE;
}

static void
fill_normal (GRand *rng, float *values, gsize n, double deviation)
{
  for (gsize i = 0; i < n; i++)
    values[i] = (float) (deviation * esp_rng_normal (rng));
}

static void
fill_uniform (GRand *rng, float *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    values[i] = (float) g_rand_double_range (rng, 0.5, 1.5);
}

/**
 * esp_weights_new_random:
 * @network: whose
 * @seed: each layer draws from the stream (@seed, layer, 0)
 *
 * Weights N(0, 2 / fan-in) (He et al. 2015, eq. 10), gamma, variance and the weights of sums U(0.5, 1.5), beta, bias and mean N(0, 0.1²).
 * For tests and measurements. Returns: (transfer full): the same numbers for the same seed. Thread: any.
 */
EspWeights *
esp_weights_new_random (const EspNetwork *network, guint64 seed)
{
  EspWeights *weights = esp_weights_new_zero (network);

  for (guint i = 0; i < weights->n_layers; i++)
    {
      EspParams *params = weights->params[i];
      g_autoptr (GRand) rng = esp_rng_new (seed, i, 0);

      if (params == NULL)
        continue;
      if (params->filters == 0) /* of a sum */
        fill_uniform (rng, params->weights, params->n_weights);
      else
        fill_normal (rng, params->weights, params->n_weights, sqrt (2.0 * params->filters / (double) params->n_weights));
      fill_normal (rng, params->biases, params->filters, 0.1);
      if (params->scales == NULL)
        continue;
      fill_uniform (rng, params->scales, params->filters);
      fill_normal (rng, params->means, params->filters, 0.1);
      fill_uniform (rng, params->variances, params->filters);
    }
  return weights;
}

/** esp_weights_ref: Returns: (transfer full): the same weights. Thread: any. */
EspWeights *
esp_weights_ref (EspWeights *weights)
{
  return g_atomic_rc_box_acquire (weights);
}

static void
weights_clear (gpointer data)
{
  EspWeights *weights = data;

  for (guint i = 0; i < weights->n_layers; i++)
    g_clear_pointer (&weights->params[i], esp_params_unref);
  g_free (weights->params);
}

/** esp_weights_unref: gives one reference back. Thread: any. */
void
esp_weights_unref (EspWeights *weights)
{
  g_atomic_rc_box_release_full (weights, weights_clear);
}

/** esp_weights_get: Returns: (transfer none) (nullable): the parameters of @layer, NULL where it has none. Thread: any. */
const EspParams *
esp_weights_get (const EspWeights *weights, guint layer)
{
  g_return_val_if_fail (layer < weights->n_layers, NULL);
  return weights->params[layer];
}

/**
 * esp_weights_set:
 * @layer: a layer with parameters
 * @params: (transfer full): of the same sizes as those there
 *
 * Thread: the owner, before the weights are shared.
 */
void
esp_weights_set (EspWeights *weights, guint layer, EspParams *params)
{
  g_return_if_fail (layer < weights->n_layers && weights->params[layer] != NULL);
  g_return_if_fail (weights->params[layer]->filters == params->filters && weights->params[layer]->n_weights == params->n_weights);
  esp_params_unref (weights->params[layer]);
  weights->params[layer] = params;
}

/** esp_weights_get_header: Returns: version and seen, as the file has them. Thread: any. */
EspWeightsHeader
esp_weights_get_header (const EspWeights *weights)
{
  return weights->header;
}

/** esp_weights_set_header: what the file will say; a version below 0.2 stores 4 bytes of seen. Thread: the owner, before sharing. */
void
esp_weights_set_header (EspWeights *weights, EspWeightsHeader header)
{
  weights->header = header;
}
