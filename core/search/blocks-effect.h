/* blocks-effect.h: what a network loses and wins without some of its blocks */
#pragma once

#include "measure/evaluate.h"
#include "measure/latency.h"
#include "search/blocks.h"

G_BEGIN_DECLS

typedef struct
{
  EspNetwork               *network;
  EspWeights               *weights;
  EspDataset               *dataset;    /* (nullable): no mAP */
  const EspClassMap        *map;
  EspImageCache            *cache;
  const EspEvaluateOptions *options;
  const EspProtocol        *protocol;
  guint                     replicates;
  guint64                   seed;
  double                    seconds;    /* of timing each network; 0: none is timed */
  gboolean                  together;   /* without all of them, too: blocks within one another cannot all go */
} EspBlocksInput;

typedef struct
{
  EspCost     cost;
  double      map;        /* NaN where it was not measured */
  EspInterval difference; /* from the whole network, paired; NaN likewise */
  EspLatency  latency;    /* repeats 0: not timed */
} EspBlocksEffect;

/* (transfer full) (array length=n + 2): the whole network; without each of @shortcuts alone; without all of them, if asked for.
 * Thread: lane. */
EspBlocksEffect *esp_blocks_effects (const EspBlocksInput *input,
                                     const guint          *shortcuts,
                                     guint                 n,
                                     EspJob               *job,
                                     GError              **error);

G_END_DECLS
