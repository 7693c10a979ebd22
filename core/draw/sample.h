/* sample.h: the sample that ships: scenes drawn here, a detector written by hand, a plan */
#pragma once

#include "base/lane.h"

G_BEGIN_DECLS

typedef struct
{
  guint    n_images; /* to measure on */
  guint64  seed;
  EspLane *lane;     /* scores the plan's channels there */
} EspSampleOptions;

/* Writes into @folder (made if absent): sample.cfg, sample.weights, sample.names, sample.data, images/ (PNG), labels/ (YOLO txt), train.txt, val.txt, plan.json. Deterministic. */
gboolean esp_sample_write (const char             *folder,
                           const EspSampleOptions *options,
                           EspJob                 *job,
                           GError                **error);

G_END_DECLS
