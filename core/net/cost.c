/* cost.c: closed-form size and work of a network, whole or masked, as darknet counts them */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/cost.h"

#include "net/flow.h"
#include "net/layer-private.h"

#define HEADER_BYTES 20

static void
add_layer (EspCost *cost, double *flops, const EspLayer *layer, guint n_in, guint n_out)
{
  const EspLayerRow *row = esp_layer_row (layer->kind);

  if (row->params != NULL)
    cost->params += row->params (layer, n_in, n_out);
  if (row->flops != NULL)
    *flops += row->flops (layer, n_in, n_out);
}

/**
 * esp_cost_of_layer:
 * @network: the network
 * @layer: a layer of it, whole
 *
 * Returns: its share; file_bytes are those of its parameters alone, without a header. Thread: any.
 */
EspCost
esp_cost_of_layer (const EspNetwork *network, guint layer)
{
  const EspLayer *l = esp_network_get_layer (network, layer);
  EspCost cost = { 0 };
  double flops = 0;

  g_return_val_if_fail (l != NULL, cost);
  add_layer (&cost, &flops, l, (guint) l->in.c, (guint) l->out.c);
  cost.file_bytes = cost.params * sizeof (float);
  cost.bflops = flops / 1e9;
  return cost;
}

/**
 * esp_cost_of:
 * @network: the network
 * @mask: (nullable): what is kept of it
 *
 * The cost of the cut network without cutting it: equal to the last digit to that of esp_cut_new()'s network. AlexeyAB's total:
 * convolutions 2 * weights * out_h * out_w, max-pooling and [local_avgpool] size² * channels * out_h * out_w, shortcuts their output, all
 * else (connected layers, too) nothing.
 * Params are the floats of the weights file.
 * Returns: the cost. Some microseconds, for the same frame as a slider's motion. Thread: any.
 */
EspCost
esp_cost_of (const EspNetwork *network, const EspMask *mask)
{
  g_autoptr (EspFlow) flow = mask != NULL ? esp_flow_new (network, mask) : NULL;
  EspCost cost = { 0 };
  double flops = 0;

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);
      const guint n_in = flow != NULL ? esp_flow_count (flow, layer->inputs[0]) : (guint) layer->in.c;
      const guint n_out = flow != NULL ? esp_flow_count (flow, (int) i) : (guint) layer->out.c;

      add_layer (&cost, &flops, layer, n_in, n_out);
    }
  cost.file_bytes = HEADER_BYTES + cost.params * sizeof (float);
  cost.bflops = flops / 1e9;
  return cost;
}

/* A convolution reads the image as it is; what it writes, and all else, lies in whole blocks. Groups part the blocks of their input. */
static double
work_of (const EspLayer *layer, guint n_in, guint n_out, guint block)
{
  const EspLayerRow *row = esp_layer_row (layer->kind);
  const gboolean convolves = layer->kind == ESP_LAYER_CONVOLUTIONAL;
  const guint groups = convolves && !esp_layer_is_depthwise (layer) ? (guint) layer->conv.groups : 1;
  const guint step = groups * block;

  if (row->flops == NULL)
    return 0;
  if (layer->inputs[0] >= 0)
    n_in = (n_in + step - 1) / step * step;
  return row->flops (layer, n_in, (n_out + step - 1) / step * step) / 1e9;
}

/**
 * esp_cost_work:
 * @network: the network
 * @mask: (nullable): what is kept of it
 * @block: channels that kernels take at once
 * @bflops: (out) (array): of every layer of the cut network; their sum is that of esp_cost_of()
 * @blocked: (out) (array): the same with channels rounded up to whole blocks: the most that kernels do for it
 *
 * Kernels write whole blocks; of what they read, some leave out what only fills the last one. Thread: any.
 */
void
esp_cost_work (const EspNetwork *network, const EspMask *mask, guint block, double *bflops, double *blocked)
{
  g_autoptr (EspFlow) flow = esp_flow_new (network, mask);

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);
      const guint n_in = esp_flow_count (flow, layer->inputs[0]), n_out = esp_flow_count (flow, (int) i);
      const EspLayerRow *row = esp_layer_row (layer->kind);

      bflops[i] = row->flops != NULL ? row->flops (layer, n_in, n_out) / 1e9 : 0;
      blocked[i] = work_of (layer, n_in, n_out, block);
    }
}
