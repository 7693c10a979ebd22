/* chart-view.h: a chart that fills its place and says in words what it shows */
#pragma once

#include <gtk/gtk.h>

#include "draw/chart.h"

G_BEGIN_DECLS

/* Signal "point-clicked" (uint line, uint point): the pointer pressed a point. What it does has a way by the keyboard elsewhere. */
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
/* How a line is drawn; as a plain one unless said. */
typedef struct
{
  gboolean thin, scattered;
  double   heavy_from, heavy_to;
} EspChartLook;
void       esp_chart_view_set_look (EspChartView        *view,
                                    guint                line,    /* one that is there */
                                    const EspChartLook  *look);
void       esp_chart_view_set_words (EspChartView       *view,    /* what a screen reader says of it; NULL: what the first line begins and
                                                                   * ends with */
                                    const char          *words);
void       esp_chart_view_clear    (EspChartView        *view);

G_END_DECLS
