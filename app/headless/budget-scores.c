/* budget-scores.c: the ways to rank that a budget is searched with, scored on the images that choose, from the command line */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "budget-scores.h"

#include "progress.h"
#include "search/budget-scores.h"

typedef struct
{
  EspBudgetScoring input;
  const char *const *criteria;
  EspJob *job;
  GPtrArray *scores;
  GError *error;
} Work;

static void
work_run (gpointer data)
{
  Work *work = data;

  work->scores = esp_budget_score (&work->input, work->criteria, work->job, &work->error);
}

/**
 * esp_budget_scores:
 * @criteria: (nullable): as "score --criterion" takes them
 * @images: those that choose: no image that judges is looked at
 *
 * Errors: G_OPTION_ERROR for a word that is not known; those of the criteria. Returns: (transfer full) (element-type EspScores).
 * Thread: main.
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
  g_autoptr (EspJob) job = esp_job_new ("Scoring");
  Work work = { .criteria = (const char *const *) criteria, .job = job };
  g_autoptr (GError) unknown = NULL;

  if (!esp_budget_check_criteria (work.criteria, &unknown))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--criterion %s", unknown->message);
      return NULL;
    }
  work.input = (EspBudgetScoring){ .network = loaded->network,
                                   .weights = loaded->weights,
                                   .dataset = labelled->dataset,
                                   .map = labelled->map,
                                   .options = &loaded->run,
                                   .lane = esp_common_lane (common),
                                   .seed = (guint64) common->seed,
                                   .images = images,
                                   .n = n };
  esp_common_run (common, job, work_run, &work);
  if (work.error != NULL)
    g_propagate_error (error, work.error);
  return work.scores;
}
