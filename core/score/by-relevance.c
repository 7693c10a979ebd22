/* by-relevance.c: how much of the target's relevance goes through a channel */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "score/criterion-private.h"
#include "score/normalise.h"

static const char *const rule_words[] = { "lrp-zplus", "lrp-alpha-beta", "lrp-epsilon", "lrp", NULL };

const EspKnob esp_relevance_knobs[ESP_N_RELEVANCE_KNOBS] = {
  [ESP_RELEVANCE_KNOB_RULE] = { .id = "rule", .title = N_ ("Rule of relevance"), .words = rule_words },
  [ESP_RELEVANCE_KNOB_MASK] = { .id = "mask", .title = N_ ("Masks of the target"), .words = esp_mask_words },
  [ESP_RELEVANCE_KNOB_TAU] = { .id = "tau", .title = N_ ("Threshold of the target"), .preset = 0.02, .highest = 1, .slider_high = 0.5 },
  ESP_RANK_KNOBS (ESP_NORM_SUM, ESP_RANK_LAYER, ESP_COUPLED_SUM),
};

/* The row of attribution that @knobs choose. */
const EspAttribution *
esp_relevance_method (const double *knobs)
{
  return esp_attribution_find (rule_words[(guint) knobs[ESP_RELEVANCE_KNOB_RULE]]);
}

/*
 * Sum over h, w of |R| of each channel and image, summed over images; each layer's then divided by their sum.
 * Source: Yeom et al. 2021, Pattern Recognition 115:107899, with the authors' code: filters by the sum of |relevance|, alpha 1 and beta 0
 * (z+); differs: what is explained is the target, not the label's logit.
 */
EspScores *
esp_score_by_relevance (const EspCriterionInput *input, EspJob *job, GError **error)
{
  g_autofree double *presets = esp_knobs_new (esp_relevance_knobs, ESP_N_RELEVANCE_KNOBS);
  const double *knobs = input->knobs != NULL ? input->knobs : presets;
  const EspScoreWay way = { .id = "relevance",
                            .method = esp_relevance_method (knobs),
                            .at = ESP_AT_OUT,
                            .reduce = ESP_REDUCE_ABS_SUM,
                            .use = (EspMaskUse) knobs[ESP_RELEVANCE_KNOB_MASK],
                            .tau = (float) knobs[ESP_RELEVANCE_KNOB_TAU] };

  return esp_score_by_method (input, &way, job, error);
}
