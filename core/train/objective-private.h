/* objective-private.h: the rows of the registry */
#pragma once

#include "train/objective.h"

G_BEGIN_DECLS

extern const EspObjective esp_objective_detection;
extern const EspObjective esp_objective_classification;

G_END_DECLS
