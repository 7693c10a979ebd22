/* unit-score.h: the scores of channels that go together made one */
#pragma once

#include "score/coupling.h"
#include "score/scores.h"

G_BEGIN_DECLS

double esp_unit_score (const EspScores  *scores,
                       const EspChannel *members,
                       guint             n,
                       const char       *reduce); /* "sum", "mean", "max" or "min" */

G_END_DECLS
