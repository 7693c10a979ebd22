/* train-rate.h: train --find-rate */
#pragma once

#include "train/trainer.h"
#include "verb.h"

G_BEGIN_DECLS

/* Runs the range test in the lane; prints its curve and suggestion unless common->json, and adds them to @json. */
gboolean esp_train_find_rate (EspTrainer   *trainer,
                              EspCommon    *common,
                              JsonBuilder  *json,
                              GError      **error);

G_END_DECLS
