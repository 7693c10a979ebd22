/* plan-private.h: what the plan's own files share */
#pragma once

#include "prune/plan.h"

G_BEGIN_DECLS

const char *esp_plan_get_cfg_hash     (EspPlan    *plan);    /* (nullable) */
const char *esp_plan_get_weights_hash (EspPlan    *plan);    /* (nullable) */
/* Between the two one "changed" at the end stands for all. */
void        esp_plan_hold             (EspPlan    *plan);
void        esp_plan_release          (EspPlan    *plan);
void        esp_plan_label_act        (EspPlan    *plan,     /* within begin and end: the words of the whole act */
                                       const char *label);
void        esp_plan_act_scores       (EspPlan    *plan,     /* within begin and end: scores that undo takes back */
                                       EspScores  *scores);

G_END_DECLS
