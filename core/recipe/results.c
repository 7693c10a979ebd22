/* results.c: results.tsv: one line a row, kept from run to run */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "prune/plan-file.h"
#include "measure/cpu.h"
#include "recipe/commit.h"
#include "recipe/report-private.h"

#define NAME         "results.tsv"
#define LARGEST_FILE (16 << 20)
#define DIGITS       16

/* In the order of their columns. */
enum
{
  RECIPE,
  TIER,
  ROW,
  KEY,
  CFG,
  WEIGHTS,
  TRAIN,
  TEST,
  SEED,
  SEEDS,
  MAP,
  LOW,
  HIGH,
  MAPS,
  DIFFERENCE,
  DIFFERENCE_LOW,
  DIFFERENCE_HIGH,
  BEFORE_MAP,
  BEFORE_LOW,
  BEFORE_HIGH,
  F1,
  BEFORE_F1,
  PARAMS,
  BFLOPS,
  FILE_BYTES,
  LATENCY,
  LATENCY_LOW,
  LATENCY_HIGH,
  EPOCHS,
  RISE,
  HOURS,
  GFLOPS,
  DATE,
  VERSION,
  COMMIT,
  THREADS,
  CPU,
  N_COLUMNS,
};

static const char *const columns[N_COLUMNS + 1] = { "recipe",
                                                    "tier",
                                                    "row",
                                                    "key",
                                                    "cfg",
                                                    "weights",
                                                    "train",
                                                    "test",
                                                    "seed",
                                                    "seeds",
                                                    "map",
                                                    "low",
                                                    "high",
                                                    "maps",
                                                    "difference",
                                                    "difference_low",
                                                    "difference_high",
                                                    "before_map",
                                                    "before_low",
                                                    "before_high",
                                                    "f1",
                                                    "before_f1",
                                                    "params",
                                                    "bflops",
                                                    "file_bytes",
                                                    "latency_ms",
                                                    "latency_low",
                                                    "latency_high",
                                                    "epochs",
                                                    "rise",
                                                    "hours",
                                                    "gflops",
                                                    "date",
                                                    "version",
                                                    "commit",
                                                    "threads",
                                                    "cpu",
                                                    NULL };

static char *
number_text (double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (isfinite (value) ? g_ascii_formatd (number, sizeof number, "%.10g", value) : "");
}

static void
put_measured (char **words, guint first, const EspMeasured *measured)
{
  words[first] = number_text (measured != NULL ? measured->map : NAN);
  words[first + 1] = number_text (measured != NULL ? measured->low : NAN);
  words[first + 2] = number_text (measured != NULL ? measured->high : NAN);
}

/* What the row is of. The weights are those of the dense network. */
static void
put_origin (EspBench *bench, const EspRow *row, const char *cfg, const char *weights, char **words)
{
  words[RECIPE] = g_strdup (esp_recipe_get_id (bench->options->recipe));
  words[TIER] = g_strdup (esp_recipe_get_tier (bench->options->recipe));
  words[ROW] = g_strdup (row->id);
  words[KEY] = g_strdup (row->key);
  words[CFG] = g_strndup (cfg, DIGITS);
  words[WEIGHTS] = g_strndup (weights, DIGITS);
  words[TRAIN] = g_strndup (bench->set_hashes[ESP_SET_TRAIN] != NULL ? bench->set_hashes[ESP_SET_TRAIN] : "", DIGITS);
  words[TEST] = g_strndup (bench->set_hashes[ESP_SET_TEST], DIGITS);
  words[SEED] = g_strdup_printf ("%" G_GUINT64_FORMAT, bench->options->seed);
}

static char *
join_maps (const EspRow *row)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; row->n_after > 0 && i < row->after_runs->len; i++)
    {
      g_autofree char *number = number_text (g_array_index (row->after_runs, EspMeasured, i).map);

      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", number);
    }
  return g_string_free (text, FALSE);
}

static void
put_found (EspBench *bench, const EspRow *row, char **words)
{
  const EspMeasured *result = esp_row_result (row), *before = row->n_before > 0 ? &row->before : NULL;
  EspDifference difference = { .value = NAN, .low = NAN, .high = NAN };

  esp_row_difference (bench, row, &difference);
  words[SEEDS] = g_strdup_printf ("%u", row->n_after > 0 ? row->n_after : row->n_before);
  put_measured (words, MAP, result);
  words[MAPS] = join_maps (row);
  words[DIFFERENCE] = number_text (difference.value);
  words[DIFFERENCE_LOW] = number_text (difference.low);
  words[DIFFERENCE_HIGH] = number_text (difference.high);
  put_measured (words, BEFORE_MAP, before);
  words[F1] = number_text (result != NULL ? result->f1 : NAN);
  words[BEFORE_F1] = number_text (before != NULL ? before->f1 : NAN);
}

