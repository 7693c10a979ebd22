/* decode.h: the activated maps of the heads to boxes */
#pragma once

#include "detect/detection.h"
#include "image/fit.h"
#include "net/engine.h"

G_BEGIN_DECLS

/* Reads the heads of image @item of the engine's last forward. One row per (box, class) with score > @threshold, in darknet's order; objectness > @threshold
 * is asked first, as darknet does. Returns: (transfer full): of EspDetection. Thread: the engine's. */
GArray *esp_decode (EspEngine     *engine,
                    guint          item,
                    EspPlacement   placement,
                    float          threshold,
                    GError       **error);

G_END_DECLS
