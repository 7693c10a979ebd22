/* blocks.h: shortcut blocks that can be left out whole: x + f (x) becomes x */
#pragma once

#include "net/cost.h"
#include "net/engine.h"

G_BEGIN_DECLS

typedef struct
{
  guint   first, last; /* layers that go; the last is the shortcut */
  int     source;      /* the layer that is read in its place */
  EspCost saved;       /* file_bytes without a header */
} EspBlock;

GArray  *esp_blocks_find   (const EspNetwork *network);   /* (transfer full): of EspBlock, ascending */
char    *esp_blocks_why    (const EspNetwork *network,    /* (transfer full) (nullable): why the shortcut stays; NULL: it can go */
                            guint             layer);
/* (transfer full): the network without the blocks that end in @shortcuts, an exact rewrite. */
gboolean esp_blocks_remove (EspNetwork       *network,
                            EspWeights       *weights,
                            const guint      *shortcuts,
                            guint             n,
                            EspNetwork      **small,
                            EspWeights      **small_weights,
                            int             **layer_map,  /* (out): per layer the one that gives the same, -1 */
                            GError          **error);
/* Against the network whose blocks' branches are multiplied by 0, in the plain double reference. */
gboolean esp_blocks_check  (EspNetwork       *network,
                            EspWeights       *weights,
                            const guint      *shortcuts,
                            guint             n,
                            EspNetwork       *small,
                            EspWeights       *small_weights,
                            const int        *layer_map,
                            EspBnForm         bn,
                            guint64           seed,
                            double           *difference, /* (out): the largest over all layers, of the layer's maximum */
                            EspJob           *job,
                            GError          **error);

G_END_DECLS
