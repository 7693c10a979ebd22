/* sample.h: the sample that ships: scenes drawn here, a detector, a plan */
#pragma once

#include "base/lane.h"
#include "draw/orchard.h"

G_BEGIN_DECLS

#define ESP_SAMPLE_SCORED 32 /* of the scenes to train on: they score the plan */

typedef struct
{
  EspOrchardSet set;  /* the scenes; those of ESP_ORCHARD_TEST are measured on; TRAIN 0: as many, at least ESP_SAMPLE_SCORED */
  EspLane      *lane; /* scores the plan's channels there */
} EspSampleOptions;

/* Writes into @folder (made if absent): sample.cfg, sample.weights, sample.names, sample.data, images/ (PNG), labels/ (YOLO txt), lists,
 * plan.json. Deterministic. */
gboolean esp_sample_write (const char             *folder,
                           const EspSampleOptions *options,
                           EspOrchardCounts       *counts, /* (out) (nullable) */
                           EspJob                 *job,
                           GError                **error);

G_END_DECLS
