/* unit-set.c: channels that compete with each other, how many are kept, and which */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include "recipe/unit-set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "score/unit-score.h"

#define SLACK 1e-9 /* .7 of 10 is 7 */

typedef struct
{
  guint n_layers, *layers; /* ascending, none twice */
  GArray *units;
} Set;

struct _EspUnitSets
{
  EspNetwork *network;
  EspCoupling *coupling;
  GPtrArray *sets; /* of Set */
};

static void
set_free (gpointer data)
{
  Set *set = data;

  g_free (set->layers);
  g_array_unref (set->units);
  g_free (set);
}

static int
ascending (const void *a, const void *b)
{
  const guint x = *(const guint *) a, y = *(const guint *) b;

  return (x > y) - (x < y);
}

/* (transfer full): the layers of @unit; NULL where one of them is never cut, or where as many would have to go of other channels
 * (groups). */
static guint *
find_layers (const EspCoupling *coupling, guint unit, guint *n)
{
  guint n_members = 0;
  const EspChannel *members = esp_coupling_get_members (coupling, unit, &n_members);
  guint *layers = g_new (guint, n_members);

  *n = 0;
  for (guint i = 0; i < n_members; i++)
    {
      if (!esp_coupling_is_prunable (coupling, members[i].layer) || esp_coupling_find_balance (coupling, unit) != NULL)
        {
          g_free (layers);
          return NULL;
        }
      layers[(*n)++] = members[i].layer;
    }
  qsort (layers, *n, sizeof (guint), ascending);
  for (guint i = 1, to = 1; i < n_members; i++, *n = to)
    if (layers[i] != layers[to - 1])
      layers[to++] = layers[i];
  return layers;
}

static Set *
find_set (GHashTable *by_layers, GPtrArray *sets, guint *layers, guint n)
{
  GBytes *key = g_bytes_new (layers, n * sizeof (guint));
  Set *set = g_hash_table_lookup (by_layers, key);

  if (set != NULL)
    {
      g_bytes_unref (key);
      g_free (layers);
      return set;
    }
  set = g_new0 (Set, 1);
  set->layers = layers;
  set->n_layers = n;
  set->units = g_array_new (FALSE, FALSE, sizeof (guint));
  g_hash_table_insert (by_layers, key, set);
  g_ptr_array_add (sets, set);
  return set;
}

static int
by_first_layer (const void *a, const void *b)
{
  const Set *x = *(const Set *const *) a, *y = *(const Set *const *) b;
  const guint *first = &g_array_index (x->units, guint, 0), *second = &g_array_index (y->units, guint, 0);

  if (x->layers[0] != y->layers[0])
    return x->layers[0] < y->layers[0] ? -1 : 1;
  return (*first > *second) - (*first < *second);
}

/** esp_unit_sets_new: Returns: (transfer full): the sets of @network, by their first layer. Thread: any; immutable. */
EspUnitSets *
esp_unit_sets_new (EspNetwork *network)
{
  EspUnitSets *sets = g_new0 (EspUnitSets, 1);
  g_autoptr (GHashTable) by_layers = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);

  sets->network = esp_network_ref (network);
  sets->coupling = esp_coupling_new (network);
  sets->sets = g_ptr_array_new_with_free_func (set_free);
  for (guint u = 0; u < esp_coupling_get_n_units (sets->coupling); u++)
    {
      guint n = 0;
      guint *layers = find_layers (sets->coupling, u, &n);

      if (layers != NULL)
        g_array_append_val (find_set (by_layers, sets->sets, layers, n)->units, u);
    }
  g_ptr_array_sort (sets->sets, by_first_layer);
  return sets;
}

/** esp_unit_sets_free: frees @sets. Thread: any. */
void
esp_unit_sets_free (EspUnitSets *sets)
{
  g_ptr_array_unref (sets->sets);
  esp_coupling_unref (sets->coupling);
  esp_network_unref (sets->network);
  g_free (sets);
}

/** esp_unit_sets_get_unit: Returns: the first channel of unit @unit of set @set: it is kept where the unit is. Thread: any. */
EspChannel
esp_unit_sets_get_unit (const EspUnitSets *sets, guint set, guint unit)
{
  const Set *one = g_ptr_array_index (sets->sets, set);
  guint n = 0;

  return *esp_coupling_get_members (sets->coupling, g_array_index (one->units, guint, unit), &n);
}

/** esp_unit_sets_get_n: Returns: how many sets. Thread: any. */
guint
esp_unit_sets_get_n (const EspUnitSets *sets)
{
  return sets->sets->len;
}

/** esp_unit_sets_get_size: Returns: how many units @set has. Thread: any. */
guint
esp_unit_sets_get_size (const EspUnitSets *sets, guint set)
{
  return ((const Set *) g_ptr_array_index (sets->sets, set))->units->len;
}

