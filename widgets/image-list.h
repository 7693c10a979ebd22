/* image-list.h: the images of the set, searched and filtered */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define ESP_TYPE_IMAGE_LIST (esp_image_list_get_type ())
G_DECLARE_FINAL_TYPE (EspImageList, esp_image_list, ESP, IMAGE_LIST, GtkBox)

/* Signal: "image-selected" (int: the row's "index"), by hand only. */
GtkWidget *esp_image_list_new          (void);
void       esp_image_list_set_model    (EspImageList *list,
                                        GListModel   *model); /* of EspImageRow; thousands are well */
void       esp_image_list_select       (EspImageList *list,
                                        int           index); /* -1: none; emits nothing */
int        esp_image_list_get_selected (EspImageList *list);
void       esp_image_list_refresh      (EspImageList *list);  /* filters anew: detections or misses have become known */
void       esp_image_list_focus_search (EspImageList *list);

G_END_DECLS
