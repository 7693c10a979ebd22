/* engine-watch.h: products reduced while backward passes by, where their numbers are still in the cache */
#pragma once

#include "net/engine.h"

G_BEGIN_DECLS

/* Thread: lane. */
void esp_engine_watch_products (EspEngine *engine, /* explain; from the next backward on */
                                EspAt      at,     /* ESP_AT_CONV or ESP_AT_PRE */
                                EspReduce  how);

G_END_DECLS
