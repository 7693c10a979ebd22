/* stretch.h: a coarse grid drawn smoothly over an image, row by row */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  int    columns, rows;  /* of the grid */
  int    width, height;  /* of the image */
  double scale_y, top;
  int   *left;           /* width: the grid's column to the left */
  float *share;          /* width: of the next column */
  float *wide;           /* rows * width: the grid drawn out sideways */
} EspStretch;

/* Thread: any, one at a time. */
void esp_stretch_init  (EspStretch  *stretch,
                        int          columns,
                        int          rows,
                        int          width,
                        int          height);
void esp_stretch_clear (EspStretch  *stretch);
/* Where the image's left top lies on the grid, and how much of the grid a pixel is; without a call the grid covers the image. */
void esp_stretch_place (EspStretch  *stretch,
                        double       left,
                        double       top,
                        double       scale_x,
                        double       scale_y);
void esp_stretch_load  (EspStretch  *stretch,
                        const float *grid);  /* rows * columns */
void esp_stretch_row   (const EspStretch *stretch,
                        int               y,
                        float            *row);    /* (out): width */
void esp_stretch_add_row (const EspStretch *stretch,
                          int               y,
                          float             factor,
                          float            *row);  /* (inout): width */

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspStretch, esp_stretch_clear)

G_END_DECLS
