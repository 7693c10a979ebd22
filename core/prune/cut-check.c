/* cut-check.c: whether a cut network gives what the masked one gives */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/cut-check.h"

#include <math.h>

#include "base/error.h"
#include "base/rng.h"

static EspEngine *
make_engine (EspNetwork *network, EspWeights *weights, EspMask *mask, EspBackendKind backend, EspBnForm bn, GError **error)
{
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = backend, .bn = bn, .batch = 1, .mask = mask, .keep_all = TRUE };

  return esp_engine_new (network, weights, &options, NULL, error);
}

static float *
make_noise (const EspNetwork *network, guint64 seed)
{
  const gsize n = esp_shape_count (esp_network_get_input (network));
  g_autoptr (GRand) stream = esp_rng_new (seed, 'c', 0);
  float *input = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    input[i] = (float) g_rand_double (stream);
  return input;
}

static double *
read_layer (EspEngine *engine, guint layer, GError **error)
{
  g_autofree double *values = g_new (double, esp_shape_count (esp_engine_get_shape (engine, (int) layer)));

  return esp_engine_read_double (engine, layer, ESP_AT_OUT, values, error) ? g_steal_pointer (&values) : NULL;
}

/* The largest difference of one layer over its largest number; infinite where either is not finite. */
static gboolean
compare_layer (EspEngine *masked, EspEngine *small, EspCut *cut, guint layer, double *difference, GError **error)
{
  const EspShape shape = esp_engine_get_shape (masked, (int) layer), other = esp_engine_get_shape (small, (int) layer);
  const gsize area = (gsize) shape.h * (gsize) shape.w;
  guint n = 0;
  const guint *kept = esp_cut_get_kept (cut, layer, &n);
  g_autofree double *x = NULL, *y = NULL;
  double most = 0, worst = 0;

  if (other.c != (int) n || other.h != shape.h || other.w != shape.w)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %u of the cut network is %d × %d × %d, expected %u × %d × %d", layer, other.c,
                   other.h, other.w, n, shape.h, shape.w);
      return FALSE;
    }
  x = read_layer (masked, layer, error);
  y = x != NULL ? read_layer (small, layer, error) : NULL;
  if (y == NULL)
    return FALSE;
  for (gsize i = 0; i < esp_shape_count (shape); i++)
    most = MAX (most, fabs (x[i]));
  for (guint c = 0; c < n; c++)
    for (gsize i = 0; i < area; i++)
      {
        const double d = fabs (x[kept[c] * area + i] - y[c * area + i]);

        worst = isfinite (d) ? MAX (worst, d) : INFINITY;
      }
  *difference = worst == 0 ? 0 : isfinite (worst) && isfinite (most) && most > 0 ? worst / most : INFINITY;
  return TRUE;
}

/**
 * esp_cut_check:
 * @network: the whole network
 * @weights: its numbers
 * @mask: what is kept
 * @small: the cut network, as it was made or as it was read again
 * @small_weights: its numbers
 * @cut: the cut itself, for which channel is which
 * @backend: ESP_BACKEND_REFERENCE_DOUBLE proves the cut (1e-12), the others that float keeps it (1e-5)
 * @bn: the form of batch normalisation of both
 * @seed: of the input, uniform noise 0..1
 * @check: (out): the worst layer
 * @job: (nullable): cancels between layers
 * @error: those of engines; ESP_ERROR_SHAPE where @small is not a cut of @network
 *
 * Masked execution multiplies each convolution's output by its keep-bits after the activation, which is what a mask means.
 */
gboolean
esp_cut_check (EspNetwork *network,
               EspWeights *weights,
               EspMask *mask,
               EspNetwork *small,
               EspWeights *small_weights,
               EspCut *cut,
               EspBackendKind backend,
               EspBnForm bn,
               guint64 seed,
               EspCutCheck *check,
               EspJob *job,
               GError **error)
{
  g_autoptr (EspEngine) masked = make_engine (network, weights, mask, backend, bn, error);
  g_autoptr (EspEngine) cutting = masked != NULL ? make_engine (small, small_weights, NULL, backend, bn, error) : NULL;
  g_autofree float *input = make_noise (network, seed);

  *check = (EspCutCheck){ 0, 0 };
  if (cutting == NULL || !esp_engine_forward (masked, input, job, error) || !esp_engine_forward (cutting, input, job, error))
    return FALSE;
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      double difference = 0;

      if (!compare_layer (masked, cutting, cut, l, &difference, error))
        return FALSE;
      if (difference > check->difference)
        *check = (EspCutCheck){ difference, l };
    }
  return TRUE;
}
