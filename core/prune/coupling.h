/* coupling.h: which channels can only go together, and why */
#pragma once

#include "net/network.h"

G_BEGIN_DECLS

typedef struct _EspCoupling EspCoupling;

typedef struct
{
  guint layer;
  guint channel;
} EspChannel;

/* Units: sets of (layer, channel) that go together (shortcuts, depthwise in with out). Every channel of every convolution is in exactly one unit. */
EspCoupling      *esp_coupling_new          (EspNetwork         *network);
EspCoupling      *esp_coupling_ref          (EspCoupling        *coupling);
void              esp_coupling_unref        (EspCoupling        *coupling);
guint             esp_coupling_get_n_units  (const EspCoupling  *coupling);
guint             esp_coupling_get_unit     (const EspCoupling  *coupling,
                                             guint               layer,
                                             guint               channel);
const EspChannel *esp_coupling_get_members  (const EspCoupling  *coupling,
                                             guint               unit,
                                             guint              *n);
gboolean          esp_coupling_is_prunable  (const EspCoupling  *coupling, /* a convolution none of whose channels reaches a head's input or a fixed width */
                                             guint               layer);
const char       *esp_coupling_why_fixed    (const EspCoupling  *coupling, /* (nullable): why it is never cut: "head 122 reads layer 121" */
                                             guint               layer);
char             *esp_coupling_explain      (const EspCoupling  *coupling, /* (transfer full) (nullable): "goes with channel 12 of layers 33 and 36: shortcut 36 adds 33"; NULL when alone */
                                             guint               layer,
                                             guint               channel);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspCoupling, esp_coupling_unref)

G_END_DECLS
