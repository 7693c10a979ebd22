/* widgets.h: brings the widgets' types, templates and style into a program */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void esp_widgets_init       (void);
void esp_widgets_load_style (GdkDisplay *display);

G_END_DECLS
