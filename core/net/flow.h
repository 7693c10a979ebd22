/* flow.h: the keep-bits of every layer's output, derived from a mask */
#pragma once

#include "net/mask.h"

G_BEGIN_DECLS

typedef struct _EspFlow EspFlow;

EspFlow      *esp_flow_new   (const EspNetwork *network,
                              const EspMask    *mask);   /* (nullable): all kept */
void          esp_flow_free  (EspFlow          *flow);
const guint8 *esp_flow_bits  (const EspFlow    *flow,    /* one byte a channel of the layer's output; -1: the image, whole */
                              int               layer,
                              guint            *n);      /* (out) (optional) */
guint         esp_flow_count (const EspFlow    *flow,    /* channels kept of the layer's output */
                              int               layer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspFlow, esp_flow_free)

G_END_DECLS
