/* rebuild.c: what a drag of a slider rebuilds: plan to mask to cut to engine
 *
 * bench-rebuild CFG WEIGHTS|random [DRAGS]. Random drags as a hand makes them: a group's slider from where it stands to a share below 0.6,
 * eight steps each; every step makes the mask, cuts, and compiles an engine of batch 1 that shares what it can with the last. Prints
 * medians; asserts nothing about time. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/lane.h"
#include "base/rng.h"
#include "measure/interval.h"
#include "net/cut.h"
#include "net/engine.h"
#include "prune/plan.h"

#define STEPS 8

typedef enum
{
  STAGE_MASK,
  STAGE_CUT,
  STAGE_ENGINE,
  STAGE_ALL,
  N_STAGES
} Stage;

typedef struct
{
  const char *cfg, *weights_path;
  guint n_drags;
  EspNetwork *network;
  EspWeights *weights;
  EspPlan *plan;
  EspCut *cut;
  EspEngine *whole, *engine;
  GArray *times[N_STAGES]; /* of double: milliseconds */
  GError *error;
} Bench;

static gboolean
open_network (Bench *bench)
{
  EspCriterionInput input = { 0 };
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .batch = 1 };
  g_autoptr (EspCoupling) coupling = NULL;
  g_autoptr (EspScores) scores = NULL;

  bench->network = esp_network_load (bench->cfg, &bench->error);
  if (bench->network == NULL)
    return FALSE;
  if (strcmp (bench->weights_path, "random") == 0)
    bench->weights = esp_weights_new_random (bench->network, 1);
  else
    bench->weights = esp_weights_load (bench->network, bench->weights_path, &bench->error);
  if (bench->weights == NULL)
    return FALSE;
  input.network = bench->network;
  input.weights = bench->weights;
  scores = esp_criterion_find ("l1")->score (&input, NULL, &bench->error);
  if (scores == NULL)
    return FALSE;
  coupling = esp_coupling_new (bench->network);
  bench->plan = esp_plan_new (bench->network, coupling, scores);
  bench->whole = esp_engine_new (bench->network, bench->weights, &options, NULL, &bench->error);
  return bench->whole != NULL;
}

static void
note (Bench *bench, Stage stage, gint64 begun)
{
  const double ms = (double) (g_get_monotonic_time () - begun) / 1000;

  g_array_append_val (bench->times[stage], ms);
}

/* One step of a drag, as the live evaluator makes it. */
static gboolean
rebuild (Bench *bench, guint group, double ratio)
{
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .batch = 1 };
  const gint64 begun = g_get_monotonic_time ();
  g_autoptr (EspMask) mask = NULL;
  EspCut *cut;
  EspEngine *engine;
  gint64 at;

  esp_plan_set_ratio (bench->plan, group, ratio);
  mask = esp_plan_get_mask (bench->plan);
  note (bench, STAGE_MASK, begun);
  at = g_get_monotonic_time ();
  cut = esp_cut_new (bench->network, bench->weights, mask, bench->cut, &bench->error);
  if (cut == NULL)
    return FALSE;
  note (bench, STAGE_CUT, at);
  at = g_get_monotonic_time ();
  engine = esp_engine_new (esp_cut_get_network (cut), esp_cut_get_weights (cut), &options,
                           bench->engine != NULL ? bench->engine : bench->whole, &bench->error);
  note (bench, STAGE_ENGINE, at);
  g_clear_pointer (&bench->cut, esp_cut_unref);
  g_clear_pointer (&bench->engine, esp_engine_unref);
  bench->cut = cut;
  bench->engine = engine;
  note (bench, STAGE_ALL, begun);
  return engine != NULL;
}

static void
run (gpointer data)
{
  Bench *bench = data;
  g_autoptr (GRand) rng = esp_rng_new (1, 'r', 0);

  if (!open_network (bench))
    return;
  for (guint d = 0; d < bench->n_drags; d++)
    {
      const guint group = (guint) g_rand_int_range (rng, 0, (gint32) esp_plan_get_n_groups (bench->plan));
      const double start = esp_plan_get_ratio (bench->plan, group), end = g_rand_double_range (rng, 0, .6);

      for (guint k = 1; k <= STEPS; k++)
        if (!rebuild (bench, group, start + (end - start) * k / STEPS))
          return;
    }
}

static int
ascending (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static void
tell (const char *name, GArray *times)
{
  double *sorted = (double *) (gpointer) times->data;

  qsort (sorted, times->len, sizeof (double), ascending);
  g_print ("%-8s median %6.2f ms, quarters %6.2f to %6.2f, 95 %% %6.2f, %u rebuilds\n", name, esp_quantile (sorted, times->len, .5),
           esp_quantile (sorted, times->len, .25), esp_quantile (sorted, times->len, .75), esp_quantile (sorted, times->len, .95),
           times->len);
}

static void
clear (gpointer data)
{
  Bench *bench = data;

  g_clear_pointer (&bench->engine, esp_engine_unref);
  g_clear_pointer (&bench->whole, esp_engine_unref);
  g_clear_pointer (&bench->cut, esp_cut_unref);
  g_clear_object (&bench->plan);
  g_clear_pointer (&bench->weights, esp_weights_unref);
  g_clear_pointer (&bench->network, esp_network_unref);
}

int
main (int argc, char **argv)
{
  const char *const names[] = { "mask", "cut", "engine", "in all" };
  Bench bench = { .n_drags = argc > 3 ? (guint) strtoul (argv[3], NULL, 10) : 40 };
  g_autoptr (EspLane) lane = NULL;

  if (argc < 3)
    {
      g_printerr ("bench-rebuild CFG WEIGHTS|random [DRAGS]\n");
      return 2;
    }
  bench.cfg = argv[1];
  bench.weights_path = argv[2];
  for (guint s = 0; s < N_STAGES; s++)
    bench.times[s] = g_array_new (FALSE, FALSE, sizeof (double));
  lane = esp_lane_new (0);
  esp_lane_call (lane, run, &bench);
  for (guint s = 0; bench.error == NULL && s < N_STAGES; s++)
    tell (names[s], bench.times[s]);
  if (bench.error != NULL)
    g_printerr ("bench-rebuild: %s\n", bench.error->message);
  esp_lane_call (lane, clear, &bench);
  for (guint s = 0; s < N_STAGES; s++)
    g_array_unref (bench.times[s]);
  return bench.error != NULL;
}
