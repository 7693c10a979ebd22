/* scored.c: scores of channels computed once and kept, and what made them */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "prune/plan-file.h"
#include "recipe/bench-private.h"

#define BACKWARD 3 /* a forward and the way back count as so many forwards */

typedef struct
{
  EspBench *bench;
  const EspCriterion *criterion;
  EspCriterionInput input;
  EspScores *scores;
  double seconds;
  GError *error;
} Work;

/** esp_scoring_clear: frees what @scoring holds. Thread: any. */
void
esp_scoring_clear (EspScoring *scoring)
{
  g_clear_pointer (&scoring->network, esp_network_unref);
  g_clear_pointer (&scoring->weights, esp_weights_unref);
  g_clear_pointer (&scoring->names, g_strfreev);
  g_clear_pointer (&scoring->classes, g_array_unref);
  g_clear_pointer (&scoring->knobs, g_free);
  g_clear_pointer (&scoring->method_knobs, g_free);
  g_clear_pointer (&scoring->words, g_free);
}

static void
work_run (gpointer data)
{
  Work *work = data;
  const gint64 begun = g_get_monotonic_time ();

  work->scores = esp_criterion_score (work->criterion, &work->input, work->bench->job, &work->error);
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

static EspScores *
compute (EspBench *bench, Work *work, EspSet set, guint limit, const char *key, const char *path, GError **error)
{
  g_autoptr (EspDataset) dataset = work->criterion->needs_images ? take_first (bench->sets[set], limit) : NULL;

  work->input.dataset = dataset;
  work->input.lane = bench->options->lane;
  esp_bench_compute (bench, work_run, work);
  if (work->error != NULL)
    g_propagate_error (error, work->error);
  else if (!remember (bench, key, work, path, error))
    g_clear_pointer (&work->scores, esp_scores_unref);
  return work->scores;
}

/* Images that show nothing of the target are only looked at. */
static double
count_gflops (EspBench *bench, EspNetwork *network, const EspScores *scores, EspSet set, guint limit)
{
  const guint n = esp_dataset_get_n (bench->sets[set]), looked_at = limit > 0 ? MIN (limit, n) : n;
  const guint used = esp_scores_get_n_images (scores);

  return esp_cost_of (network, NULL).bflops * (used * BACKWARD + (looked_at > used ? looked_at - used : 0));
}

/**
 * esp_bench_score:
 * @input: network, weights, classes, knobs and seed; images and lane are filled in
 * @criterion: the row
 * @set: whose images, where the criterion needs any
 * @limit: only the first so many of them; 0: all
 * @words: what else made them
 * @hash: (out) (optional) (transfer full): of all that made them
 * @spent: (out): on computing them, now or before
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
                 char **hash,
                 EspSpent *spent,
                 GError **error)
{
  g_autofree char *cfg = esp_plan_hash_cfg (input->network), *weights = esp_bench_hash_weights (input->network, input->weights);
  g_autofree char *key
      = g_strdup_printf ("criterion %s %s\nnetwork %s\nweights %s\nimages %s, the first %u\nseed %" G_GUINT64_FORMAT "\n", criterion->id,
                         words, cfg, weights, criterion->needs_images ? bench->set_hashes[set] : "none", limit, input->seed);
  g_autofree char *path = esp_bench_key_path (bench, "scores", key, ".json");
  Work work = { .bench = bench, .criterion = criterion, .input = *input };
  EspScores *scores = recall (bench, key, input->network, path, &work.seconds);

  if (scores == NULL)
    scores = compute (bench, &work, set, limit, key, path, error);
  if (scores == NULL)
    return NULL;
  *spent = (EspSpent){ work.seconds, criterion->needs_images ? count_gflops (bench, input->network, scores, set, limit) : 0 };
  if (hash != NULL)
    *hash = esp_hash_to_string (esp_hash_bytes (key, strlen (key)));
  return scores;
}

/** esp_bench_carry_scores: Returns: (transfer full): what a head reads is never cut, and has other rows: it has no scores there.
 * Thread: any. */
EspScores *
esp_bench_carry_scores (EspScores *scores, const EspNetwork *network)
{
  EspScores *to = esp_scores_new (network, esp_scores_get_criterion (scores), esp_scores_get_parameters (scores));

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      guint n = 0, n_old = 0;
      double *values = esp_scores_get (to, l, &n);
      const double *old = esp_scores_get (scores, l, &n_old);

      if (values != NULL && old != NULL && n == n_old)
        memcpy (values, old, n * sizeof (double));
    }
  esp_scores_set_n_images (to, esp_scores_get_n_images (scores));
  return to;
}
