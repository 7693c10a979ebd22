/* normalise.h: scores of different layers made comparable, by a scale of each layer's own */
#pragma once

#include "score/scores.h"

G_BEGIN_DECLS

/* What each layer's scores are divided by (or, of rank, replaced with). */
typedef enum
{
  ESP_NORM_NONE,
  ESP_NORM_MAX,  /* the largest magnitude */
  ESP_NORM_L2,   /* the Euclidean length */
  ESP_NORM_SUM,  /* the sum of magnitudes */
  ESP_NORM_MEAN, /* the mean magnitude */
  ESP_NORM_RANK, /* the place among the layer's own, over their number */
  ESP_N_NORMS,
} EspNorm;

const char *esp_norm_name        (EspNorm           norm);  /* "none", "max", "l2", "sum", "mean", "rank" */
const char *esp_norm_title       (EspNorm           norm);  /* (transfer none): translated */
gboolean    esp_norm_parse       (const char       *text,
                                  EspNorm          *norm,
                                  GError          **error);
EspScores  *esp_scores_normalise (const EspNetwork *network, /* (transfer full) */
                                  const EspScores  *scores,
                                  EspNorm           norm);

G_END_DECLS
