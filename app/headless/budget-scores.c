/* budget-scores.c: the ways to rank that a budget is searched with, scored on the images that choose */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "budget-scores.h"

#include <string.h>

#include "progress.h"

#define CACHE_BUDGET ((gsize) 64 << 20)

static char *const presets[] = { (char *) "l1", (char *) "attribution", NULL };

typedef struct
{
  const EspCriterion *criterion;
  EspCriterionInput input;
  EspJob *job;
  EspScores *scores;
  GError *error;
} Work;

static void
work_run (gpointer data)
{
  Work *work = data;

  work->scores = esp_criterion_score (work->criterion, &work->input, work->job, &work->error);
}

static const EspCriterion *
find (const char *text, GError **error)
{
  g_autofree char *id = g_strndup (text, strcspn (text, ":"));
  const EspCriterion *criterion = esp_criterion_find (id);
  g_autofree char *known = esp_criteria_list ();

  if (criterion == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--criterion %s: expected one of %s", id, known);
  else if (criterion->needs_pairs)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--criterion %s: it needs pairs of pictures, and a budget has none", id);
  else
    return criterion;
  return NULL;
}

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
  const EspCriterion *criterion = find (text, error);
  const char *parameters = strchr (text, ':');
  g_autofree double *knobs = NULL, *method_knobs = NULL;
  g_autoptr (EspJob) job = esp_job_new ("Scoring");
  Work work = { .criterion = criterion, .job = job };

  if (criterion == NULL || !esp_criterion_parse (criterion, parameters != NULL ? parameters + 1 : NULL, &knobs, &method_knobs, error))
    return NULL;
  work.input = (EspCriterionInput){ .network = loaded->network,
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
  esp_common_run (common, job, work_run, &work);
  if (work.error != NULL)
    g_propagate_error (error, work.error);
  return work.scores;
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
