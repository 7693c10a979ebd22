/* window.h: one window, one study */
#pragma once

#include "application.h"

G_BEGIN_DECLS

#define ESP_TYPE_WINDOW (esp_window_get_type ())
G_DECLARE_FINAL_TYPE (EspWindow, esp_window, ESP, WINDOW, AdwApplicationWindow)

EspWindow *esp_window_new         (EspApplication  *application);
gboolean   esp_window_is_empty    (EspWindow       *window);      /* nothing open, nothing being opened */
void       esp_window_open_files  (EspWindow       *window,
                                   GFile          **files,
                                   guint            n);
void       esp_window_open_sample (EspWindow       *window);

G_END_DECLS
