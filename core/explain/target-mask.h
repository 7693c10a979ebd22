/* target-mask.h: M of one image, frozen: which raw head outputs are summed, with what weights */
#pragma once

#include "explain/target.h"

G_BEGIN_DECLS

typedef struct _EspTargetMask EspTargetMask;

/* Immutable. Of an image whose forward is done, it may then be used for others: those on the way from a baseline, or with a part hidden. */
EspTargetMask *esp_target_resolve         (const EspTarget      *target,
                                           EspEngine            *engine, /* after a forward; of any mode */
                                           guint                 item,
                                           GError              **error);
EspTargetMask *esp_target_mask_ref        (EspTargetMask        *mask);
void           esp_target_mask_unref      (EspTargetMask        *mask);
guint          esp_target_mask_get_n_ones (const EspTargetMask  *mask);   /* weights that are not 0; 0: nothing to explain */
void           esp_target_mask_extent     (const EspTargetMask  *mask,   /* what its two masks let pass, over all heads */
                                           guint                *cells,    /* (out): of the spatial mask: cells, whatever the anchor */
                                           guint                *channels); /* (out): of the channel mask: channels of the heads' inputs */
/* (transfer full): of EspBox, fractions of the image: the spatial mask as what it is, one box a cell of a head. */
GArray        *esp_target_mask_get_cells  (const EspTargetMask  *mask,
                                           EspPlacement          placement); /* of the image on the network's input */
const float   *esp_target_mask_get        (const EspTargetMask  *mask,    /* (transfer none) (nullable): c * h * w weights, as the head
                                                                           * reads them */
                                           guint                 head,    /* its layer */
                                           gsize                *n);      /* (out) (optional) */
/* Seeds the item, and leaves the seeds of the others; T = sum of weights * raw. Thread: lane. */
gboolean       esp_target_mask_apply      (const EspTargetMask  *mask,
                                           EspEngine            *engine,  /* explain */
                                           guint                 item,
                                           double               *value,   /* (out) (nullable) */
                                           GError              **error);
/* T without seeds, in an engine of any mode. Thread: lane. */
gboolean       esp_target_mask_value      (const EspTargetMask  *mask,
                                           EspEngine            *engine,
                                           guint                 item,
                                           double               *value,
                                           GError              **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTargetMask, esp_target_mask_unref)

G_END_DECLS
