/* masks.c: how fast D-RISE asks about masks, beside forwards that ask about nothing
 *
 * bench-masks CFG WEIGHTS|random [ROUNDS [MASKS]]. A round is as many bare forwards one image at a time, in batches of 8, and D-RISE of as
 * many masks: masks drawn, images masked, heads read and compared. The target is a box drawn in the middle. Prints medians of the rounds'
 * ratios; asserts nothing about time. Waits as the programs do with GOMP_SPINCOUNT=500. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/lane.h"
#include "explain/explainer.h"
#include "measure/interval.h"

#define BATCH 8

typedef enum
{
  ACT_SINGLE,
  ACT_BATCH,
  ACT_MASKS,
  N_ACTS
} Act;

typedef struct
{
  const char *cfg, *weights_path;
  guint rounds, masks;
  EspNetwork *network;
  EspWeights *weights;
  EspEngine *single, *batch;
  EspExplainer *explainer;
  EspTarget *target;
  float *input;          /* of a batch: the same image BATCH times */
  GArray *times[N_ACTS]; /* of double: milliseconds an image, one a round */
  GError *error;
} Bench;

static gboolean
open_network (Bench *bench)
{
  bench->network = esp_network_load (bench->cfg, &bench->error);
  if (bench->network == NULL)
    return FALSE;
  if (strcmp (bench->weights_path, "random") == 0)
    bench->weights = esp_weights_new_random (bench->network, 1);
  else
    bench->weights = esp_weights_load (bench->network, bench->weights_path, &bench->error);
  return bench->weights != NULL;
}

static gboolean
open_engines (Bench *bench)
{
  const EspEngineOptions single = { .mode = ESP_MODE_INFER, .batch = 1 }, batch = { .mode = ESP_MODE_INFER, .batch = BATCH };
  const EspExplainerOptions options = { .seed = 1 };
  const double values[] = { bench->masks, 16, .5 };

  bench->single = esp_engine_new (bench->network, bench->weights, &single, NULL, &bench->error);
  if (bench->single != NULL)
    bench->batch = esp_engine_new (bench->network, bench->weights, &batch, NULL, &bench->error);
  bench->target = bench->batch == NULL ? NULL
                                       : esp_target_new_missed (bench->network, (EspPlacement){ 0, 0, 1, 1 },
                                                                (EspBox){ .5f, .5f, .3f, .3f }, 0, &bench->error);
  if (bench->target == NULL)
    return FALSE;
  bench->explainer = esp_explainer_new (bench->network, bench->weights, &options);
  return esp_explainer_set_method (bench->explainer, esp_attribution_find ("d-rise"), values, &bench->error);
}

static void
make_input (Bench *bench)
{
  const gsize stride = esp_shape_count (esp_network_get_input (bench->network));

  bench->input = g_new (float, BATCH *stride);
  for (gsize i = 0; i < BATCH * stride; i++)
    bench->input[i] = (float) (i % stride * 7919 % 251) / 250;
}

static gboolean
run_act (Bench *bench, Act act)
{
  const guint n = act == ACT_SINGLE ? bench->masks : act == ACT_BATCH ? bench->masks / BATCH : 1;

  for (guint i = 0; i < n; i++)
    {
      const gboolean done = act == ACT_MASKS
                                ? esp_explainer_run (bench->explainer, bench->input, bench->target, ESP_PIXELS, NULL, &bench->error)
                                : esp_engine_forward (act == ACT_BATCH ? bench->batch : bench->single, bench->input, NULL, &bench->error);

      if (!done)
        return FALSE;
    }
  return TRUE;
}

/* The first round meets memory that was never touched, and is not counted. */
static void
run (gpointer data)
{
  Bench *bench = data;

  if (!open_network (bench) || !open_engines (bench))
    return;
  make_input (bench);
  for (guint round = 0; round <= bench->rounds; round++)
    for (Act act = 0; act < N_ACTS; act++)
      {
        const gint64 begun = g_get_monotonic_time ();
        double ms;

        if (!run_act (bench, act))
          return;
        ms = (double) (g_get_monotonic_time () - begun) / 1000 / bench->masks;
        if (round > 0)
          g_array_append_val (bench->times[act], ms);
      }
}

static int
ascending (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static void
tell (const Bench *bench, Act act, const char *name)
{
  const double *times = (const double *) (gconstpointer) bench->times[act]->data;
  const double *masks = (const double *) (gconstpointer) bench->times[ACT_MASKS]->data;
  const guint n = bench->times[act]->len;
  g_autofree double *sorted = g_memdup2 (times, n * sizeof (double)), *ratios = g_new (double, n);

  for (guint i = 0; i < n; i++)
    ratios[i] = 100 * times[i] / masks[i];
  qsort (sorted, n, sizeof (double), ascending);
  qsort (ratios, n, sizeof (double), ascending);
  g_print ("%-16s %6.2f ms an image (%.2f to %.2f)", name, esp_quantile (sorted, n, .5), sorted[0], sorted[n - 1]);
  if (act != ACT_MASKS)
    g_print ("; D-RISE at %.0f %% of its speed (%.0f to %.0f)", esp_quantile (ratios, n, .5), ratios[0], ratios[n - 1]);
  g_print ("\n");
}

static void
clear (gpointer data)
{
  Bench *bench = data;

  g_clear_pointer (&bench->explainer, esp_explainer_free);
  g_clear_pointer (&bench->target, esp_target_unref);
  g_clear_pointer (&bench->single, esp_engine_unref);
  g_clear_pointer (&bench->batch, esp_engine_unref);
  g_clear_pointer (&bench->weights, esp_weights_unref);
  g_clear_pointer (&bench->network, esp_network_unref);
  g_clear_pointer (&bench->input, g_free);
}

static guint
number (int argc, char **argv, int at, guint otherwise, guint most)
{
  return argc > at ? (guint) CLAMP (strtoul (argv[at], NULL, 10), 1, most) : otherwise;
}

int
main (int argc, char **argv)
{
  const char *const names[] = { "one at a time", "in batches of 8", "D-RISE" };
  Bench bench = { .rounds = number (argc, argv, 3, 9, 1000), .masks = number (argc, argv, 4, 256, 100000) / BATCH * BATCH };
  g_autoptr (EspLane) lane = NULL;

  if (argc < 3 || bench.masks == 0)
    {
      g_printerr ("bench-masks CFG WEIGHTS|random [ROUNDS [MASKS, at least 8]]\n");
      return 2;
    }
  bench.cfg = argv[1];
  bench.weights_path = argv[2];
  for (Act act = 0; act < N_ACTS; act++)
    bench.times[act] = g_array_new (FALSE, FALSE, sizeof (double));
  lane = esp_lane_new (0);
  esp_lane_call (lane, run, &bench);
  for (Act act = 0; bench.error == NULL && act < N_ACTS; act++)
    tell (&bench, act, names[act]);
  if (bench.error != NULL)
    g_printerr ("bench-masks: %s\n", bench.error->message);
  esp_lane_call (lane, clear, &bench);
  for (Act act = 0; act < N_ACTS; act++)
    g_array_unref (bench.times[act]);
  return bench.error != NULL;
}
