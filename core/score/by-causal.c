/* by-causal.c: what masking each unit costs, measured: what the other criteria foretell */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "score/ablation.h"
#include "score/criterion-private.h"
#include "score/normalise.h"

#define BATCH 8

static const char *const sum_words[] = { "matched", "fixed", NULL };

const EspKnob esp_causal_knobs[ESP_N_CAUSAL_KNOBS] = {
  [ESP_CAUSAL_KNOB_IMAGES] = { .id = "images",
                               .title = N_ ("Images that it is measured on"),
                               .preset = 32,
                               .lowest = 1,
                               .highest = 1e6,
                               .slider_low = 8,
                               .slider_high = 256,
                               .whole = TRUE },
  [ESP_CAUSAL_KNOB_SUM] = { .id = "sum", .title = N_ ("What is lost"), .words = sum_words },
  ESP_RANK_KNOBS (ESP_NORM_NONE, ESP_RANK_LAYER, ESP_COUPLED_MAX), /* every member has the unit's loss */
};

static gboolean
check (const EspCriterionInput *input, guint n_images, GError **error)
{
  const guint n = input->dataset != NULL ? esp_dataset_get_n (input->dataset) : 0;

  if (esp_network_get_classes (input->network) == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
                 "the network has no head ([yolo] or [region]), so nothing is detected to be lost");
  else if (n == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "causal needs labelled images: none were given");
  else if (!esp_dataset_is_labelled (input->dataset))
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
                 "causal needs labelled images: what is lost is what matched an object, and %s has no labels",
                 esp_dataset_get_title (input->dataset));
  else if (n_images > n)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "causal: images=%u, but %s has %u", n_images,
                 esp_dataset_get_title (input->dataset), n);
  else
    return TRUE;
  return FALSE;
}

/* Every member of a unit gets the unit's loss; channels that are never cut keep 0. */
static EspScores *
spread (const EspCriterionInput *input, const EspCoupling *coupling, const EspAblation *ablation, EspAblationSum sum, guint n_images)
{
  g_autofree char *parameters = g_strdup_printf ("images=%u sum=%s seed=%" G_GUINT64_FORMAT, n_images, sum_words[sum], input->seed);
  EspScores *scores = esp_scores_new (input->network, "causal", parameters);
  guint n = 0;
  const EspAblated *units = esp_ablation_get (ablation, &n);

  for (guint u = 0; u < n; u++)
    {
      guint n_members = 0;
      const EspChannel *members = esp_coupling_get_members (coupling, units[u].unit, &n_members);

      for (guint m = 0; m < n_members; m++)
        esp_scores_get (scores, members[m].layer, NULL)[members[m].channel] = units[u].loss[sum];
    }
  esp_scores_set_n_images (scores, n_images);
  return scores;
}

/*
 * The loss of every unit that can be cut, masked by itself, on the first images of the seed's order: sum of scores of what matched an
 * object, whole minus masked, as esp_ablation_new() has it.
 * Errors: ESP_ERROR_UNSUPPORTED without heads, without labels, with fewer images than asked for, or where nothing matches; those of images
 * and engines; G_IO_ERROR_CANCELLED. Thread: lane.
 */
EspScores *
esp_score_by_causal (const EspCriterionInput *input, EspJob *job, GError **error)
{
  g_autofree double *presets = esp_knobs_new (esp_causal_knobs, ESP_N_CAUSAL_KNOBS);
  const double *knobs = input->knobs != NULL ? input->knobs : presets;
  const guint n_images = (guint) knobs[ESP_CAUSAL_KNOB_IMAGES];
  g_autoptr (EspCoupling) coupling = NULL;
  g_autoptr (EspClassMap) map = NULL;
  g_autoptr (EspImageCache) cache = NULL;
  g_autoptr (EspAblation) ablation = NULL;
  EspEvaluateOptions options;
  EspAblationInput ablate;

  if (!check (input, n_images, error))
    return NULL;
  if (input->options != NULL)
    options = *input->options;
  else
    esp_evaluate_options_init (&options, input->network);
  options.bn = input->bn;
  options.backend = input->backend;
  options.batch = BATCH;
  if (input->map == NULL
      && (map = esp_class_map_new (input->dataset, NULL, (guint) esp_network_get_classes (input->network), NULL, error)) == NULL)
    return NULL;
  cache = input->cache != NULL ? esp_image_cache_ref (input->cache)
                               : esp_image_cache_new (input->dataset, esp_network_get_input (input->network), options.fit,
                                                      options.orientation, (gsize) 64 << 20);
  coupling = esp_coupling_new (input->network);
  ablate = (EspAblationInput){ .network = input->network,
                               .weights = input->weights,
                               .coupling = coupling,
                               .dataset = input->dataset,
                               .map = input->map != NULL ? input->map : map,
                               .cache = cache,
                               .options = &options,
                               .n_units = G_MAXUINT,
                               .n_images = n_images,
                               .seed = input->seed,
                               .lane = input->lane };
  ablation = esp_ablation_new (&ablate, job, error);
  return ablation != NULL ? spread (input, coupling, ablation, (EspAblationSum) knobs[ESP_CAUSAL_KNOB_SUM], n_images) : NULL;
}
