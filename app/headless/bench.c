/* bench.c: espalier-cli bench: how fast the engine runs, explains and trains, beside what the processor could do */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "kernels/peak.h"
#include "net/cost.h"
#include "net/engine-watch.h"
#include "bench-train.h"
#include "network-options.h"
#include "progress.h"
#include "verbs.h"

#include <sys/resource.h>

#define DEFAULT_NET  "/io/github/espalier/Espalier/bench/yolov3-tiny.cfg"
#define MOST_BLOCKS  100
#define PEAK_SECONDS .005 /* of one turn at the peak */

static int blocks = 24, repeats = 4, train = 6;

static char *dialect;

static const GOptionEntry options[] = {
  { "blocks", 0, 0, G_OPTION_ARG_INT, &blocks, "Take N turns at the peak, forward and explain (default 24)", "N" },
  { "repeats", 0, 0, G_OPTION_ARG_INT, &repeats, "Runs in a turn (default 4)", "N" },
  { "train", 0, 0, G_OPTION_ARG_INT, &train, "Then time N training steps of 8 images, 0 for none (default 6)", "N" },
  ESP_DIALECT_OPTION (dialect),
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  EspEngine *infer, *explain;
  EspJob *job;
  float *input, *seed, *scores, *map;
  double peak, forward_ms, explain_ms; /* medians */
  double images_per_second;            /* of training; 0: not timed */
  gint64 memory;                       /* of forward and explain, at most, in bytes */
  GArray *peaks;                       /* of double, GFLOP/s, one a turn */
  GError *error;
} Bench;

typedef gboolean (*Act) (Bench *bench, GError **error);

static gboolean
act_forward (Bench *bench, GError **error)
{
  return esp_engine_forward (bench->infer, bench->input, bench->job, error);
}

/* Seeds of 1 at every number of every head: the most that a target can ask for. */
static gboolean
seed_heads (Bench *bench, GError **error)
{
  guint n;
  const guint *heads = esp_network_get_heads (bench->network, &n);

  esp_engine_clear_seeds (bench->explain);
  for (guint i = 0; i < n; i++)
    if (!esp_engine_set_seed (bench->explain, (guint) esp_network_get_layer (bench->network, heads[i])->inputs[0], bench->seed, error))
      return FALSE;
  return n > 0 || esp_engine_set_seed (bench->explain, esp_network_get_n_layers (bench->network) - 1, bench->seed, error);
}

/* The last convolution that does not end in a head. */
static guint
find_mapped (const EspNetwork *network)
{
  guint last = 0;

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    if (esp_network_get_layer (network, i)->kind == ESP_LAYER_CONVOLUTIONAL && !esp_network_is_head_input (network, i))
      last = i;
  return last;
}

/* Forward, backward, the score of every channel of every convolution before batch normalisation, and one heatmap. */
static gboolean
act_explain (Bench *bench, GError **error)
{
  if (!esp_engine_forward (bench->explain, bench->input, bench->job, error) || !seed_heads (bench, error)
      || !esp_engine_backward (bench->explain, 0, bench->job, error))
    return FALSE;
  for (guint i = 0; i < esp_network_get_n_layers (bench->network); i++)
    if (esp_network_get_layer (bench->network, i)->kind == ESP_LAYER_CONVOLUTIONAL
        && !esp_engine_reduce_product (bench->explain, i, ESP_AT_CONV, ESP_REDUCE_MAX, bench->scores, error))
      return FALSE;
  return esp_engine_map_product (bench->explain, find_mapped (bench->network), ESP_AT_CONV, 0, -1, bench->map, error);
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
median (GArray *took)
{
  g_array_sort (took, ascending);
  return took->len > 0 ? g_array_index (took, double, took->len / 2) : 0;
}

/* The processor's peak now, then one act @repeats times. */
static gboolean
take_turn (Bench *bench, Act act, GArray *took)
{
  const double peak = esp_peak_measure (PEAK_SECONDS);

  g_array_append_val (bench->peaks, peak);
  for (int i = 0; i < repeats; i++)
    {
      const gint64 start = g_get_monotonic_time ();
      double ms;

      if (!act (bench, &bench->error))
        return FALSE;
      ms = (double) (g_get_monotonic_time () - start) / 1000;
      g_array_append_val (took, ms);
    }
  return TRUE;
}

static gboolean
prepare (Bench *bench)
{
  const EspEngineOptions infer = { .mode = ESP_MODE_INFER, .batch = 1 };
  const guint mapped = find_mapped (bench->network);
  const EspEngineOptions explain = { .mode = ESP_MODE_EXPLAIN, .batch = 1, .lean = TRUE, .watch = &mapped, .n_watch = 1 };
  gsize n = esp_shape_count (esp_network_get_input (bench->network)), most = 0, channels = 0;

  for (guint i = 0; i < esp_network_get_n_layers (bench->network); i++)
    {
      const EspShape out = esp_network_get_layer (bench->network, i)->out;

      most = MAX (most, esp_shape_count (out));
      channels = MAX (channels, (gsize) out.c);
    }
  bench->input = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    bench->input[i] = (float) (i % 251) / 250;
  bench->seed = g_new (float, most);
  for (gsize i = 0; i < most; i++)
    bench->seed[i] = 1;
  bench->scores = g_new (float, channels);
  bench->map = g_new (float, most);
  bench->infer = esp_engine_new (bench->network, bench->weights, &infer, NULL, &bench->error);
  if (bench->infer != NULL)
    bench->explain = esp_engine_new (bench->network, bench->weights, &explain, NULL, &bench->error);
  if (bench->explain != NULL)
    esp_engine_watch_products (bench->explain, ESP_AT_CONV, ESP_REDUCE_MAX);
  return bench->explain != NULL && act_forward (bench, &bench->error) && act_explain (bench, &bench->error);
}

static gint64
most_memory (void)
{
  struct rusage usage = { 0 };

  getrusage (RUSAGE_SELF, &usage);
  return (gint64) usage.ru_maxrss * 1024;
}

/* A network that is not trained here is timed all the same; the reason goes to stderr. */
static void
measure_training (Bench *bench)
{
  g_autoptr (GError) error = NULL;

  if (train == 0 || bench->error != NULL
      || esp_bench_train (bench->network, bench->weights, train, bench->job, &bench->images_per_second, &error))
    return;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    bench->error = g_steal_pointer (&error);
  else
    g_printerr ("espalier-cli: training is not timed: %s\n", error->message);
}

/* Peak, forward and explain in turn, so that a change of the clock meets all of them alike. */
static void
measure (gpointer data)
{
  Bench *bench = data;
  g_autoptr (GArray) forward = g_array_new (FALSE, FALSE, sizeof (double)), explain = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) peaks = g_array_new (FALSE, FALSE, sizeof (double));

  bench->peaks = peaks;
  if (prepare (bench))
    for (int i = 0; i < blocks; i++)
      {
        if (!take_turn (bench, act_forward, forward) || !take_turn (bench, act_explain, explain))
          break;
        esp_job_set_progress (bench->job, (guint64) i + 1, (guint64) blocks);
      }
  bench->peak = median (peaks);
  bench->forward_ms = median (forward);
  bench->explain_ms = median (explain);
  g_clear_pointer (&bench->infer, esp_engine_unref);
  g_clear_pointer (&bench->explain, esp_engine_unref);
  bench->memory = most_memory ();
  measure_training (bench);
}

