/* judge.h: the matchings of the protocols other than darknet's, one image at a time */
#pragma once

#include "measure/evaluate.h"

G_BEGIN_DECLS

#define ESP_COCO_THRESHOLDS 10

void esp_judge_voc  (const EspOutcome *outcome, /* EspJudge; one threshold */
                     const EspScope   *scope,
                     EspVerdict       *verdicts,
                     guint8           *counts);
void esp_judge_coco (const EspOutcome *outcome, /* EspJudge; ESP_COCO_THRESHOLDS thresholds */
                     const EspScope   *scope,
                     EspVerdict       *verdicts,
                     guint8           *counts);

G_END_DECLS
