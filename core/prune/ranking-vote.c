/* ranking-vote.c: channels that go together, decided about by the votes of their layers
 *
 * Each layer (or, where the criterion pools, the group as one) lets the lowest floor(r * n) of its own n channels go, as if nothing were
 * coupled. A unit then goes if all, more than half, or any of its members would. Those are order statistics: with the place of a member in
 * its layer as a share of it, the unit goes from the largest, the middle or the smallest of its members' shares on, and likewise by score
 * where a threshold decides. So a larger ratio still cuts a superset.
 * Source: Chu et al. 2022, arXiv:2306.01526 (majority), Liu et al. 2017 (union). */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "prune/ranking-private.h"

typedef struct
{
  guint place; /* of the channel among all of its group */
  double score;
} Vote;

static int
lowest_first (const void *a, const void *b)
{
  const Vote *x = a, *y = b;

  if (x->score != y->score)
    return x->score < y->score ? -1 : 1;
  return (x->place > y->place) - (x->place < y->place);
}

static int
ascending (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* From which share on the members' unit goes, by the shares from which on each of them would. Sorts @values. */
static double
merge (EspMerge how, double *values, guint n)
{
  qsort (values, n, sizeof *values, ascending);
  if (how == ESP_MERGE_UNION)
    return values[n - 1];
  return how == ESP_MERGE_MAJORITY ? values[n / 2] : values[0];
}

/* The share at which each of @n channels, whose scores are one layer's or one group's, goes. */
static void
find_shares (const double *scores, guint n, double *shares)
{
  g_autofree Vote *votes = g_new (Vote, MAX (n, 1));

  for (guint i = 0; i < n; i++)
    votes[i] = (Vote){ i, scores[i] };
  qsort (votes, n, sizeof *votes, lowest_first);
  for (guint i = 0; i < n; i++)
    shares[votes[i].place] = (double) (i + 1) / n;
}

/* The scores of the group's layers one behind the other. starts: (out): per layer of the network where its begin */
static double *
list_scores (const EspRanker *ranker, const EspGroup *group, guint *starts, guint *n)
{
  double *all = g_new (double, MAX (group->n_channels, 1));

  *n = 0;
  for (guint i = 0; i < group->n_layers; i++)
    {
      guint n_layer = 0;
      const double *scores = esp_scores_get (ranker->scores, group->layers[i], &n_layer);

      starts[group->layers[i]] = *n;
      for (guint c = 0; c < (guint) esp_network_get_layer (ranker->network, group->layers[i])->out.c; c++)
        all[(*n)++] = scores != NULL ? scores[c] : 0;
    }
  return all;
}

static void
merge_unit (EspRanker *ranker, guint unit, const double *scores, const double *shares, const guint *starts)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (ranker->coupling, unit, &n);
  g_autofree double *values = g_new (double, n);

  for (guint i = 0; i < n; i++)
    values[i] = scores[starts[members[i].layer] + members[i].channel];
  ranker->unit_score[unit] = merge (ranker->merge, values, n);
  for (guint i = 0; i < n; i++)
    values[i] = shares[starts[members[i].layer] + members[i].channel];
  ranker->vote[unit] = merge (ranker->merge, values, n);
}

void
esp_ranker_count_votes (EspRanker *ranker, const EspGroup *group)
{
  g_autofree guint *starts = g_new0 (guint, esp_network_get_n_layers (ranker->network));
  guint n = 0;
  g_autofree double *scores = list_scores (ranker, group, starts, &n), *shares = g_new (double, MAX (n, 1));

  if (ranker->pooled)
    find_shares (scores, n, shares);
  for (guint i = 0; i < group->n_layers; i++)
    {
      const guint layer = group->layers[i], n_layer = (guint) esp_network_get_layer (ranker->network, layer)->out.c;

      if (!ranker->pooled)
        find_shares (scores + starts[layer], n_layer, shares + starts[layer]);
    }
  for (guint i = 0; i < group->n_layers; i++)
    for (guint c = 0; c < (guint) esp_network_get_layer (ranker->network, group->layers[i])->out.c; c++)
      merge_unit (ranker, esp_coupling_get_unit (ranker->coupling, group->layers[i], c), scores, shares, starts);
}

GArray *
esp_ranker_list_own (const EspRanker *ranker, const Block *block, guint layer)
{
  GArray *values = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; i < block->units->len; i++)
    {
      guint n = 0;
      const EspChannel *members = esp_coupling_get_members (ranker->coupling, unit_at (block, i), &n);

      for (guint j = 0; j < n; j++)
        if (layer == G_MAXUINT || members[j].layer == layer)
          {
            const double *scores = esp_scores_get (ranker->scores, members[j].layer, NULL);
            const double score = scores != NULL ? scores[members[j].channel] : 0;

            g_array_append_val (values, score);
          }
    }
  if (values->len > 0)
    qsort (values->data, values->len, sizeof (double), ascending);
  return values;
}
