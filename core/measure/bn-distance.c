/* bn-distance.c: how far two forms of batch normalisation are apart on a network */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/oracle-private.h"

#include <math.h>

/* The largest difference of n numbers over the largest of those wanted. */
EspLayerDifference
esp_layer_difference (guint layer, const float *values, const float *wanted, gsize n)
{
  double most = 0, largest = 0;

  for (gsize i = 0; i < n; i++)
    {
      const double apart = fabs ((double) values[i] - (double) wanted[i]);

      most = isfinite (apart) ? MAX (most, apart) : INFINITY;
      largest = MAX (largest, fabs ((double) wanted[i]));
    }
  return (EspLayerDifference){ layer, most == 0 ? 0 : isfinite (most) && largest > 0 ? most / largest : INFINITY, largest };
}

static EspEngine *
run_form (EspNetwork *network, EspWeights *weights, EspBnForm form, const float *input, EspJob *job, GError **error)
{
  const EspEngineOptions options = { .bn = form, .batch = 1, .keep_all = TRUE };
  g_autoptr (EspEngine) engine = esp_engine_new (network, weights, &options, NULL, error);

  return engine != NULL && esp_engine_forward (engine, input, job, error) ? g_steal_pointer (&engine) : NULL;
}

/**
 * esp_bn_distance:
 * @form: one form of batch normalisation
 * @other: the one that it is measured against
 * @input: c * h * w numbers
 * @worst: (out): the layer where they are farthest apart; all 0 where they agree
 * @job: (nullable): cancels between layers
 * @error: those of engines
 *
 * Two forwards in the engine. Thread: lane.
 */
gboolean
esp_bn_distance (EspNetwork *network,
                 EspWeights *weights,
                 EspBnForm form,
                 EspBnForm other,
                 const float *input,
                 EspLayerDifference *worst,
                 EspJob *job,
                 GError **error)
{
  g_autoptr (EspEngine) one = run_form (network, weights, form, input, job, error);
  g_autoptr (EspEngine) two = one != NULL ? run_form (network, weights, other, input, job, error) : NULL;

  *worst = (EspLayerDifference){ 0 };
  if (two == NULL)
    return FALSE;
  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      const gsize n = esp_shape_count (esp_network_get_layer (network, i)->out);
      g_autofree float *values = g_new (float, n), *wanted = g_new (float, n);
      EspLayerDifference found;

      if (!esp_engine_read (one, i, ESP_AT_OUT, values, error) || !esp_engine_read (two, i, ESP_AT_OUT, wanted, error))
        return FALSE;
      found = esp_layer_difference (i, values, wanted, n);
      if (found.difference > worst->difference)
        *worst = found;
    }
  return TRUE;
}
