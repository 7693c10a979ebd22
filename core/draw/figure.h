/* figure.h: a figure's specification to a page */
#pragma once

#include <cairo.h>

#include "detect/detection.h"
#include "explain/heatmap.h"
#include "image/image.h"

G_BEGIN_DECLS

/* The image view as a figure: everything shown in the window at its moment. Pointers borrowed. */
typedef struct
{
  EspImage           *image;
  const EspDetection *detections;
  guint               n_detections;
  int                 selected;      /* -1 */
  EspHeatmap         *heatmap;       /* (nullable) */
  float               scale_low, scale_high; /* of the legend */
  const char         *scale_note;    /* (nullable): "scale of this image", "fixed scale" */
  const char         *palette;       /* (nullable): default for the sign */
  double              heat_opacity;
  const char *const  *names;         /* (nullable) */
  const char         *caption;       /* one sentence */
  const char         *provenance;    /* small print: weights hash, layer, method, version */
} EspViewFigure;

/* Draws legend, boxes, labels, heat and caption on a cairo context of this size in points. Thread: any one. */
void     esp_view_figure_draw  (const EspViewFigure *figure,
                                cairo_t             *cr,
                                double               width,
                                double               height);
void     esp_view_figure_size  (const EspViewFigure *figure,  /* natural page size in points */
                                double              *width,
                                double              *height);
/* By the file's ending: .png (dpi and tEXt caption), .pdf, .svg. SOURCE_DATE_EPOCH gives identical bytes. */
gboolean esp_view_figure_save  (const EspViewFigure *figure,
                                const char          *path,
                                GError             **error);

G_END_DECLS
