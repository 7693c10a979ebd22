/* palette.h: colour maps and class colours, safe for colour-blind eyes */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  const char *id;           /* "viridis", "cividis", "blue-orange" */
  const char *title;
  gboolean    diverging;    /* centred on zero */
} EspPalette;

const EspPalette *esp_palettes           (guint            *n);
const EspPalette *esp_palette_find       (const char       *id);
const EspPalette *esp_palette_default    (gboolean          is_signed);
void              esp_palette_colour     (const EspPalette *palette,
                                          double            position, /* 0..1; a diverging map has zero at 0.5 */
                                          guint8            rgb[3]);
void              esp_palette_class      (int               class_index, /* a stable colour per class */
                                          guint8            rgb[3]);
/* Premultiplied BGRA (GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, CAIRO_FORMAT_ARGB32): sequential lowest..highest, diverging -m..m. */
void              esp_palette_paint      (const EspPalette *palette,
                                          const float      *values,
                                          gsize             n,
                                          float             lowest,
                                          float             highest,
                                          guint8           *bgra);

/* The same, fading to nothing within this share of the scale about its zero: for laying over a photograph. */
#define ESP_PALETTE_FADE 0.5
void              esp_palette_paint_over (const EspPalette *palette,
                                          const float      *values,
                                          gsize             n,
                                          float             lowest,
                                          float             highest,
                                          guint8           *bgra);

G_END_DECLS
