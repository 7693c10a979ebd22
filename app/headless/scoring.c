/* scoring.c: the options of every verb that makes scores, and their making in the lane */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "scoring.h"

#include <stdlib.h>
#include <string.h>

#include "base/class-name.h"
#include "dataset/lines.h"
#include "progress.h"

#define CACHE_BUDGET ((gsize) 64 << 20)

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

/**
 * esp_scoring_parse:
 * @text: "ID" or "ID:NAME=VALUE,…"
 * @knobs: (out) (transfer full): the criterion's parameters
 * @method_knobs: (out) (transfer full): those of its method of attribution
 * @error: G_OPTION_ERROR: a word that is not known
 *
 * Returns: (transfer none): the criterion. Thread: main.
 */
const EspCriterion *
esp_scoring_parse (const char *text, double **knobs, double **method_knobs, GError **error)
{
  g_autofree char *id = g_strndup (text, strcspn (text, ":"));
  const char *parameters = strchr (text, ':');
  const EspCriterion *criterion = esp_criterion_find (id);
  g_autofree char *known = esp_criteria_list ();

  if (criterion == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--criterion %s: expected one of %s", id, known);
  else if (esp_criterion_parse (criterion, parameters != NULL ? parameters + 1 : NULL, knobs, method_knobs, error))
    return criterion;
  return NULL;
}

/** esp_scoring_compute: Returns: (transfer full): the scores by @input, made in the lane; NULL with the criterion's error. Thread: main. */
EspScores *
esp_scoring_compute (const EspCriterion *criterion, const EspCriterionInput *input, EspCommon *common, GError **error)
{
  g_autoptr (EspJob) job = esp_job_new ("Scoring");
  Work work = { .criterion = criterion, .input = *input, .job = job };

  esp_common_run (common, job, work_run, &work);
  if (work.error != NULL)
    g_propagate_error (error, work.error);
  return work.scores;
}

/* A class by its name among @names, or by its index; -1 with an error. */
static int
find_class (const char *word, const char *const *names, int n_classes, GError **error)
{
  const int index = esp_class_name_find (word, names, (guint) MAX (n_classes, 0));

  if (index >= 0)
    return index;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--classes: the network has no class “%s” (classes 0 to %d%s)", word,
               n_classes - 1, names == NULL ? "; give their names with --names" : "");
  return -1;
}

/* The classes of --classes, or NULL for all. Errors in @error. */
static GArray *
read_classes (const EspScoringOptions *options, const EspLoaded *loaded, EspDataset *dataset, GError **error)
{
  const int n_classes = esp_network_get_classes (loaded->network);
  g_autoptr (GArray) classes = NULL;
  g_auto (GStrv) words = NULL, own = NULL;
  const char *const *names = NULL;

  if (options->classes == NULL)
    return NULL;
  if (options->names != NULL && (own = esp_names_load (options->names, error)) == NULL)
    return NULL;
  if (own == NULL && dataset != NULL && esp_dataset_get_n_classes (dataset) == (guint) n_classes)
    names = esp_dataset_get_names (dataset);
  else
    names = (const char *const *) own;
  classes = g_array_new (FALSE, FALSE, sizeof (int));
  words = g_strsplit (options->classes, ",", -1);
  for (guint i = 0; words[i] != NULL; i++)
    {
      const int one = find_class (g_strstrip (words[i]), names, n_classes, error);

      if (one < 0)
        return NULL;
      g_array_append_val (classes, one);
    }
  return g_steal_pointer (&classes);
}

/* Where nothing is said the criterion's own parameter counts: none of a threshold's numbers stands for that, 0 least of all. */
static gboolean
read_tau (const EspScoringOptions *options, float *tau, const float **given, GError **error)
{
  double number = 0;

  *given = NULL;
  if (options->tau == NULL)
    return TRUE;
  if (!esp_number_read (options->tau, &number) || !(number >= 0 && number <= 1))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--tau %s: expected a number from 0 to 1", options->tau);
      return FALSE;
    }
  *tau = (float) number;
  *given = tau;
  return TRUE;
}

