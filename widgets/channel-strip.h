/* channel-strip.h: the channels of a layer, each by its own map over this image */
#pragma once

#include <gtk/gtk.h>

#include "explain/heatmap.h"

G_BEGIN_DECLS

#define ESP_TYPE_CHANNEL_STRIP (esp_channel_strip_get_type ())
G_DECLARE_FINAL_TYPE (EspChannelStrip, esp_channel_strip, ESP, CHANNEL_STRIP, GtkBox)

/* Signals:
 *   "map-needed" (uint channel): a cell came into view without its map; answer now or later with esp_channel_strip_set_map();
 *   "rule-requested" (GArray* of guint channels, borrowed; int EspChannelRule): a hand wants this, as one act;
 *   "channel-activated" (uint channel): Enter or a double click;
 *   "hovered" (int channel, -1 none): the pointer is over it, or the keyboard's focus on it; what goes with it is lit here and said in
 *   words. */
GtkWidget *esp_channel_strip_new          (void);
void       esp_channel_strip_set_model    (EspChannelStrip *strip,
                                           GListModel      *model); /* of EspChannelRow, one layer's */
void       esp_channel_strip_set_title    (EspChannelStrip *strip,
                                           const char      *title); /* "Layer 57 · 83 of 120 kept" */
void       esp_channel_strip_set_map      (EspChannelStrip *strip,
                                           guint            channel,
                                           EspHeatmap      *map);   /* (nullable): not to be had */
void       esp_channel_strip_clear_maps   (EspChannelStrip *strip); /* another image or layer: asks again for what is in view */
void       esp_channel_strip_take_focus   (EspChannelStrip *strip);  /* to the channel that had it last */
GArray    *esp_channel_strip_get_selected (EspChannelStrip *strip); /* (transfer full): of guint channels */

G_END_DECLS
