/* criterion-score.c: a criterion's scores, judged, normalised, and told how they rank */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include <math.h>

#include "base/error.h"
#include "score/criterion-private.h"
#include "score/normalise.h"

const char *const esp_rank_words[] = { "layer", "pooled", NULL };
const char *const esp_coupled_words[] = { "sum", "mean", "max", NULL };

static gboolean
check_finite (const EspScores *scores, const EspNetwork *network, GError **error)
{
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      guint n = 0;
      const double *values = esp_scores_get (scores, l, &n);

      for (guint c = 0; c < n; c++)
        if (!isfinite (values[c]))
          {
            g_set_error (
                error, ESP_ERROR, ESP_ERROR_FORMAT,
                "%s: the score of channel %u of layer %u is %s, expected a finite number; the weights there or before it are damaged",
                esp_scores_get_criterion (scores), c, l, isnan (values[c]) ? "not a number" : "infinite");
            return FALSE;
          }
    }
  return TRUE;
}

/* (transfer full): @straight as the three last of @knobs say. */
static EspScores *
rank (const EspCriterionInput *input, EspScores *straight, const double *knobs)
{
  const EspNorm norm = (EspNorm) knobs[ESP_RANK_KNOB_NORMALISE];
  EspScores *scores = norm == ESP_NORM_NONE ? esp_scores_ref (straight) : esp_scores_normalise (input->network, straight, norm);
  g_autofree char *parameters = g_strdup_printf ("%s normalise=%s", esp_scores_get_parameters (straight), esp_norm_name (norm));

  if (norm != ESP_NORM_NONE)
    esp_scores_set_parameters (scores, g_strstrip (parameters));
  esp_scores_set_ranking (scores, (guint) knobs[ESP_RANK_KNOB_RANK] == ESP_RANK_TOGETHER,
                          esp_coupled_words[(guint) knobs[ESP_RANK_KNOB_COUPLED]]);
  return scores;
}

/**
 * esp_criterion_score:
 * @criterion: a row of the registry
 * @input: what it may look at
 * @job: (nullable): progress and cancel
 * @error: the criterion's; ESP_ERROR_FORMAT where a score is no finite number; G_IO_ERROR_CANCELLED
 *
 * Thread: lane. Returns: (transfer full): the scores, normalised and ranking as the criterion's knobs say.
 */
EspScores *
esp_criterion_score (const EspCriterion *criterion, const EspCriterionInput *input, EspJob *job, GError **error)
{
  g_autofree double *presets = NULL;
  g_autoptr (EspScores) scores = NULL;
  const double *knobs;

  g_return_val_if_fail (criterion != NULL && input != NULL, NULL);
  presets = esp_knobs_new (criterion->knobs, criterion->n_knobs);
  knobs = input->knobs != NULL ? input->knobs : presets;
  scores = criterion->score (input, job, error);
  if (scores == NULL || !check_finite (scores, input->network, error))
    return NULL;
  if (criterion->n_knobs < ESP_N_RANK_KNOBS)
    return g_steal_pointer (&scores);
  return rank (input, scores, knobs + criterion->n_knobs - ESP_N_RANK_KNOBS);
}
