/* heatmap.h: h × w scalars over an image, unit and sign stated; no colours */
#pragma once

#include "image/fit.h"

G_BEGIN_DECLS

typedef struct _EspHeatmap EspHeatmap;

struct _EspHeatmap
{
  int          width, height;
  float       *values;    /* height * width, row-major, origin top left of the network's input */
  gboolean     is_signed;
  EspPlacement placement; /* where the image lies within it */
  char        *unit;      /* "gradient × activation, logits" */
  char        *method;    /* registry id */
  char        *target;    /* sentence */
  int          layer;     /* -1: pixels */
  int          channel;   /* -1: summed over channels */
  GArray      *cells;     /* (nullable): of EspBox, fractions of the image: what a class's spatial mask lets pass */
};

/* Half-open ranges of cells. */
typedef struct
{
  int left, right, top, bottom;
} EspCells;

EspHeatmap *esp_heatmap_new           (int               width,
                                       int               height);
EspHeatmap *esp_heatmap_ref           (EspHeatmap       *heatmap);
void        esp_heatmap_unref         (EspHeatmap       *heatmap);
EspCells    esp_heatmap_image_cells   (const EspHeatmap *heatmap); /* those that show the image, not the grey around it */
void        esp_heatmap_range         (const EspHeatmap *heatmap,
                                       float            *lowest,
                                       float            *highest);
double      esp_heatmap_energy_in_box (const EspHeatmap *heatmap, /* positive heat inside / all positive heat within the image; NaN on an
                                                                   * empty map */
                                       EspBox            box,     /* fractions of the image */
                                       double           *chance); /* (out) (optional): box area / image area */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspHeatmap, esp_heatmap_unref)

G_END_DECLS
