/* cut.h: network + weights + mask gives a smaller network + weights + index map */
#pragma once

#include "net/mask.h"
#include "net/weights.h"

G_BEGIN_DECLS

typedef struct _EspCut EspCut;

/* Refuses, with the reason, a mask that breaks a coupling (unequal shortcut inputs, depthwise in and out) or empties a layer.
 * @previous: (nullable): an earlier cut of the same network and weights, whose parameters are shared where the kept channels agree. */
EspCut      *esp_cut_new           (EspNetwork    *network,
                                    EspWeights    *weights,
                                    EspMask       *mask,
                                    const EspCut  *previous,
                                    GError       **error);
EspCut      *esp_cut_ref           (EspCut        *cut);
void         esp_cut_unref         (EspCut        *cut);
EspNetwork  *esp_cut_get_network   (EspCut        *cut);    /* (transfer none) */
EspWeights  *esp_cut_get_weights   (EspCut        *cut);    /* (transfer none) */
const guint *esp_cut_get_kept      (const EspCut  *cut,     /* original channel of each channel of a layer's output, any kind of layer */
                                    guint          layer,
                                    guint         *n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspCut, esp_cut_unref)

G_END_DECLS
