/* chart-view.h: a chart that fills its place and says in words what it shows */
#pragma once

#include <gtk/gtk.h>

#include "draw/chart.h"

G_BEGIN_DECLS

#define ESP_TYPE_CHART_VIEW (esp_chart_view_get_type ())
G_DECLARE_FINAL_TYPE (EspChartView, esp_chart_view, ESP, CHART_VIEW, GtkWidget)

GtkWidget *esp_chart_view_new      (void);
void       esp_chart_view_set_axes (EspChartView        *view,
                                    const EspChartAxis  *x,
                                    const EspChartAxis  *y);
void       esp_chart_view_set_line (EspChartView        *view,
                                    guint                line,
                                    const char          *title,   /* (nullable) */
                                    const EspChartPoint *points,
                                    guint                n);
void       esp_chart_view_clear    (EspChartView        *view);

G_END_DECLS
