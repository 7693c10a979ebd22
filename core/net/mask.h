/* mask.h: the immutable keep-bits of all layers, the key of every cache */
#pragma once

#include "base/hash.h"
#include "net/network.h"

G_BEGIN_DECLS

typedef struct _EspMask EspMask;

/* Only convolutions own bits; what another layer passes on is derived by flowing bits through the graph. */
EspMask      *esp_mask_new_full   (const EspNetwork *network);
EspMask      *esp_mask_new        (const EspNetwork *network,
                                   guint8 *const    *keep);    /* per layer filters bytes 0 or 1, NULL keeps all */
gboolean      esp_mask_fits       (const EspMask    *mask,     /* whether it has as many bits a layer as the network has filters */
                                   const EspNetwork *network);
EspMask      *esp_mask_ref        (EspMask          *mask);
void          esp_mask_unref      (EspMask          *mask);
gboolean      esp_mask_keeps      (const EspMask    *mask,
                                   guint             layer,
                                   guint             channel);
const guint8 *esp_mask_get_bits   (const EspMask    *mask,     /* one byte a channel; NULL for layers that own none */
                                   guint             layer,
                                   guint            *n);
guint         esp_mask_count_kept (const EspMask    *mask,
                                   guint             layer);
gboolean      esp_mask_is_full    (const EspMask    *mask);
EspHash       esp_mask_get_hash   (const EspMask    *mask);
EspHash       esp_mask_hash_up_to (const EspMask    *mask,     /* of layers 0 .. layer */
                                   guint             layer);
guint8       *esp_mask_flow       (const EspMask    *mask,     /* (transfer full): bits of any layer's output; layer -1 is the image */
                                   const EspNetwork *network,
                                   int               layer,
                                   guint            *n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspMask, esp_mask_unref)

G_END_DECLS
