/* narrow.h: the same network with fewer channels everywhere, untrained: what a uniform cut leaves as architecture */
#pragma once

#include "net/network.h"

G_BEGIN_DECLS

EspNetwork *esp_network_narrowed    (const EspNetwork *network, /* (transfer full) */
                                     double            share,   /* of every layer's channels, 0 to 1 */
                                     guint             floor,   /* no layer gets fewer, unless it has fewer */
                                     GError          **error);
EspNetwork *esp_network_narrowed_to (const EspNetwork *network, /* (transfer full): the narrowest whose cost is at least that */
                                     double            bflops,
                                     guint             floor,
                                     double           *share,   /* (out) (optional) */
                                     GError          **error);

G_END_DECLS
