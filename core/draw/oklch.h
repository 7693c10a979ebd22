/* oklch.h: lightness, chroma and hue as the eye orders them, to sRGB bytes */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void   esp_oklch_to_rgb  (double       lightness, /* 0 black .. 1 white */
                          double       chroma,    /* lowered as far as sRGB asks */
                          double       hue,       /* degrees */
                          guint8       rgb[3]);
void   esp_rgb_to_oklab  (const guint8 rgb[3],
                          double       lab[3]);

G_END_DECLS
