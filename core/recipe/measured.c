/* measured.c: what a network does on a set of images, measured once and kept */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <math.h>

#include "base/error.h"
#include "base/json.h"
#include "base/rng.h"
#include "measure/bootstrap.h"
#include "measure/summary.h"
#include "prune/plan-file.h"
#include "recipe/bench-private.h"
#include "score/cut-pass.h"

#define STEP 100 /* replicates between two looks at cancelling */

typedef struct
{
  EspBench *bench;
  EspNetwork *network;
  EspWeights *weights;
  EspSet set;
  guint n;
  gboolean draws;
  EspMeasured *measured;
  GError *error;
} Work;

/** esp_measured_clear: frees what @measured holds. Thread: any. */
void
esp_measured_clear (EspMeasured *measured)
{
  g_clear_pointer (&measured->draws, g_free);
}

static gboolean
draw (Work *work, EspOutcome **outcomes, guint n_classes, GError **error)
{
  EspBench *bench = work->bench;
  g_autoptr (EspBootstrap) bootstrap
      = esp_bootstrap_new_map (outcomes, work->n, n_classes, bench->protocol, bench->replicates, bench->options->seed);
  EspInterval interval;

  do
    if (!esp_job_check (bench->job, error))
      return FALSE;
  while (esp_bootstrap_step (bootstrap, STEP));
  interval = esp_bootstrap_get (bootstrap);
  work->measured->low = interval.low;
  work->measured->high = interval.high;
  work->measured->draws = g_memdup2 (esp_bootstrap_get_draws (bootstrap, &work->measured->n_draws), bench->replicates * sizeof (double));
  return TRUE;
}

static gboolean
summarise (Work *work, EspOutcome **outcomes, GError **error)
{
  const guint n_classes = (guint) esp_network_get_classes (work->network);
  g_autoptr (EspSummary) summary = esp_summary_new (outcomes, work->n, n_classes, work->bench->protocol);

  *work->measured = (EspMeasured){
    .map = summary->map,
    .low = NAN,
    .high = NAN,
    .precision = summary->precision,
    .recall = summary->recall,
    .f1 = summary->f1,
    .images = work->n,
  };
  return !work->draws || draw (work, outcomes, n_classes, error);
}

static gboolean
run_pass (Work *work, EspOutcome **outcomes, GError **error)
{
  EspBench *bench = work->bench;
  EspDataset *dataset = bench->sets[work->set];
  g_autoptr (EspClassMap) map
      = esp_class_map_new (dataset, (const char *const *) bench->names, (guint) esp_network_get_classes (work->network),
                           (const char *const *) bench->pairs, error);
  g_autofree guint *indices = g_new (guint, MAX (work->n, 1));
  g_autoptr (EspCutPass) pass = NULL;
  EspEvaluateOptions run;

  if (map == NULL)
    return FALSE;
  esp_evaluate_options_init (&run, work->network);
  for (guint i = 0; i < work->n; i++)
    indices[i] = i;
  pass = esp_cut_pass_new (&(EspCutPassInput){ work->network, work->weights, dataset, map,
                                               esp_bench_images (bench, work->set, work->network), &run, indices, work->n });
  return esp_cut_pass_run (pass, NULL, outcomes, bench->job, error);
}

static void
work_run (gpointer data)
{
  Work *work = data;
  const gint64 begun = g_get_monotonic_time ();
  EspOutcome **outcomes = g_new0 (EspOutcome *, work->n + 1);

  if (run_pass (work, outcomes, &work->error))
    summarise (work, outcomes, &work->error);
  work->measured->seconds = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
  esp_outcomes_free (outcomes, work->n);
}

static char *
key_of (const Work *work)
{
  EspBench *bench = work->bench;
  g_autofree char *cfg = esp_plan_hash_cfg (work->network), *weights = esp_bench_hash_weights (work->network, work->weights);
  g_autofree char *names = bench->names != NULL ? g_strjoinv (", ", bench->names) : g_strdup ("");

  return g_strdup_printf (
      "network %s\nweights %s\nclasses %s\nimages %s, the first %u\nprotocol %s\nreplicates %u, seed %" G_GUINT64_FORMAT "\n", cfg, weights,
      names, bench->set_hashes[work->set], work->n, bench->protocol->id, work->draws ? bench->replicates : 0, bench->options->seed);
}

static JsonObject *
to_json (const EspMeasured *measured)
{
  const double numbers[] = {
    measured->map, measured->low, measured->high, measured->precision, measured->recall, measured->f1, measured->seconds,
  };
  static const char *const names[] = { "map", "low", "high", "precision", "recall", "f1", "seconds" };
  JsonObject *values = json_object_new ();
  JsonArray *draws = json_array_sized_new (measured->n_draws);

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (isfinite (numbers[i]))
      json_object_set_double_member (values, names[i], numbers[i]);
  json_object_set_int_member (values, "images", measured->images);
  for (guint i = 0; i < measured->n_draws; i++)
    json_array_add_double_element (draws, measured->draws[i]);
  json_object_set_array_member (values, "draws", draws);
  return values;
}

