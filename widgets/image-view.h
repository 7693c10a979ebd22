/* image-view.h: the picture with its legend, its sentence, its probe and its switches */
#pragma once

#include "box-card.h"
#include "image-canvas.h"

G_BEGIN_DECLS

#define ESP_TYPE_IMAGE_VIEW (esp_image_view_get_type ())
G_DECLARE_FINAL_TYPE (EspImageView, esp_image_view, ESP, IMAGE_VIEW, GtkBox)

/* Properties, those of its canvas: heat-opacity (double 0..1), show-boxes, show-truth, show-heat, compare (boolean), zoom (double); and
 * fixed-scale (boolean): a hand wants one scale of heat for all images; the owner then gives esp_image_view_set_heatmap() its ends.
 * Signals: "box-activated" (int index, of the original's boxes), "background-activated": back to the whole class; "box-drawn" (const EspBox
 * *): where something was missed, fractions of the picture; "progress-cancelled". */
GtkWidget      *esp_image_view_new          (void);
EspImageCanvas *esp_image_view_get_canvas   (EspImageView *view);
void            esp_image_view_set_image    (EspImageView       *view,
                                             EspImage           *image);
void            esp_image_view_set_names    (EspImageView       *view,
                                             const char *const  *names);
void            esp_image_view_set_boxes    (EspImageView       *view,
                                             EspPane             pane,
                                             const EspDetection *boxes,
                                             guint               n);
EspBoxCard     *esp_image_view_get_card     (EspImageView *view);
void            esp_image_view_show_card    (EspImageView       *view,   /* the card, filled by the owner, beside this box */
                                             EspBox              box);
void            esp_image_view_hide_card    (EspImageView       *view);
void            esp_image_view_set_missed   (EspImageView       *view,
                                             const EspBox       *box,    /* (nullable) */
                                             int                 class_index);
void            esp_image_view_show_progress (EspImageView      *view,   /* of an explanation; without one yet the bar runs */
                                             double              share); /* 0..1; < 0: none is under way */
void            esp_image_view_set_badge    (EspImageView       *view,   /* (nullable): how faithful the heat is, in a word or two */
                                             const char         *badge,
                                             const char         *meaning);
void            esp_image_view_set_stale    (EspImageView       *view,   /* heat and sentence are of something else than what was asked
                                                                          * for */
                                             gboolean            stale);
void            esp_image_view_set_truths   (EspImageView       *view,
                                             const EspTruth     *truths,
                                             guint               n);
void            esp_image_view_set_selected (EspImageView       *view,
                                             int                 index);
void            esp_image_view_set_heatmap  (EspImageView       *view,    /* NaN, NaN: the map's own range, said so in the legend */
                                             EspHeatmap         *heatmap,
                                             float               low,
                                             float               high);
void            esp_image_view_set_sentence (EspImageView       *view,    /* under the picture, and its accessible description */
                                             const char         *sentence);
void            esp_image_view_get_scale    (EspImageView       *view,    /* what the legend says, for a figure of the view */
                                             float              *low,
                                             float              *high);
void            esp_image_view_zoom_in      (EspImageView       *view);
void            esp_image_view_zoom_out     (EspImageView       *view);
void            esp_image_view_fit          (EspImageView       *view);
void            esp_image_view_actual_size  (EspImageView       *view);

G_END_DECLS
