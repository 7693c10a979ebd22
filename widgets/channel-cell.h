/* channel-cell.h: one channel of the strip: its map, its number, its fate */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define ESP_TYPE_CHANNEL_CELL (esp_channel_cell_get_type ())
G_DECLARE_FINAL_TYPE (EspChannelCell, esp_channel_cell, ESP, CHANNEL_CELL, GtkWidget)

/* Recycled: bound to one row after another. Signals: "changed": the row's "revision", "kept" or "score" did; "hovered" (boolean). */
GtkWidget *esp_channel_cell_new         (void);
void       esp_channel_cell_bind        (EspChannelCell *cell,
                                         gpointer        row);
gpointer   esp_channel_cell_get_row     (EspChannelCell *cell);
guint      esp_channel_cell_get_channel (EspChannelCell *cell);
void       esp_channel_cell_show_layer  (EspChannelCell *cell); /* its number and its tooltip say the layer too */
void       esp_channel_cell_set_map     (EspChannelCell *cell,
                                         GdkTexture     *map);
void       esp_channel_cell_set_lit     (EspChannelCell *cell,
                                         gboolean        lit);

G_END_DECLS
