/* plan-branch.h: named branches of a plan, each with what it says and its own undo */
#pragma once

#include "prune/plan.h"

G_BEGIN_DECLS

#define ESP_MOST_BRANCHES 64

/* A plan has one at least, "main" unless renamed. None of this is an act of undo: switching back, renaming back and restoring undo it. The
 * plan's signal "branches-changed" tells of each. Thread: the plan's. */
guint         esp_plan_get_n_branches   (EspPlan       *plan);
guint         esp_plan_get_branch       (EspPlan       *plan);    /* the one in hand */
const char   *esp_plan_get_branch_name  (EspPlan       *plan,
                                         guint          branch);
int           esp_plan_find_branch      (EspPlan       *plan,
                                         const char    *name);    /* -1 */
gboolean      esp_plan_add_branch       (EspPlan       *plan,     /* the last: as the plan is now, with what led to it; the one in hand
                                                                   * stays in hand */
                                         const char    *name,
                                         GError       **error);
gboolean      esp_plan_rename_branch    (EspPlan       *plan,
                                         guint          branch,
                                         const char    *name,
                                         GError       **error);
void          esp_plan_switch_branch    (EspPlan       *plan,
                                         guint          branch);
gboolean      esp_plan_delete_branch    (EspPlan       *plan,     /* not the one in hand */
                                         guint          branch,
                                         GError       **error);
gboolean      esp_plan_restore_branch   (EspPlan       *plan);    /* the one deleted last; FALSE: none was */
EspPlanState *esp_plan_get_branch_state (EspPlan       *plan,     /* (transfer full) */
                                         guint          branch);
EspMask      *esp_plan_get_branch_mask  (EspPlan       *plan,     /* (transfer full) */
                                         guint          branch);
/* What a state keeps, without the plan that it is of. Thread: any. */
EspMask      *esp_plan_state_resolve    (EspPlanState  *state,    /* (transfer full) */
                                         EspNetwork    *network,
                                         EspCoupling   *coupling);

G_END_DECLS
