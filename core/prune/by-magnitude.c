/* by-magnitude.c: the criteria that look at the parameters alone: l1 and bn-gamma */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include <math.h>

#include "prune/criterion-private.h"

/* Sum of |w| of each filter, in double. */
EspScores *
esp_score_by_l1 (const EspCriterionInput *input, EspJob *job, GError **error)
{
  g_autoptr (EspScores) scores = esp_scores_new (input->network, "l1", "");

  for (guint l = 0; l < esp_network_get_n_layers (input->network); l++)
    {
      const EspParams *params = esp_weights_get (input->weights, l);
      double *values = esp_scores_get (scores, l, NULL);

      if (!esp_job_check (job, error))
        return NULL;
      if (values == NULL)
        continue;
      for (guint f = 0; f < params->filters; f++)
        for (gsize i = 0; i < params->n_weights / params->filters; i++)
          values[f] += fabs ((double) params->weights[f * (params->n_weights / params->filters) + i]);
    }
  return g_steal_pointer (&scores);
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

/* |gamma|. A convolution without batch normalisation has none: its channels get the largest |gamma| of the network, so that they go last. */
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
