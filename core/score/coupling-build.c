/* coupling-build.c: finds the units of a network by flowing channels through its graph
 *
 * Each channel that a layer passes on is followed back to the convolution that owns it. Shortcuts and depthwise convolutions then join the
 * owners of what they read, by union-find; what a head, the image or the network's end holds on to is fixed, and so is all that is coupled
 * to it. What a smaller network takes apart by number alone (groups) gets balances. */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include "score/coupling-private.h"

#include <string.h>

#define NO_OWNER ESP_NO_OWNER

typedef struct
{
  EspCoupling *coupling;
  guint **flow;  /* per layer: out.c owners, as flat channel numbers */
  guint *parent; /* n_channels: union-find */
  guint *fixed;  /* n_channels: 0 free, else 1 + its place in reasons */
  GPtrArray *reasons;
  GArray *links; /* of EspLink, unit still a flat channel number */
} Build;

static guint
find (guint *parent, guint i)
{
  while (parent[i] != i)
    {
      parent[i] = parent[parent[i]];
      i = parent[i];
    }
  return i;
}

/* The lower number stays the root, so that units come out in the order of their first member. */
static void
unite (guint *parent, guint i, guint j)
{
  i = find (parent, i);
  j = find (parent, j);
  parent[MAX (i, j)] = MIN (i, j);
}

static guint
add_reason (Build *build, char *reason)
{
  g_ptr_array_add (build->reasons, reason);
  return build->reasons->len;
}

static void
fix (Build *build, guint owner, guint reason)
{
  if (owner != NO_OWNER && build->fixed[owner] == 0)
    build->fixed[owner] = reason;
}

static guint
channels_of (const EspNetwork *network, int layer)
{
  return (guint) (layer < 0 ? esp_network_get_input (network).c : esp_network_get_layer (network, (guint) layer)->out.c);
}

static guint
owner_of (const Build *build, int layer, guint channel)
{
  return layer < 0 ? NO_OWNER : build->flow[layer][channel];
}

static void
fix_all (Build *build, int layer, guint reason)
{
  const guint n = channels_of (build->coupling->network, layer);

  for (guint c = 0; c < n; c++)
    fix (build, owner_of (build, layer, c), reason);
}

static void
join (Build *build, guint layer, int from, guint x, guint y)
{
  const EspLink link = { x, layer, (guint) MAX (from, 0) };

  if (x == NO_OWNER || y == NO_OWNER)
    {
      fix (build, x, add_reason (build, g_strdup_printf ("layer %u joins it with the image", layer)));
      fix (build, y, build->reasons->len);
      return;
    }
  unite (build->parent, x, y);
  if (x != y)
    g_array_append_val (build->links, link);
}

/* Adds the common prefix of each further source to what the first brings; the tail stays free. */
static void
join_shortcut (Build *build, const EspLayer *layer)
{
  for (guint i = 1; i < layer->n_inputs; i++)
    {
      const guint n = MIN (channels_of (build->coupling->network, layer->inputs[i]), (guint) layer->out.c);

      for (guint c = 0; c < n; c++)
        join (build, layer->index, layer->inputs[i], build->flow[layer->index][c], owner_of (build, layer->inputs[i], c));
    }
}

/* Where every channel that comes in has filters of its own, these go with it; groups of several only keep as many of each other. */
static void
join_convolution (Build *build, const EspLayer *layer)
{
  const guint *own = build->flow[layer->index];
  const guint groups = (guint) layer->conv.groups, each = (guint) layer->out.c / groups;

  if (groups <= 1)
    return;
  if (esp_layer_is_depthwise (layer))
    {
      for (guint c = 0; c < (guint) layer->out.c; c++)
        join (build, layer->index, layer->inputs[0], own[c], owner_of (build, layer->inputs[0], c / each));
      return;
    }
  for (guint side = 0; side < 2; side++)
    esp_coupling_add_balance (
        build->coupling, layer->index, side == 0 ? layer->inputs[0] : (int) layer->index, groups,
        g_strdup_printf ("layer %u is a convolution in %u groups, whose counts must stay equal", layer->index, groups));
}

static void
flow_convolution (Build *build, const EspLayer *layer)
{
  for (guint c = 0; c < (guint) layer->out.c; c++)
    build->flow[layer->index][c] = build->coupling->offset[layer->index] + c;
}

/* A route lays its sources, or one part of each, one behind the other. */
static void
flow_route (Build *build, const EspLayer *layer)
{
  guint *to = build->flow[layer->index];

  for (guint i = 0; i < layer->n_inputs; i++)
    {
      const guint part = channels_of (build->coupling->network, layer->inputs[i]) / (guint) layer->route.groups;

      for (guint c = 0; c < part; c++)
        *to++ = owner_of (build, layer->inputs[i], (guint) layer->route.group * part + c);
      if (layer->route.groups > 1)
        esp_coupling_add_balance (build->coupling, layer->index, layer->inputs[i], (guint) layer->route.groups,
                                  g_strdup_printf ("route %u takes one of %d groups of layer %d, whose counts must stay equal",
                                                   layer->index, layer->route.groups, layer->inputs[i]));
    }
}

