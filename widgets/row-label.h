/* row-label.h: a row object's "label" as the accessible name of what shows it */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void  esp_row_label_bind        (GtkAccessible *accessible,
                                 gpointer       row);
void  esp_row_label_unbind      (GtkAccessible *accessible);
void  esp_accessible_name       (gpointer       accessible,
                                 const char    *name);
void  esp_accessible_describe   (gpointer       accessible,
                                 const char    *description);
int   esp_row_get_int           (gpointer       row,
                                 const char    *property);
char *esp_row_dup_string        (gpointer       row,
                                 const char    *property);
void  esp_drop_down_name        (GtkDropDown   *drop_down,
                                 const char    *name);
void  esp_widget_ignore_wheel   (GtkWidget     *widget);

G_END_DECLS
