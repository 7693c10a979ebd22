/* criterion-private.h: the functions behind the registry's rows, one file each */
#pragma once

#include "prune/criterion.h"

G_BEGIN_DECLS

EspScores *esp_score_by_l1          (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_gamma       (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_random      (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_attribution (const EspCriterionInput *input, EspJob *job, GError **error);

G_END_DECLS
