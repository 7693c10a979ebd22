/* plan.h: a ratio or threshold per group plus channels protected or removed by hand; undoable; yields a mask */
#pragma once

#include <gio/gio.h>

#include "net/keep-classes.h"
#include "net/mask.h"
#include "net/weights.h"
#include "score/criterion.h"
#include "score/group.h"
#include "score/normalise.h"

G_BEGIN_DECLS

#define ESP_TYPE_PLAN (esp_plan_get_type ())
G_DECLARE_FINAL_TYPE (EspPlan, esp_plan, ESP, PLAN, GObject)

typedef enum
{
  ESP_CHANNEL_BY_RANK,   /* the group's ratio decides */
  ESP_CHANNEL_CUT,       /* by hand */
  ESP_CHANNEL_PROTECTED, /* by hand */
} EspChannelRule;

/* What decides how much of a group or layer goes. */
typedef enum
{
  ESP_SHARE_GROUP,     /* of a layer: its group's */
  ESP_SHARE_RATIO,     /* this part of the channels, 0..1 */
  ESP_SHARE_THRESHOLD, /* units of a lower score */
  ESP_SHARE_COUNT,     /* all but so many channels */
  ESP_SHARE_OVERALL,   /* of a group: the one ranking over all groups that are in it */
} EspShareKind;

typedef struct
{
  EspShareKind kind;
  double       value; /* ratio, threshold or count; of the overall ranking its ratio */
} EspShare;

/* How channels that go together are decided about. The last three let each layer choose by its own scores, as if it were alone, and then
 * vote. */
typedef enum
{
  ESP_MERGE_REDUCE,       /* their scores are made one, as the criterion says */
  ESP_MERGE_UNION,        /* stay if any layer keeps its own */
  ESP_MERGE_MAJORITY,     /* stay if at least half do */
  ESP_MERGE_INTERSECTION, /* stay if all do */
  ESP_N_MERGES,
} EspMerge;

/* Thread: main (or the one thread that owns it). Signals "changed": the mask may differ; "branches-changed": see plan-branch.h. Properties,
 * notifying: can-undo, can-redo, undo-label, redo-label. */
EspPlan        *esp_plan_new             (EspNetwork       *network,
                                          EspCoupling      *coupling,
                                          EspScores        *scores);
EspNetwork     *esp_plan_get_network     (EspPlan          *plan);
EspCoupling    *esp_plan_get_coupling    (EspPlan          *plan);
EspScores      *esp_plan_get_scores      (EspPlan          *plan);
void            esp_plan_set_scores      (EspPlan          *plan,      /* not an act of undo */
                                          EspScores        *scores);
guint           esp_plan_get_n_groups    (EspPlan          *plan);
const EspGroup *esp_plan_get_group       (EspPlan          *plan,
                                          guint             group);
int             esp_plan_find_group      (EspPlan          *plan,
                                          const char       *name);     /* -1 */
int             esp_plan_group_of_layer  (EspPlan          *plan,
                                          guint             layer);    /* -1: not prunable */
double          esp_plan_get_ratio       (EspPlan          *plan,
                                          guint             group);
void            esp_plan_set_ratio       (EspPlan          *plan,      /* clamped to 0..1; part of the act begun, or an act of its own */
                                          guint             group,
                                          double            ratio);
/* Instead of a ratio: units that score less go. Setting the one takes the other away. */
gboolean        esp_plan_get_threshold   (EspPlan          *plan,      /* FALSE: the ratio counts */
                                          guint             group,
                                          double           *threshold); /* (out) (optional) */
void            esp_plan_set_threshold   (EspPlan          *plan,
                                          guint             group,
                                          double            threshold);
double          esp_plan_find_threshold  (EspPlan          *plan,      /* the score below which @ratio of the group lies */
                                          guint             group,
                                          double            ratio);
void            esp_plan_set_share_by_score (EspPlan       *plan,      /* that threshold, and the ratio as asked for */
                                             guint          group,
                                             double         ratio);
/* Instead of either: all but so many channels of the group go. */
void            esp_plan_set_count       (EspPlan          *plan,
                                          guint             group,
                                          guint             count);
EspShare        esp_plan_get_share       (EspPlan          *plan,      /* what decides about a group; never ESP_SHARE_GROUP */
                                          guint             group);
/* One ranking over all groups that are in it, its scores normalised per layer. A group leaves it when it is given a share of its own. */
gboolean        esp_plan_get_overall     (EspPlan          *plan,      /* FALSE: no group is in it */
                                          double           *ratio);    /* (out) (optional) */
void            esp_plan_set_overall     (EspPlan          *plan,      /* all groups join */
                                          double            ratio);
void            esp_plan_join_overall    (EspPlan          *plan,      /* this one, at the ratio as it is */
                                          guint             group);
EspNorm         esp_plan_get_norm        (EspPlan          *plan);     /* ESP_NORM_L2 */
void            esp_plan_set_norm        (EspPlan          *plan,
                                          EspNorm           norm);
EspMerge        esp_plan_get_merge       (EspPlan          *plan);     /* ESP_MERGE_REDUCE */
void            esp_plan_set_merge       (EspPlan          *plan,
                                          EspMerge          merge);
const char     *esp_merge_name           (EspMerge          merge);    /* "reduce", "union", "majority", "intersection" */
gboolean        esp_merge_parse          (const char       *name,
                                          EspMerge         *merge,
                                          GError          **error);
