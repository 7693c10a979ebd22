/* cut-list.h: what a plan keeps, for trainers of other frameworks */
#pragma once

#include "net/mask.h"

G_BEGIN_DECLS

gboolean esp_cut_list_write (const EspNetwork  *network,
                             const EspMask     *mask,
                             const char        *cfg_hash,     /* (nullable): not known */
                             const char        *weights_hash, /* (nullable) */
                             const char        *path,         /* written beside, synced, renamed */
                             GError           **error);

G_END_DECLS
