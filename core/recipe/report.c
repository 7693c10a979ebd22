/* report.c: the report of a run as JSON, and the writing of all its forms */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "measure/cpu.h"
#include "recipe/commit.h"
#include "recipe/report-private.h"

static void
add_number (JsonBuilder *json, const char *name, double value)
{
  json_builder_set_member_name (json, name);
  if (isfinite (value))
    json_builder_add_double_value (json, value);
  else
    json_builder_add_null_value (json);
}

static void
add_int (JsonBuilder *json, const char *name, gint64 value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_int_value (json, value);
}

static void
add_string (JsonBuilder *json, const char *name, const char *value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_string_value (json, value);
}

static void
add_pair (JsonBuilder *json, const char *name, double low, double high)
{
  json_builder_set_member_name (json, name);
  if (!isfinite (low) || !isfinite (high))
    {
      json_builder_add_null_value (json);
      return;
    }
  json_builder_begin_array (json);
  json_builder_add_double_value (json, low);
  json_builder_add_double_value (json, high);
  json_builder_end_array (json);
}

static void
add_measured (JsonBuilder *json, const EspMeasured *measured, guint seeds)
{
  add_number (json, "map", measured->map);
  add_pair (json, "interval", measured->low, measured->high);
  add_number (json, "f1", measured->f1);
  add_number (json, "precision", measured->precision);
  add_number (json, "recall", measured->recall);
  add_int (json, "images", measured->images);
  add_int (json, "seeds", seeds);
}

static void
add_cost (JsonBuilder *json, const EspRow *row)
{
  const gboolean timed = row->latency.repeats > 0;

  add_int (json, "params", (gint64) row->cost.params);
  add_number (json, "bflops", row->cost.bflops);
  add_int (json, "file_bytes", (gint64) row->cost.file_bytes);
  add_number (json, "latency_ms", timed ? row->latency.median_ms : NAN);
  add_pair (json, "latency_quartiles", timed ? row->latency.low_ms : NAN, timed ? row->latency.high_ms : NAN);
}

static void
add_difference (JsonBuilder *json, EspBench *bench, const EspRow *row)
{
  EspDifference difference;

  if (!esp_row_difference (bench, row, &difference))
    return;
  add_number (json, "difference", difference.value);
  add_pair (json, "difference_interval", difference.low, difference.high);
}

static void
add_runs (JsonBuilder *json, const char *name, const GArray *runs)
{
  json_builder_set_member_name (json, name);
  json_builder_begin_array (json);
  for (guint i = 0; runs != NULL && i < runs->len; i++)
    json_builder_add_double_value (json, g_array_index (runs, EspMeasured, i).map);
  json_builder_end_array (json);
}

static void
add_row (JsonBuilder *json, EspBench *bench, const EspRow *row)
{
  const EspMeasured *result = esp_row_result (row);

  json_builder_begin_object (json);
  add_string (json, "name", row->id);
  add_string (json, "title", row->title);
  if (result != NULL)
    add_measured (json, result, row->n_after > 0 ? row->n_after : row->n_before);
  add_difference (json, bench, row);
  add_cost (json, row);
  if (row->n_before > 0)
    {
      json_builder_set_member_name (json, "before");
      json_builder_begin_object (json);
      add_measured (json, &row->before, row->n_before);
      add_runs (json, "maps", row->before_runs);
      json_builder_end_object (json);
    }
  add_runs (json, "maps", row->after_runs);
  add_int (json, "epochs", row->epochs);
  add_number (json, "rise", row->rise);
  add_int (json, "diverged", row->diverged);
  add_number (json, "hours", row->spent.seconds / 3600);
  add_number (json, "gflops", row->spent.gflops);
  add_string (json, "key", row->key != NULL ? row->key : "");
  json_builder_set_member_name (json, "taken");
  json_builder_add_boolean_value (json, row->taken);
  add_string (json, "weights", row->weights_hash != NULL ? row->weights_hash : "");
  add_string (json, "cfg", row->cfg != NULL ? row->cfg : "");
  json_builder_end_object (json);
}

/* A stage of the method: the dense network, what is cut of it, what recovered. */
static void
add_stage (JsonBuilder *json, const char *name, const EspRow *row, const EspMeasured *measured, guint seeds)
{
  json_builder_begin_object (json);
  add_string (json, "name", name);
  add_measured (json, measured, seeds);
  add_cost (json, row);
  add_string (json, "cfg", strcmp (name, "cut") == 0 ? "pruned/pruned.cfg" : row->cfg != NULL ? row->cfg : "");
  json_builder_end_object (json);
}

static void
add_stages (JsonBuilder *json, EspBench *bench)
{
  const EspRow *dense = esp_bench_find_row (bench, "dense"), *method = esp_bench_find_row (bench, "method");

  json_builder_set_member_name (json, "stages");
  json_builder_begin_array (json);
  if (dense != NULL)
    add_stage (json, "dense", dense, &dense->before, 1);
  if (method != NULL && method->n_before > 0)
    add_stage (json, "cut", method, &method->before, method->n_before);
  if (method != NULL && method->n_after > 0)
    add_stage (json, "recovered", method, &method->after, method->n_after);
  json_builder_end_array (json);
}

static void
add_controls (JsonBuilder *json, EspBench *bench)
{
  json_builder_set_member_name (json, "controls");
  json_builder_begin_array (json);
  for (guint i = 0; i < bench->rows->len; i++)
    {
      const EspRow *row = g_ptr_array_index (bench->rows, i);

      if (strcmp (row->id, "method") != 0 && strcmp (row->id, "dense") != 0)
        add_row (json, bench, row);
    }
  json_builder_end_array (json);
}

