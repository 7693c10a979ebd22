/* settings.h: preferences and window state, installed or not */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GSettings *esp_settings_new (void);

G_END_DECLS
