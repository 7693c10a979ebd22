/* step-score.c: the step “score”: one number a channel, and the scores of the controls by the same road */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "prune/plan-file.h"
#include "recipe/bench-private.h"
#include "recipe/step-private.h"

#define BACKWARD 3 /* a forward and the way back count as so many forwards */

static const EspSetting settings[] = {
  { "criterion", ESP_SETTING_TEXT, "the method: attribution, l1, bn-gamma …", "attribution" },
  { "classes", ESP_SETTING_TEXT, "the target: classes of the network, by name or number; empty: all", "" },
  { "tau", ESP_SETTING_NUMBER, "what objectness times class must exceed to count", "0.02", 0, 1 },
  { "limit", ESP_SETTING_COUNT, "only the first so many calibration images; 0: all", "0", 0, G_MAXINT },
  { NULL },
};

typedef struct
{
  EspBench *bench;
  const EspCriterion *criterion;
  EspCriterionInput input;
  EspScores *scores;
  double seconds;
  GError *error;
} Work;

static void
work_run (gpointer data)
{
  Work *work = data;
  const gint64 begun = g_get_monotonic_time ();

  work->scores = work->criterion->score (&work->input, work->bench->job, &work->error);
  work->seconds = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
}

/* (transfer full): the first so many images, or all. */
static EspDataset *
take_first (EspDataset *dataset, guint limit)
{
  const guint n = esp_dataset_get_n (dataset);
  g_autofree guint *indices = NULL;

  if (limit == 0 || limit >= n)
    return esp_dataset_ref (dataset);
  indices = g_new (guint, limit);
  for (guint i = 0; i < limit; i++)
    indices[i] = i;
  return esp_dataset_subset (dataset, indices, limit);
}

static gboolean
remember (EspBench *bench, const char *key, const Work *work, const char *path, GError **error)
{
  JsonObject *values = json_object_new ();

  json_object_set_double_member (values, "seconds", work->seconds);
  return esp_bench_remember (bench, "scored", key, values, error) && esp_scores_save (work->scores, path, error);
}

static EspScores *
recall (EspBench *bench, const char *key, EspNetwork *network, const char *path, double *seconds)
{
  g_autoptr (JsonObject) values = esp_bench_recall (bench, "scored", key);

  if (values == NULL || !esp_json_read_number (values, "", "seconds", 0, G_MAXDOUBLE, seconds, NULL))
    return NULL;
  return esp_scores_load (network, path, NULL);
}

/**
 * esp_bench_score:
 * @input: network, weights, classes, tau and seed; the rest is filled in
 * @criterion: the row
 * @set: whose images, where the criterion needs any
 * @limit: only the first so many of them; 0: all
 * @words: what else made them
 * @seconds: (out): of computing
 * @error: those of the criterion
 *
 * Computed once. Returns: (transfer full): the scores. Thread: the runner's.
 */
EspScores *
esp_bench_score (EspBench *bench,
                 const EspCriterionInput *input,
                 const EspCriterion *criterion,
                 EspSet set,
                 guint limit,
                 const char *words,
                 double *seconds,
                 GError **error)
{
  g_autofree char *cfg = esp_plan_hash_cfg (input->network), *weights = esp_bench_hash_weights (input->network, input->weights);
  g_autofree char *key
      = g_strdup_printf ("criterion %s %s\nnetwork %s\nweights %s\nimages %s, the first %u\nseed %" G_GUINT64_FORMAT "\n", criterion->id,
                         words, cfg, weights, criterion->needs_images ? bench->set_hashes[set] : "none", limit, input->seed);
  g_autofree char *path = esp_bench_key_path (bench, "scores", key, ".json");
  g_autoptr (EspDataset) dataset = NULL;
  Work work = { .bench = bench, .criterion = criterion, .input = *input };
  EspScores *scores = recall (bench, key, input->network, path, seconds);

  if (scores != NULL)
    return scores;
  if (criterion->needs_images)
    work.input.dataset = dataset = take_first (bench->sets[set], limit);
  work.input.lane = bench->options->lane;
  esp_bench_compute (bench, work_run, &work);
  if (work.error != NULL)
    g_propagate_error (error, work.error);
  else if (!remember (bench, key, &work, path, error))
    g_clear_pointer (&work.scores, esp_scores_unref);
  *seconds = work.seconds;
  return work.scores;
}

