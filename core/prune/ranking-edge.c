/* ranking-edge.c: the units that a group's line has cut last, and those it would cut next */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include <math.h>

#include "prune/ranking-private.h"

/* Where the line must stand for the unit at @i to go: a score, or a share of the block. */
static double
place_of (const EspRanker *ranker, const Block *block, const GArray *order, guint i, gboolean by_score)
{
  const guint unit = g_array_index (order, guint, i);

  if (by_score)
    return ranker->unit_score[unit];
  if (ranker->vote != NULL)
    return ranker->vote[unit];
  return (double) block->upto[i] / block->upto[order->len - 1];
}

static gboolean
is_wanted (const EspRanker *ranker, guint unit, const guint8 *layers)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (ranker->coupling, unit, &n);

  for (guint i = 0; i < n; i++)
    if (layers[members[i].layer])
      return TRUE;
  return FALSE;
}

/* From the line outwards, to the one side. */
static void
walk (const EspRanker *ranker,
      const Block *block,
      guint n_going,
      gboolean goes,
      double ratio,
      double threshold,
      const guint8 *layers,
      guint most,
      GArray *edges)
{
  const gboolean by_score = threshold > -INFINITY;
  const GArray *order = by_score ? block->by_score : block->units;
  guint found = 0;

  for (guint k = 0; found < most && (goes ? k < n_going : n_going + k < order->len); k++)
    {
      const guint i = goes ? n_going - 1 - k : n_going + k;
      const guint unit = g_array_index (order, guint, i);
      const EspEdge edge = { unit, goes, fabs (place_of (ranker, block, order, i, by_score) - (by_score ? threshold : ratio)) };

      if (!is_wanted (ranker, unit, layers))
        continue;
      g_array_append_val (edges, edge);
      found++;
    }
}

void
esp_ranker_list_edge (const EspRanker *ranker, guint group, double ratio, double threshold, const guint8 *layers, guint most, GArray *edges)
{
  for (guint b = 0; b < ranker->blocks->len; b++)
    {
      const Block *block = g_ptr_array_index (ranker->blocks, b);
      const guint n = block->group == group ? esp_ranker_count_going (ranker, block, ratio, threshold) : 0;

      if (block->group != group)
        continue;
      walk (ranker, block, n, TRUE, ratio, threshold, layers, most, edges);
      walk (ranker, block, n, FALSE, ratio, threshold, layers, most, edges);
    }
}
