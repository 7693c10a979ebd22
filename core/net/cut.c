/* cut.c: network + weights + mask gives a smaller network + weights + index map */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/cut.h"

#include "base/error.h"
#include "net/flow.h"
#include "net/layer-private.h"
#include "net/weights-private.h"

#include <string.h>

typedef struct
{
  guint *items; /* original channels, ascending */
  guint n;
} Kept;

struct _EspCut
{
  EspWeights *source; /* what was cut; parameters are shared only between cuts of the same */
  EspNetwork *network;
  EspWeights *weights;
  guint n_layers;
  Kept *kept; /* n_layers + 1: of the image, then of every layer's output */
};

static inline const Kept *
kept_of (const EspCut *cut, int layer)
{
  return &cut->kept[layer + 1];
}

static gboolean
kept_equal (const Kept *x, const Kept *y)
{
  return x->n == y->n && memcmp (x->items, y->items, x->n * sizeof *x->items) == 0;
}

static void
list_kept (EspCut *cut, const EspFlow *flow)
{
  cut->kept = g_new0 (Kept, cut->n_layers + 1);
  for (int i = -1; i < (int) cut->n_layers; i++)
    {
      Kept *kept = &cut->kept[i + 1];
      guint n;
      const guint8 *bits = esp_flow_bits (flow, i, &n);

      kept->items = g_new (guint, MAX (esp_flow_count (flow, i), 1));
      for (guint c = 0; c < n; c++)
        if (bits[c])
          kept->items[kept->n++] = c;
    }
}

/* The cfg with the kept counts written in: filters=, and groups= where they are the channels themselves. */
static EspNetwork *
cut_network (const EspCut *cut, const EspNetwork *network, GError **error)
{
  g_autoptr (EspCfg) cfg = esp_cfg_copy (esp_network_get_cfg (network));

  for (guint i = 0; i < cut->n_layers; i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);
      const guint n = kept_of (cut, (int) i)->n;
      char text[16];

      if (layer->kind != ESP_LAYER_CONVOLUTIONAL || n == (guint) layer->conv.filters)
        continue;
      g_snprintf (text, sizeof text, "%u", n);
      esp_cfg_set (cfg, layer->section, "filters", text);
      if (!esp_layer_is_depthwise (layer))
        continue;
      g_snprintf (text, sizeof text, "%u", kept_of (cut, layer->inputs[0])->n);
      esp_cfg_set (cfg, layer->section, "groups", text);
    }
  return esp_network_new_dialect (g_steal_pointer (&cfg), esp_network_get_dialect (network), error);
}

static void
gather (float *to, const float *from, const Kept *kept)
{
  for (guint i = 0; from != NULL && i < kept->n; i++)
    to[i] = from[kept->items[i]];
}

/* Copies the kept ones of n_in input channels, area floats each, whose first has the original number first; returns the end of what was
 * written. at: the first kept channel not below first. Neighbours go in one copy. */
static float *
gather_columns (float *to, const float *from, gsize area, const Kept *in, guint first, guint n_in, guint at)
{
  while (at < in->n && in->items[at] < first + n_in)
    {
      guint run = 1;

      while (at + run < in->n && in->items[at + run] == in->items[at] + run && in->items[at + run] < first + n_in)
        run++;
      memcpy (to, from + (in->items[at] - first) * area, run * area * sizeof (float));
      to += run * area;
      at += run;
    }
  return to;
}

/* The rows of kept filters and in them the columns of kept input channels, which count from the first of the filter's group. */
static void
gather_weights (const EspLayer *layer, const EspParams *from, EspParams *to, const Kept *in, const Kept *out)
{
  const guint groups = layer->kind == ESP_LAYER_CONVOLUTIONAL ? (guint) layer->conv.groups : 1;
  const guint per_in = (guint) layer->in.c / groups, per_out = (guint) layer->out.c / groups;
  const gsize area = from->n_weights / from->filters / per_in; /* a connected layer's is the whole input */
  float *next = to->weights;
  guint at = 0;

  for (guint o = 0; o < out->n; o++)
    {
      const guint first = out->items[o] / per_out * per_in;

      while (at < in->n && in->items[at] < first)
        at++;
      next = gather_columns (next, from->weights + (gsize) out->items[o] * per_in * area, area, in, first, per_in, at);
    }
  g_assert (next == to->weights + to->n_weights);
}

/* Of a weighted sum: the kept channels of each input's share, or what has no channels. */
static void
gather_shares (const EspLayer *layer, const EspParams *from, EspParams *to, const Kept *out)
{
  if (layer->shortcut.weights == ESP_ADD_PER_CHANNEL)
    for (guint k = 0; k < layer->n_inputs; k++)
      gather (to->weights + (gsize) k * out->n, from->weights + (gsize) k * (gsize) layer->out.c, out);
  else
    memcpy (to->weights, from->weights, from->n_weights * sizeof (float));
}

/* @small: the layer in the cut network. */
static EspParams *
cut_params (const EspCut *cut, const EspLayer *layer, const EspLayer *small, const EspParams *from)
{
  const Kept *in = kept_of (cut, layer->inputs[0]), *out = kept_of (cut, (int) layer->index);
  EspParams *to = esp_params_new_for (small);

  if (layer->kind == ESP_LAYER_SHORTCUT)
    {
      gather_shares (layer, from, to, out);
      return to;
    }
  gather (to->biases, from->biases, out);
  gather (to->scales, from->scales, out);
  gather (to->means, from->means, out);
  gather (to->variances, from->variances, out);
  gather_weights (layer, from, to, in, out);
  return to;
}

