/* sample.h: the sample that ships: scenes drawn here, a detector written by hand, a plan */
#pragma once

#include "base/job.h"

G_BEGIN_DECLS

typedef struct
{
  guint   n_images;
  guint64 seed;
} EspSampleOptions;

/* Writes into @folder (made if absent): sample.cfg, sample.weights, sample.names, sample.data, images/ (PNG), labels/ (YOLO txt), val.txt, plan.json. Deterministic. */
gboolean esp_sample_write (const char             *folder,
                           const EspSampleOptions *options,
                           EspJob                 *job,
                           GError                **error);

G_END_DECLS
