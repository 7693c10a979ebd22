/* coupling.h: which channels can only go together, and why */
#pragma once

#include "net/mask.h"
#include "net/network.h"

G_BEGIN_DECLS

typedef struct _EspCoupling EspCoupling;

typedef struct
{
  guint layer;
  guint channel;
} EspChannel;

/* Channels @first to @first + @count - 1 of what @layer gives, a layer of any kind. */
typedef struct
{
  guint layer, first, count;
} EspRange;

/* Ranges that must keep as many channels as each other, since a smaller network takes them apart by their number. */
typedef struct
{
  char     *why;      /* "route 3 takes one of 2 groups of layer 2, whose counts must stay equal" */
  guint     layer;    /* the route, or the grouped convolution, that asks for it */
  guint     n_ranges;
  EspRange *ranges;   /* disjoint, of one layer, equally long */
  guint     multiple; /* of what each keeps; 1: any count */
} EspBalance;

/* Units: sets of (layer, channel) that go together (shortcuts, depthwise in with out). Every channel of every convolution is in exactly one
 * unit. Balances: ranges whose counts must stay equal. */
EspCoupling      *esp_coupling_new          (EspNetwork         *network);
EspCoupling      *esp_coupling_ref          (EspCoupling        *coupling);
void              esp_coupling_unref        (EspCoupling        *coupling);
const EspBalance *esp_coupling_get_balances (const EspCoupling  *coupling, /* in the order of the layers that ask for them */
                                             guint              *n);
const EspBalance *esp_coupling_find_balance (const EspCoupling  *coupling, /* (nullable): the first that the unit is part of */
                                             guint               unit);
gboolean          esp_coupling_check        (const EspCoupling  *coupling, /* whether a cut by @mask is possible; the reason if not */
                                             const EspMask      *mask,
                                             GError            **error);
guint             esp_coupling_get_n_units  (const EspCoupling  *coupling);
guint             esp_coupling_get_unit     (const EspCoupling  *coupling,
                                             guint               layer,
                                             guint               channel);
const EspChannel *esp_coupling_get_members  (const EspCoupling  *coupling,
                                             guint               unit,
                                             guint              *n);
gboolean          esp_coupling_is_prunable  (const EspCoupling  *coupling, /* a convolution none of whose channels reaches a head's input or
                                                                            * a fixed width */
                                             guint               layer);
const char       *esp_coupling_why_fixed    (const EspCoupling  *coupling, /* (nullable): why it is never cut: "head 122 reads layer 121" */
                                             guint               layer);
char             *esp_coupling_explain      (const EspCoupling  *coupling, /* (transfer full) (nullable): "goes with channel 12 of layers 33
                                                                            * and 36: shortcut 37 adds 33"; NULL when alone */
                                             guint               layer,
                                             guint               channel);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspCoupling, esp_coupling_unref)

G_END_DECLS
