/* application.h: the program: its actions, its command line, the compute lane that its windows share */
#pragma once

#include <adwaita.h>

#include "base/lane.h"

G_BEGIN_DECLS

#define ESP_TYPE_APPLICATION (esp_application_get_type ())
G_DECLARE_FINAL_TYPE (EspApplication, esp_application, ESP, APPLICATION, AdwApplication)

EspApplication *esp_application_new          (void);
EspLane        *esp_application_get_lane     (EspApplication *application); /* (transfer none) */
GSettings      *esp_application_get_settings (EspApplication *application); /* (transfer none) (nullable) */

G_END_DECLS
