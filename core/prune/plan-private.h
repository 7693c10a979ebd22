/* plan-private.h: what the plan's own files share */
#pragma once

#include "prune/plan-act.h"
#include "prune/plan.h"
#include "prune/ranking.h"

G_BEGIN_DECLS

/* What a plan is asked, in numbers. A slot is a group, or behind the groups a layer: see esp_plan_layer_slot(). */
typedef struct
{
  double  *ratios;     /* per slot: the share asked for; of a layer -1: as its group */
  double  *thresholds; /* per slot: units of a lower score go, and the ratio only says how many that was; -INFINITY: none */
  double  *counts;     /* per slot: all channels but so many go, and the ratio only says how many that was; -1: none */
  guint8  *joins;      /* per group: whether the overall ranking decides */
  double   overall;    /* the share of all groups in it to go */
  EspNorm  norm;       /* what makes their layers comparable */
  EspMerge merge;      /* of channels that go together */
  guint8  *rules;      /* per unit: EspChannelRule */
  guint    floor, round;
  double  *floors;     /* per layer; -1: the plan's */
} EspWish;

typedef struct _EspResolver EspResolver;

/* A branch that rests; of the one in hand only the name. */
typedef struct
{
  char         *name;
  EspPlanState *state;
  GPtrArray    *undo, *redo; /* of EspAct */
} EspBranch;

struct _EspPlan
{
  GObject      parent;
  EspNetwork  *network;
  EspCoupling *coupling;
  EspScores   *scores;
  GPtrArray   *groups;   /* of EspGroup */
  int         *group_of; /* per layer */
  guint       *set_of;   /* per layer: the lowest layer coupled to it */
  EspWish      wish;
  char        *cfg_hash, *weights_hash; /* (nullable) */
  EspKeepClasses *keep;  /* (nullable): all */
  EspResolver *resolver;     /* NULL until asked for */
  EspMask     *mask;         /* NULL until asked for */
  GPtrArray   *undo, *redo;  /* of EspAct, the last is next */
  GPtrArray   *branches;     /* of EspBranch */
  GPtrArray   *deleted;      /* of EspBranch, the last was deleted last */
  guint        branch;       /* the one in hand */
  EspAct      *open;
  guint        depth;        /* begins without their end */
  guint        held;
  gboolean     changed;      /* while held */
};

struct _EspPlanState
{
  guint      n_groups, n_layers, n_units;
  EspWish    wish;
  EspScores *scores;    /* (nullable): by index */
  EspKeepClasses *keep; /* (nullable): all */
};

EspPlanState *esp_plan_state_new (EspPlan       *plan);       /* (transfer full): keeps everything; no scores */
guint    esp_plan_layer_slot     (const EspPlan *plan,
                                  guint          layer);
int      esp_plan_own_layer      (const EspPlan *plan,        /* the layer whose own share @layer follows; -1: none */
                                  guint          layer);
void     esp_wish_init           (EspWish       *wish,        /* keeps everything */
                                  guint          n_groups,
                                  guint          n_layers,
                                  guint          n_units);
void     esp_wish_copy           (EspWish       *to,          /* not initialised */
                                  const EspWish *from,
                                  guint          n_groups,
                                  guint          n_layers,
                                  guint          n_units);
void     esp_wish_clear          (EspWish       *wish);

EspBranch *esp_branch_new          (const char *name);
void       esp_branch_free         (EspBranch  *branch);
gboolean   esp_branch_check_name   (const char *name,
                                    GError    **error);
void       esp_plan_tell_branches  (EspPlan    *plan);          /* emits "branches-changed" */
char      *esp_plan_free_branch_name (EspPlan  *plan,           /* (transfer full): @name, or one like it that no branch has */
                                      const char *name);
EspPlan   *esp_plan_copy_branch    (EspPlan    *plan,           /* (transfer full): a plan of its own that says what it does */
                                    guint       branch);

/* How the wish becomes a mask. */
void       esp_resolver_free      (EspResolver *resolver);
EspMask   *esp_plan_resolve       (EspPlan     *plan);        /* (transfer full) */
GPtrArray *esp_plan_rank_group    (EspPlan     *plan,         /* (transfer full): of EspRanking */
                                   guint        group);
GArray    *esp_plan_list_edges    (EspPlan     *plan,         /* (transfer full): of EspEdge, in no order */
                                   guint        group,
                                   guint        most);        /* of each side of each ranking */
double     esp_plan_slot_share    (EspPlan     *plan,         /* of a slot's channels below @threshold */
                                   guint        slot,
                                   double       threshold);
double     esp_plan_slot_threshold (EspPlan    *plan,         /* below which @ratio of a slot's channels lie */
                                    guint       slot,
                                    double      ratio);

/* The mask may differ: told at once, or at the end of a hold. */
void esp_plan_emit_changed   (EspPlan       *plan);
void esp_plan_notify_history (EspPlan       *plan);
void esp_plan_take_scores    (EspPlan       *plan,
                              EspScores     *scores);
/* Between the two one "changed" at the end stands for all. */
void esp_plan_hold           (EspPlan       *plan);
void esp_plan_release        (EspPlan       *plan);
/* One change, within an act. */
void esp_plan_change         (EspPlan       *plan,
                              EspChangeKind  kind,
                              guint          index,
                              double         before,
                              double         after);
/* One change that is an act of its own unless one is open. */
void esp_plan_change_alone   (EspPlan       *plan,
                              EspChangeKind  kind,
                              guint          index,
                              double         before,
                              double         after);
/* All that says how much of a slot goes, as one act unless one is open. */
void esp_plan_change_slot    (EspPlan       *plan,
                              guint          slot,
                              double         ratio,
                              double         threshold,
                              double         count);
void esp_plan_take_classes   (EspPlan       *plan,      /* without a step of undo */
                              EspKeepClasses *keep);    /* (nullable) */
void esp_plan_label_act      (EspPlan       *plan,     /* within begin and end: the words of the whole act */
                              const char    *label);
void esp_plan_act_scores     (EspPlan       *plan,     /* within begin and end: scores that undo takes back */
                              EspScores     *scores);  /* (nullable) */

G_END_DECLS
