/* criterion.c: the registry of criteria */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include "score/criterion.h"

#include <glib/gi18n-lib.h>
#include "score/criterion-private.h"
#include "score/normalise.h"

static const EspAttribution *
attribution_method (const double *knobs)
{
  return esp_attribution_find (esp_score_methods ()[(guint) knobs[ESP_SCORE_KNOB_METHOD]]);
}

/* Knobs that are the ranking's alone. */
static const EspKnob magnitude_knobs[] = { ESP_RANK_KNOBS (ESP_NORM_NONE, ESP_RANK_LAYER, ESP_COUPLED_SUM) };
static const EspKnob gamma_knobs[] = { ESP_RANK_KNOBS (ESP_NORM_NONE, ESP_RANK_TOGETHER, ESP_COUPLED_MAX) };
static const EspKnob random_knobs[] = { ESP_RANK_KNOBS (ESP_NORM_NONE, ESP_RANK_LAYER, ESP_COUPLED_MAX) };

static const EspCriterion criteria[] = {
  {
      .id = "attribution",
      .title = N_ ("Attribution"),
      .source = "Shi, Li, Yamaguchi 2020, Comput. Electron. Agric. 169:105214: gradient × activation before batch normalisation",
      .needs_images = TRUE,
      .pooled = FALSE,
      .reduce = "sum",
      .knobs = esp_score_knobs,
      .n_knobs = ESP_N_SCORE_KNOBS,
      .method = attribution_method,
      .score = esp_score_by_attribution,
  },
  {
      .id = "l1",
      .title = N_ ("Weight magnitude"),
      .source = "Li et al. 2017, arXiv:1608.08710: sum of |w| of a filter",
      .needs_images = FALSE,
      .pooled = FALSE,
      .reduce = "sum",
      .knobs = magnitude_knobs,
      .n_knobs = G_N_ELEMENTS (magnitude_knobs),
      .score = esp_score_by_l1,
  },
  {
      .id = "l2",
      .title = N_ ("Weight length"),
      .source = "He et al. 2018, arXiv:1808.06866: Euclidean length of a filter",
      .needs_images = FALSE,
      .pooled = FALSE,
      .reduce = "sum",
      .knobs = magnitude_knobs,
      .n_knobs = G_N_ELEMENTS (magnitude_knobs),
      .score = esp_score_by_l2,
  },
  {
      .id = "bn-gamma",
      .title = N_ ("Batch-norm scale"),
      .source = "Liu et al. 2017, arXiv:1708.06519: |gamma|, one threshold per group",
      .needs_images = FALSE,
      .pooled = TRUE,
      .reduce = "max",
      .knobs = gamma_knobs,
      .n_knobs = G_N_ELEMENTS (gamma_knobs),
      .score = esp_score_by_gamma,
  },
  {
      .id = "taylor",
      .title = N_ ("Taylor"),
      .source = "Molchanov et al. 2017, arXiv:1611.06440, equations 7 and 8: |mean of gradient × activation|, each layer at length 1",
      .needs_images = TRUE,
      .pooled = FALSE,
      .reduce = "sum",
      .knobs = esp_taylor_knobs,
      .n_knobs = ESP_N_TAYLOR_KNOBS,
      .score = esp_score_by_taylor,
  },
  {
      .id = "relevance",
      .title = N_ ("Relevance"),
      .source = "Yeom et al. 2021, Pattern Recognition 115:107899: sum of |relevance|, each layer divided by its sum",
      .needs_images = TRUE,
      .pooled = FALSE,
      .reduce = "sum",
      .knobs = esp_relevance_knobs,
      .n_knobs = ESP_N_RELEVANCE_KNOBS,
      .method = esp_relevance_method,
      .score = esp_score_by_relevance,
  },
  {
      .id = "contrast",
      .title = N_ ("Contrast of two pictures"),
      .source = "one step of conductance (Dhamdhere, Sundararajan, Yan 2018, arXiv:1805.12233), baseline: the same picture without a thing",
      .needs_images = TRUE,
      .needs_pairs = TRUE,
      .pooled = TRUE,
      .reduce = "sum",
      .knobs = esp_contrast_knobs,
      .n_knobs = ESP_N_CONTRAST_KNOBS,
      .score = esp_score_by_contrast,
  },
  {
      .id = "random",
      .title = N_ ("Random (control)"),
      .source = "control: uniform numbers of a seed",
      .needs_images = FALSE,
      .pooled = FALSE,
      .reduce = "max",
      .knobs = random_knobs,
      .n_knobs = G_N_ELEMENTS (random_knobs),
      .score = esp_score_by_random,
  },
  {
      .id = "causal",
      .title = N_ ("Measured ablation"),
      .source = "leave-one-out: LeCun, Denker, Solla 1989; Molchanov et al. 2017, arXiv:1611.06440, section 3.1, “oracle”",
      .needs_images = TRUE,
      .needs_labels = TRUE,
      .pooled = FALSE,
      .reduce = "max",
      .knobs = esp_causal_knobs,
      .n_knobs = ESP_N_CAUSAL_KNOBS,
      .score = esp_score_by_causal,
  },
  {
      .id = "inverted",
      .title = N_ ("Inverted (control)"),
      .source = "control: another criterion's order turned around",
      .needs_images = TRUE,
      .pooled = FALSE,
      .reduce = "sum",
      .knobs = esp_inverted_knobs,
      .n_knobs = 1,
      .score = esp_score_by_inverted,
  },
};

/** esp_criterion_find: Returns: (transfer none) (nullable): the row with @id. Thread: any. */
const EspCriterion *
esp_criterion_find (const char *id)
{
  esp_score_methods ();
  for (guint i = 0; i < G_N_ELEMENTS (criteria); i++)
    if (g_strcmp0 (criteria[i].id, id) == 0)
      return &criteria[i];
  return NULL;
}

/** esp_criteria: Returns: (transfer none) (array length=n): all rows. Thread: any. */
const EspCriterion *
esp_criteria (guint *n)
{
  esp_score_methods ();
  *n = G_N_ELEMENTS (criteria);
  return criteria;
}

/** esp_criteria_list: Returns: (transfer full): the ids of all rows, for messages: "attribution, l1, l2". Thread: any. */
char *
esp_criteria_list (void)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (criteria); i++)
    g_string_append_printf (text, i > 0 ? ", %s" : "%s", criteria[i].id);
  return g_strdup (text->str);
}

/**
 * esp_criterion_inner:
 * @criterion: a row
 * @knobs: (nullable): its numbers; NULL: the presets
 *
 * Returns: (transfer none): what is scored by: the row that an inverted one turns around, else @criterion. Thread: any.
 */
const EspCriterion *
esp_criterion_inner (const EspCriterion *criterion, const double *knobs)
{
  g_return_val_if_fail (criterion != NULL, NULL);
  if (criterion->knobs != esp_inverted_knobs)
    return criterion;
  return esp_criterion_find (esp_inverted_words[knobs != NULL ? (guint) knobs[0] : 0]);
}
