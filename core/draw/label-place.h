/* label-place.h: where the words of a box go, so that no words cover others */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  double x, y, width, height;
} EspRect;

/* @taken: of EspRect: what must not be met; the place found joins it. FALSE: there is none, and @place is within the top of the box. */
gboolean esp_label_place (EspRect  box,
                          double   width,
                          double   height,
                          EspRect  area,
                          GArray  *taken,
                          EspRect *place);

G_END_DECLS
