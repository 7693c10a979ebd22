/* compat.h: the one place that knows GTK's versions */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void     esp_compat_get_colour (GtkWidget  *widget,
                                GdkRGBA    *colour);
void     esp_compat_get_accent (GtkWidget  *widget,
                                GdkRGBA    *colour);
void     esp_compat_load_css   (GdkDisplay *display,
                                const char *resource,
                                guint       priority);

G_END_DECLS
