/* plan-act.h: one step of undo: what changed, from what to what, and its words */
#pragma once

#include "prune/plan.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_CHANGE_RATIO,
  ESP_CHANGE_THRESHOLD,
  ESP_CHANGE_COUNT,
  ESP_CHANGE_JOIN,
  ESP_CHANGE_OVERALL,
  ESP_CHANGE_NORM,
  ESP_CHANGE_MERGE,
  ESP_CHANGE_RULE,
  ESP_CHANGE_FLOOR,
  ESP_CHANGE_LAYER_FLOOR,
  ESP_CHANGE_ROUND,
  ESP_N_CHANGES,
} EspChangeKind;

typedef struct
{
  EspChangeKind kind;
  guint         index; /* slot of a ratio, threshold or count; group of a join; unit of a rule; layer of a floor of its own; else 0 */
  double        before, after;
} EspChange;

/* Counted: branches share what they have in common. */
typedef struct
{
  guint       refs;
  GArray     *changes;               /* of EspChange */
  GHashTable *places;                /* kind and index to 1 + place in changes */
  char       *label;                 /* of the whole; NULL: made from the changes when it ends */
  char       *rule_label;            /* of the first change of rules */
  guint       n_rule_calls;
  gboolean    sets_scores;
  EspScores  *scores, *scores_before; /* (nullable): by index */
  gboolean    sets_classes;
  EspKeepClasses *classes, *classes_before; /* (nullable): all */
} EspAct;

EspAct  *esp_act_new    (void);
EspAct  *esp_act_ref    (EspAct        *act);
void     esp_act_unref  (EspAct        *act);
void     esp_act_note   (EspAct        *act,
                         EspChangeKind  kind,
                         guint          index,
                         double         before,
                         double         after);
char    *esp_act_dup_label (const EspAct *act,
                            EspPlan       *plan);
const char *esp_merge_act_words (EspMerge merge); /* (transfer none): translated */
gboolean esp_act_finish (EspAct        *act,    /* drops what came back to where it was; FALSE: nothing is left */
                         EspPlan       *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspAct, esp_act_unref)

G_END_DECLS
