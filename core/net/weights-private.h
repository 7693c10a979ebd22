/* weights-private.h: weights put together layer by layer */
#pragma once

#include "net/weights.h"

G_BEGIN_DECLS

EspParams  *esp_params_new_for   (const EspLayer   *layer);  /* zeroed; the layer has some */
EspWeights *esp_weights_new_bare (const EspNetwork *network, /* every layer's parameters are still NULL */
                                  EspWeightsHeader  header);
void        esp_weights_take     (EspWeights       *weights, /* fills a layer that is still NULL */
                                  guint             layer,
                                  EspParams        *params); /* (transfer full) */

G_END_DECLS
