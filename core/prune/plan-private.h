/* plan-private.h: what the plan's own files share */
#pragma once

#include "prune/plan-act.h"
#include "prune/plan.h"
#include "prune/ranking.h"

G_BEGIN_DECLS

struct _EspPlan
{
  GObject      parent;
  EspNetwork  *network;
  EspCoupling *coupling;
  EspScores   *scores;
  GPtrArray   *groups;   /* of EspGroup */
  int         *group_of; /* per layer */
  double      *ratios;   /* per group: the share asked for */
  double      *thresholds; /* per group: units of a lower score go, and the ratio only says how many that was; -INFINITY: none */
  guint8      *rules;    /* per unit: EspChannelRule */
  guint        floor, round;
  char        *cfg_hash, *weights_hash; /* (nullable) */
  EspKeepClasses *keep;  /* (nullable): all */
  EspRanker   *ranker;       /* NULL until asked for */
  EspMask     *mask;         /* NULL until asked for */
  GPtrArray   *undo, *redo;  /* of EspAct, the last is next */
  EspAct      *open;
  guint        depth;        /* begins without their end */
  guint        held;
  gboolean     changed;      /* while held */
};

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
/* The ratio as it was asked for, and the threshold that decides; -INFINITY: none. */
void esp_plan_set_share      (EspPlan       *plan,
                              guint          group,
                              double         ratio,
                              double         threshold);
void esp_plan_label_act      (EspPlan       *plan,     /* within begin and end: the words of the whole act */
                              const char    *label);
void esp_plan_act_scores     (EspPlan       *plan,     /* within begin and end: scores that undo takes back */
                              EspScores     *scores);

G_END_DECLS
