/* image-canvas.h: the picture itself: photograph, heat, boxes, once or side by side with the pruned network's */
#pragma once

#include <gtk/gtk.h>

#include "dataset/dataset.h"
#include "detect/detection.h"
#include "explain/heatmap.h"
#include "image/image.h"

G_BEGIN_DECLS

#define ESP_TYPE_IMAGE_CANVAS (esp_image_canvas_get_type ())
G_DECLARE_FINAL_TYPE (EspImageCanvas, esp_image_canvas, ESP, IMAGE_CANVAS, GtkWidget)

/* Which network's boxes: the panes from left to right. */
typedef enum
{
  ESP_PANE_ORIGINAL,
  ESP_PANE_PRUNED,
  ESP_N_PANES,
} EspPane;

/* Properties: heat-opacity (double 0..1), show-boxes, show-truth, show-heat, compare, marking (boolean: a hand draws a box), stale
 * (boolean: the heat is dimmed, as it is of something else than what was asked for), zoom (double: screen pixels a picture's pixel).
 * Signals: "box-drawn" (const EspBox *: fractions of the picture), "box-activated" (int index, of the original's), "background-activated",
 * "probe-changed" (string: what lies under the pointer, "" nothing). Opacity and zoom recompute nothing. Thread: main. */
GtkWidget *esp_image_canvas_new          (void);
void       esp_image_canvas_set_image    (EspImageCanvas     *canvas,
                                          EspImage           *image);
void       esp_image_canvas_set_names    (EspImageCanvas     *canvas,
                                          const char *const  *names);
void       esp_image_canvas_set_boxes    (EspImageCanvas     *canvas,
                                          EspPane             pane,
                                          const EspDetection *boxes,
                                          guint               n);
void       esp_image_canvas_set_truths   (EspImageCanvas     *canvas,
                                          const EspTruth     *truths,
                                          guint               n);
void       esp_image_canvas_set_selected (EspImageCanvas     *canvas,
                                          int                 index);
void       esp_image_canvas_set_missed   (EspImageCanvas     *canvas,
                                          const EspBox       *box,         /* (nullable): stressed as what was not found */
                                          int                 class_index);
gboolean   esp_image_canvas_locate       (EspImageCanvas     *canvas,      /* FALSE without a picture */
                                          EspBox              box,
                                          GdkRectangle       *place);      /* (out): in the original's pane, of the widget */
void       esp_image_canvas_set_heatmap  (EspImageCanvas     *canvas,
                                          EspHeatmap         *heatmap,
                                          float               low,
                                          float               high);
void       esp_image_canvas_get_scale    (EspImageCanvas     *canvas,
                                          float              *low,
                                          float              *high);
void       esp_image_canvas_zoom_by      (EspImageCanvas     *canvas,
                                          double              factor);
void       esp_image_canvas_zoom_to      (EspImageCanvas     *canvas,
                                          double              zoom);
void       esp_image_canvas_fit          (EspImageCanvas     *canvas);
double     esp_image_canvas_get_zoom     (EspImageCanvas     *canvas);
char      *esp_image_canvas_probe        (EspImageCanvas     *canvas,
                                          double              x,
                                          double              y);
int        esp_image_canvas_box_at       (EspImageCanvas     *canvas,
                                          double              x,
                                          double              y,
                                          EspPane            *pane);
gboolean   esp_image_canvas_to_image     (EspImageCanvas     *canvas,
                                          double              x,
                                          double              y,
                                          double             *image_x,
                                          double             *image_y);

G_END_DECLS