static EspDataset *
open_data (const EspScoringOptions *options,
           const EspCriterion *criterion,
           const char *data,
           const EspLoaded *loaded,
           guint64 seed,
           GError **error)
{
  g_autoptr (EspDataset) whole = NULL;
  const EspDatasetOptions read = { options->split, options->names, options->images, esp_network_get_classes (loaded->network) };

  if (data != NULL)
    {
      whole = esp_data_open ("score", data, read, &options->draw, NULL, error);
      return whole != NULL ? esp_scoring_draw (whole, options->limit, "--limit", seed, error) : NULL;
    }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "the criterion %s needs images: give DATA", criterion->id);
  return NULL;
}

static int
ascending (const void *a, const void *b)
{
  const guint x = *(const guint *) a, y = *(const guint *) b;

  return (x > y) - (x < y);
}

/** esp_scoring_draw: Returns: (transfer full): @n images of the seed's stratified order, or all; NULL with @error. Thread: main. */
EspDataset *
esp_scoring_draw (EspDataset *dataset, int n, const char *option, guint64 seed, GError **error)
{
  const guint all = esp_dataset_get_n (dataset);
  g_autofree guint *order = NULL;

  if (n < 0 || (guint) n > all)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s %d: expected a number of images, and %s has %u", option, n,
                   esp_dataset_get_title (dataset), all);
      return NULL;
    }
  if (n == 0)
    return esp_dataset_ref (dataset);
  order = esp_dataset_order (dataset, seed);
  qsort (order, (gsize) n, sizeof (guint), ascending);
  return esp_dataset_subset (dataset, order, (guint) n);
}

/* The data set's classes in the network's, by their names where --names gives them; NULL with @error. */
static EspClassMap *
map_classes (const EspScoringOptions *options, const EspLoaded *loaded, EspDataset *dataset, GError **error)
{
  g_auto (GStrv) names = NULL;

  if (options->names != NULL && (names = esp_names_load (options->names, error)) == NULL)
    return NULL;
  return esp_class_map_new (dataset, (const char *const *) names, (guint) esp_network_get_classes (loaded->network), NULL, error);
}

/**
 * esp_scoring_run:
 * @options: the command line's
 * @id: the criterion's, with its parameters behind a colon
 * @data: (nullable): a data set; not opened where the criterion needs no images
 * @loaded: the network with its weights
 * @common: options of all verbs
 * @error: those of the criterion; G_OPTION_ERROR where a word is not known or data are missing
 *
 * Returns: (transfer full): the scores. Thread: main.
 */
EspScores *
esp_scoring_run (
    const EspScoringOptions *options, const char *id, const char *data, const EspLoaded *loaded, EspCommon *common, GError **error)
{
  g_autofree double *knobs = NULL, *method_knobs = NULL;
  const EspCriterion *criterion = esp_scoring_parse (id, &knobs, &method_knobs, error), *needs;
  g_autoptr (EspDataset) dataset = NULL;
  g_autoptr (EspImageCache) cache = NULL;
  g_autoptr (EspClassMap) map = NULL;
  g_autoptr (GArray) classes = NULL;
  g_autoptr (GError) local = NULL;
  EspCriterionInput input;
  const float *given_tau = NULL;
  float tau = 0;

  if (criterion == NULL || !read_tau (options, &tau, &given_tau, error))
    return NULL;
  needs = esp_criterion_inner (criterion, knobs);
  if ((needs->needs_images && (dataset = open_data (options, needs, data, loaded, (guint64) common->seed, error)) == NULL))
    return NULL;
  if (needs->needs_labels && (map = map_classes (options, loaded, dataset, error)) == NULL)
    return NULL;
  classes = read_classes (options, loaded, dataset, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (dataset != NULL)
    cache = esp_image_cache_new (dataset, esp_network_get_input (loaded->network), loaded->run.fit, loaded->run.orientation, CACHE_BUDGET);
  input = (EspCriterionInput){ .network = loaded->network,
                               .weights = loaded->weights,
                               .dataset = dataset,
                               .cache = cache,
                               .classes = classes != NULL ? (const int *) (gpointer) classes->data : NULL,
                               .n_classes = classes != NULL ? classes->len : 0,
                               .tau = given_tau,
                               .without = options->without,
                               .seed = (guint64) common->seed,
                               .bn = loaded->run.bn,
                               .backend = loaded->run.backend,
                               .lane = esp_common_lane (common),
                               .knobs = knobs,
                               .method_knobs = method_knobs,
                               .map = map,
                               .options = &loaded->run };
  return esp_scoring_compute (criterion, &input, common, error);
}
