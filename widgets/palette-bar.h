/* palette-bar.h: the colours of a scale, lowest left */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define ESP_TYPE_PALETTE_BAR (esp_palette_bar_get_type ())
G_DECLARE_FINAL_TYPE (EspPaletteBar, esp_palette_bar, ESP, PALETTE_BAR, GtkWidget)

void esp_palette_bar_set_signed (EspPaletteBar *bar,
                                 gboolean       is_signed);

G_END_DECLS
