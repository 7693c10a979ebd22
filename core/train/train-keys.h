/* train-keys.h: what a cfg says about how its network is trained */
#pragma once

#include "net/network.h"
#include "train/optimiser.h"
#include "train/schedule.h"

G_BEGIN_DECLS

typedef struct
{
  guint               batch;        /* images an update */
  guint               subdivisions; /* a divisor of batch: the engine sees batch / subdivisions at once */
  EspSchedule         schedule;
  EspOptimiserOptions optimiser;    /* its rules are this struct's, one a layer of the network */
} EspTrainKeys;

EspTrainKeys *esp_train_keys_read (const EspNetwork  *network,
                                   GError           **error);
void          esp_train_keys_free (EspTrainKeys      *keys);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTrainKeys, esp_train_keys_free)

G_END_DECLS
