/* criterion.c: the registry of criteria */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/criterion.h"

#include <glib/gi18n-lib.h>

#include "prune/criterion-private.h"

static const EspCriterion criteria[] = {
  {
      .id = "attribution",
      .title = N_ ("Attribution"),
      .source = "Shi, Li, Yamaguchi 2020, Comput. Electron. Agric. 169:105214: gradient × activation before batch normalisation",
      .needs_images = TRUE,
      .pooled = FALSE,
      .reduce = "sum",
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
  for (guint i = 0; i < G_N_ELEMENTS (criteria); i++)
    if (g_strcmp0 (criteria[i].id, id) == 0)
      return &criteria[i];
  return NULL;
}

/** esp_criteria: Returns: (transfer none) (array length=n): all rows. Thread: any. */
const EspCriterion *
esp_criteria (guint *n)
{
  *n = G_N_ELEMENTS (criteria);
  return criteria;
}
