/* group.h: a named set of layers that share one ratio */
#pragma once

#include "score/coupling.h"

G_BEGIN_DECLS

typedef struct
{
  char  *name;       /* "40×40 backbone"; unique */
  guint  n_layers;
  guint *layers;     /* prunable convolutions, ascending */
  guint  n_channels; /* of them all */
} EspGroup;

/* Proposed from scale (output h × w) and module (backbone: up to the first layer from which the second road leaves; then neck, head 1, head
 * 2). Coupled layers share a group.
 * Returns: (transfer full): of EspGroup*, in network order. */
GPtrArray *esp_groups_propose (EspNetwork        *network,
                               const EspCoupling *coupling);

void       esp_group_free         (EspGroup          *group);
guint     *esp_coupling_find_sets (const EspCoupling *coupling, /* (transfer full): per layer the lowest layer it is coupled to */
                                   guint              n_layers);

G_END_DECLS