static void
put_spent (EspBench *bench, const EspRow *row, char **words)
{
  const gboolean timed = row->latency.repeats > 0;

  words[PARAMS] = g_strdup_printf ("%" G_GUINT64_FORMAT, row->cost.params);
  words[BFLOPS] = number_text (row->cost.bflops);
  words[FILE_BYTES] = g_strdup_printf ("%" G_GUINT64_FORMAT, row->cost.file_bytes);
  words[LATENCY] = number_text (timed ? row->latency.median_ms : NAN);
  words[LATENCY_LOW] = number_text (timed ? row->latency.low_ms : NAN);
  words[LATENCY_HIGH] = number_text (timed ? row->latency.high_ms : NAN);
  words[EPOCHS] = g_strdup_printf ("%u", row->epochs);
  words[RISE] = number_text (row->rise);
  words[HOURS] = number_text (row->spent.seconds / 3600);
  words[GFLOPS] = number_text (row->spent.gflops);
  words[DATE] = esp_report_date ();
  words[VERSION] = g_strdup (ESP_VERSION);
  words[COMMIT] = g_strdup (ESP_COMMIT);
  words[THREADS] = g_strdup_printf ("%u", esp_lane_get_threads (bench->options->lane));
  words[CPU] = esp_cpu_name ();
}

static char *
row_to_line (EspBench *bench, const EspRow *row, const char *cfg, const char *weights)
{
  g_auto (GStrv) words = g_new0 (char *, N_COLUMNS + 1);

  put_origin (bench, row, cfg, weights, words);
  put_found (bench, row, words);
  put_spent (bench, row, words);
  for (guint i = 0; i < N_COLUMNS; i++)
    g_strdelimit (words[i], "\t\n\r", ' ');
  return g_strjoinv ("\t", words);
}

/* (transfer full) (nullable): lines below the line of names, none where there is no file yet; NULL with an error. */
static GStrv
read_lines (const char *path, GError **error)
{
  g_autofree char *head = g_strjoinv ("\t", (char **) columns), *text = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gsize n = 0;
  const char *data;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return g_new0 (char *, 1);
  if ((bytes = esp_file_read (path, LARGEST_FILE, error)) == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &n);
  if (n == 0)
    return g_new0 (char *, 1);
  text = g_strndup (data, n);
  if (g_str_has_prefix (text, head) && text[strlen (head)] == '\n')
    return g_strsplit (text + strlen (head) + 1, "\n", -1);
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:1: this is no table of results: expected a line of names: recipe, tier, row, key …",
               path);
  return NULL;
}

static double
number_of (char **words, guint column)
{
  char *end = NULL;
  const double value = g_ascii_strtod (words[column], &end);

  return end != words[column] && *end == '\0' && isfinite (value) ? value : NAN;
}

static EspMeasured
measured_of (char **words, guint first, guint f1)
{
  return (EspMeasured){ .map = number_of (words, first),
                        .low = number_of (words, first + 1),
                        .high = number_of (words, first + 2),
                        .precision = NAN,
                        .recall = NAN,
                        .f1 = number_of (words, f1) };
}

static void
take_runs (EspRow *row, const char *maps)
{
  g_auto (GStrv) words = g_strsplit (maps, " ", -1);

  g_clear_pointer (&row->after_runs, g_array_unref);
  row->after_runs = g_array_new (FALSE, FALSE, sizeof (EspMeasured));
  for (guint i = 0; words[i] != NULL && *words[i] != '\0'; i++)
    {
      const EspMeasured one = { .map = number_of (words, i), .low = NAN, .high = NAN };

      g_array_append_val (row->after_runs, one);
    }
}

/* What was measured before recovery here stays: it is the same, with its draws. */
static void
take_measured (EspRow *row, char **words)
{
  const guint seeds = (guint) number_of (words, SEEDS);

  row->epochs = (guint) number_of (words, EPOCHS);
  if (row->n_before == 0 && isfinite (number_of (words, BEFORE_MAP)))
    {
      row->before = measured_of (words, BEFORE_MAP, BEFORE_F1);
      row->n_before = 1;
    }
  if (row->epochs == 0)
    return;
  row->after = measured_of (words, MAP, F1);
  row->n_after = seeds;
  take_runs (row, words[MAPS]);
}