/* The parameters of one layer: the original's where nothing is cut, the earlier cut's where it kept the same, else new ones. */
static EspParams *
find_params (const EspCut *cut, const EspLayer *layer, const EspCut *previous)
{
  const Kept *in = kept_of (cut, layer->inputs[0]), *out = kept_of (cut, (int) layer->index);
  const EspParams *from = esp_weights_get (cut->source, layer->index), *shared = NULL;

  if (in->n == (guint) layer->in.c && out->n == (guint) layer->out.c)
    shared = from;
  else if (previous != NULL && kept_equal (in, kept_of (previous, layer->inputs[0]))
           && kept_equal (out, kept_of (previous, (int) layer->index)))
    shared = esp_weights_get (previous->weights, layer->index);
  if (shared != NULL)
    return esp_params_ref ((EspParams *) shared);
  return cut_params (cut, layer, esp_network_get_layer (cut->network, layer->index), from);
}

static void
cut_weights (EspCut *cut, const EspNetwork *network, const EspCut *previous)
{
  cut->weights = esp_weights_new_bare (cut->network, esp_weights_get_header (cut->source));
  for (guint i = 0; i < cut->n_layers; i++)
    if (esp_weights_get (cut->source, i) != NULL)
      esp_weights_take (cut->weights, i, find_params (cut, esp_network_get_layer (network, i), previous));
}

static void
cut_clear (gpointer data)
{
  EspCut *cut = data;

  for (guint i = 0; cut->kept != NULL && i <= cut->n_layers; i++)
    g_free (cut->kept[i].items);
  g_free (cut->kept);
  g_clear_pointer (&cut->network, esp_network_unref);
  g_clear_pointer (&cut->weights, esp_weights_unref);
  g_clear_pointer (&cut->source, esp_weights_unref);
}

static gboolean
check (const EspNetwork *network, const EspFlow *flow, GError **error)
{
  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);
      const EspLayerRow *row = esp_layer_row (layer->kind);
      g_autofree const guint8 **in = g_new (const guint8 *, layer->n_inputs);
      g_autofree guint *n_in = g_new (guint, layer->n_inputs);

      for (guint k = 0; k < layer->n_inputs; k++)
        in[k] = esp_flow_bits (flow, layer->inputs[k], &n_in[k]);
      if (row->check != NULL && !row->check (layer, in, n_in, esp_flow_bits (flow, (int) i, NULL), error))
        return FALSE;
    }
  return TRUE;
}

/**
 * esp_cut_new:
 * @network: the whole network
 * @weights: its numbers
 * @mask: what is kept
 * @previous: (nullable): an earlier cut of the same network and weights; of others it is not looked at
 * @error: ESP_ERROR_SHAPE, with layer and channel, if the mask empties a layer, cuts what a head reads, or breaks a coupling: unequal
 *   inputs of a shortcut, of a depthwise convolution's in and out, or of the groups of a grouped one
 *
 * A cut channel goes with its filter, its batch normalisation and the columns of all that read it. The cfg keeps its text but for
 * filters= and, depthwise, groups=; it is read again by the strict reader. Parameters are copied only where neither the whole network nor
 * @previous has the same.
 * Returns: (transfer full): the smaller network, which gives what the masked one gives. Thread: any.
 */
EspCut *
esp_cut_new (EspNetwork *network, EspWeights *weights, EspMask *mask, const EspCut *previous, GError **error)
{
  g_autoptr (EspFlow) flow = esp_flow_new (network, mask);
  g_autoptr (EspCut) cut = NULL;

  if (!check (network, flow, error))
    return NULL;
  cut = g_atomic_rc_box_new0 (EspCut);
  cut->n_layers = esp_network_get_n_layers (network);
  cut->source = esp_weights_ref (weights);
  list_kept (cut, flow);
  cut->network = cut_network (cut, network, error);
  if (cut->network == NULL)
    return NULL;
  cut_weights (cut, network, previous != NULL && previous->source == weights ? previous : NULL);
  return g_steal_pointer (&cut);
}

/** esp_cut_ref: Returns: (transfer full): the same cut. Thread: any. */
EspCut *
esp_cut_ref (EspCut *cut)
{
  return g_atomic_rc_box_acquire (cut);
}

/** esp_cut_unref: gives one reference back. Thread: any. */
void
esp_cut_unref (EspCut *cut)
{
  g_atomic_rc_box_release_full (cut, cut_clear);
}

/** esp_cut_get_network: Returns: (transfer none): the smaller network; its layers have the numbers of the whole one's. Thread: any. */
EspNetwork *
esp_cut_get_network (EspCut *cut)
{
  return cut->network;
}

/** esp_cut_get_weights: Returns: (transfer none): its numbers. Thread: any. */
EspWeights *
esp_cut_get_weights (EspCut *cut)
{
  return cut->weights;
}

/**
 * esp_cut_get_kept:
 * @layer: a layer of any kind
 * @n: (out): channels of its output in the cut network
 *
 * Returns: (transfer none) (array length=n): for each of them the channel it was in the whole network, ascending. Thread: any.
 */
const guint *
esp_cut_get_kept (const EspCut *cut, guint layer, guint *n)
{
  g_return_val_if_fail (layer < cut->n_layers, NULL);
  *n = kept_of (cut, (int) layer)->n;
  return kept_of (cut, (int) layer)->items;
}
