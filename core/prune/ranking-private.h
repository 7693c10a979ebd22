/* ranking-private.h: what a ranker is made of, for the files that resolve it */
#pragma once

#include "score/coupling-private.h"
#include "prune/ranking.h"

G_BEGIN_DECLS

typedef struct
{
  guint group;
  GArray *layers; /* of guint: those that every unit has a member in; only of the first unit where the criterion pools */
  GArray *units;  /* of guint, first to go first */
  GArray *by_score; /* likewise where thresholds decide; the same unless channels vote */
  guint *upto;    /* per unit: channels of the units up to and including this one */
} Block;

struct _EspRanker
{
  EspNetwork *network;
  const EspCoupling *coupling;
  gboolean pooled;
  const char *reduce;
  double *unit_score;  /* per unit */
  EspMerge merge;
  const EspScores *scores; /* (nullable) */
  double *vote; /* per unit: the least ratio at which it goes; NULL unless channels vote */
  GPtrArray *blocks;   /* of Block, by group */
  GPtrArray *balances; /* per balance: EspRangeUnit as the coupling has them, but within a range first to go first */
};

/* What is left while resolving. */
typedef struct
{
  const EspRanker *ranker;
  const guint8 *rules;
  const guint *floors; /* per layer */
  guint round;
  guint8 *gone; /* per unit: 0 stays, 1 by rank, 2 by hand */
  guint *kept;  /* per layer */
} EspRankerState;

static inline guint
unit_at (const Block *block, guint i)
{
  return g_array_index (block->units, guint, i);
}

static inline void
esp_ranker_shift (EspRankerState *state, guint unit, int by)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (state->ranker->coupling, unit, &n);

  for (guint i = 0; i < n; i++)
    state->kept[members[i].layer] += (guint) by;
}

/* Where channels vote: unit_score and vote of every unit of the group. */
void esp_ranker_count_votes   (EspRanker      *ranker,
                               const EspGroup *group);
GArray *esp_ranker_list_own   (const EspRanker *ranker, /* (transfer full): the scores of the block's channels, of one layer or (G_MAXUINT)
                                                         * all, ascending */
                               const Block     *block,
                               guint            layer);
guint esp_ranker_count_going  (const EspRanker *ranker,
                               const Block     *block,
                               double           ratio,
                               double           threshold); /* -INFINITY: the ratio counts */
void esp_ranker_sort_balances (EspRanker      *ranker); /* once unit_score is there */
void esp_ranker_balance       (EspRankerState *state);

G_END_DECLS
