/* criterion.c: the registry of criteria */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/criterion.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "explain/attribution.h"

#include "prune/criterion-private.h"

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
      .score = esp_score_by_attribution,
  },
  {
      .id = "l1",
      .title = N_ ("Weight magnitude"),
      .source = "Li et al. 2017, arXiv:1608.08710: sum of |w| of a filter",
      .needs_images = FALSE,
      .pooled = FALSE,
      .reduce = "sum",
      .score = esp_score_by_l1,
  },
  {
      .id = "bn-gamma",
      .title = N_ ("Batch-norm scale"),
      .source = "Liu et al. 2017, arXiv:1708.06519: |gamma|, one threshold per group",
      .needs_images = FALSE,
      .pooled = TRUE,
      .reduce = "max",
      .score = esp_score_by_gamma,
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
      .score = esp_score_by_random,
  },
};

/** esp_criterion_find: Returns: (transfer none) (nullable): the row with @id. Thread: any. */
const EspCriterion *
esp_criterion_find (const char *id)
{
  esp_score_fill_methods ();
  for (guint i = 0; i < G_N_ELEMENTS (criteria); i++)
    if (g_strcmp0 (criteria[i].id, id) == 0)
      return &criteria[i];
  return NULL;
}

/** esp_criteria: Returns: (transfer none) (array length=n): all rows. Thread: any. */
const EspCriterion *
esp_criteria (guint *n)
{
  esp_score_fill_methods ();
  *n = G_N_ELEMENTS (criteria);
  return criteria;
}

/* The method has to be known before its own parameters can be read, wherever it stands. */
static gboolean
parse_pairs (const EspCriterion *criterion, char **pairs, const EspAttribution *method, double *knobs, double *own, GError **error)
{
  for (guint i = 0; pairs[i] != NULL; i++)
    {
      const guint n = (guint) strcspn (pairs[i], "=");
      gboolean ours = method == NULL || pairs[i][n] == '\0';

      for (guint k = 0; k < criterion->n_knobs && !ours; k++)
        ours = strlen (criterion->knobs[k].id) == n && strncmp (criterion->knobs[k].id, pairs[i], n) == 0;
      if (ours && !esp_knobs_parse (criterion->knobs, criterion->n_knobs, knobs, criterion->id, pairs[i], error))
        return FALSE;
      if (!ours && !esp_knobs_parse (method->knobs, method->n_knobs, own, method->id, pairs[i], error))
        return FALSE;
    }
  return TRUE;
}

/**
 * esp_criterion_parse:
 * @criterion: a row of the registry
 * @text: (nullable): "NAME=VALUE,NAME=VALUE": parameters of the criterion and, of attribution, of its method
 * @knobs: (out) (transfer full): numbers of the criterion's
 * @method_knobs: (out) (transfer full): of the method's; NULL where it has none
 * @error: ESP_ERROR_FORMAT: what is unknown or out of range, and what was expected
 *
 * Thread: any. Returns: whether all were understood.
 */
gboolean
esp_criterion_parse (const EspCriterion *criterion, const char *text, double **knobs, double **method_knobs, GError **error)
{
  g_auto (GStrv) pairs = g_strsplit (text != NULL ? text : "", ",", -1);
  g_autofree double *values = esp_knobs_new (criterion->knobs, criterion->n_knobs), *own = NULL;
  const EspAttribution *method = NULL;

  if (criterion->n_knobs == ESP_N_SCORE_KNOBS && criterion->knobs == esp_score_knobs)
    {
      for (guint i = 0; pairs[i] != NULL; i++)
        if (g_str_has_prefix (pairs[i], "method=")
            && !esp_knobs_parse (criterion->knobs, criterion->n_knobs, values, criterion->id, pairs[i], error))
          return FALSE;
      method = esp_attribution_find (esp_score_methods[(guint) values[ESP_SCORE_KNOB_METHOD]]);
      own = esp_knobs_new (method->knobs, method->n_knobs);
    }
  if (!parse_pairs (criterion, pairs, method, values, own, error))
    return FALSE;
  *knobs = g_steal_pointer (&values);
  *method_knobs = g_steal_pointer (&own);
  return TRUE;
}
