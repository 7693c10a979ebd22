/* unit-set.h: channels that compete with each other: units over the same layers; how many of each are kept, and which */
#pragma once

#include "net/mask.h"
#include "score/coupling.h"
#include "score/scores.h"

G_BEGIN_DECLS

/* Every prunable unit is in one set, all of whose units have a channel in the same layers: equal counts of a set are equal counts of
 * layers. */
typedef struct _EspUnitSets EspUnitSets;

EspUnitSets *esp_unit_sets_new        (EspNetwork         *network);
void         esp_unit_sets_free       (EspUnitSets        *sets);
guint        esp_unit_sets_get_n      (const EspUnitSets  *sets);  /* in network order */
guint        esp_unit_sets_get_size   (const EspUnitSets  *sets,   /* units */
                                       guint               set);
const guint *esp_unit_sets_get_layers (const EspUnitSets  *sets,
                                       guint               set,
                                       guint              *n);
EspChannel   esp_unit_sets_get_unit   (const EspUnitSets  *sets,   /* the first channel of it */
                                       guint               set,
                                       guint               unit);  /* of the set */
/* The share of the units kept by both; @chance: (out): what two choices by lot have. */
double       esp_unit_sets_overlap    (const EspUnitSets  *sets,
                                       const EspMask      *a,
                                       const EspMask      *b,
                                       double             *chance);
guint       *esp_unit_sets_count      (const EspUnitSets  *sets,   /* (transfer full): kept of each set */
                                       const double       *ratios, /* of each: the share that goes */
                                       guint               floor,
                                       guint               round);
guint       *esp_unit_sets_count_mask (const EspUnitSets  *sets,   /* (transfer full): kept of each set */
                                       const EspMask      *mask);
EspMask     *esp_unit_sets_keep       (const EspUnitSets  *sets,   /* (transfer full): the highest of each */
                                       const EspScores    *scores,
                                       const char         *reduce, /* over the channels of a unit: sum, mean, max */
                                       gboolean            inverted, /* the lowest */
                                       const guint        *kept);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspUnitSets, esp_unit_sets_free)

G_END_DECLS
