/* by-taylor.c: the first-order change of the target were a channel's output set to 0 */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "score/criterion-private.h"
#include "score/normalise.h"

const EspKnob esp_taylor_knobs[ESP_N_TAYLOR_KNOBS] = {
  [ESP_TAYLOR_KNOB_MASK] = { .id = "mask", .title = N_ ("Masks of the target"), .words = esp_mask_words },
  [ESP_TAYLOR_KNOB_TAU] = { .id = "tau", .title = N_ ("Threshold of the target"), .preset = 0.02, .highest = 1, .slider_high = 0.5 },
  ESP_RANK_KNOBS (ESP_NORM_L2, ESP_RANK_LAYER, ESP_COUPLED_SUM),
};

/*
 * |mean over h, w of A * G| at each layer's output of each image, summed over images; each layer's then scaled to length 1.
 * Source: Molchanov et al. 2017, arXiv:1611.06440, equations 7, 8 and the scaling of section 2.2; differs: the gradient is that of the
 * target, the summed logits of what is found, and not of a loss, so that no labels are needed.
 */
EspScores *
esp_score_by_taylor (const EspCriterionInput *input, EspJob *job, GError **error)
{
  g_autofree double *presets = esp_knobs_new (esp_taylor_knobs, ESP_N_TAYLOR_KNOBS);
  const double *knobs = input->knobs != NULL ? input->knobs : presets;
  const EspScoreWay way = { .id = "taylor",
                            .method = esp_attribution_find ("taylor"),
                            .at = ESP_AT_OUT,
                            .reduce = ESP_REDUCE_MEAN,
                            .use = (EspMaskUse) knobs[ESP_TAYLOR_KNOB_MASK],
                            .tau = (float) knobs[ESP_TAYLOR_KNOB_TAU] };

  return esp_score_by_method (input, &way, job, error);
}
