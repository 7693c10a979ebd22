/* by-magnitude.c: the criteria that look at the parameters alone: l1, l2 and bn-gamma */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include <math.h>

#include "score/criterion-private.h"

/* Of each filter, in double: the sum of |w|, or with @squares the root of the sum of w². */
static EspScores *
score_by_weights (const EspCriterionInput *input, const char *id, gboolean squares, EspJob *job, GError **error)
{
  g_autoptr (EspScores) scores = esp_scores_new (input->network, id, "");

  for (guint l = 0; l < esp_network_get_n_layers (input->network); l++)
    {
      const EspParams *params = esp_weights_get (input->weights, l);
      double *values = esp_scores_get (scores, l, NULL);
      const gsize n = values != NULL ? params->n_weights / params->filters : 0;

      if (!esp_job_check (job, error))
        return NULL;
      for (guint f = 0; values != NULL && f < params->filters; f++)
        {
          for (gsize i = 0; i < n; i++)
            {
              const double w = (double) params->weights[f * n + i];

              values[f] += squares ? w * w : fabs (w);
            }
          values[f] = squares ? sqrt (values[f]) : values[f];
        }
    }
  return g_steal_pointer (&scores);
}

/* Sum of |w| of each filter. */
EspScores *
esp_score_by_l1 (const EspCriterionInput *input, EspJob *job, GError **error)
{
  return score_by_weights (input, "l1", FALSE, job, error);
}

/* Euclidean length of each filter. */
EspScores *
esp_score_by_l2 (const EspCriterionInput *input, EspJob *job, GError **error)
{
  return score_by_weights (input, "l2", TRUE, job, error);
}

/* The largest |gamma| of the network; 1 where it has none. */
static double
find_largest (const EspCriterionInput *input)
{
  double largest = 0;

  for (guint l = 0; l < esp_network_get_n_layers (input->network); l++)
    {
      const EspParams *params = esp_weights_get (input->weights, l);

      for (guint f = 0; params != NULL && params->scales != NULL && f < params->filters; f++)
        largest = MAX (largest, fabs ((double) params->scales[f]));
    }
  return largest > 0 ? largest : 1;
}

/* |gamma|. A convolution without batch normalisation has none: its channels get the largest |gamma| of the network, so that they go
 * last. */
EspScores *
esp_score_by_gamma (const EspCriterionInput *input, EspJob *job, GError **error)
{
  g_autoptr (EspScores) scores = esp_scores_new (input->network, "bn-gamma", "");
  const double largest = find_largest (input);

  for (guint l = 0; l < esp_network_get_n_layers (input->network); l++)
    {
      const EspParams *params = esp_weights_get (input->weights, l);
      double *values = esp_scores_get (scores, l, NULL);

      if (!esp_job_check (job, error))
        return NULL;
      for (guint f = 0; values != NULL && f < params->filters; f++)
        values[f] = params->scales != NULL ? fabs ((double) params->scales[f]) : largest;
    }
  return g_steal_pointer (&scores);
}
