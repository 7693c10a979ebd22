/* trial-list.h: the acts so far and what each led to */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define ESP_TYPE_TRIAL_LIST (esp_trial_list_get_type ())
G_DECLARE_FINAL_TYPE (EspTrialList, esp_trial_list, ESP, TRIAL_LIST, GtkBox)

/* Signal: "trial-activated" (uint position in the model). */
GtkWidget *esp_trial_list_new       (void);
void       esp_trial_list_set_model (EspTrialList *list,
                                     GListModel   *model); /* of EspTrialRow, newest first */

G_END_DECLS
