/* engine-order.c: masked execution sums in the order in which the cut network sums
 *
 * A convolution adds up its input in blocks of channels, and within a block one row and column of the window after the other. Of a masked
 * network the blocks hold channels that are 0, so that what is kept is added in another order than in the cut network, and each layer
 * rounds otherwise. Adding 0 rounds nothing: with the kept channels first and the others behind them both orders are one. */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-private.h"

#include <string.h>

/* Within each group what is kept, then what is not. Returns: whether that is another order than the layer's own. */
static gboolean
fill_order (const guint8 *bits, guint n, guint groups, guint *order)
{
  const guint each = n / groups;
  gboolean differs = FALSE;
  guint at = 0;

  for (guint group = 0; group < groups; group++)
    for (int keeps = 1; keeps >= 0; keeps--)
      for (guint c = group * each; c < (group + 1) * each; c++)
        if ((bits[c] != 0) == keeps)
          {
            differs |= at != c;
            order[at++] = c;
          }
  return differs;
}

/**
 * esp_step_order:
 * @step: with its layer and parameters
 * @spec: what it computes
 * @flow: (nullable): the mask, flowed; NULL with no mask
 *
 * Of a convolution that reads a masked value in blocks, sets the order in which it takes the channels: of each group those that the cut
 * network has, in their order, then the others. Otherwise step->order stays NULL: a plain value is read channel by channel as it is.
 */
void
esp_step_order (EspStep *step, const EspSpec *spec, const EspFlow *flow)
{
  g_autofree guint *order = NULL;
  const guint8 *bits;
  guint n = 0;

  if (flow == NULL || spec->op != ESP_OP_CONVOLUTION || spec->n_in != 1 || spec->in[0].block == 1)
    return;
  bits = esp_flow_bits (flow, step->layer->inputs[0], &n);
  if (n != (guint) spec->in[0].shape.c)
    return;
  order = g_new (guint, n);
  if (fill_order (bits, n, (guint) spec->geometry.groups, order))
    step->order = g_steal_pointer (&order);
}

/** esp_step_order_weights: Returns: (transfer full): the weights of @spec with their input channels in step->order. */
float *
esp_step_order_weights (const EspStep *step, const EspSpec *spec)
{
  const gsize taps = (gsize) spec->geometry.size_h * (gsize) spec->geometry.size_w, groups = (gsize) spec->geometry.groups;
  const gsize each = (gsize) spec->in[0].shape.c / groups, filters = (gsize) spec->out.shape.c;
  float *weights = g_new (float, filters *each *taps);

  for (gsize f = 0; f < filters; f++)
    {
      const gsize first = f / (filters / groups) * each; /* of its group */

      for (gsize c = 0; c < each; c++)
        memcpy (weights + (f * each + c) * taps, spec->weights + (f * each + step->order[first + c] - first) * taps, taps * sizeof (float));
    }
  return weights;
}

/** esp_engine_take_input: puts the input of @step where it reads it, in step->order. */
void
esp_engine_take_input (EspEngine *engine, const EspStep *step)
{
  const EspStep *input = esp_engine_step (engine, step->layer->inputs[0]);

  esp_layout_take_channels (&input->layout, esp_engine_step (engine, input->root)->out.data, step->order, step->taken.data);
}
