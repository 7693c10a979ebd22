/* rows.c: rows of the report: networks measured, trained and measured again, over seeds */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include "recipe/rows.h"

#include <math.h>
#include <string.h>

#include "base/file.h"

#define BACKWARD 3 /* training sees an image once forward and once back: three forwards' worth */

/* The runs so far and one more, in place of what the row had. */
static void
add_run (const EspBench *bench, GArray *runs, EspMeasured *measured, EspMeasured *pooled)
{
  g_array_append_val (runs, *measured);
  *measured = (EspMeasured){ 0 };
  esp_measured_clear (pooled);
  *pooled = esp_measured_pool ((const EspMeasured *) (gpointer) runs->data, runs->len, bench->options->seed);
}

static GArray *
runs_of (GArray **runs)
{
  if (*runs == NULL)
    {
      *runs = g_array_new (FALSE, FALSE, sizeof (EspMeasured));
      g_array_set_clear_func (*runs, (GDestroyNotify) esp_measured_clear);
    }
  return *runs;
}

/**
 * esp_row_keep:
 * @row: gets the name of the cfg, from the folder of the run
 * @error: ESP_ERROR_IO
 *
 * networks/ROW.cfg, .weights and .names. Of several seeds the first is kept. Thread: the runner's.
 */
gboolean
esp_row_keep (EspBench *bench, EspRow *row, EspNetwork *network, EspWeights *weights, GError **error)
{
  g_autofree char *folder = esp_bench_path (bench, "networks"), *stem = g_build_filename (folder, row->id, NULL);
  g_autofree char *cfg = g_strconcat (stem, ".cfg", NULL), *file = g_strconcat (stem, ".weights", NULL);
  g_autofree char *names_path = g_strconcat (stem, ".names", NULL);
  g_autofree char *names = bench->names != NULL ? g_strjoinv ("\n", bench->names) : NULL;
  gsize n = 0;
  g_autofree char *text = esp_cfg_to_text (esp_network_get_cfg (network), &n);

  if (!esp_folder_make (folder, error) || !esp_file_write (cfg, text, n, error) || !esp_weights_save (network, weights, file, error)
      || (names != NULL && !esp_file_write (names_path, names, strlen (names), error)))
    return FALSE;
  g_free (row->cfg);
  row->cfg = g_strdup_printf ("networks/%s.cfg", row->id);
  return TRUE;
}

/** esp_row_look: @run of @n: @network with @weights on test, without training. Errors: those of measuring. Thread: the runner's. */
gboolean
esp_row_look (EspBench *bench, EspRow *row, EspNetwork *network, EspWeights *weights, guint run, guint n, GError **error)
{
  g_auto (EspMeasured) measured = { 0 };

  if (run == 0)
    {
      row->cost = esp_cost_of (network, NULL);
      g_clear_pointer (&row->before_runs, g_array_unref);
    }
  g_free (row->weights_hash);
  row->weights_hash = esp_bench_hash_weights (network, weights);
  if (!esp_bench_measure (bench, network, weights, ESP_SET_TEST, 0, TRUE, &measured, error)
      || (run == 0 && !esp_row_keep (bench, row, network, weights, error)))
    return FALSE;
  esp_bench_tell (bench, "  %s %u of %u, before recovery: mAP %.2f %%, F1 %.3f", row->id, run + 1, n, measured.map * 100, measured.f1);
  add_run (bench, runs_of (&row->before_runs), &measured, &row->before);
  row->n_before = row->before_runs->len;
  return TRUE;
}

/** esp_spent_add: adds @spent to @to. Thread: any. */
void
esp_spent_add (EspSpent *to, const EspSpent *spent)
{
  to->seconds += spent->seconds;
  to->gflops += spent->gflops;
}

static void
count_spent (EspRow *row, const EspTrained *trained)
{
  const EspSpent spent = { trained->seconds, esp_cost_of (trained->network, NULL).bflops * BACKWARD * (double) trained->images };

  esp_spent_add (&row->spent, &spent);
  row->diverged = MAX (row->diverged, trained->diverged);
  row->rise = isfinite (row->rise) ? fmax (row->rise, trained->rise) : trained->rise;
}

/**
 * esp_row_train:
 * @start: what it begins with, how long, and by which lot
 * @run: of @n, from 0
 * @error: those of training and measuring
 *
 * The row's numbers after recovery are the mean over its runs, what was spent their sum. Thread: the runner's.
 */
gboolean
esp_row_train (EspBench *bench, EspRow *row, const EspRowStart *start, guint run, guint n, GError **error)
{
  g_autofree char *name = n > 1 ? g_strdup_printf ("%s-%u", row->id, run + 1) : g_strdup (row->id);
  g_auto (EspTrained) trained = { NULL };
  g_auto (EspMeasured) measured = { 0 };

  if (row->latency.repeats == 0 && !esp_bench_latency (bench, start->network, start->weights, &row->latency, error))
    return FALSE;
  bench->pace.runs = n - run - 1;
  if (!esp_bench_train_row (bench, name, start->network, start->weights, start->epochs, start->seed, &row->latency, &trained, error))
    return FALSE;
  if (run == 0)
    {
      row->cost = esp_cost_of (trained.network, NULL);
      g_clear_pointer (&row->after_runs, g_array_unref);
    }
  row->epochs = start->epochs;
  count_spent (row, &trained);
  g_free (row->weights_hash);
  row->weights_hash = esp_bench_hash_weights (trained.network, trained.weights);
  if (!esp_bench_measure (bench, trained.network, trained.weights, ESP_SET_TEST, 0, TRUE, &measured, error)
      || (run == 0 && !esp_row_keep (bench, row, trained.network, trained.weights, error)))
    return FALSE;
  esp_bench_tell (bench, "  %s after %u epochs: mAP %.2f %%, F1 %.3f", name, start->epochs, measured.map * 100, measured.f1);
  add_run (bench, runs_of (&row->after_runs), &measured, &row->after);
  row->n_after = row->after_runs->len;
  return TRUE;
}
