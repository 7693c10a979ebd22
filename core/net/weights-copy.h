/* weights-copy.h: weights of which some layers are to be changed, and the rest shared */
#pragma once

#include "net/weights.h"

G_BEGIN_DECLS

EspParams  *esp_params_copy  (const EspParams  *params);  /* (transfer full): one that may be changed */
EspWeights *esp_weights_copy (const EspNetwork *network,  /* (transfer full): shares every layer's parameters until they are set */
                              const EspWeights *weights);

G_END_DECLS
