/* bench.c: what the steps of a running recipe share, and how they compute */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include "recipe/bench-private.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "measure/evaluate.h"

#define CACHE_BUDGET ((gsize) 192 << 20)

/** esp_bench_tell: one line for people, of how the run gets on. Thread: the runner's. */
void
esp_bench_tell (EspBench *bench, const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list args;

  if (bench->options->tell == NULL)
    return;
  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  bench->options->tell (bench->options->data, line);
}

/** esp_bench_compute: runs @func in the lane behind all that is more urgent, and waits. Thread: the runner's. */
void
esp_bench_compute (EspBench *bench, EspLaneFunc func, gpointer data)
{
  esp_lane_call_at (bench->options->lane, ESP_LANE_BACKGROUND, func, data);
}

/** esp_bench_path: Returns: (transfer full): @name in the folder of the run. Thread: any. */
char *
esp_bench_path (EspBench *bench, const char *name)
{
  return g_build_filename (bench->folder, name, NULL);
}

/**
 * esp_bench_set_network:
 * @network: (transfer full): the dense network from here on
 * @weights: (transfer full): its parameters
 *
 * What was planned and cut of the one before is forgotten. Thread: the runner's.
 */
void
esp_bench_set_network (EspBench *bench, EspNetwork *network, EspWeights *weights)
{
  g_clear_pointer (&bench->network, esp_network_unref);
  g_clear_pointer (&bench->weights, esp_weights_unref);
  g_clear_pointer (&bench->units, esp_unit_sets_free);
  g_clear_pointer (&bench->mask, esp_mask_unref);
  g_clear_pointer (&bench->kept, g_free);
  g_clear_pointer (&bench->cut, esp_network_unref);
  g_clear_pointer (&bench->cut_weights, esp_weights_unref);
  bench->network = network;
  bench->weights = weights;
}

/** esp_bench_images: Returns: (transfer none): the images of @set as @network reads them. Thread: the runner's. */
EspImageCache *
esp_bench_images (EspBench *bench, EspSet set, EspNetwork *network)
{
  const EspShape shape = esp_network_get_input (network);
  EspEvaluateOptions run;

  if (bench->caches[set] != NULL && memcmp (&shape, &bench->cache_shapes[set], sizeof shape) == 0)
    return bench->caches[set];
  esp_evaluate_options_init (&run, network);
  g_clear_pointer (&bench->caches[set], esp_image_cache_unref);
  bench->caches[set] = esp_image_cache_new (bench->sets[set], shape, run.fit, run.orientation, CACHE_BUDGET);
  bench->cache_shapes[set] = shape;
  return bench->caches[set];
}

/** esp_bench_hash_weights: Returns: (transfer full): of the numbers as their file has them. Thread: any. */
char *
esp_bench_hash_weights (EspNetwork *network, EspWeights *weights)
{
  g_autoptr (GBytes) bytes = esp_weights_to_bytes (network, weights);
  gsize n = 0;
  const void *data = g_bytes_get_data (bytes, &n);

  return esp_hash_to_string (esp_hash_bytes (data, n));
}

/** esp_row_new: Returns: (transfer full): a row of which nothing is known yet. Thread: any. */
EspRow *
esp_row_new (const char *id, const char *title)
{
  EspRow *row = g_new0 (EspRow, 1);

  row->rise = row->difference = row->difference_low = row->difference_high = NAN;
  row->id = g_strdup (id);
  row->title = g_strdup (title);
  return row;
}

/** esp_row_free: frees @row. Thread: any. */
void
esp_row_free (EspRow *row)
{
  esp_measured_clear (&row->before);
  esp_measured_clear (&row->after);
  g_clear_pointer (&row->before_runs, g_array_unref);
  g_clear_pointer (&row->after_runs, g_array_unref);
  g_free (row->id);
  g_free (row->title);
  g_free (row->weights_hash);
  g_free (row->key);
  g_free (row->cfg);
  g_free (row);
}

/** esp_bench_find_row: Returns: (transfer none) (nullable): the row of the report. Thread: the runner's. */
EspRow *
esp_bench_find_row (EspBench *bench, const char *id)
{
  for (guint i = 0; i < bench->rows->len; i++)
    {
      EspRow *row = g_ptr_array_index (bench->rows, i);

      if (strcmp (row->id, id) == 0)
        return row;
    }
  return NULL;
}

/** esp_bench_add_row: adds @row (transfer full) to the report, over one of the same id, and shows it. Thread: the runner's. */
void
esp_bench_add_row (EspBench *bench, EspRow *row)
{
  EspRow *before = esp_bench_find_row (bench, row->id);

  if (before != NULL)
    g_ptr_array_remove (bench->rows, before);
  g_ptr_array_add (bench->rows, row);
  esp_bench_show (bench);
}
