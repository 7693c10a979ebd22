/* params.c: the parameters of one layer, in one aligned block */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/weights.h"

#include "net/layer-private.h"
#include "net/weights-private.h"

/**
 * esp_params_new:
 * @filters: output channels
 * @n_weights: filters * (channels / groups) * size * size
 * @batch_normalize: whether there are scales, means and variances
 *
 * Returns: (transfer full): zeros, the weights 64-byte aligned. Thread: any.
 */
EspParams *
esp_params_new (guint filters, gsize n_weights, gboolean batch_normalize)
{
  EspParams *params = g_atomic_rc_box_new0 (EspParams);

  params->filters = filters;
  params->n_weights = n_weights;
  params->weights = g_aligned_alloc0 (MAX (n_weights + (gsize) filters * (batch_normalize ? 4 : 1), 1), sizeof (float), 64);
  params->biases = params->weights + n_weights;
  if (!batch_normalize)
    return params;
  params->scales = params->biases + filters;
  params->means = params->scales + filters;
  params->variances = params->means + filters;
  return params;
}

/** esp_params_ref: Returns: (transfer full): the same numbers. Thread: any. */
EspParams *
esp_params_ref (EspParams *params)
{
  return g_atomic_rc_box_acquire (params);
}

static void
params_clear (gpointer data)
{
  g_aligned_free (((EspParams *) data)->weights);
}

/** esp_params_unref: gives one reference back. Thread: any. */
void
esp_params_unref (EspParams *params)
{
  g_atomic_rc_box_release_full (params, params_clear);
}

/** esp_layer_count_params: Returns: how many floats the weights file holds for @layer; 0 where it has none. Thread: any. */
gsize
esp_layer_count_params (const EspLayer *layer)
{
  const EspLayerRow *row = esp_layer_row (layer->kind);

  return row->params != NULL ? row->params (layer, (guint) layer->in.c, (guint) layer->out.c) : 0;
}

EspParams *
esp_params_new_for (const EspLayer *layer)
{
  const EspLayerRow *row = esp_layer_row (layer->kind);

  return row->new_params != NULL ? row->new_params (layer) : esp_params_new (0, esp_layer_count_params (layer), FALSE);
}
