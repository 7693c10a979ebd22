/* metric-tile.h: one number of the plan, with its change, its uncertainty and its state */
#pragma once

#include <gtk/gtk.h>

#include "study/study.h"

G_BEGIN_DECLS

#define ESP_TYPE_METRIC_TILE (esp_metric_tile_get_type ())
G_DECLARE_FINAL_TYPE (EspMetricTile, esp_metric_tile, ESP, METRIC_TILE, GtkBox)

GtkWidget *esp_metric_tile_new         (void);
void       esp_metric_tile_set_map     (EspMetricTile      *tile,
                                        const EspMapNumber *number);
void       esp_metric_tile_set_size    (EspMetricTile      *tile,
                                        guint64             bytes,
                                        guint64             whole);
void       esp_metric_tile_set_bflops  (EspMetricTile      *tile,
                                        double              bflops,
                                        double              whole);
void       esp_metric_tile_set_latency (EspMetricTile      *tile,
                                        const EspLatency   *latency,
                                        const EspLatency   *whole,
                                        const char         *warning);

G_END_DECLS
