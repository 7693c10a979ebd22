/* box.h: an axis-aligned rectangle in fractions of an image */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Centre and size as fractions of the original image's width and height (darknet's form). */
typedef struct
{
  float x, y, w, h;
} EspBox;

float esp_box_iou (EspBox a, /* darknet's: in float, 0 where they do not meet */
                   EspBox b);

G_END_DECLS
