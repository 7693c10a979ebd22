/* ranking.c: the order in which a plan's groups give up their units, and what is left of them
 *
 * A block is what is ranked together: the whole group where the criterion pools, else the units that lie in the same layers: one layer's
 * channels, or those of a set of coupled ones. Its items are units, by the reduction of their members' scores, ties by the unit's number
 * (the lower channel index goes first). A ratio r allows floor(r * n) of the block's n channels (every member of every unit counts); units
 * go in order while they fit. So an uncoupled layer loses floor(r * C) channels, coupled ones of equal width the same ones, a layer only
 * part of which is coupled the sum of its parts, and a larger ratio always cuts a superset. A unit whose going would leave a layer below
 * its floor stays; it is not replaced by a later one. Ranges of a balance are then made even, see ranking-balance.c.
 * A threshold instead of a ratio lets the units of a lower score go, in every block of the group alike.
 * Source: methods of Shi et al. 2020 (lowest int(C * p) of each layer) and Liu et al. 2017 (pooled), made one. */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/ranking.h"

#include <math.h>
#include <stdlib.h>

#include "prune/ranking-private.h"
#include "score/unit-score.h"

static void
block_free (gpointer data)
{
  Block *block = data;

  g_array_unref (block->layers);
  g_array_unref (block->units);
  g_clear_pointer (&block->by_score, g_array_unref);
  g_free (block->upto);
  g_free (block);
}

static double
reduce_unit (const EspRanker *ranker, const EspScores *scores, guint unit)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (ranker->coupling, unit, &n);

  return esp_unit_score (scores, members, n, ranker->reduce);
}

static int
compare_units (gconstpointer a, gconstpointer b, gpointer data)
{
  const guint x = *(const guint *) a, y = *(const guint *) b;
  const double *score = data;

  if (score[x] != score[y])
    return score[x] < score[y] ? -1 : 1;
  return x < y ? -1 : x > y;
}

/* The layers that a unit's members lie in, as the key of its block; all alike where the criterion pools. */
static GBytes *
key_of (const EspRanker *ranker, guint unit)
{
  g_autoptr (GArray) layers = g_array_new (FALSE, FALSE, sizeof (guint));
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (ranker->coupling, unit, &n);

  for (guint i = 0; !ranker->pooled && i < n; i++)
    if (i == 0 || members[i].layer != members[i - 1].layer)
      g_array_append_val (layers, members[i].layer);
  return g_bytes_new (layers->data, layers->len * sizeof (guint));
}

/* The block of a unit, made where it is the first: @made holds those of this group. */
static Block *
block_of (EspRanker *ranker, guint group, guint unit, GHashTable *made)
{
  g_autoptr (GBytes) key = key_of (ranker, unit);
  Block *block = g_hash_table_lookup (made, key);

  if (block != NULL)
    return block;
  block = g_new0 (Block, 1);
  block->group = group;
  block->units = g_array_new (FALSE, FALSE, sizeof (guint));
  block->layers = g_array_new (FALSE, FALSE, sizeof (guint));
  g_ptr_array_add (ranker->blocks, block);
  g_hash_table_insert (made, g_steal_pointer (&key), block);
  return block;
}

static void
add_unit (EspRanker *ranker, Block *block, guint unit)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (ranker->coupling, unit, &n);

  g_array_append_val (block->units, unit);
  for (guint i = 0; block->units->len == 1 && i < n; i++)
    if (i == 0 || members[i].layer != members[i - 1].layer)
      g_array_append_val (block->layers, members[i].layer);
}

static void
sort_block (const EspRanker *ranker, Block *block)
{
  guint total = 0;

  g_array_sort_with_data (block->units, compare_units, ranker->vote != NULL ? ranker->vote : ranker->unit_score);
  block->by_score = ranker->vote != NULL ? g_array_copy (block->units) : g_array_ref (block->units);
  if (ranker->vote != NULL)
    g_array_sort_with_data (block->by_score, compare_units, ranker->unit_score);
  block->upto = g_new (guint, block->units->len);
  for (guint i = 0; i < block->units->len; i++)
    {
      guint n = 0;

      esp_coupling_get_members (ranker->coupling, unit_at (block, i), &n);
      block->upto[i] = total += n;
    }
}

/* @met: per unit, whether it is in a block. */
static void
add_blocks (EspRanker *ranker, guint index, const EspGroup *group, guint8 *met)
{
  g_autoptr (GHashTable) made = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  const guint first = ranker->blocks->len;

  for (guint i = 0; i < group->n_layers; i++)
    for (guint c = 0; c < (guint) esp_network_get_layer (ranker->network, group->layers[i])->out.c; c++)
      {
        const guint unit = esp_coupling_get_unit (ranker->coupling, group->layers[i], c);

        if (!met[unit])
          add_unit (ranker, block_of (ranker, index, unit, made), unit);
        met[unit] = 1;
      }
  for (guint b = first; b < ranker->blocks->len; b++)
    sort_block (ranker, g_ptr_array_index (ranker->blocks, b));
}

