/* engine-clock.h: where the time of a forward goes, layer by layer */
#pragma once

#include "net/engine.h"

G_BEGIN_DECLS

/* Thread: as forward, both. Not for training. */
void        esp_engine_watch_time  (EspEngine *engine,       /* from the next forward on */
                                    double    *milliseconds); /* (nullable): one a layer; written by every forward; NULL: no longer */
const char *esp_engine_get_kernel  (EspEngine *engine,       /* (nullable): name of what runs the layer; NULL: nothing of its own does */
                                    guint      layer);

G_END_DECLS