static void
add_parts (JsonBuilder *json, EspBench *bench)
{
  g_autoptr (GPtrArray) parts = esp_report_decompose (bench);

  json_builder_set_member_name (json, "decomposition");
  json_builder_begin_array (json);
  for (guint i = 0; i < parts->len; i++)
    {
      const EspDifference *part = g_ptr_array_index (parts, i);

      json_builder_begin_object (json);
      add_string (json, "name", part->name);
      add_string (json, "title", part->title);
      add_number (json, "difference", part->value);
      add_pair (json, "interval", part->low, part->high);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

static void
add_overlaps (JsonBuilder *json, EspBench *bench)
{
  json_builder_set_member_name (json, "overlaps");
  json_builder_begin_array (json);
  for (guint i = 0; i < bench->overlaps->len; i++)
    {
      const EspOverlap *overlap = g_ptr_array_index (bench->overlaps, i);

      json_builder_begin_object (json);
      add_string (json, "a", overlap->a);
      add_string (json, "b", overlap->b);
      add_number (json, "overlap", overlap->overlap);
      add_number (json, "chance", overlap->chance);
      add_string (json, "reason", overlap->reason != NULL ? overlap->reason : "");
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

static void
add_sentences (JsonBuilder *json, const char *name, EspBench *bench, gboolean last)
{
  g_autoptr (GPtrArray) sentences = esp_report_judge (bench, last);

  json_builder_set_member_name (json, name);
  json_builder_begin_array (json);
  for (guint i = 0; i < sentences->len; i++)
    json_builder_add_string_value (json, g_ptr_array_index (sentences, i));
  json_builder_end_array (json);
}

static void
add_variables (JsonBuilder *json, const EspRecipe *recipe)
{
  json_builder_set_member_name (json, "set");
  json_builder_begin_object (json);
  for (guint i = 0; i < esp_recipe_get_n_variables (recipe); i++)
    {
      const EspVariable variable = esp_recipe_get_variable (recipe, i);

      add_string (json, variable.name, variable.value != NULL ? variable.value : "");
    }
  json_builder_end_object (json);
}

static void
add_made_by (JsonBuilder *json, EspBench *bench)
{
  const EspRecipe *recipe = bench->options->recipe;
  g_autofree char *date = esp_report_date (), *cpu = esp_cpu_name ();

  add_string (json, "recipe", esp_recipe_get_id (recipe));
  add_string (json, "title", esp_recipe_get_title (recipe));
  add_string (json, "tier", esp_recipe_get_tier (recipe));
  add_variables (json, recipe);
  add_int (json, "seed", (gint64) bench->options->seed);
  add_int (json, "threads", esp_lane_get_threads (bench->options->lane));
  add_string (json, "cpu", cpu);
  add_string (json, "date", date);
  add_string (json, "version", ESP_VERSION);
  add_string (json, "commit", ESP_COMMIT);
  if (bench->protocol != NULL)
    add_string (json, "protocol", bench->protocol->id);
}

/* Sentences have numbers in them, and these go to files: no decimal comma, wherever the program runs. */
static locale_t
begin_numbers (locale_t *before)
{
  const locale_t own = duplocale (LC_GLOBAL_LOCALE), plain = newlocale (LC_NUMERIC_MASK, "C", own);

  *before = uselocale (plain != (locale_t) 0 ? plain : own);
  return plain != (locale_t) 0 ? plain : own;
}

static void
end_numbers (locale_t own, locale_t before)
{
  uselocale (before);
  freelocale (own);
}

static JsonNode *
make_json (EspBench *bench)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  const EspRow *method = esp_bench_find_row (bench, "method");

  json_builder_begin_object (json);
  add_made_by (json, bench);
  add_stages (json, bench);
  if (method != NULL)
    {
      json_builder_set_member_name (json, "method");
      add_row (json, bench, method);
    }
  add_controls (json, bench);
  add_parts (json, bench);
  add_overlaps (json, bench);
  add_sentences (json, "sentences", bench, FALSE);
  add_sentences (json, "verdict", bench, TRUE);
  json_builder_end_object (json);
  return json_builder_get_root (json);
}

/** esp_bench_show: the report so far, to whoever looks on. Thread: the runner's. */
void
esp_bench_show (EspBench *bench)
{
  g_autoptr (JsonNode) root = NULL;
  locale_t before, own;

  if (bench->options->rows == NULL)
    return;
  own = begin_numbers (&before);
  root = make_json (bench);
  end_numbers (own, before);
  bench->options->rows (bench->options->data, root);
}

static gboolean
write_text (EspBench *bench, const char *name, const char *text, GError **error)
{
  g_autofree char *path = esp_bench_path (bench, name);

  return esp_file_write (path, text, strlen (text), error);
}

/**
 * esp_bench_report:
 * @error: ESP_ERROR_IO
 *
 * Writes report.json, report.md and results.tsv, each whole or as it was. Returns: (transfer full): what report.json says. Thread: the
 * runner's.
 */
JsonNode *
esp_bench_report (EspBench *bench, GError **error)
{
  locale_t before;
  const locale_t own = begin_numbers (&before);
  g_autoptr (JsonNode) root = make_json (bench);
  g_autofree char *json = json_to_string (root, TRUE), *text = esp_report_to_text (bench);

  end_numbers (own, before);
  if (!write_text (bench, "report.json", json, error) || !write_text (bench, "report.md", text, error) || !esp_results_write (bench, error))
    return NULL;
  return g_steal_pointer (&root);
}