/* Sorts each block's units by @scores. @pooled: a group's layers are ranked together whatever the criterion says. */
EspRanker *
esp_ranker_new (
    EspNetwork *network, const EspCoupling *coupling, const GPtrArray *groups, const EspScores *scores, gboolean pooled, EspMerge merge)
{
  EspRanker *ranker = g_new0 (EspRanker, 1);
  const guint n_units = esp_coupling_get_n_units (coupling);
  g_autofree guint8 *met = g_new0 (guint8, n_units);

  ranker->network = network;
  ranker->coupling = coupling;
  ranker->pooled = pooled || (scores != NULL && esp_scores_is_pooled (scores));
  ranker->reduce = scores != NULL ? esp_scores_get_reduce (scores) : "sum";
  ranker->unit_score = g_new0 (double, n_units);
  ranker->blocks = g_ptr_array_new_with_free_func (block_free);
  for (guint u = 0; scores != NULL && u < n_units; u++)
    ranker->unit_score[u] = reduce_unit (ranker, scores, u);
  ranker->scores = scores;
  ranker->merge = merge;
  ranker->vote = scores != NULL && merge != ESP_MERGE_REDUCE ? g_new0 (double, n_units) : NULL;
  for (guint g = 0; ranker->vote != NULL && g < groups->len; g++)
    esp_ranker_count_votes (ranker, g_ptr_array_index (groups, g));
  for (guint g = 0; g < groups->len; g++)
    add_blocks (ranker, g, g_ptr_array_index (groups, g), met);
  esp_ranker_sort_balances (ranker);
  return ranker;
}

void
esp_ranker_free (EspRanker *ranker)
{
  g_ptr_array_unref (ranker->blocks);
  g_ptr_array_unref (ranker->balances);
  g_free (ranker->unit_score);
  g_free (ranker->vote);
  g_free (ranker);
}

/* Whether a group's layers are ranked together. */
gboolean
esp_ranker_is_pooled (const EspRanker *ranker)
{
  return ranker->pooled;
}

/* How a unit's members make one score: "sum", "mean" or "max". */
const char *
esp_ranker_get_reduce (const EspRanker *ranker)
{
  return ranker->reduce;
}

/* How many units a ratio lets go: those whose channels fit into floor(ratio * n).
 * The product is taken as whole where only rounding keeps it below. */
