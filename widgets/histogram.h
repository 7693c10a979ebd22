/* histogram.h: a group's sorted scores with the threshold as a line; presentational */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define ESP_TYPE_HISTOGRAM (esp_histogram_get_type ())
G_DECLARE_FINAL_TYPE (EspHistogram, esp_histogram, ESP, HISTOGRAM, GtkWidget)

/* Signals: "drag-begin", "dragged" (double: the ratio under the pointer, 0..1), "drag-end". It never moves its own line: the slider
 * does. */
GtkWidget *esp_histogram_new         (void);
void       esp_histogram_clear       (EspHistogram *histogram);
void       esp_histogram_add_run     (EspHistogram *histogram,
                                      const double *values,
                                      guint         n,
                                      guint         n_cut);
void       esp_histogram_set_ratio   (EspHistogram *histogram,
                                      double        ratio);
double     esp_histogram_get_ratio   (EspHistogram *histogram);

G_END_DECLS