static void
take (EspRow *row, char **words)
{
  take_measured (row, words);
  row->difference = number_of (words, DIFFERENCE);
  row->difference_low = number_of (words, DIFFERENCE_LOW);
  row->difference_high = number_of (words, DIFFERENCE_HIGH);
  row->rise = number_of (words, RISE);
  row->cost.params = (guint64) number_of (words, PARAMS);
  row->cost.bflops = number_of (words, BFLOPS);
  row->cost.file_bytes = (guint64) number_of (words, FILE_BYTES);
  if (isfinite (number_of (words, LATENCY)))
    row->latency = (EspLatency){ number_of (words, LATENCY), number_of (words, LATENCY_LOW), number_of (words, LATENCY_HIGH), 1,
                                 (guint) number_of (words, THREADS) };
  row->spent.seconds = number_of (words, HOURS) * 3600;
  row->spent.gflops = number_of (words, GFLOPS);
  g_clear_pointer (&row->cfg, g_free);
  g_clear_pointer (&row->weights_hash, g_free); /* of what was cut here, not of what the table measured */
  row->taken = TRUE;
}

/* Whether a line holds together, so that it can stand for a row. */
static gboolean
is_whole (char **words)
{
  static const guint numbers[] = { MAP, F1, PARAMS, BFLOPS, FILE_BYTES, HOURS, GFLOPS };
  static const guint counts[] = { SEEDS, EPOCHS, THREADS };

  if (g_strv_length (words) != N_COLUMNS)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (!(number_of (words, numbers[i]) >= 0 && number_of (words, numbers[i]) < 1e15))
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      const double count = number_of (words, counts[i]);

      if (!(count >= 0 && count <= G_MAXINT && count == floor (count)))
        return FALSE;
    }
  return TRUE;
}

/**
 * esp_results_find:
 * @path: a table of results
 * @row: with its key; filled in where the table has it
 * @found: (out)
 * @error: ESP_ERROR_IO, ESP_ERROR_FORMAT
 *
 * A line that does not hold together counts for none. Returns: FALSE with an error. Thread: any.
 */
gboolean
esp_results_find (const char *path, EspRow *row, gboolean *found, GError **error)
{
  g_auto (GStrv) lines = read_lines (path, error);

  *found = FALSE;
  if (lines == NULL)
    return FALSE;
  for (guint i = 0; lines[i] != NULL && !*found; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], "\t", -1);

      if (!is_whole (words) || strcmp (words[KEY], row->key) != 0)
        continue;
      take (row, words);
      *found = TRUE;
    }
  return TRUE;
}

/* Whether a line is of a row that was made here; one that was taken from the table stays in it. */
static gboolean
is_made_here (EspBench *bench, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, "\t", KEY + 2);

  if (g_strv_length (words) <= KEY)
    return FALSE;
  for (guint i = 0; i < bench->rows->len; i++)
    {
      const EspRow *row = g_ptr_array_index (bench->rows, i);

      if (!row->taken && strcmp (row->key, words[KEY]) == 0)
        return TRUE;
    }
  return FALSE;
}

/**
 * esp_results_write:
 * @error: ESP_ERROR_IO, ESP_ERROR_FORMAT
 *
 * Adds the rows to the table of results, each in place of the one with its key; all other lines stay as they are. Thread: the runner's.
 */
gboolean
esp_results_write (EspBench *bench, GError **error)
{
  g_autofree char *path = bench->options->results != NULL ? g_strdup (bench->options->results) : esp_bench_path (bench, NAME);
  g_autofree char *head = g_strjoinv ("\t", (char **) columns), *cfg = NULL, *weights = NULL;
  g_autoptr (GString) text = g_string_new (head);
  g_auto (GStrv) lines = NULL;

  if (bench->network == NULL || bench->rows->len == 0)
    return TRUE;
  if ((lines = read_lines (path, error)) == NULL)
    return FALSE;
  g_string_append_c (text, '\n');
  for (guint i = 0; lines[i] != NULL; i++)
    if (*lines[i] != '\0' && !is_made_here (bench, lines[i]))
      g_string_append_printf (text, "%s\n", lines[i]);
  cfg = esp_plan_hash_cfg (bench->network);
  weights = esp_bench_hash_weights (bench->network, bench->weights);
  for (guint i = 0; i < bench->rows->len; i++)
    {
      const EspRow *row = g_ptr_array_index (bench->rows, i);
      g_autofree char *line = row->taken ? NULL : row_to_line (bench, row, cfg, weights);

      if (line != NULL)
        g_string_append_printf (text, "%s\n", line);
    }
  return esp_file_write (path, text->str, text->len, error);
}
