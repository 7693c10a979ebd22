/* surface-png.h: what cairo drew, as a PNG */
#pragma once

#include <cairo.h>

#include "image/png-write.h"

G_BEGIN_DECLS

gboolean esp_surface_to_png (cairo_surface_t   *surface,       /* an image, RGB24 */
                             double             dots_per_inch, /* 0: not said */
                             const char *const *words,         /* (nullable): as in EspPng */
                             GByteArray        *bytes,
                             GError           **error);

G_END_DECLS