static guint
count_units (const Block *block, double ratio)
{
  const double allowed = floor (ratio * (block->units->len > 0 ? block->upto[block->units->len - 1] : 0) + 1e-9);
  guint low = 0, high = block->units->len;

  while (low < high)
    {
      const guint middle = low + (high - low) / 2;

      if (block->upto[middle] <= allowed)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* How many units score less, of those in the order of scores. */
static guint
count_below (const EspRanker *ranker, const Block *block, double threshold)
{
  guint low = 0, high = block->units->len;

  while (low < high)
    {
      const guint middle = low + (high - low) / 2;

      if (ranker->unit_score[g_array_index (block->by_score, guint, middle)] < threshold)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* How many units enough layers vote against at this ratio. */
static guint
count_voted (const EspRanker *ranker, const Block *block, double ratio)
{
  guint n = 0;

  while (n < block->units->len && ranker->vote[unit_at (block, n)] <= ratio + 1e-9)
    n++;
  return n;
}

/* How many units of the block go; those of its order by score where a threshold decides. */
guint
esp_ranker_count_going (const EspRanker *ranker, const Block *block, double ratio, double threshold)
{
  if (threshold > -INFINITY)
    return count_below (ranker, block, threshold);
  return ranker->vote != NULL ? count_voted (ranker, block, ratio) : count_units (block, ratio);
}

static int
ascending (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* The scores of all channels of @group, ascending. */
static GArray *
sort_group (const EspRanker *ranker, guint group)
{
  GArray *values = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint b = 0; b < ranker->blocks->len; b++)
    {
      const Block *block = g_ptr_array_index (ranker->blocks, b);

      if (block->group == group && ranker->vote != NULL)
        {
          g_autoptr (GArray) own = esp_ranker_list_own (ranker, block, G_MAXUINT);

          g_array_append_vals (values, own->data, own->len);
          continue;
        }
      for (guint i = 0; block->group == group && i < block->units->len; i++)
        for (guint k = i > 0 ? block->upto[i - 1] : 0; k < block->upto[i]; k++)
          g_array_append_val (values, ranker->unit_score[unit_at (block, i)]);
    }
  if (values->len > 0)
    qsort (values->data, values->len, sizeof (double), ascending);
  return values;
}

/* The score of the first channel that stays when the lowest @ratio go; above all scores where none stays. */
double
esp_ranker_find_threshold (const EspRanker *ranker, guint group, double ratio)
{
  g_autoptr (GArray) values = sort_group (ranker, group);
  const guint going = (guint) floor (ratio * values->len + 1e-9);

  if (values->len == 0)
    return 0;
  if (going < values->len)
    return g_array_index (values, double, going);
  return nextafter (g_array_index (values, double, values->len - 1), INFINITY);
}

/* How much of @group scores less than @threshold. */
double
esp_ranker_get_share (const EspRanker *ranker, guint group, double threshold)
{
  guint below = 0, all = 0;

  if (ranker->vote != NULL)
    {
      g_autoptr (GArray) values = sort_group (ranker, group);

      while (below < values->len && g_array_index (values, double, below) < threshold)
        below++;
      return values->len > 0 ? (double) below / values->len : 0;
    }
  for (guint b = 0; b < ranker->blocks->len; b++)
    {
      const Block *block = g_ptr_array_index (ranker->blocks, b);
      const guint n = block->group == group ? count_below (ranker, block, threshold) : 0;

      if (block->group != group || block->units->len == 0)
        continue;
      below += n > 0 ? block->upto[n - 1] : 0;
      all += block->upto[block->units->len - 1];
    }
  return all > 0 ? (double) below / all : 0;
}

static gboolean
respects_floor (const EspRankerState *state, guint unit)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (state->ranker->coupling, unit, &n);

  for (guint i = 0; i < n; i++)
    if (state->kept[members[i].layer]
        < MIN (state->floors[members[i].layer], (guint) esp_network_get_layer (state->ranker->network, members[i].layer)->out.c))
      return FALSE;
  return TRUE;
}

static void
cut_by_rank (EspRankerState *state, const GArray *units, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      const guint unit = g_array_index (units, guint, i);

      if (state->rules[unit] != ESP_CHANNEL_BY_RANK || state->gone[unit] != 0)
        continue;
      esp_ranker_shift (state, unit, -1);
      if (respects_floor (state, unit))
        state->gone[unit] = 1;
      else
        esp_ranker_shift (state, unit, 1);
    }
}

static gboolean
is_uneven (const EspRankerState *state, guint unit)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (state->ranker->coupling, unit, &n);

  for (guint i = 0; i < n; i++)
    if (state->kept[members[i].layer] % state->round != 0)
      return TRUE;
  return FALSE;
}

/* Takes back what was cut last until all counts are multiples, or nothing cut by rank is left in the layers that are not. */
static void
round_up (EspRankerState *state, const GArray *units, guint n)
{
  gboolean changed = state->round > 1;

  while (changed)
    {
      changed = FALSE;
      for (guint i = n; i-- > 0;)
        if (state->gone[g_array_index (units, guint, i)] == 1 && is_uneven (state, g_array_index (units, guint, i)))
          {
            state->gone[g_array_index (units, guint, i)] = 0;
            esp_ranker_shift (state, g_array_index (units, guint, i), 1);
            changed = TRUE;
          }
    }
}

static EspMask *
make_mask (const EspRankerState *state)
{
  EspNetwork *network = state->ranker->network;
  const guint n = esp_network_get_n_layers (network);
  g_autofree guint8 **keep = g_new0 (guint8 *, n);
  EspMask *mask;

  for (guint l = 0; l < n; l++)
    {
      const EspLayer *layer = esp_network_get_layer (network, l);

      if (layer->kind != ESP_LAYER_CONVOLUTIONAL || !esp_coupling_is_prunable (state->ranker->coupling, l))
        continue;
      keep[l] = g_new (guint8, layer->out.c);
      for (guint c = 0; c < (guint) layer->out.c; c++)
        keep[l][c] = state->gone[esp_coupling_get_unit (state->ranker->coupling, l, c)] == 0;
    }
  mask = esp_mask_new (network, keep);
  for (guint l = 0; l < n; l++)
    g_free (keep[l]);
  return mask;
}

/*
 * @ratios: per group, 0..1
 * @thresholds: per group; units of a lower score go, whatever the ratio; -INFINITY: the ratio counts
 * @rules: per unit, of EspChannelRule
 * @floors: per layer, channels that rank leaves it at least (all, where it has fewer)
 * @round: kept counts are rounded up to a multiple of this, as far as channels cut by rank allow
 * @before: (nullable): what another ranker has cut goes, too
 *
 * Returns: (transfer full): the mask. Couplings hold, for units go whole, and so do balances: what rank and hand leave of their ranges is
 * made even.
 */
EspMask *
esp_ranker_resolve (const EspRanker *ranker,
                    const double *ratios,
                    const double *thresholds,
                    const guint8 *rules,
                    const guint *floors,
                    guint round,
                    const EspMask *before)
{
  const guint n_units = esp_coupling_get_n_units (ranker->coupling);
  const guint n_layers = esp_network_get_n_layers (ranker->network);
  g_autofree guint8 *gone = g_new0 (guint8, n_units);
  g_autofree guint *kept = g_new (guint, n_layers);
  EspRankerState state = { ranker, rules, floors, MAX (round, 1), gone, kept };

  for (guint l = 0; l < n_layers; l++)
    kept[l] = (guint) esp_network_get_layer (ranker->network, l)->out.c;
  for (guint u = 0; u < n_units; u++)
    {
      guint n = 0;
      const EspChannel *first = esp_coupling_get_members (ranker->coupling, u, &n);

      if (rules[u] == ESP_CHANNEL_CUT)
        gone[u] = 2;
      else if (before != NULL && !esp_mask_keeps (before, first->layer, first->channel))
        gone[u] = 1;
      if (gone[u] != 0)
        esp_ranker_shift (&state, u, -1);
    }
  for (guint b = 0; b < ranker->blocks->len; b++)
    {
      const Block *block = g_ptr_array_index (ranker->blocks, b);
      const GArray *units = thresholds[block->group] > -INFINITY ? block->by_score : block->units;
      const guint n = esp_ranker_count_going (ranker, block, ratios[block->group], thresholds[block->group]);

      cut_by_rank (&state, units, n);
      round_up (&state, units, n);
    }
  esp_ranker_balance (&state);
  return make_mask (&state);
}

static void
ranking_free (gpointer data)
{
  EspRanking *ranking = data;

  g_free (ranking->values);
  g_free (ranking);
}

/* One run where channels vote: their own scores, and how many of them would go. */
static EspRanking *
make_own_run (const EspRanker *ranker, const Block *block, guint layer, double ratio, double threshold)
{
  EspRanking *run = g_new0 (EspRanking, 1);
  g_autoptr (GArray) values = esp_ranker_list_own (ranker, block, layer);

  run->layer = layer;
  run->n = values->len;
  run->values = (double *) (gpointer) g_array_steal (values, NULL);
  if (!(threshold > -INFINITY))
    run->n_cut = (guint) floor (ratio * run->n + 1e-9);
  while (threshold > -INFINITY && run->n_cut < run->n && run->values[run->n_cut] < threshold)
    run->n_cut++;
  return run;
}

/* One run: the block's channels, or those of one of its layers, in order. */
static EspRanking *
make_run (const EspRanker *ranker, const Block *block, guint layer, guint n_units)
{
  EspRanking *run = g_new0 (EspRanking, 1);
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (double));

  run->layer = layer;
  for (guint i = 0; i < block->units->len; i++)
    {
      guint n = 0;
      const EspChannel *members = esp_coupling_get_members (ranker->coupling, unit_at (block, i), &n);

      for (guint j = 0; j < n; j++)
        if (layer == G_MAXUINT || members[j].layer == layer)
          {
            g_array_append_val (values, ranker->unit_score[unit_at (block, i)]);
            run->n_cut += i < n_units;
          }
    }
  run->n = values->len;
  run->values = (double *) (gpointer) g_array_steal (values, NULL);
  return run;
}

