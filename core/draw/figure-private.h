/* figure-private.h: the parts of a figure, in points */
#pragma once

#include <pango/pangocairo.h>

#include "draw/figure.h"
#include "draw/label-place.h"
#include "draw/palette.h"

G_BEGIN_DECLS

#define ESP_FIGURE_LABEL   7.0 /* type sizes, points */
#define ESP_FIGURE_CAPTION 8.0
#define ESP_FIGURE_SMALL   5.5

PangoLayout     *esp_figure_text      (PangoContext         *context, /* (transfer full) */
                                       const char           *text,
                                       double                points,
                                       gboolean              bold);
void             esp_figure_text_size (PangoLayout          *layout,
                                       double               *width,
                                       double               *height);
void             esp_figure_colour    (cairo_t              *cr,
                                       const guint8          rgb[3],
                                       double                alpha);
cairo_surface_t *esp_figure_photo     (EspImage             *image);   /* (transfer full) */
cairo_surface_t *esp_figure_heat      (const EspHeatmap     *heatmap,  /* (transfer full) */
                                       const EspPalette     *palette,
                                       float                 lowest,
                                       float                 highest,
                                       int                   width,
                                       int                   height);
void             esp_figure_boxes     (cairo_t              *cr,
                                       PangoContext         *context,
                                       const EspViewFigure  *figure,
                                       EspRect               image);
#define ESP_FIGURE_LEGEND_WIDTH 50.0
void             esp_figure_legend    (cairo_t              *cr,
                                       PangoContext         *context,
                                       const EspViewFigure  *figure,
                                       const EspPalette     *palette,
                                       EspRect               place);

G_END_DECLS
