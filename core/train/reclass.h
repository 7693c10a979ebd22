/* reclass.h: the cfg of the same network for other classes */
#pragma once

#include "net/network.h"

G_BEGIN_DECLS

/* (transfer full): every head's classes= and the filters= (or output=) of the layer it reads; all else as it was. */
EspCfg *esp_reclass (const EspNetwork  *network,
                     guint              n_classes,
                     GError           **error);

G_END_DECLS
