/* decode.h: the activated maps of the heads to boxes */
#pragma once

#include "detect/detection.h"
#include "image/fit.h"
#include "net/engine.h"

G_BEGIN_DECLS

/* The maps of all heads of one engine, copied out once a forward for the whole batch. Thread: the engine's. */
typedef struct _EspHeads EspHeads;
EspHeads *esp_heads_new    (EspEngine       *engine);     /* kept by reference */
void      esp_heads_free   (EspHeads        *heads);
gboolean  esp_heads_read   (EspHeads        *heads,       /* of the engine's last forward */
                            GError         **error);
EspNetwork *esp_heads_get_network (const EspHeads *heads);   /* (transfer none) */
/* What was read of head @index of one image: c * h * w activated numbers; NULL behind the last head. */
const float *esp_heads_get (const EspHeads  *heads,
                            guint            index,
                            guint            item,
                            const EspLayer **layer);      /* (out) */
GArray   *esp_heads_decode (const EspHeads  *heads,       /* as esp_decode() */
                            guint            item,
                            EspPlacement     placement,
                            float            threshold);

/* Reads the heads of image @item of the engine's last forward. One row per (box, class) with score > @threshold, in darknet's order;
 * objectness > @threshold is asked first, as darknet does; of classes in a tree one, whose score is the objectness. Returns: (transfer
 * full): of EspDetection. Thread: the engine's. */
GArray   *esp_decode       (EspEngine       *engine,
                            guint            item,
                            EspPlacement     placement,
                            float            threshold,
                            GError         **error);

/* One head of one image: @values is c * h * w of @layer's output. Appends rows; @candidate counts boxes on. Thread: any. */
void      esp_decode_map   (const EspLayer  *layer,
                            const float     *values,
                            EspShape         input,       /* of the network */
                            EspPlacement     placement,
                            float            threshold,
                            guint           *candidate,   /* (inout) */
                            GArray          *detections);

/* One anchor at one cell, in fractions of the network's input. Thread: any. */
EspBox    esp_decode_box   (const EspLayer  *layer,
                            const float     *values,      /* its x; the next entry lies one plane on */
                            EspShape         input,
                            int              anchor,
                            int              row,
                            int              column);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspHeads, esp_heads_free)

G_END_DECLS
