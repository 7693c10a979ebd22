/* sample-detector.h: the sample's detector, its weights written by hand */
#pragma once

#include "net/weights.h"

G_BEGIN_DECLS

/* Returns: (transfer full): the cfg text. */
char        *esp_sample_detector_cfg     (void);
/* @seed: of the channels that do nothing. */
EspWeights  *esp_sample_detector_weights (const EspNetwork *network,
                                          guint64           seed);

G_END_DECLS