static gboolean
load (Bench *bench, int argc, char **argv, guint64 seed, GError **error)
{
  g_autoptr (GBytes) text = NULL;
  EspCfg *cfg;

  if (argc > 0)
    bench->network = esp_options_load_network (argv[0], dialect, error);
  else if ((text = g_resources_lookup_data (DEFAULT_NET, G_RESOURCE_LOOKUP_FLAGS_NONE, error)) != NULL
           && (cfg = esp_cfg_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), "yolov3-tiny.cfg", error)) != NULL)
    bench->network = esp_network_new (cfg, error);
  if (bench->network == NULL)
    return FALSE;
  if (argc > 1)
    bench->weights = esp_weights_load (bench->network, argv[1], error);
  else
    bench->weights = esp_weights_new_random (bench->network, seed);
  return bench->weights != NULL;
}

static double
count_gflop (const EspNetwork *network)
{
  double total = 0;

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    if (esp_network_get_layer (network, i)->kind == ESP_LAYER_CONVOLUTIONAL)
      total += esp_cost_of_layer (network, i).bflops;
  return total;
}

static void
tell (const Bench *bench, EspCommon *common, JsonBuilder *json)
{
  double gflops = count_gflop (bench->network) / bench->forward_ms * 1000;
  guint threads = esp_lane_get_threads (esp_common_lane (common));

  esp_json_double (json, "peak_gflops", bench->peak);
  esp_json_double (json, "forward_ms", bench->forward_ms);
  esp_json_double (json, "forward_gflops", gflops);
  esp_json_double (json, "forward_of_peak", gflops / bench->peak);
  esp_json_double (json, "explain_ms", bench->explain_ms);
  esp_json_double (json, "explain_of_forward", bench->explain_ms / bench->forward_ms);
  json_builder_set_member_name (json, "train_images_per_second");
  if (bench->images_per_second > 0)
    json_builder_add_double_value (json, bench->images_per_second);
  else
    json_builder_add_null_value (json);
  esp_json_int (json, "threads", threads);
  esp_json_int (json, "peak_rss_bytes", bench->memory);
  if (common->json)
    return;
  g_print ("processor  %.1f GFLOP/s at best, %u threads\n", bench->peak, threads);
  g_print ("forward    %.2f ms, %.1f GFLOP/s, %.1f %% of it\n", bench->forward_ms, gflops, gflops / bench->peak * 100);
  g_print ("explain    %.2f ms, %.2f × forward\n", bench->explain_ms, bench->explain_ms / bench->forward_ms);
  if (bench->images_per_second > 0)
    g_print ("train      %.2f images a second, 8 at a time\n", bench->images_per_second);
  g_print ("memory     %.0f MB at most, training apart\n", (double) bench->memory / 1e6);
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (EspJob) job = esp_job_new ("Timing");
  Bench bench = { .job = job };
  gboolean done = FALSE;

  if (blocks < 1 || blocks > MOST_BLOCKS || repeats < 1 || repeats > MOST_BLOCKS || train < 0 || train > MOST_BLOCKS)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "--blocks %d --repeats %d --train %d: expected 1 to %d, of training from 0", blocks, repeats, train, MOST_BLOCKS);
      return FALSE;
    }
  if (load (&bench, argc, argv, (guint64) common->seed, error))
    {
      esp_common_run (common, job, measure, &bench);
      done = bench.error == NULL;
      if (done)
        tell (&bench, common, json);
      else
        g_propagate_error (error, bench.error);
    }
  g_clear_pointer (&bench.weights, esp_weights_unref);
  g_clear_pointer (&bench.network, esp_network_unref);
  g_free (bench.input);
  g_free (bench.seed);
  g_free (bench.scores);
  g_free (bench.map);
  return done;
}

const EspVerb esp_verb_bench = {
  .name = "bench",
  .arguments = "[NET.cfg [WEIGHTS]]",
  .summary = "Time a network beside the processor's peak (default: yolov3-tiny at 416, random weights)",
  .options = options,
  .least = 0,
  .most = 2,
  .run = run,
};