static gboolean
from_json (JsonObject *values, gboolean draws, EspMeasured *measured)
{
  JsonArray *list = NULL;

  *measured = (EspMeasured){ .low = NAN, .high = NAN };
  if (!esp_json_read_number (values, "", "map", 0, 1, &measured->map, NULL)
      || !esp_json_read_number (values, "", "precision", 0, 1, &measured->precision, NULL)
      || !esp_json_read_number (values, "", "recall", 0, 1, &measured->recall, NULL)
      || !esp_json_read_number (values, "", "f1", 0, 1, &measured->f1, NULL)
      || !esp_json_read_number (values, "", "seconds", 0, G_MAXDOUBLE, &measured->seconds, NULL)
      || !esp_json_read_count (values, "", "images", 0, G_MAXINT, &measured->images, NULL)
      || !esp_json_read_array (values, "", "draws", &list, NULL))
    return FALSE;
  if (!draws)
    return TRUE;
  measured->n_draws = json_array_get_length (list);
  measured->draws = g_new0 (double, MAX (measured->n_draws, 1));
  for (guint i = 0; i < measured->n_draws; i++)
    if (!esp_json_item_number (list, "", i, &measured->draws[i], NULL))
      return FALSE;
  return measured->n_draws > 0 && esp_json_read_number (values, "", "low", -1, 2, &measured->low, NULL)
         && esp_json_read_number (values, "", "high", -1, 2, &measured->high, NULL);
}

static gboolean
recall (Work *work, const char *key)
{
  g_autoptr (JsonObject) values = esp_bench_recall (work->bench, "measured", key);

  if (values != NULL && from_json (values, work->draws, work->measured))
    return TRUE;
  esp_measured_clear (work->measured);
  return FALSE;
}

/**
 * esp_bench_measure:
 * @network: with @weights
 * @set: whose images; it must be there
 * @limit: only the first so many of them; 0: all
 * @draws: with the interval and its draws
 * @measured: (out)
 * @error: those of the engine, images and class maps; G_IO_ERROR_CANCELLED
 *
 * Measured once: the same network, weights and images are looked up. Cost: a pass over the images. Thread: the runner's.
 */
gboolean
esp_bench_measure (EspBench *bench,
                   EspNetwork *network,
                   EspWeights *weights,
                   EspSet set,
                   guint limit,
                   gboolean draws,
                   EspMeasured *measured,
                   GError **error)
{
  const guint n = esp_dataset_get_n (bench->sets[set]);
  Work work = { bench, network, weights, set, limit > 0 ? MIN (limit, n) : n, draws, measured, NULL };
  g_autofree char *key = key_of (&work);

  *measured = (EspMeasured){ 0 };
  if (!esp_job_check (bench->job, error))
    return FALSE;
  if (recall (&work, key))
    return TRUE;
  esp_bench_compute (bench, work_run, &work);
  if (work.error == NULL)
    return esp_bench_remember (bench, "measured", key, to_json (measured), error);
  g_propagate_error (error, work.error);
  esp_measured_clear (measured);
  return FALSE;
}

static void
set_interval (const double *draws, guint n, double *low, double *high)
{
  g_autofree double *sorted = g_memdup2 (draws, n * sizeof (double));

  *low = *high = NAN;
  if (n == 0)
    return;
  esp_draws_get_interval (sorted, n, low, high);
}

static double
draw_mean (const EspMeasured *all, guint n, guint replicate, guint64 seed)
{
  g_autoptr (GRand) rng = esp_rng_new (seed, replicate, 1);
  double sum = 0;

  for (guint i = 0; i < n; i++)
    sum += all[n > 1 ? g_rand_int_range (rng, 0, (gint32) n) : 0].draws[replicate];
  return sum / n;
}

/**
 * esp_measured_pool:
 * @all: @n of them, of seeds of the same thing on the same images
 * @n: from 1
 * @seed: of the draws over seeds
 *
 * Returns: the means; each replicate is a mean over @n of the seeds drawn with putting back, so that the interval has seeds and images in
 * it.
 * Thread: any.
 */
EspMeasured
esp_measured_pool (const EspMeasured *all, guint n, guint64 seed)
{
  EspMeasured pool = { .images = all[0].images, .n_draws = all[0].n_draws };

  for (guint i = 0; i < n; i++)
    {
      pool.map += all[i].map / n;
      pool.precision += all[i].precision / n;
      pool.recall += all[i].recall / n;
      pool.f1 += all[i].f1 / n;
      pool.n_draws = MIN (pool.n_draws, all[i].n_draws);
    }
  pool.draws = g_new0 (double, MAX (pool.n_draws, 1));
  for (guint r = 0; r < pool.n_draws; r++)
    pool.draws[r] = draw_mean (all, n, r, seed);
  set_interval (pool.draws, pool.n_draws, &pool.low, &pool.high);
  return pool;
}

/** esp_measured_differ: @a minus @b; 95 % of paired draws lie from @low to @high, NaN where there are none. Thread: any. */
void
esp_measured_differ (const EspMeasured *a, const EspMeasured *b, double *value, double *low, double *high)
{
  const guint n = MIN (a->n_draws, b->n_draws);
  g_autofree double *draws = g_new (double, MAX (n, 1));

  for (guint i = 0; i < n; i++)
    draws[i] = a->draws[i] - b->draws[i];
  *value = a->map - b->map;
  set_interval (draws, n, low, high);
}
