/* weights-copy.c: weights of which some layers are to be changed, and the rest shared */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/weights-copy.h"

#include <string.h>

#include "net/weights-private.h"

/** esp_params_copy: Returns: (transfer full): the same numbers, to be changed. Thread: any. */
EspParams *
esp_params_copy (const EspParams *params)
{
  EspParams *copy = esp_params_new (params->filters, params->n_weights, params->scales != NULL);

  memcpy (copy->weights, params->weights, params->n_weights * sizeof (float));
  memcpy (copy->biases, params->biases, params->filters * sizeof (float));
  if (params->scales == NULL)
    return copy;
  memcpy (copy->scales, params->scales, params->filters * sizeof (float));
  memcpy (copy->means, params->means, params->filters * sizeof (float));
  memcpy (copy->variances, params->variances, params->filters * sizeof (float));
  return copy;
}

/** esp_weights_copy: Returns: (transfer full): of @network, too; shares the parameters of every layer until esp_weights_set(). Thread:
 * any. */
EspWeights *
esp_weights_copy (const EspNetwork *network, const EspWeights *weights)
{
  EspWeights *copy = esp_weights_new_bare (network, esp_weights_get_header (weights));

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    if (esp_weights_get (weights, l) != NULL)
      esp_weights_take (copy, l, esp_params_ref ((EspParams *) esp_weights_get (weights, l)));
  return copy;
}
