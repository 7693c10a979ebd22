/* criterion-private.h: the functions behind the registry's rows, one file each */
#pragma once

#include "prune/criterion.h"

G_BEGIN_DECLS

/* Attribution's knobs, in the order of their numbers. */
enum
{
  ESP_SCORE_KNOB_METHOD,
  ESP_SCORE_KNOB_AT,
  ESP_SCORE_KNOB_REDUCE,
  ESP_SCORE_KNOB_MASK,
  ESP_SCORE_KNOB_TAU,
  ESP_N_SCORE_KNOBS,
};

extern const char *esp_score_methods[]; /* ids of rows that score channels; filled in by esp_score_fill_methods() */
extern const EspKnob esp_score_knobs[];
/* Contrast's. */
enum
{
  ESP_CONTRAST_KNOB_SCORE,
  ESP_CONTRAST_KNOB_SELECTIVE,
  ESP_N_CONTRAST_KNOBS,
};

extern const EspKnob esp_contrast_knobs[];
void       esp_score_fill_methods   (void);

EspScores *esp_score_by_l1          (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_gamma       (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_random      (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_contrast    (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_attribution (const EspCriterionInput *input, EspJob *job, GError **error);

G_END_DECLS