/* A product brings its map, and joins the gate to it channel by channel. One gate over all of the map is no part of its channels. */
static void
flow_product (Build *build, const EspLayer *layer)
{
  guint *to = build->flow[layer->index];

  for (guint c = 0; c < (guint) layer->out.c; c++)
    {
      to[c] = owner_of (build, layer->inputs[1], c);
      if (layer->kind != ESP_LAYER_SCALE_CHANNELS || !layer->scale_channels.over_map)
        join (build, layer->index, layer->inputs[0], to[c], owner_of (build, layer->inputs[0], c));
    }
}

/* A reorganisation makes a channel of one or of s² others, which go together. */
static void
flow_reorg (Build *build, const EspLayer *layer)
{
  for (guint c = 0; c < (guint) layer->out.c; c++)
    {
      guint first, step;
      const guint n = esp_reorg_sources (layer, c, &first, &step);

      build->flow[layer->index][c] = n > 0 ? owner_of (build, layer->inputs[0], first) : NO_OWNER;
      for (guint i = 1; i < n; i++)
        join (build, layer->index, layer->inputs[0], build->flow[layer->index][c], owner_of (build, layer->inputs[0], first + i * step));
    }
}

/* A connected layer makes numbers of its own, none of which is ever cut. */
static void
flow_nothing (Build *build, const EspLayer *layer)
{
  for (guint c = 0; c < (guint) layer->out.c; c++)
    build->flow[layer->index][c] = NO_OWNER;
}

/* Every other kind passes on what its first source brings. */
static void
flow_through (Build *build, const EspLayer *layer)
{
  const guint n = channels_of (build->coupling->network, layer->inputs[0]);

  for (guint c = 0; c < (guint) layer->out.c; c++)
    build->flow[layer->index][c] = c < n ? owner_of (build, layer->inputs[0], c) : NO_OWNER;
}

static void
fix_ends (Build *build, const EspLayer *layer)
{
  guint n = 0;

  if (esp_layer_is_head (layer) || layer->kind == ESP_LAYER_SOFTMAX)
    {
      fix_all (build, layer->inputs[0],
               add_reason (build, g_strdup_printf ("%s %u reads layer %d", esp_layer_is_head (layer) ? "head" : "softmax", layer->index,
                                                   layer->inputs[0])));
      return;
    }
  esp_network_get_consumers (build->coupling->network, layer->index, &n);
  if (n == 0)
    fix_all (build, (int) layer->index, add_reason (build, g_strdup_printf ("layer %u is an output of the network", layer->index)));
}

static void
walk (Build *build)
{
  for (guint l = 0; l < build->coupling->n_layers; l++)
    {
      const EspLayer *layer = esp_network_get_layer (build->coupling->network, l);

      build->flow[l] = g_new (guint, layer->out.c);
      if (layer->kind == ESP_LAYER_CONVOLUTIONAL)
        {
          flow_convolution (build, layer);
          join_convolution (build, layer);
        }
      else if (layer->kind == ESP_LAYER_ROUTE)
        flow_route (build, layer);
      else if (layer->kind == ESP_LAYER_SCALE_CHANNELS || layer->kind == ESP_LAYER_SAM)
        flow_product (build, layer);
      else if (layer->kind == ESP_LAYER_REORG || layer->kind == ESP_LAYER_REORG3D)
        flow_reorg (build, layer);
      else if (layer->kind == ESP_LAYER_CONNECTED)
        flow_nothing (build, layer);
      else
        flow_through (build, layer);
      if (layer->kind == ESP_LAYER_SHORTCUT)
        join_shortcut (build, layer);
      fix_ends (build, layer);
    }
}

static void
number_units (EspCoupling *coupling, guint *parent)
{
  g_autofree guint *filled = NULL;

  coupling->unit_of = g_new (guint, coupling->n_channels);
  for (guint i = 0; i < coupling->n_channels; i++)
    {
      const guint root = find (parent, i);

      coupling->unit_of[i] = root == i ? coupling->n_units++ : coupling->unit_of[root];
    }
  coupling->first = g_new0 (guint, coupling->n_units + 1);
  for (guint i = 0; i < coupling->n_channels; i++)
    coupling->first[coupling->unit_of[i] + 1]++;
  for (guint u = 0; u < coupling->n_units; u++)
    coupling->first[u + 1] += coupling->first[u];
  filled = g_memdup2 (coupling->first, (coupling->n_units + 1) * sizeof (guint));
  coupling->members = g_new (EspChannel, coupling->n_channels);
  for (guint l = 0; l < coupling->n_layers; l++)
    for (guint i = coupling->offset[l]; i < coupling->offset[l + 1]; i++)
      coupling->members[filled[coupling->unit_of[i]]++] = (EspChannel){ l, i - coupling->offset[l] };
}

static int
compare_links (gconstpointer a, gconstpointer b)
{
  const EspLink *x = a, *y = b;

  if (x->unit != y->unit)
    return x->unit < y->unit ? -1 : 1;
  if (x->layer != y->layer)
    return x->layer < y->layer ? -1 : 1;
  return x->from < y->from ? -1 : x->from > y->from;
}

