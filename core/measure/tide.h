/* tide.h: what each type of error costs */
#pragma once

#include "measure/evaluate.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_TIDE_CLS,
  ESP_TIDE_LOC,
  ESP_TIDE_BOTH,
  ESP_TIDE_DUPE,
  ESP_TIDE_BKG,
  ESP_TIDE_MISS,
  ESP_TIDE_N,
} EspTideError;

/* AP and its gains are fractions. Gains do not add up to 1 - ap: each is of that type repaired alone. */
typedef struct
{
  double ap;                 /* at IoU 0.5, 101 points, over classes with objects or detections */
  double gain[ESP_TIDE_N];   /* not below 0 */
  guint  count[ESP_TIDE_N];
  double false_pos, false_neg; /* gains where all false positives come last, where no object is missed */
} EspTide;

const char *esp_tide_key     (EspTideError         type); /* "cls" */
const char *esp_tide_title   (EspTideError         type);
void        esp_tide_measure (EspOutcome *const   *outcomes, /* NULL entries are left out */
                              guint                n,
                              guint                n_classes,
                              EspTide             *tide);     /* (out) */

G_END_DECLS
