/* flow.c: the keep-bits of every layer's output, derived from a mask */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/flow.h"

#include "net/layer-private.h"

#include <string.h>

struct _EspFlow
{
  guint n_layers;
  gsize *starts; /* n_layers + 2: of the image, then of every layer */
  guint *kept;   /* n_layers + 1, likewise */
  guint8 *bits;
};

static void
flow_layer (EspFlow *flow, const EspLayer *layer, const EspMask *mask)
{
  guint8 *out = flow->bits + flow->starts[layer->index + 1];
  const guint8 *own = mask != NULL ? esp_mask_get_bits (mask, layer->index, NULL) : NULL;
  const EspLayerRow *row = esp_layer_row (layer->kind);
  const guint8 *few_bits[2];
  guint few_n[2];
  g_autofree const guint8 **many_bits = layer->n_inputs > 2 ? g_new (const guint8 *, layer->n_inputs) : NULL;
  g_autofree guint *many_n = layer->n_inputs > 2 ? g_new (guint, layer->n_inputs) : NULL;
  const guint8 **in = many_bits != NULL ? many_bits : few_bits;
  guint *n_in = many_n != NULL ? many_n : few_n;

  for (guint i = 0; i < layer->n_inputs; i++)
    in[i] = esp_flow_bits (flow, layer->inputs[i], &n_in[i]);
  if (row->flow != NULL)
    row->flow (layer, in, n_in, out);
  else if (own != NULL)
    memcpy (out, own, (gsize) layer->out.c);
  else
    memset (out, 1, (gsize) layer->out.c);
  for (int i = 0; i < layer->out.c; i++)
    flow->kept[layer->index + 1] += out[i];
}

/**
 * esp_flow_new:
 * @network: the network
 * @mask: (nullable): its mask
 *
 * Convolutions give the bits they own, a route those of its layers behind one another, a shortcut those that any side keeps, a product
 * those that both keep, all else passes its own on. Some microseconds.
 * Returns: (transfer full): the bits of all outputs. Thread: any.
 */
EspFlow *
esp_flow_new (const EspNetwork *network, const EspMask *mask)
{
  EspFlow *flow;

  g_return_val_if_fail (mask == NULL || esp_mask_fits (mask, network), NULL);
  flow = g_new0 (EspFlow, 1);
  flow->n_layers = esp_network_get_n_layers (network);
  flow->starts = g_new0 (gsize, flow->n_layers + 2);
  flow->kept = g_new0 (guint, flow->n_layers + 1);
  flow->kept[0] = (guint) esp_network_get_input (network).c;
  flow->starts[1] = flow->kept[0];
  for (guint i = 0; i < flow->n_layers; i++)
    flow->starts[i + 2] = flow->starts[i + 1] + (gsize) esp_network_get_layer (network, i)->out.c;
  flow->bits = g_malloc (flow->starts[flow->n_layers + 1]);
  memset (flow->bits, 1, flow->kept[0]);
  for (guint i = 0; i < flow->n_layers; i++)
    flow_layer (flow, esp_network_get_layer (network, i), mask);
  return flow;
}

/** esp_flow_free: frees it and the bits borrowed from it. */
void
esp_flow_free (EspFlow *flow)
{
  g_free (flow->starts);
  g_free (flow->kept);
  g_free (flow->bits);
  g_free (flow);
}

/** esp_flow_bits: Returns: (transfer none) (array length=n): one byte a channel of @layer's output, 1 where it is kept; -1 is the image. */
const guint8 *
esp_flow_bits (const EspFlow *flow, int layer, guint *n)
{
  g_return_val_if_fail (layer >= -1 && layer < (int) flow->n_layers, NULL);
  if (n != NULL)
    *n = (guint) (flow->starts[layer + 2] - flow->starts[layer + 1]);
  return flow->bits + flow->starts[layer + 1];
}

/** esp_flow_count: Returns: how many channels of @layer's output are kept; -1 is the image. */
guint
esp_flow_count (const EspFlow *flow, int layer)
{
  g_return_val_if_fail (layer >= -1 && layer < (int) flow->n_layers, 0);
  return flow->kept[layer + 1];
}

/**
 * esp_mask_flow:
 * @mask: a mask
 * @network: its network
 * @layer: a layer, -1 for the image
 * @n: (out): channels of its output
 *
 * For one layer; who needs more of them makes an EspFlow.
 * Returns: (transfer full) (array length=n): one byte a channel, 1 where it is kept. Thread: any.
 */
guint8 *
esp_mask_flow (const EspMask *mask, const EspNetwork *network, int layer, guint *n)
{
  g_autoptr (EspFlow) flow = esp_flow_new (network, mask);
  const guint8 *bits = esp_flow_bits (flow, layer, n);

  return g_memdup2 (bits, *n);
}
