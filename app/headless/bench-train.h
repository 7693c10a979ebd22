/* bench-train.h: how many images a second training sees */
#pragma once

#include "base/job.h"
#include "net/weights.h"

G_BEGIN_DECLS

gboolean esp_bench_train (EspNetwork        *network,
                          const EspWeights  *weights,
                          int                steps,
                          EspJob            *job,
                          double            *images_per_second,
                          GError           **error);

G_END_DECLS
