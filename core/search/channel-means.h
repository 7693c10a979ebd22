/* channel-means.h: what each channel gives on the average of some images */
#pragma once

#include "net/engine.h"
#include "search/bn-estimate.h"

G_BEGIN_DECLS

/* (transfer full): per layer one number a filter; NULL for layers without filters. Thread: lane. */
double **esp_channel_means      (EspNetwork        *network,
                                 EspWeights        *weights,
                                 EspBnForm          bn,
                                 const EspBnImages *images,
                                 EspJob            *job,
                                 GError           **error);
void     esp_channel_means_free (double           **means,    /* (nullable) */
                                 guint              n_layers);

G_END_DECLS