static const EspCriterion *
find_criterion (const EspStep *step, GError **error)
{
  const EspCriterion *criterion = esp_criterion_find (esp_step_get_text (step, "criterion"));
  g_autoptr (GString) known = g_string_new (NULL);
  guint n = 0;
  const EspCriterion *all = esp_criteria (&n);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (known, "%s%s", i > 0 ? ", " : "", all[i].id);
  if (criterion == NULL)
    esp_step_refuse (step, "criterion", error, "expected one of %s", known->str);
  return criterion;
}

/* A class by its name, or by its number; -1 with an error. */
static int
find_class (EspBench *bench, const EspStep *step, const char *word, GError **error)
{
  const int n = esp_network_get_classes (bench->network);
  guint64 index = 0;

  for (guint i = 0; bench->names != NULL && bench->names[i] != NULL; i++)
    if (strcmp (bench->names[i], word) == 0)
      return (int) i;
  if (g_ascii_string_to_unsigned (word, 10, 0, (guint64) n - 1, &index, NULL))
    return (int) index;
  esp_step_refuse (step, "classes", error, "the network has no class “%s” (classes 0 to %d%s)", word, n - 1,
                   bench->names == NULL ? "; their names are not known: names of [network]" : "");
  return -1;
}

static GArray *
read_classes (EspBench *bench, const EspStep *step, GError **error)
{
  g_auto (GStrv) words = g_strsplit (esp_step_get_text (step, "classes"), ",", -1);
  g_autoptr (GArray) classes = g_array_new (FALSE, FALSE, sizeof (int));

  for (guint i = 0; words[i] != NULL; i++)
    {
      int one;

      if (*g_strstrip (words[i]) == '\0')
        continue;
      if ((one = find_class (bench, step, words[i], error)) < 0)
        return NULL;
      g_array_append_val (classes, one);
    }
  return g_steal_pointer (&classes);
}

static double
count_gflops (const EspBench *bench, guint n_images)
{
  return esp_cost_of (bench->network, NULL).bflops * BACKWARD * n_images;
}

static gboolean
run (EspBench *bench, const EspStep *step, GError **error)
{
  const EspCriterion *criterion = find_criterion (step, error);
  const guint limit = esp_step_get_count (step, "limit");
  g_autofree char *words = g_strdup_printf ("classes=%s tau=%s", esp_step_get_text (step, "classes"), esp_step_get_text (step, "tau"));
  g_autoptr (GArray) classes = NULL;
  EspCriterionInput input = { .seed = bench->options->seed, .tau = (float) esp_step_get_number (step, "tau") };

  if (criterion == NULL || !esp_bench_need (bench, step, bench->network, "network", error))
    return FALSE;
  if ((classes = read_classes (bench, step, error)) == NULL)
    return FALSE;
  if (criterion->needs_images && bench->sets[ESP_SET_CALIBRATION] == NULL)
    return esp_step_refuse (step, "criterion", error, "it needs images, and [data] has none for calibration");
  input.network = bench->network;
  input.weights = bench->weights;
  input.classes = classes->len > 0 ? (const int *) (gpointer) classes->data : NULL;
  input.n_classes = classes->len;
  g_clear_pointer (&bench->scores, esp_scores_unref);
  bench->criterion = criterion;
  bench->scores = esp_bench_score (bench, &input, criterion, ESP_SET_CALIBRATION, limit, words, &bench->score_seconds, error);
  if (bench->scores == NULL)
    return FALSE;
  bench->score_gflops = criterion->needs_images ? count_gflops (bench, esp_scores_get_n_images (bench->scores)) : 0;
  esp_bench_tell (bench, "  %s (%s): %u images, %u ties, %.1f s", criterion->id, esp_scores_get_parameters (bench->scores),
                  esp_scores_get_n_images (bench->scores), esp_scores_count_ties (bench->scores), bench->score_seconds);
  return TRUE;
}

const EspStepKind esp_step_score = { "score", "scores of channels", settings, run };
