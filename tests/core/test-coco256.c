/* test-coco256.c: real networks on real photographs, against what AlexeyAB's detector map says of them */
#include "config.h"

#include "base/lane.h"
#include "measure/summary.h"

#define NEAR   .003 /* JPEG decoders differ by a grey level here and there */
#define COUNTS 3

typedef struct
{
  const char *name;
  double map[3]; /* darknet, -11, -101 */
  int tp, fp, fn;
} Expected;

/* AlexeyAB/darknet 59596d78, CPU build: detection threshold 0.005, NMS 0.45, stretched to 320 × 320. */
static const Expected rows[] = {
  { "yolo-fastest-1.1", { .328778, .338180, .330343 }, 272, 405, 626 },
  { "yolo-fastest-1.1-xl", { .402682, .412330, .404105 }, 343, 438, 555 },
};

/* Returns: (nullable): the folder of shared data, or NULL after a skip. */
static char *
find_data (void)
{
  const char *set = g_getenv ("ESP_SHARED_DATA");
  char *folder = set != NULL ? g_strdup (set) : g_build_filename (g_getenv ("ESP_SOURCE_ROOT"), "..", "shared", "data", NULL);
  g_autofree char *list = g_build_filename (folder, "coco256", "val.txt", NULL);

  if (g_file_test (list, G_FILE_TEST_EXISTS))
    return folder;
  g_test_skip ("no coco256 in $ESP_SHARED_DATA or ../shared/data");
  g_free (folder);
  return NULL;
}

typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  EspDataset *dataset;
  EspClassMap *map;
  EspOutcome **outcomes;
  guint n;
  GError *error;
} Run;

static void
run_all (gpointer data)
{
  Run *run = data;
  EspEvaluateOptions options;
  EspEngineOptions engine_options = { .mode = ESP_MODE_INFER, .batch = 4 };
  g_autoptr (EspImageCache) cache = NULL;
  g_autoptr (EspEngine) engine = NULL;
  g_autoptr (EspPass) pass = NULL;
  g_autofree guint *indices = g_new (guint, run->n);

  for (guint i = 0; i < run->n; i++)
    indices[i] = i;
  esp_evaluate_options_init (&options, run->network);
  engine = esp_engine_new (run->network, run->weights, &engine_options, NULL, &run->error);
  if (engine == NULL)
    return;
  cache = esp_image_cache_new (run->dataset, esp_network_get_input (run->network), options.fit, options.orientation, 0);
  pass = esp_pass_new (engine, run->dataset, run->map, cache, &options);
  esp_pass_run (pass, indices, run->n, run->outcomes, NULL, &run->error);
}

static void
open_all (Run *run, const char *folder, const char *name)
{
  g_autofree char *cfg = g_strdup_printf ("%s/models/%s/%s.cfg", folder, name, name);
  g_autofree char *weights = g_strdup_printf ("%s/models/%s/%s.weights", folder, name, name);
  g_autofree char *list = g_build_filename (folder, "coco256", "val.txt", NULL);

  run->network = esp_network_load (cfg, &run->error);
  g_assert_no_error (run->error);
  run->weights = esp_weights_load (run->network, weights, &run->error);
  g_assert_no_error (run->error);
  run->dataset = esp_dataset_open (list, NULL, NULL, &run->error);
  g_assert_no_error (run->error);
  run->map = esp_class_map_new (run->dataset, NULL, 80, NULL, &run->error);
  g_assert_no_error (run->error);
  run->n = esp_dataset_get_n (run->dataset);
  run->outcomes = g_new0 (EspOutcome *, run->n);
}

static void
compare (const Run *run, const Expected *expected)
{
  static const char *const protocols[] = { "darknet", "darknet-11", "darknet-101" };

  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    {
      g_autoptr (EspSummary) summary = esp_summary_new (run->outcomes, run->n, 80, esp_protocol_find (protocols[i]));

      g_test_message ("%s %s: %.6f, expected %.6f; TP %u FP %u FN %u", expected->name, protocols[i], summary->map, expected->map[i],
                      summary->tp, summary->fp, summary->fn);
      g_assert_cmpuint (summary->n_images, ==, 128);
      g_assert_cmpuint (summary->n_objects, ==, 898);
      g_assert_cmpfloat_with_epsilon (summary->map, expected->map[i], NEAR);
      g_assert_cmpint (ABS ((int) summary->tp - expected->tp), <=, COUNTS);
      g_assert_cmpint (ABS ((int) summary->fp - expected->fp), <=, COUNTS);
      g_assert_cmpint (ABS ((int) summary->fn - expected->fn), <=, COUNTS);
    }
}

static void
test_network (gconstpointer data)
{
  const Expected *expected = data;
  g_autofree char *folder = find_data ();
  g_autoptr (EspLane) lane = NULL;
  EspInterval interval;
  Run run = { NULL };

  if (folder == NULL)
    return;
  lane = esp_lane_new (0);
  open_all (&run, folder, expected->name);
  esp_lane_call (lane, run_all, &run);
  g_assert_no_error (run.error);
  compare (&run, expected);
  interval = esp_interval_of_map (run.outcomes, run.n, 80, esp_protocol_find ("darknet"), 2000, 1);
  g_test_message ("95 %% %.4f to %.4f", interval.low, interval.high);
  g_assert_cmpfloat (interval.low, <, interval.value);
  g_assert_cmpfloat (interval.value, <, interval.high);
  for (guint i = 0; i < run.n; i++)
    esp_outcome_free (run.outcomes[i]);
  g_free (run.outcomes);
  esp_class_map_free (run.map);
  esp_dataset_unref (run.dataset);
  esp_weights_unref (run.weights);
  esp_network_unref (run.network);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/coco256/yolo-fastest-1.1", &rows[0], test_network);
  g_test_add_data_func ("/coco256/yolo-fastest-1.1-xl", &rows[1], test_network);
  return g_test_run ();
}
