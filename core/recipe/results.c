/* results.c: results.tsv: one line a row, kept from run to run */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "recipe/commit.h"
#include "recipe/report-private.h"

#define NAME         "results.tsv"
#define LARGEST_FILE (16 << 20)
#define HEAD                                                                                                                               \
  "recipe\ttier\tdata\tseed\tweights\trow\tseeds\tmap\tlow\thigh\tdifference\tdifference_low\tdifference_high\tbefore_map\tbefore_"        \
  "low\tbefore_high\t"                                                                                                                     \
  "f1\tbefore_f1\tparams\tbflops\tfile_bytes\tlatency_ms\tlatency_low\tlatency_"                                                           \
  "high\tepochs\thours\tgflops\tdate\tversion\tcommit\tthreads\n"

static void
append_number (GString *line, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_c (line, '\t');
  if (isfinite (value))
    g_string_append (line, g_ascii_formatd (number, sizeof number, "%.10g", value));
}

/* What a line begins with: its key. The weights are those of the dense network. */
static char *
key_of (EspBench *bench, const EspRow *row)
{
  g_autofree char *weights = esp_bench_hash_weights (bench->network, bench->weights);

  return g_strdup_printf ("%s\t%s\t%.16s\t%" G_GUINT64_FORMAT "\t%.16s\t%s\t", esp_recipe_get_id (bench->options->recipe),
                          esp_recipe_get_tier (bench->options->recipe), bench->set_hashes[ESP_SET_TEST], bench->options->seed, weights,
                          row->id);
}

static void
append_measured (GString *line, const EspMeasured *measured)
{
  append_number (line, measured != NULL ? measured->map : NAN);
  append_number (line, measured != NULL ? measured->low : NAN);
  append_number (line, measured != NULL ? measured->high : NAN);
}

static void
append_spent (GString *line, EspBench *bench, const EspRow *row)
{
  const gboolean timed = row->latency.repeats > 0;
  g_autofree char *date = esp_report_date ();

  g_string_append_printf (line, "\t%" G_GUINT64_FORMAT, row->cost.params);
  append_number (line, row->cost.bflops);
  g_string_append_printf (line, "\t%" G_GUINT64_FORMAT, row->cost.file_bytes);
  append_number (line, timed ? row->latency.median_ms : NAN);
  append_number (line, timed ? row->latency.low_ms : NAN);
  append_number (line, timed ? row->latency.high_ms : NAN);
  g_string_append_printf (line, "\t%u", row->epochs);
  append_number (line, row->seconds / 3600);
  append_number (line, row->gflops);
  g_string_append_printf (line, "\t%s\t%s\t%s\t%u\n", date, ESP_VERSION, ESP_COMMIT, esp_lane_get_threads (bench->options->lane));
}

static void
append_row (GString *text, EspBench *bench, const EspRow *row)
{
  const EspMeasured *result = esp_row_result (row), *before = row->n_before > 0 ? &row->before : NULL;
  EspDifference difference = { .value = NAN, .low = NAN, .high = NAN };
  g_autofree char *key = key_of (bench, row);

  esp_row_difference (bench, row, &difference);
  g_string_append_printf (text, "%s%u", key, row->n_after > 0 ? row->n_after : row->n_before);
  append_measured (text, result);
  append_number (text, difference.value);
  append_number (text, difference.low);
  append_number (text, difference.high);
  append_measured (text, before);
  append_number (text, result != NULL ? result->f1 : NAN);
  append_number (text, before != NULL ? before->f1 : NAN);
  append_spent (text, bench, row);
}

static gboolean
is_mine (EspBench *bench, const char *line)
{
  for (guint i = 0; i < bench->rows->len; i++)
    {
      g_autofree char *key = key_of (bench, g_ptr_array_index (bench->rows, i));

      if (g_str_has_prefix (line, key))
        return TRUE;
    }
  return FALSE;
}

/* Lines of other runs stay as they are; those of the same rows give way. */
static gboolean
take_others (EspBench *bench, const char *path, GString *text, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *old = NULL;
  g_auto (GStrv) lines = NULL;
  gsize n = 0;
  const char *data;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  if ((bytes = esp_file_read (path, LARGEST_FILE, error)) == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &n);
  if (n == 0)
    return TRUE;
  old = g_strndup (data, n);
  if (!g_str_has_prefix (old, HEAD))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                   "%s:1: this is no table of results: expected a line of names that begins with recipe, tier", path);
      return FALSE;
    }
  lines = g_strsplit (old + strlen (HEAD), "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (*lines[i] != '\0' && !is_mine (bench, lines[i]))
      g_string_append_printf (text, "%s\n", lines[i]);
  return TRUE;
}

/** esp_results_write: adds the rows to the table of results, each in place of the same one of before. Errors: ESP_ERROR_IO, ESP_ERROR_FORMAT. */
gboolean
esp_results_write (EspBench *bench, GError **error)
{
  g_autofree char *path = bench->options->results != NULL ? g_strdup (bench->options->results) : esp_bench_path (bench, NAME);
  g_autoptr (GString) text = g_string_new (HEAD);

  if (bench->network == NULL || bench->rows->len == 0)
    return TRUE;
  if (!take_others (bench, path, text, error))
    return FALSE;
  for (guint i = 0; i < bench->rows->len; i++)
    append_row (text, bench, g_ptr_array_index (bench->rows, i));
  return esp_file_write (path, text->str, text->len, error);
}
