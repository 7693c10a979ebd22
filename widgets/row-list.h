/* row-list.h: a GtkListBox over row objects, each line named by its row */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef GtkWidget *(*EspRowMake)     (gpointer row);                 /* what a line shows */
typedef void       (*EspRowDescribe) (guint n, gpointer accessible); /* says the total */

void           esp_row_list_set_model (GtkListBox    *list,
                                       GListModel    *model,
                                       EspRowMake     make,
                                       EspRowDescribe describe);
gpointer       esp_row_list_get_item  (GtkListBoxRow *row);
GtkListBoxRow *esp_row_list_find      (GtkListBox    *list,
                                       const char    *property,
                                       int            value);

G_END_DECLS
