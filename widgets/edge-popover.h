/* edge-popover.h: the channels just below and just above a group's line, beside it while a hand is there */
#pragma once

#include <gtk/gtk.h>

#include "explain/heatmap.h"

G_BEGIN_DECLS

#define ESP_TYPE_EDGE_POPOVER (esp_edge_popover_get_type ())
G_DECLARE_FINAL_TYPE (EspEdgePopover, esp_edge_popover, ESP, EDGE_POPOVER, GtkPopover)

/* Signals: "map-needed" (uint layer, uint channel): answer now or later with esp_edge_popover_set_map(); "changed": the words are others.
 * It takes neither the focus nor the pointer. */
GtkWidget *esp_edge_popover_new        (void);
void       esp_edge_popover_set_models (EspEdgePopover *popover,
                                        GListModel     *below,   /* of EspChannelRow, nearest to the line first: what goes */
                                        GListModel     *above);  /* likewise: what stays */
void       esp_edge_popover_set_map    (EspEdgePopover *popover,
                                        guint           layer,
                                        guint           channel,
                                        EspHeatmap     *map);
char      *esp_edge_popover_dup_words  (EspEdgePopover *popover); /* (transfer full): the same for a screen reader */

G_END_DECLS
