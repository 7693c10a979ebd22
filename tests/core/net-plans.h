/* net-plans.h: masks drawn by lot that respect every coupling of a network */
#pragma once

#include "base/rng.h"
#include "net/mask.h"

typedef struct
{
  guint *starts;  /* per layer: number of its first output channel among all */
  guint *parents; /* union-find over all output channels of all layers */
} Plans;

static inline guint
plans_root (const Plans *plans, guint channel)
{
  while (plans->parents[channel] != channel)
    channel = plans->parents[channel];
  return channel;
}

static inline void
plans_join (Plans *plans, guint x, guint y)
{
  x = plans_root (plans, x);
  y = plans_root (plans, y);
  plans->parents[MAX (x, y)] = MIN (x, y);
}

/* Parts of a route share their fates channel by channel, so that as many are kept in each. */
static inline void
plans_tie_route (Plans *plans, const EspNetwork *network, const EspLayer *layer)
{
  const guint groups = (guint) layer->route.groups;
  guint at = plans->starts[layer->index];

  for (guint i = 0; i < layer->n_inputs; i++)
    {
      const guint from = plans->starts[layer->inputs[i]];
      const guint part = (guint) esp_network_get_layer (network, (guint) layer->inputs[i])->out.c / groups;

      for (guint c = 0; c < part; c++, at++)
        for (guint g = 0; g < groups; g++)
          plans_join (plans, from + g * part + c, at);
    }
}

/* By what the permutation does to numbers: a channel that any number of another comes from shares its fate. */
static inline void
plans_tie_reorg (Plans *plans, const EspLayer *layer)
{
  const int s = layer->reorg.stride, h = layer->in.h, w = layer->in.w, planes = layer->in.c / (s * s);
  const gboolean deeper = layer->kind == ESP_LAYER_REORG3D && !layer->reorg.reverse;

  for (int c = 0; c < layer->in.c; c++)
    for (int y = 0; y < h; y++)
      for (int x = 0; x < w; x++)
        {
          const int flat = (c * h + y) * w + x, plane = flat / (h * s * w * s), row = flat / (w * s) % (h * s), column = flat % (w * s);
          const int moved = ((plane + planes * (row % s * s + column % s)) * h + row / s) * w + column / s;
          const int to = deeper ? c + layer->in.c * (y % s * s + x % s) : layer->reorg.reverse ? c % planes : moved / (h / s * (w / s));

          plans_join (plans, plans->starts[layer->inputs[0]] + (guint) c, plans->starts[layer->index] + (guint) to);
          if (layer->kind == ESP_LAYER_REORG && !layer->reorg.reverse) /* the next network reads as many again as one plane */
            plans_join (plans, plans->starts[layer->inputs[0]] + (guint) c, plans->starts[layer->inputs[0]] + (guint) (plane * s * s));
        }
}

/* Ties each channel of a layer to those that must share its fate. Networks that pass the image itself on are not for this. */
static inline void
plans_tie (Plans *plans, const EspNetwork *network, const EspLayer *layer)
{
  const guint own = plans->starts[layer->index];
  const gboolean over_map = layer->kind == ESP_LAYER_SCALE_CHANNELS && layer->scale_channels.over_map;

  if ((layer->kind == ESP_LAYER_CONVOLUTIONAL && !esp_layer_is_depthwise (layer)) || layer->kind == ESP_LAYER_CONNECTED)
    return;
  if (layer->kind == ESP_LAYER_ROUTE)
    {
      plans_tie_route (plans, network, layer);
      return;
    }
  if (layer->kind == ESP_LAYER_REORG || layer->kind == ESP_LAYER_REORG3D)
    {
      plans_tie_reorg (plans, layer);
      return;
    }
  for (guint i = 0; i < layer->n_inputs; i++)
    {
      const guint from = layer->inputs[i] >= 0 ? plans->starts[layer->inputs[i]] : 0;
      const guint n = layer->inputs[i] < 0 ? 0 : (guint) esp_network_get_layer (network, (guint) layer->inputs[i])->out.c;

      for (guint c = 0; c < MIN (n, (guint) layer->out.c) && (i == 1 || !over_map); c++)
        plans_join (plans, from + c, own + c);
    }
}

/* (transfer full): every unit is cut with this probability, unless a head reads it; every convolution keeps something. */
static inline EspMask *
plans_draw (const EspNetwork *network, GRand *rng, double probability)
{
  const guint n_layers = esp_network_get_n_layers (network);
  Plans plans = { g_new0 (guint, n_layers + 1), NULL };
  g_autoptr (GPtrArray) keep = g_ptr_array_new_with_free_func (g_free);
  g_autofree guint8 *cut = NULL;
  EspMask *mask;

  for (guint i = 0; i < n_layers; i++)
    plans.starts[i + 1] = plans.starts[i] + (guint) esp_network_get_layer (network, i)->out.c;
  plans.parents = g_new (guint, plans.starts[n_layers]);
  cut = g_new (guint8, plans.starts[n_layers]);
  for (guint i = 0; i < plans.starts[n_layers]; i++)
    {
      plans.parents[i] = i;
      cut[i] = g_rand_double (rng) < probability;
    }
  for (guint i = 0; i < n_layers; i++)
    plans_tie (&plans, network, esp_network_get_layer (network, i));
  for (guint i = 0; i < n_layers; i++)
    for (guint c = plans.starts[i]; c < plans.starts[i + 1]; c++)
      if (c == plans.starts[i] || esp_layer_is_head (esp_network_get_layer (network, i)))
        cut[plans_root (&plans, c)] = 0;
  for (guint i = 0; i < n_layers; i++)
    {
      guint8 *bits = g_new (guint8, plans.starts[i + 1] - plans.starts[i]);

      for (guint c = plans.starts[i]; c < plans.starts[i + 1]; c++)
        bits[c - plans.starts[i]] = !cut[plans_root (&plans, c)];
      g_ptr_array_add (keep, bits);
    }
  mask = esp_mask_new (network, (guint8 *const *) keep->pdata);
  g_free (plans.starts);
  g_free (plans.parents);
  return mask;
}
