/* default-layer.c: where to look first */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/target.h"

/* Counts in @reached the heads that read @layer, directly or not. */
static void
reach (const EspNetwork *network, guint layer, guint *reached)
{
  g_autofree gboolean *seen = g_new0 (gboolean, layer + 1);

  seen[layer] = TRUE;
  for (guint i = layer + 1; i-- > 0;)
    {
      const EspLayer *of = esp_network_get_layer (network, i);

      if (!seen[i])
        continue;
      reached[i]++;
      for (guint k = 0; k < of->n_inputs; k++)
        if (of->inputs[k] >= 0)
          seen[of->inputs[k]] = TRUE;
    }
}

/* The last convolution behind all @n_heads heads whose rows are @rows or more, or -1. */
static int
last_convolution (const EspNetwork *network, const guint *reached, guint n_heads, int rows)
{
  for (guint i = esp_network_get_n_layers (network); i-- > 0;)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);

      if (layer->kind == ESP_LAYER_CONVOLUTIONAL && reached[i] == n_heads && layer->out.h >= rows
          && !esp_network_is_head_input (network, i))
        return (int) i;
    }
  return -1;
}

/**
 * esp_explain_default_layer:
 * @target: what is explained
 * @network: of which network
 *
 * Close to a head a map is one cell wide and only says where the head looked; close to the image it is noise. So: the last convolution that
 * all heads of the target depend on with cells at least twice as fine as the coarsest of these heads has. (On yolo-fastest-1.1-xl, five
 * boxes of one photograph, 0.48 to 0.93 of the energy lies in the box there, at a chance of 0.04 to 0.39.)
 * Returns: a convolution's index; 0 where the network has no head. Thread: any.
 */
guint
esp_explain_default_layer (const EspTarget *target, const EspNetwork *network)
{
  int rows = G_MAXINT, only = esp_target_get_head (target), layer;
  guint n, n_heads = 0;
  const guint *heads = esp_network_get_heads (network, &n);
  g_autofree guint *reached = g_new0 (guint, esp_network_get_n_layers (network));

  for (guint i = 0; i < n; i++)
    if (only < 0 || heads[i] == (guint) only)
      {
        rows = MIN (rows, esp_network_get_layer (network, heads[i])->out.h);
        reach (network, heads[i], reached);
        n_heads++;
      }
  if (n_heads == 0)
    return 0;
  layer = last_convolution (network, reached, n_heads, 2 * rows);
  if (layer < 0)
    layer = last_convolution (network, reached, n_heads, 1);
  return layer >= 0 ? (guint) layer : (guint) MAX (esp_network_get_layer (network, heads[0])->inputs[0], 0);
}
