/* cost.h: closed-form size and work of a network, whole or masked, as darknet counts them */
#pragma once

#include "net/mask.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 params;     /* weights, biases, and all four of batch normalisation */
  guint64 file_bytes; /* of the weights file, header (20 bytes) included */
  double  bflops;     /* 2 * multiply-adds of convolutions, plus pooling and shortcuts (AlexeyAB's total) */
} EspCost;

EspCost esp_cost_of_layer (const EspNetwork *network,
                           guint             layer);
EspCost esp_cost_of       (const EspNetwork *network,
                           const EspMask    *mask);    /* NULL: whole. No allocation beyond the flowed bits; fast enough for a frame */
/* As esp_cost_of() counts, layer by layer: every channel, and by whole blocks of @block channels, as kernels take them. */
void    esp_cost_work     (const EspNetwork *network,
                           const EspMask    *mask,     /* (nullable): whole */
                           guint             block,
                           double           *bflops,   /* (out) (array): one number a layer */
                           double           *blocked); /* (out) (array): likewise, channels that only fill a block counted */

G_END_DECLS
