/* budget-scores.c: the ways to rank that a budget is searched with, scored on the images that choose */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/budget-scores.h"

#include <string.h>

#include "base/error.h"

#define CACHE_BUDGET ((gsize) 64 << 20)

static const char *const presets[] = { "l1", "attribution", NULL };

/* What @text names, with its parameters; NULL where it cannot rank a budget's plans. */
static const EspCriterion *
parse (const char *text, double **knobs, double **method_knobs, GError **error)
{
  g_autofree char *id = g_strndup (text, strcspn (text, ":")), *known = esp_criteria_list ();
  const char *parameters = strchr (text, ':');
  const EspCriterion *criterion = esp_criterion_find (id);

  if (criterion == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: expected one of %s", id, known);
  else if (!esp_criterion_parse (criterion, parameters != NULL ? parameters + 1 : NULL, knobs, method_knobs, error))
    return NULL;
  else if (esp_criterion_inner (criterion, *knobs)->needs_pairs)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: it needs pairs of pictures, and a budget has none", text);
  else
    return criterion;
  return NULL;
}

/**
 * esp_budget_check_criteria:
 * @criteria: (nullable) (array zero-terminated=1): words for esp_budget_score()
 * @error: ESP_ERROR_FORMAT: which is unknown, or needs what a budget does not have
 *
 * Returns: whether all can rank a budget's plans. Thread: any.
 */
gboolean
esp_budget_check_criteria (const char *const *criteria, GError **error)
{
  for (guint i = 0; criteria != NULL && criteria[i] != NULL; i++)
    {
      g_autofree double *knobs = NULL, *method_knobs = NULL;

      if (parse (criteria[i], &knobs, &method_knobs, error) == NULL)
        return FALSE;
    }
  return TRUE;
}

/* (transfer full) */
static EspScores *
score (const EspBudgetScoring *input, const char *text, EspDataset *part, EspImageCache *cache, EspJob *job, GError **error)
{
  g_autofree double *knobs = NULL, *method_knobs = NULL;
  const EspCriterion *criterion = parse (text, &knobs, &method_knobs, error);
  const EspCriterionInput what = { .network = input->network,
                                   .weights = input->weights,
                                   .dataset = part,
                                   .cache = cache,
                                   .seed = input->seed,
                                   .bn = input->options->bn,
                                   .backend = input->options->backend,
                                   .lane = input->lane,
                                   .knobs = knobs,
                                   .method_knobs = method_knobs,
                                   .map = input->map,
                                   .options = input->options };

  return criterion != NULL ? esp_criterion_score (criterion, &what, job, error) : NULL;
}

/**
 * esp_budget_score:
 * @input: what is scored on what
 * @criteria: (nullable) (array zero-terminated=1): as "score --criterion" takes them; NULL: l1, and attribution where the images allow it
 * @job: (nullable): each criterion's own progress, and cancel
 * @error: ESP_ERROR_FORMAT for a word that is not known; those of the criteria
 *
 * Returns: (transfer full) (element-type EspScores): one a criterion. Thread: lane.
 */
GPtrArray *
esp_budget_score (const EspBudgetScoring *input, const char *const *criteria, EspJob *job, GError **error)
{
  const char *const *words = criteria != NULL ? criteria : presets;
  g_autoptr (EspDataset) part = esp_dataset_subset (input->dataset, input->images, input->n);
  g_autoptr (EspImageCache) cache
      = esp_image_cache_new (part, esp_network_get_input (input->network), input->options->fit, input->options->orientation, CACHE_BUDGET);
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_scores_unref);

  for (guint i = 0; words[i] != NULL; i++)
    {
      g_autoptr (GError) local = NULL;
      EspScores *scores = score (input, words[i], part, cache, job, &local);

      if (scores != NULL)
        g_ptr_array_add (all, scores);
      else if (criteria == NULL && all->len > 0 && g_error_matches (local, ESP_ERROR, ESP_ERROR_UNSUPPORTED))
        g_debug ("not ranked by %s: %s", words[i], local->message);
      else
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
    }
  return g_steal_pointer (&all);
}
