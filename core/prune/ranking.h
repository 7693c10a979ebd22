/* ranking.h: the order in which a plan's groups give up their units, and what is left of them */
#pragma once

#include "net/mask.h"
#include "prune/plan.h"

G_BEGIN_DECLS

typedef struct _EspRanker EspRanker;

/* Sorted once per scores; a resolve is then linear in the channels. Borrows all its arguments: they outlive it. */
EspRanker *esp_ranker_new         (EspNetwork        *network,
                                   const EspCoupling *coupling,
                                   const GPtrArray   *groups,     /* of EspGroup */
                                   const EspScores   *scores,     /* (nullable): all 0 */
                                   gboolean           pooled,     /* whatever the criterion says */
                                   EspMerge           merge);
void       esp_ranker_free        (EspRanker         *ranker);
gboolean   esp_ranker_is_pooled   (const EspRanker   *ranker);
const char *esp_ranker_get_reduce (const EspRanker   *ranker);
EspMask   *esp_ranker_resolve     (const EspRanker   *ranker,
                                   const double      *ratios,     /* per group */
                                   const double      *thresholds, /* per group; -INFINITY: the ratio counts */
                                   const guint8      *rules,      /* per unit: EspChannelRule */
                                   const guint       *floors,     /* per layer */
                                   guint              round,
                                   const EspMask     *before);    /* (nullable): what another ranker has cut already goes, too */
GPtrArray *esp_ranker_get_ranking (const EspRanker   *ranker,     /* (transfer full): of EspRanking */
                                   guint              group,
                                   double             ratio,
                                   double             threshold); /* -INFINITY: the ratio counts */
/* A unit near the line of what goes. */
typedef struct
{
  guint    unit;
  gboolean goes;
  double   distance; /* how far the line must move before it is on the unit's other side: a share, or a score where a threshold decides */
} EspEdge;
void       esp_ranker_list_edge   (const EspRanker   *ranker,     /* appends at most @most of each side of each block, in no order */
                                   guint              group,
                                   double             ratio,
                                   double             threshold,
                                   const guint8      *layers,     /* per layer: whether its units count */
                                   guint              most,
                                   GArray            *edges);     /* of EspEdge */
double     esp_ranker_find_threshold (const EspRanker *ranker,    /* of the lowest @ratio of all of @group's channels */
                                      guint            group,
                                      double           ratio);
double     esp_ranker_get_share   (const EspRanker   *ranker,     /* of @group's channels below @threshold */
                                   guint              group,
                                   double             threshold);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspRanker, esp_ranker_free)

G_END_DECLS
