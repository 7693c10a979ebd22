/* group.c: proposes the named sets of layers that share one ratio
 *
 * A convolution's key is its scale (h × w of its output) and its module. With several heads: what reaches only one head is that head's,
 * what reaches several but not all is neck, and of the trunk, which reaches all, the backbone ends at its last shortcut where the network
 * has shortcuts at its last scale, else before the trunk's last convolution if that only mixes channels (1 × 1); the rest of the trunk is
 * neck. With one head or none all is backbone. Layers coupled to each other go as one, to the key that most of them have,
 * the later one on a tie. */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include "score/group.h"

#include <string.h>

enum
{
  BACKBONE,
  NECK,
  HEAD, /* HEAD + k: of the k-th head */
};

typedef struct
{
  int h, w;
  guint module;
} Key;

/** esp_group_free: frees a group. Thread: any. */
void
esp_group_free (EspGroup *group)
{
  if (group == NULL)
    return;
  g_free (group->name);
  g_free (group->layers);
  g_free (group);
}

/* Which heads each layer's output reaches, as bits; heads from the 64th on share the last bit. */
static guint64 *
find_reach (const EspNetwork *network, guint64 *all)
{
  const guint n = esp_network_get_n_layers (network);
  guint n_heads = 0;
  const guint *heads = esp_network_get_heads (network, &n_heads);
  guint64 *reach = g_new0 (guint64, n);

  *all = 0;
  for (guint k = 0; k < n_heads; k++)
    {
      reach[heads[k]] = G_GUINT64_CONSTANT (1) << MIN (k, 63);
      *all |= reach[heads[k]];
    }
  for (guint l = n; l-- > 0;)
    {
      const EspLayer *layer = esp_network_get_layer (network, l);

      for (guint i = 0; i < layer->n_inputs; i++)
        if (layer->inputs[i] >= 0)
          reach[layer->inputs[i]] |= reach[l];
    }
  return reach;
}

/* The last layer of the backbone within the trunk. */
static int
find_backbone_end (const EspNetwork *network, const guint64 *reach, guint64 all)
{
  int last_shortcut = -1, last_convolution = -1, before = -1;

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      const EspLayer *layer = esp_network_get_layer (network, l);

      if (reach[l] != all)
        continue;
      if (layer->out.h < layer->in.h)
        last_shortcut = -1; /* a new scale: shortcuts before it do not end the backbone */
      if (layer->kind == ESP_LAYER_SHORTCUT)
        last_shortcut = (int) l;
      if (layer->kind == ESP_LAYER_CONVOLUTIONAL)
        {
          before = last_convolution;
          last_convolution = (int) l;
        }
    }
  if (last_shortcut >= 0)
    return last_shortcut;
  if (last_convolution >= 0 && before >= 0 && esp_network_get_layer (network, (guint) last_convolution)->conv.size == 1)
    return before;
  return last_convolution;
}

static guint
module_of (guint64 reach, guint64 all, gboolean in_backbone)
{
  if (reach == all)
    return in_backbone ? BACKBONE : NECK;
  if (reach == 0 || (reach & (reach - 1)) != 0)
    return NECK;
  return HEAD + (guint) __builtin_ctzll (reach);
}

static Key
key_of (const EspNetwork *network, guint layer, const guint64 *reach, guint64 all, int backbone_end)
{
  const EspShape out = esp_network_get_layer (network, layer)->out;
  Key key = { out.h, out.w, BACKBONE };
  guint n_heads = 0;
  const guint *heads = esp_network_get_heads (network, &n_heads);

  if ((all & (all - 1)) == 0) /* one head or none */
    return key;
  key.module = module_of (reach[layer], all, (int) layer <= backbone_end);
  if (key.module >= HEAD)
    {
      key.h = esp_network_get_layer (network, heads[key.module - HEAD])->out.h;
      key.w = esp_network_get_layer (network, heads[key.module - HEAD])->out.w;
    }
  return key;
}

static guint
find_root (guint *parent, guint i)
{
  while (parent[i] != i)
    i = parent[i] = parent[parent[i]];
  return i;
}

/**
 * esp_coupling_find_sets:
 * @coupling: the coupling
 * @n_layers: layers of its network
 *
 * Returns: (transfer full): per layer the lowest layer that it is coupled to, directly or through others; itself where alone. Thread: any.
 */