/* A layer with a share of its own is ranked by itself, with those coupled to it. */
EspShare        esp_plan_get_layer_share (EspPlan          *plan,      /* ESP_SHARE_GROUP: none of its own */
                                          guint             layer);
void            esp_plan_set_layer_share (EspPlan          *plan,      /* ESP_SHARE_GROUP takes it back */
                                          guint             layer,
                                          EspShare          share);
EspChannelRule  esp_plan_get_rule        (EspPlan          *plan,
                                          guint             layer,
                                          guint             channel);
void            esp_plan_set_rules       (EspPlan          *plan,      /* one act; coupled partners follow */
                                          const EspChannel *channels,
                                          guint             n,
                                          EspChannelRule    rule);
void            esp_plan_set_layer_rule  (EspPlan          *plan,      /* the whole layer: protect it, or leave it to rank again */
                                          guint             layer,
                                          EspChannelRule    rule);     /* not ESP_CHANNEL_CUT */
guint           esp_plan_get_floor       (EspPlan          *plan);     /* 8 */
void            esp_plan_set_floor       (EspPlan          *plan,
                                          guint             floor);
int             esp_plan_get_layer_floor (EspPlan          *plan,      /* -1: the plan's */
                                          guint             layer);
void            esp_plan_set_layer_floor (EspPlan          *plan,
                                          guint             layer,
                                          int               floor);    /* -1: the plan's */
guint           esp_plan_get_round       (EspPlan          *plan);     /* 1: no rounding */
void            esp_plan_set_round       (EspPlan          *plan,
                                          guint             multiple);
/* The classes that an export has; NULL: all. Not part of the mask; an act of undo. */
void            esp_plan_set_keep_classes (EspPlan         *plan,
                                          EspKeepClasses   *keep);    /* (nullable) */
EspKeepClasses *esp_plan_get_keep_classes (EspPlan         *plan);     /* (transfer none) (nullable) */
/* An act: everything until end is one undo step ("20×20 backbone to 40 %"). Nested begins count. */
void            esp_plan_begin           (EspPlan          *plan);
void            esp_plan_end             (EspPlan          *plan);
char           *esp_plan_dup_act_label   (EspPlan          *plan);     /* (transfer full) (nullable): words of the act open, else of the
                                                                        * last */
void            esp_plan_undo            (EspPlan          *plan);
void            esp_plan_redo            (EspPlan          *plan);
void            esp_plan_reset           (EspPlan          *plan);     /* keeps everything again; an act */
EspMask        *esp_plan_get_mask        (EspPlan          *plan);     /* (transfer full): resolved, couplings respected */
guint           esp_plan_count_kept      (EspPlan          *plan,
                                          guint             group);
/* The sorted numbers that a group's ratio thresholds: what its histogram shows. Per layer: one run per layer, `layer` set; pooled: one. */
typedef struct
{
  guint   layer;     /* G_MAXUINT: pooled */
  guint   n;
  double *values;    /* ascending, after normalisation and coupled reduction */
  guint   n_cut;     /* the threshold lies between n_cut - 1 and n_cut */
} EspRanking;
GPtrArray      *esp_plan_get_ranking     (EspPlan          *plan,      /* (transfer full): of EspRanking* */
                                          guint             group);
GArray         *esp_plan_get_edge        (EspPlan          *plan,      /* (transfer full): of EspChannel, nearest to the line first */
                                          guint             group,
                                          int               layer,     /* whose channels stand for what goes together; -1 */
                                          gboolean          goes,      /* cut last; else next to be cut */
                                          guint             most);

gboolean        esp_plan_is_pooled       (EspPlan          *plan);

/* What a plan says at one moment: immutable, counted, cheap to keep. Thread: any, but for the plan's own. */
typedef struct _EspPlanState EspPlanState;
EspPlanState   *esp_plan_get_state       (EspPlan          *plan);     /* (transfer full) */
void            esp_plan_set_state       (EspPlan          *plan,      /* one act, called @label; scores included */
                                          EspPlanState     *state,     /* of this plan */
                                          const char       *label);
EspHash         esp_plan_state_get_hash  (EspPlanState     *state);    /* of all that it says, scores included */
EspPlanState   *esp_plan_state_ref       (EspPlanState     *state);
void            esp_plan_state_unref     (EspPlanState     *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspPlanState, esp_plan_state_unref)

/* plan.json: complete in itself. */
void            esp_plan_set_hashes      (EspPlan          *plan,      /* what esp_plan_load() compares with; NULL: not checked */
                                          const char       *cfg_hash,
                                          const char       *weights_hash);
gboolean        esp_plan_save            (EspPlan          *plan,
                                          const char       *cfg_hash,
                                          const char       *weights_hash,
                                          const char       *path,
                                          GError          **error);
gboolean        esp_plan_load            (EspPlan          *plan,      /* one act; refused whole if anything does not fit */
                                          const char       *path,
                                          GError          **error);
/* The kept channels of a plan file as they stand, without a plan object (evaluate --plan, prune --plan). @weights_hash: refuses another's
 * unless NULL. */
EspMask        *esp_plan_read_mask       (EspNetwork       *network,
                                          const char       *path,
                                          const char       *cfg_hash,
                                          const char       *weights_hash,
                                          GError          **error);

G_END_DECLS
