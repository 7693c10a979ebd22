/* group-list.h: the groups of a plan, one slider each */
#pragma once

#include "edge-popover.h"

G_BEGIN_DECLS

#define ESP_TYPE_GROUP_LIST (esp_group_list_get_type ())
G_DECLARE_FINAL_TYPE (EspGroupList, esp_group_list, ESP, GROUP_LIST, GtkBox)

/* Returns: (transfer full) (nullable): of EspRanking*, as esp_plan_get_ranking(). */
typedef GPtrArray *(*EspRankingFunc) (guint    group,
                                      gpointer data);

/* Signals: "edge-wanted" (int group, -1 none): esp_group_list_get_edge() is to show the channels at this group's line; "act-begin" (uint
 * group), "act-end" (uint group): between them lies one step of undo. */
GtkWidget  *esp_group_list_new              (void);
void        esp_group_list_set_model        (EspGroupList  *list,
                                             GListModel    *model); /* of EspGroupRow; their "ratio" is written */
GListModel *esp_group_list_get_model        (EspGroupList  *list);
void        esp_group_list_set_ranking_func (EspGroupList  *list,
                                             EspRankingFunc func,
                                             gpointer       data,
                                             GDestroyNotify destroy);
EspEdgePopover *esp_group_list_get_edge     (EspGroupList  *list);   /* (transfer none) */
void        esp_group_list_set_lit          (EspGroupList  *list,
                                             GArray        *groups); /* (nullable): of guint; the others are not */

G_END_DECLS
