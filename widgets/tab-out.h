/* tab-out.h: Tab leaves a list instead of walking through all of its rows */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void esp_tab_out (GtkWidget *list);

G_END_DECLS
