/* box.h: an axis-aligned rectangle in fractions or in pixels of an image */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Centre and size as fractions of the original image's width and height (darknet's form). */
typedef struct
{
  float x, y, w, h;
} EspBox;

/* A box as files have it: columns left to left + width, 0-based and without a pixel added, so that VOC's inclusive 1-based xmin .. xmax is
 * { xmin - 1, ymin - 1, xmax - xmin + 1, ymax - ymin + 1 }. */
typedef struct
{
  double left, top, width, height;
} EspPixels;

float  esp_box_iou        (EspBox    a, /* darknet's: in float, 0 where they do not meet */
                           EspBox    b);
double esp_pixels_shared  (EspPixels a, /* the area in both, pixels² */
                           EspPixels b);
double esp_pixels_iou     (EspPixels a, /* in double, 0 where they do not meet */
                           EspPixels b);

G_END_DECLS