static void
sort_links (EspCoupling *coupling, GArray *links)
{
  for (guint i = 0; i < links->len; i++)
    {
      EspLink *link = &g_array_index (links, EspLink, i);

      link->unit = coupling->unit_of[link->unit];
    }
  g_array_sort (links, compare_links);
  coupling->links = g_array_new (FALSE, FALSE, sizeof (EspLink));
  coupling->first_link = g_new0 (guint, coupling->n_units + 1);
  for (guint i = 0; i < links->len; i++)
    if (i == 0 || compare_links (&g_array_index (links, EspLink, i - 1), &g_array_index (links, EspLink, i)) != 0)
      {
        g_array_append_vals (coupling->links, &g_array_index (links, EspLink, i), 1);
        coupling->first_link[g_array_index (links, EspLink, i).unit + 1]++;
      }
  for (guint u = 0; u < coupling->n_units; u++)
    coupling->first_link[u + 1] += coupling->first_link[u];
}

/* The layers of which a channel is in a fixed unit are not cut at all: their other units are fixed, too. */
static gboolean
spread_over_layers (Build *build, guint *unit_fixed)
{
  EspCoupling *coupling = build->coupling;
  gboolean changed = FALSE;

  for (guint l = 0; l < coupling->n_layers; l++)
    {
      guint reason = 0;

      for (guint i = coupling->offset[l]; i < coupling->offset[l + 1] && reason == 0; i++)
        reason = unit_fixed[coupling->unit_of[i]];
      if (reason == 0 || coupling->why_fixed[l] != NULL)
        continue;
      coupling->why_fixed[l] = g_strdup (g_ptr_array_index (build->reasons, reason - 1));
      for (guint i = coupling->offset[l]; i < coupling->offset[l + 1]; i++)
        if (unit_fixed[coupling->unit_of[i]] == 0)
          unit_fixed[coupling->unit_of[i]] = reason;
      changed = TRUE;
    }
  return changed;
}

static gboolean
is_held (const Build *build, const EspRange *range, const guint *unit_fixed)
{
  for (guint c = 0; c < range->count; c++)
    {
      const guint owner = owner_of (build, range->layer, range->first + c);

      if (owner != NO_OWNER && unit_fixed[build->coupling->unit_of[owner]] == 0)
        return FALSE;
    }
  return TRUE;
}

/* A range that keeps all holds those that must keep as many. */
static gboolean
spread_over_balance (Build *build, const EspBalance *balance, guint *unit_fixed)
{
  gboolean any = FALSE, changed = FALSE;
  guint reason = 0;

  for (guint r = 0; r < balance->n_ranges && !any; r++)
    any = is_held (build, &balance->ranges[r], unit_fixed);
  for (guint r = 0; any && r < balance->n_ranges; r++)
    for (guint c = 0; c < balance->ranges[r].count; c++)
      {
        const guint owner = owner_of (build, balance->ranges[r].layer, balance->ranges[r].first + c);

        if (owner == NO_OWNER || unit_fixed[build->coupling->unit_of[owner]] != 0)
          continue;
        if (reason == 0)
          reason = add_reason (build, g_strdup (balance->why));
        unit_fixed[build->coupling->unit_of[owner]] = reason;
        changed = TRUE;
      }
  return changed;
}

/* Repeated until nothing changes. */
static void
spread_fixed (Build *build)
{
  EspCoupling *coupling = build->coupling;
  g_autofree guint *unit_fixed = g_new0 (guint, coupling->n_units);
  gboolean changed = TRUE;

  for (guint i = 0; i < coupling->n_channels; i++)
    if (build->fixed[i] != 0 && unit_fixed[coupling->unit_of[i]] == 0)
      unit_fixed[coupling->unit_of[i]] = build->fixed[i];
  while (changed)
    {
      changed = spread_over_layers (build, unit_fixed);
      for (guint b = 0; b < coupling->balances->len; b++)
        changed |= spread_over_balance (build, &g_array_index (coupling->balances, EspBalance, b), unit_fixed);
    }
}

/* Fills all but @coupling's network, counts and offsets. */
void
esp_coupling_build (EspCoupling *coupling)
{
  g_autofree guint *parent = g_new (guint, coupling->n_channels);
  g_autofree guint *fixed = g_new0 (guint, coupling->n_channels);
  g_autoptr (GPtrArray) reasons = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) links = g_array_new (FALSE, FALSE, sizeof (EspLink));
  Build build = { coupling, g_new0 (guint *, coupling->n_layers), parent, fixed, reasons, links };

  for (guint i = 0; i < coupling->n_channels; i++)
    parent[i] = i;
  coupling->why_fixed = g_new0 (char *, coupling->n_layers);
  coupling->balances = g_array_new (FALSE, FALSE, sizeof (EspBalance));
  walk (&build);
  number_units (coupling, parent);
  sort_links (coupling, links);
  spread_fixed (&build);
  esp_coupling_fill_balances (coupling, build.flow);
  for (guint l = 0; l < coupling->n_layers; l++)
    g_free (build.flow[l]);
  g_free (build.flow);
}
