/* probe.h: how soon the window answers a slider, and whether it keeps its frames: measured when ESP_DEBUG has the word live */
#pragma once

#include <gtk/gtk.h>

#include "study/study.h"

G_BEGIN_DECLS

void esp_probe_attach (GtkWidget *window,
                       EspStudy  *study);

G_END_DECLS
