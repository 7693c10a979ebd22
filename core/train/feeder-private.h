/* feeder-private.h: what a feeder asks of its data set before it begins */
#pragma once

#include "train/augment-private.h"
#include "train/feeder.h"

G_BEGIN_DECLS

/* Fills in to_network and images. FALSE where the data set cannot train this network, with a sentence that says why. */
gboolean esp_feeder_check (EspRender               *render,     /* its dataset is set */
                           const EspClassMap       *map,        /* (nullable) */
                           const EspFeederOptions  *options,
                           GError                 **error);

G_END_DECLS
