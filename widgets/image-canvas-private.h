/* image-canvas-private.h: what the canvas's drawing and its hands know of it */
#pragma once

#include "image-canvas.h"

G_BEGIN_DECLS

/* One network's boxes with their words, laid out once. */
typedef struct
{
  EspDetection *items;
  guint         n;
  PangoLayout **labels; /* n, NULL until drawn */
} EspCanvasBoxes;

struct _EspImageCanvas
{
  GtkWidget parent_instance;

  EspImage      *image;
  GdkTexture    *picture;
  char         **names;
  EspCanvasBoxes boxes[ESP_N_PANES];
  EspTruth      *truths;
  guint          n_truths;
  int            selected; /* of the original's boxes, -1 */
  EspBox         missed;   /* drawn and explained, where there is one */
  int            missed_class;
  gboolean       has_missed;
  EspBox         band;     /* while marking: what is being drawn */
  graphene_point_t band_start; /* where a hand began it, picture's fractions */
  gboolean       marking, stale;

  EspHeatmap *heatmap;
  GdkTexture *heat;
  float       low, high; /* what the colours span */
  double      heat_opacity;
  gboolean    show_boxes, show_truth, show_heat, compare;

  gboolean fit;              /* zoom and centre follow the size */
  double   zoom;             /* screen pixels a picture's pixel, where not fit */
  double   centre_x, centre_y; /* picture's pixels, shown in the middle of a pane */

  double   pointer_x, pointer_y; /* -1: outside */
  int      hovered;        /* of the pane's boxes, -1 */
  guint    hovered_pane;
  double   drag_x, drag_y;       /* centre when the drag began */
  double   pinch_zoom;           /* zoom when the pinch began */
  gboolean dragged;
};

graphene_rect_t esp_image_canvas_pane       (EspImageCanvas *canvas,
                                             guint           pane);
guint           esp_image_canvas_n_panes    (EspImageCanvas *canvas);
graphene_rect_t esp_image_canvas_frame      (EspImageCanvas *canvas, /* where the whole picture lies */
                                             guint           pane);
graphene_rect_t esp_image_canvas_place      (EspImageCanvas *canvas, /* a box on the screen */
                                             guint           pane,
                                             EspBox          box);
void            esp_image_canvas_set_view   (EspImageCanvas *canvas,
                                             double          zoom,
                                             double          centre_x,
                                             double          centre_y);
void            esp_image_canvas_zoom_at    (EspImageCanvas *canvas,
                                             double          factor,
                                             double          x,
                                             double          y);
void            esp_image_canvas_draw       (GtkWidget      *widget,
                                             GtkSnapshot    *snapshot);
void            esp_image_canvas_forget     (EspCanvasBoxes *boxes);
void            esp_image_canvas_add_hands  (EspImageCanvas *canvas);
void            esp_image_canvas_class_keys (GtkWidgetClass *klass);
void            esp_image_canvas_emit_box   (EspImageCanvas *canvas,
                                             int             index); /* -1: background */
void            esp_image_canvas_emit_drawn (EspImageCanvas *canvas);
void            esp_image_canvas_tell       (EspImageCanvas *canvas, /* in place of the probe */
                                             const char     *text);
/* image-canvas-mark.c: drawing a box */
void            esp_image_canvas_mark       (EspImageCanvas *canvas, /* begins with a box in the middle, or ends without */
                                             gboolean        marking);
gboolean        esp_image_canvas_mark_key   (EspImageCanvas *canvas, /* FALSE where nothing is being drawn */
                                             double          dx,
                                             double          dy,
                                             gboolean        size);
void            esp_image_canvas_mark_from  (EspImageCanvas *canvas,
                                             double          x,
                                             double          y);
void            esp_image_canvas_mark_to    (EspImageCanvas *canvas,
                                             double          x,
                                             double          y);
void            esp_image_canvas_mark_done  (EspImageCanvas *canvas);
void            esp_image_canvas_emit_probe (EspImageCanvas *canvas);

G_END_DECLS