static int
compare_runs (gconstpointer a, gconstpointer b)
{
  const EspRanking *x = *(EspRanking *const *) a, *y = *(EspRanking *const *) b;

  return x->layer < y->layer ? -1 : x->layer > y->layer;
}

/* The runs of @group: per layer, or one where the criterion pools. Floors and what was chosen by hand are not in them:
 * they are the scores alone. */
GPtrArray *
esp_ranker_get_ranking (const EspRanker *ranker, guint group, double ratio, double threshold)
{
  GPtrArray *runs = g_ptr_array_new_with_free_func (ranking_free);

  for (guint b = 0; b < ranker->blocks->len; b++)
    {
      const Block *block = g_ptr_array_index (ranker->blocks, b);
      const guint n = esp_ranker_count_going (ranker, block, ratio, threshold);

      if (block->group != group)
        continue;
      for (guint i = 0; i < (ranker->pooled ? 1 : block->layers->len); i++)
        {
          const guint layer = ranker->pooled ? G_MAXUINT : g_array_index (block->layers, guint, i);

          g_ptr_array_add (runs, ranker->vote != NULL ? make_own_run (ranker, block, layer, ratio, threshold)
                                                      : make_run (ranker, block, layer, n));
        }
    }
  g_ptr_array_sort (runs, compare_runs);
  return runs;
}
