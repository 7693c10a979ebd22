/* heat-texture.h: a map's colours as a texture, made once */
#pragma once

#include <gtk/gtk.h>

#include "explain/heatmap.h"

G_BEGIN_DECLS

GdkTexture *esp_heat_texture     (const EspHeatmap *heatmap,
                                  float             low,
                                  float             high,
                                  float            *used_low,
                                  float            *used_high);
GdkTexture *esp_palette_texture  (gboolean          is_signed);

G_END_DECLS
