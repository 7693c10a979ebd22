/* compare-window.h: two branches of the plan side by side: what each costs, what only one cuts, and what each finds */
#pragma once

#include "window-private.h"

G_BEGIN_DECLS

#define ESP_TYPE_COMPARE_WINDOW (esp_compare_window_get_type ())
G_DECLARE_FINAL_TYPE (EspCompareWindow, esp_compare_window, ESP, COMPARE_WINDOW, AdwWindow)

EspCompareWindow *esp_compare_window_new (EspWindow *window); /* closes with the plan that it is of */

G_END_DECLS