guint *
esp_coupling_find_sets (const EspCoupling *coupling, guint n_layers)
{
  guint *parent = g_new (guint, n_layers);

  for (guint l = 0; l < n_layers; l++)
    parent[l] = l;
  for (guint u = 0; u < esp_coupling_get_n_units (coupling); u++)
    {
      guint n = 0;
      const EspChannel *members = esp_coupling_get_members (coupling, u, &n);

      for (guint i = 1; i < n; i++)
        {
          const guint x = find_root (parent, members[0].layer), y = find_root (parent, members[i].layer);

          parent[MAX (x, y)] = MIN (x, y);
        }
    }
  for (guint l = 0; l < n_layers; l++)
    parent[l] = find_root (parent, l);
  return parent;
}

static gboolean
key_equal (const Key *a, const Key *b)
{
  return a->h == b->h && a->w == b->w && a->module == b->module;
}

/* The key that most layers of the set have; on a tie the one met last. */
static Key
vote (const Key *keys, const guint *set, const EspCoupling *coupling, guint n_layers, guint root)
{
  Key best = keys[root];
  guint most = 0;

  for (guint l = root; l < n_layers; l++)
    {
      guint votes = 0;

      if (set[l] != root || !esp_coupling_is_prunable (coupling, l))
        continue;
      for (guint m = root; m < n_layers; m++)
        votes += set[m] == root && esp_coupling_is_prunable (coupling, m) && key_equal (&keys[m], &keys[l]);
      if (votes >= most)
        {
          most = votes;
          best = keys[l];
        }
    }
  return best;
}

static char *
name_of (const GPtrArray *groups, const Key *key)
{
  const char *module = key->module == BACKBONE ? "backbone" : key->module == NECK ? "neck" : "head";
  g_autofree char *base = g_strdup_printf ("%d×%d %s", key->h, key->w, module);
  g_autofree char *name = g_strdup (base);
  guint n = 1;

  for (guint i = 0; i < groups->len; i++)
    if (g_str_equal (((EspGroup *) g_ptr_array_index (groups, i))->name, name))
      {
        g_free (name);
        name = g_strdup_printf ("%s %u", base, ++n);
        i = G_MAXUINT; /* begins anew */
      }
  return g_steal_pointer (&name);
}

static void
add_layer (EspGroup *group, guint layer, guint channels)
{
  group->layers = g_renew (guint, group->layers, group->n_layers + 1);
  group->layers[group->n_layers++] = layer;
  group->n_channels += channels;
}

/* The group of @key, made where there is none yet. */
static EspGroup *
group_of (GPtrArray *groups, GArray *group_keys, const Key *key)
{
  EspGroup *group;

  for (guint i = 0; i < groups->len; i++)
    if (key_equal (&g_array_index (group_keys, Key, i), key))
      return g_ptr_array_index (groups, i);
  group = g_new0 (EspGroup, 1);
  group->name = name_of (groups, key);
  g_ptr_array_add (groups, group);
  g_array_append_vals (group_keys, key, 1);
  return group;
}

/**
 * esp_groups_propose:
 * @network: the network
 * @coupling: its coupling
 *
 * Every prunable convolution is in exactly one group, coupled ones in the same. Names are unique and stable: they go into plan files.
 * Thread: any.
 * Returns: (transfer full) (element-type EspGroup): the groups, by their first layer.
 */
GPtrArray *
esp_groups_propose (EspNetwork *network, const EspCoupling *coupling)
{
  const guint n = esp_network_get_n_layers (network);
  guint64 all = 0;
  g_autofree guint64 *reach = find_reach (network, &all);
  g_autofree guint *set = esp_coupling_find_sets (coupling, n);
  const int end = find_backbone_end (network, reach, all);
  g_autofree Key *keys = g_new (Key, n);
  g_autofree Key *voted = g_new (Key, n);
  g_autoptr (GArray) group_keys = g_array_new (FALSE, FALSE, sizeof (Key));
  GPtrArray *groups = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_group_free);

  for (guint l = 0; l < n; l++)
    keys[l] = key_of (network, l, reach, all, end);
  for (guint l = 0; l < n; l++)
    if (esp_coupling_is_prunable (coupling, l))
      {
        voted[l] = vote (keys, set, coupling, n, set[l]);
        add_layer (group_of (groups, group_keys, &voted[l]), l, (guint) esp_network_get_layer (network, l)->out.c);
      }
  return groups;
}
