/* by-random.c: the control: uniform numbers of a seed */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include "base/rng.h"
#include "score/criterion-private.h"

/* One stream a layer, so that a layer's numbers do not depend on the others. */
EspScores *
esp_score_by_random (const EspCriterionInput *input, EspJob *job, GError **error)
{
  g_autofree char *parameters = g_strdup_printf ("seed=%" G_GUINT64_FORMAT, input->seed);
  EspScores *scores = esp_scores_new (input->network, "random", parameters);

  for (guint l = 0; l < esp_network_get_n_layers (input->network); l++)
    {
      guint n = 0;
      double *values = esp_scores_get (scores, l, &n);
      g_autoptr (GRand) stream = esp_rng_new (input->seed, 'r', l);

      for (guint i = 0; i < n; i++)
        values[i] = g_rand_double (stream);
    }
  return scores;
}
