/* shape.h: the four sizes of an activation */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  int n, c, h, w; /* batch, channels, rows, columns; row-major in this order where plain */
} EspShape;

gsize    esp_shape_count (EspShape s);
gboolean esp_shape_equal (EspShape s,
                          EspShape t);

G_END_DECLS
