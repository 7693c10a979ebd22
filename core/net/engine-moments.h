/* engine-moments.h: what batch normalisation found in the last batch of a training engine */
#pragma once

#include "net/engine.h"

G_BEGIN_DECLS

gboolean esp_engine_read_moments (EspEngine  *engine,    /* after a forward */
                                  guint       layer,     /* with batch normalisation */
                                  double     *means,     /* (out caller-allocates): one a channel */
                                  double     *variances, /* likewise: the sum of squares about the mean divided by their number */
                                  GError    **error);

G_END_DECLS
