/* start.h: the numbers that training begins with: drawn, or taken from a trained network as far as the two agree */
#pragma once

#include "net/weights.h"

G_BEGIN_DECLS

/* What a head keeps of one that knew other classes. */
typedef enum
{
  ESP_START_KEEP_BOXES, /* the numbers of box and objectness; those of the classes are drawn */
  ESP_START_DRAW_HEADS, /* nothing: the convolution before a head is drawn whole */
} EspStartHeads;

typedef struct
{
  guint64       seed;
  double        prior; /* objectness of every cell at the start, 0 .. 1 */
  EspStartHeads heads;
  guint         upto;  /* layers from here on are drawn even where they agree; 0: none */
} EspStartOptions;

/* Weights from a cfg alone. */
EspWeights *esp_start_new  (const EspNetwork      *network,
                            const EspStartOptions *options);
/* Layer i of @network gets the numbers of layer i of @trained where kind and sizes agree. */
EspWeights *esp_start_from (const EspNetwork      *network,
                            const EspNetwork      *trained_network,
                            const EspWeights      *trained,
                            const EspStartOptions *options,
                            GArray               **drawn);  /* (out) (optional) (transfer full): of guint: layers with numbers not taken
                                                             * whole */

G_END_DECLS