/** esp_unit_sets_get_layers: Returns: (transfer none) (array length=n): the layers of the set, in network order. Thread: any. */
const guint *
esp_unit_sets_get_layers (const EspUnitSets *sets, guint set, guint *n)
{
  const Set *one = g_ptr_array_index (sets->sets, set);

  *n = one->n_layers;
  return one->layers;
}

/**
 * esp_unit_sets_count:
 * @ratios: 0..1, the share of each set that goes: floor (ratio · n) units
 * @floor: units that stay at least, or all where a set has fewer
 * @round: what stays is a multiple of this, or all
 *
 * Returns: (transfer full): how many of each set stay. Thread: any.
 */
guint *
esp_unit_sets_count (const EspUnitSets *sets, const double *ratios, guint floor_units, guint round_to)
{
  guint *kept = g_new (guint, MAX (sets->sets->len, 1));

  for (guint s = 0; s < sets->sets->len; s++)
    {
      const guint n = esp_unit_sets_get_size (sets, s), multiple = MAX (round_to, 1);
      const guint left = n - (guint) floor (CLAMP (ratios[s], 0, 1) * n + SLACK);
      const guint least = MAX (left, MAX (MIN (floor_units, n), 1));

      kept[s] = MIN ((least + multiple - 1) / multiple * multiple, n);
    }
  return kept;
}

/** esp_unit_sets_count_mask: Returns: (transfer full): how many of each set @mask keeps. Thread: any. */
guint *
esp_unit_sets_count_mask (const EspUnitSets *sets, const EspMask *mask)
{
  guint *kept = g_new0 (guint, MAX (sets->sets->len, 1));

  for (guint s = 0; s < sets->sets->len; s++)
    {
      const Set *set = g_ptr_array_index (sets->sets, s);

      for (guint i = 0; i < set->units->len; i++)
        {
          guint n = 0;
          const EspChannel *member = esp_coupling_get_members (sets->coupling, g_array_index (set->units, guint, i), &n);

          kept[s] += esp_mask_keeps (mask, member->layer, member->channel);
        }
    }
  return kept;
}

typedef struct
{
  double score;
  guint unit;
} Ranked;

static int
lowest_first (const void *a, const void *b)
{
  const Ranked *x = a, *y = b;

  if (x->score != y->score)
    return x->score < y->score ? -1 : 1;
  return (x->unit > y->unit) - (x->unit < y->unit);
}

static double
score_unit (const EspUnitSets *sets, const EspScores *scores, const char *reduce, guint unit)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (sets->coupling, unit, &n);

  return esp_unit_score (scores, members, n, reduce);
}

static void
drop_unit (const EspUnitSets *sets, guint unit, guint8 **keep)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (sets->coupling, unit, &n);

  for (guint i = 0; i < n; i++)
    {
      const guint layer = members[i].layer, filters = (guint) esp_network_get_layer (sets->network, layer)->out.c;

      if (keep[layer] == NULL)
        {
          keep[layer] = g_malloc (filters);
          memset (keep[layer], 1, filters);
        }
      keep[layer][members[i].channel] = 0;
    }
}

/**
 * esp_unit_sets_keep:
 * @scores: (nullable): NULL: all alike, so that the last units of a set stay
 * @reduce: sum, mean or max over the channels of a unit
 * @inverted: the highest go instead of the lowest
 * @kept: of each set
 *
 * The lowest go, of equal ones the lower channel. Returns: (transfer full): couplings hold. Thread: any.
 */
EspMask *
esp_unit_sets_keep (const EspUnitSets *sets, const EspScores *scores, const char *reduce, gboolean inverted, const guint *kept)
{
  const guint n_layers = esp_network_get_n_layers (sets->network);
  g_autofree guint8 **keep = g_new0 (guint8 *, n_layers);
  EspMask *mask;

  for (guint s = 0; s < sets->sets->len; s++)
    {
      const Set *set = g_ptr_array_index (sets->sets, s);
      const guint n = set->units->len;
      g_autofree Ranked *ranked = g_new (Ranked, n);

      for (guint i = 0; i < n; i++)
        {
          const guint unit = g_array_index (set->units, guint, i);
          const double score = scores != NULL ? score_unit (sets, scores, reduce, unit) : 0;

          ranked[i] = (Ranked){ inverted ? -score : score, unit };
        }
      qsort (ranked, n, sizeof *ranked, lowest_first);
      for (guint i = 0; i + kept[s] < n; i++)
        drop_unit (sets, ranked[i].unit, keep);
    }
  mask = esp_mask_new (sets->network, keep);
  for (guint l = 0; l < n_layers; l++)
    g_free (keep[l]);
  return mask;
}
