/* group-editor.h: one group's line of the list: kept, threshold, slider, exact ratio, layers */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define ESP_TYPE_GROUP_EDITOR (esp_group_editor_get_type ())
G_DECLARE_FINAL_TYPE (EspGroupEditor, esp_group_editor, ESP, GROUP_EDITOR, GtkBox)

/* Signals: "watched" (boolean): pointer, drag or keyboard is at the line, or has left it; "act-begin", "act-end": what lies between is one
 * step of undo; "ranking-needed": the owner calls esp_group_editor_set_ranking(). */
GtkWidget *esp_group_editor_new         (gpointer        row);
guint      esp_group_editor_get_index   (EspGroupEditor *editor);
void       esp_group_editor_set_ranking (EspGroupEditor *editor,
                                         GPtrArray      *rankings);
void       esp_group_editor_end_act     (EspGroupEditor *editor);
void       esp_group_editor_set_edge    (EspGroupEditor *editor,
                                         const char     *words);
gboolean   esp_group_editor_get_line    (EspGroupEditor *editor,
                                         GtkWidget      *other,
                                         GdkRectangle   *bounds);
gboolean   esp_group_editor_is_dragged  (EspGroupEditor *editor);
void       esp_group_editor_set_lit     (EspGroupEditor *editor,
                                         gboolean        lit);
GtkRange  *esp_group_editor_get_range   (EspGroupEditor *editor);

G_END_DECLS
