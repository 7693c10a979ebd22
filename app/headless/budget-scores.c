/* budget-scores.c: the ways to rank that a budget is searched with, scored on the images that choose */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "budget-scores.h"

#include "scoring.h"

#define CACHE_BUDGET ((gsize) 64 << 20)

static char *const presets[] = { (char *) "l1", (char *) "attribution", NULL };

/* (transfer full) */
static EspScores *
score (const char *text,
       const EspLoaded *loaded,
       const EspLabelled *labelled,
       EspDataset *images,
       EspImageCache *cache,
       EspCommon *common,
       GError **error)
{
  g_autofree double *knobs = NULL, *method_knobs = NULL;
  const EspCriterion *criterion = esp_scoring_parse (text, &knobs, &method_knobs, error);
  const EspCriterionInput input = { .network = loaded->network,
                                    .weights = loaded->weights,
                                    .dataset = images,
                                    .cache = cache,
                                    .seed = (guint64) common->seed,
                                    .bn = loaded->run.bn,
                                    .backend = loaded->run.backend,
                                    .lane = esp_common_lane (common),
                                    .knobs = knobs,
                                    .method_knobs = method_knobs,
                                    .map = labelled->map,
                                    .options = &loaded->run };

  if (criterion != NULL && esp_criterion_inner (criterion, knobs)->needs_pairs)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--criterion %s: it needs pairs of pictures, and a budget has none",
                 text);
  else if (criterion != NULL)
    return esp_scoring_compute (criterion, &input, common, error);
  return NULL;
}

/**
 * esp_budget_scores:
 * @criteria: (nullable): as "score --criterion" takes them
 * @images: those that choose: no image that judges is looked at
 *
 * Errors: G_OPTION_ERROR for a word that is not known; those of the criteria. Returns: (transfer full) (element-type EspScores). Thread: main.
 */
GPtrArray *
esp_budget_scores (char *const *criteria,
                   const EspLoaded *loaded,
                   const EspLabelled *labelled,
                   const guint *images,
                   guint n,
                   EspCommon *common,
                   GError **error)
{
  char *const *words = criteria != NULL ? criteria : presets;
  g_autoptr (EspDataset) part = esp_dataset_subset (labelled->dataset, images, n);
  g_autoptr (EspImageCache) cache
      = esp_image_cache_new (part, esp_network_get_input (loaded->network), loaded->run.fit, loaded->run.orientation, CACHE_BUDGET);
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_scores_unref);

  for (guint i = 0; words[i] != NULL; i++)
    {
      EspScores *scores = score (words[i], loaded, labelled, part, cache, common, error);

      if (scores == NULL)
        return NULL;
      g_ptr_array_add (all, scores);
    }
  return g_steal_pointer (&all);
}
