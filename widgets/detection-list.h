/* detection-list.h: the boxes of the image in words: the keyboard's and the screen reader's twin of the picture */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define ESP_TYPE_DETECTION_LIST (esp_detection_list_get_type ())
G_DECLARE_FINAL_TYPE (EspDetectionList, esp_detection_list, ESP, DETECTION_LIST, GtkBox)

/* Signals: "detection-activated" (int index): explain it; "detection-selected" (int index, -1 none): the hand has moved to it. Index: the
 * row's "index". */
GtkWidget *esp_detection_list_new       (void);
void       esp_detection_list_set_model (EspDetectionList *list,
                                         GListModel       *model); /* of EspDetectionRow */
void       esp_detection_list_select    (EspDetectionList *list,
                                         int               index); /* -1: none; emits nothing */
int        esp_detection_list_get_selected (EspDetectionList *list);
void       esp_detection_list_set_unread   (EspDetectionList *list,
                                            gboolean          unread);

G_END_DECLS
