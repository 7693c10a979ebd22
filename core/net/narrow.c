/* narrow.c: the same network with fewer channels everywhere, untrained */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/narrow.h"

#include <math.h>

#include "base/error.h"
#include "net/cost.h"

#define N_HALVINGS 24 /* of the interval of shares: finer than one channel of any layer */

/* How many filters a convolution gets: the share, rounded; in whole groups, and so that routes can take their parts. */
static guint
narrow_count (const EspLayer *layer, double share, guint least, guint multiple)
{
  const guint n = (guint) layer->conv.filters, step = MAX (multiple, (guint) layer->conv.groups);
  const guint kept = MAX ((guint) floor (n * share + 0.5), MAX (MIN (least, n), 1));

  return MIN ((kept + step - 1) / step * step, n);
}

/* Whether what @layer gives is the network's result, through layers that keep its channels. */
static gboolean
is_result (const EspNetwork *network, guint layer)
{
  guint n;

  for (const guint *readers; (readers = esp_network_get_consumers (network, layer, &n)), n > 0; layer = readers[0])
    {
      const EspLayerKind kind = esp_network_get_layer (network, readers[0])->kind;

      if (n > 1
          || (kind != ESP_LAYER_AVGPOOL && kind != ESP_LAYER_SOFTMAX && kind != ESP_LAYER_COST && kind != ESP_LAYER_DROPOUT
              && kind != ESP_LAYER_MAXPOOL && kind != ESP_LAYER_LOCAL_AVGPOOL))
        return FALSE;
    }
  return TRUE;
}

/* Channels of the output of a layer that has no count of its own. */
static guint
pass_on (const EspLayer *layer, const guint *channels)
{
  guint n = 0;

  if (layer->kind != ESP_LAYER_ROUTE)
    return layer->inputs[0] >= 0 ? (guint) ((guint64) channels[layer->inputs[0]] * (guint) layer->out.c / (guint) layer->in.c)
                                 : (guint) layer->out.c;
  for (guint i = 0; i < layer->n_inputs; i++)
    n += channels[layer->inputs[i]] / (guint) layer->route.groups;
  return n;
}

static guint
find_multiple (const EspNetwork *network)
{
  guint multiple = 1;

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    if (esp_network_get_layer (network, l)->kind == ESP_LAYER_ROUTE)
      multiple = MAX (multiple, (guint) esp_network_get_layer (network, l)->route.groups);
  return multiple;
}

static void
set_number (EspCfg *cfg, guint section, const char *key, guint value)
{
  char text[16];

  g_snprintf (text, sizeof text, "%u", value);
  esp_cfg_set (cfg, section, key, text);
}

/**
 * esp_network_narrowed:
 * @network: any with convolutions
 * @share: of the channels of every convolution, rounded to the nearest whole number, above 0
 * @floor: no convolution gets fewer channels, unless it has fewer
 * @error: ESP_ERROR_SHAPE, _UNSUPPORTED: what the narrower cfg says cannot be
 *
 * Equal widths stay equal, so shortcuts fit; a depthwise convolution follows what it reads; convolutions that a head reads, or that give
 * the result, keep theirs. The control that a pruned network is held against: the same depth without a choice of channels (Liu et al.
 * 2019).
 * Returns: (transfer full): another cfg, for weights of its own. Thread: any.
 */
EspNetwork *
esp_network_narrowed (const EspNetwork *network, double share, guint floor, GError **error)
{
  g_autoptr (EspCfg) cfg = esp_cfg_copy (esp_network_get_cfg (network));
  const guint n_layers = esp_network_get_n_layers (network), multiple = find_multiple (network);
  g_autofree guint *channels = g_new (guint, n_layers);

  g_return_val_if_fail (share > 0 && share <= 1, NULL);
  for (guint l = 0; l < n_layers; l++)
    {
      const EspLayer *layer = esp_network_get_layer (network, l);
      const gboolean depthwise = esp_layer_is_depthwise (layer);

      channels[l] = layer->kind == ESP_LAYER_CONNECTED ? (guint) layer->out.c : pass_on (layer, channels);
      if (layer->kind != ESP_LAYER_CONVOLUTIONAL)
        continue;
      if (esp_network_is_head_input (network, l) || is_result (network, l))
        channels[l] = (guint) layer->conv.filters;
      else if (!depthwise)
        channels[l] = narrow_count (layer, share, floor, multiple);
      if (channels[l] == (guint) layer->conv.filters)
        continue;
      set_number (cfg, layer->section, "filters", channels[l]);
      if (depthwise)
        set_number (cfg, layer->section, "groups", channels[l] / (guint) (layer->conv.filters / layer->conv.groups));
    }
  return esp_network_new_dialect (g_steal_pointer (&cfg), esp_network_get_dialect (network), error);
}

/**
 * esp_network_narrowed_to:
 * @network: any with convolutions
 * @bflops: what it is to cost, as esp_cost_of() counts; at most the network's own
 * @floor: as esp_network_narrowed()
 * @share: (out) (optional): what was found
 * @error: those of esp_network_narrowed(); ESP_ERROR_SHAPE where the network costs less than @bflops as it is
 *
 * Halves the interval of shares. Returns: (transfer full): the narrowest that costs at least @bflops, so that a pruned network of that cost
 * is never held against a cheaper one. Thread: any.
 */
EspNetwork *
esp_network_narrowed_to (const EspNetwork *network, double bflops, guint floor, double *share, GError **error)
{
  double low = 0, high = 1;
  EspNetwork *best = NULL;

  if (!(bflops > 0) || esp_cost_of (network, NULL).bflops < bflops)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%g BFLOPs: expected above 0, and no more than the network's own %g", bflops,
                   esp_cost_of (network, NULL).bflops);
      return NULL;
    }
  best = esp_network_narrowed (network, 1, floor, error);
  for (guint i = 0; best != NULL && i < N_HALVINGS; i++)
    {
      const double middle = (low + high) / 2;
      EspNetwork *tried = esp_network_narrowed (network, middle, floor, error);
      const gboolean enough = tried != NULL && esp_cost_of (tried, NULL).bflops >= bflops;

      if (tried == NULL)
        {
          g_clear_pointer (&best, esp_network_unref);
          break;
        }
      *(enough ? &high : &low) = middle;
      if (enough)
        {
          esp_network_unref (best);
          best = esp_network_ref (tried);
        }
      esp_network_unref (tried);
    }
  if (share != NULL)
    *share = high;
  return best;
}
