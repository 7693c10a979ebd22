/* ablate-table.c: what ablate tells: units and what masking them costs, and how each score of channels foretells it */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "ablate-table.h"

#include <math.h>

#include "base/file.h"

/* One score of channels. */
typedef struct
{
  char *name, *criterion, *parameters;
  double *scores;   /* one a unit */
  EspInterval mean; /* over layers */
  EspInterval pooled;
  EspInterval minus_l1; /* of mean; n 0: not compared */
  EspInterval minus_random;
  EspInterval *per_layer; /* one a layer */
} Row;

static void
row_free (gpointer data)
{
  Row *row = data;

  g_free (row->name);
  g_free (row->criterion);
  g_free (row->parameters);
  g_free (row->scores);
  g_free (row->per_layer);
  g_free (row);
}

/** esp_ablate_table_init: a table without rows. */
void
esp_ablate_table_init (
    EspAblateTable *table, const EspAblation *ablation, EspAblationSum sum, guint replicates, guint64 seed, double seconds)
{
  *table = (EspAblateTable){ ablation, sum, replicates, seed, seconds, g_ptr_array_new_with_free_func (row_free) };
}

/** esp_ablate_table_clear: frees its rows. */
void
esp_ablate_table_clear (EspAblateTable *table)
{
  g_clear_pointer (&table->rows, g_ptr_array_unref);
}

/** esp_ablate_table_add: adds the scores called @name. */
void
esp_ablate_table_add (EspAblateTable *table, const char *name, const char *criterion, const char *parameters, double *scores)
{
  Row *row = g_new0 (Row, 1);

  row->name = g_strdup (name);
  row->criterion = g_strdup (criterion);
  row->parameters = g_strdup (parameters);
  row->scores = scores;
  g_ptr_array_add (table->rows, row);
}

static EspInterval
correlate (const EspAblateTable *table, const Row *row, const double *minus, int place)
{
  return esp_ablation_correlate (table->ablation, table->sum, row->scores, minus, place, table->replicates, table->seed);
}

static const Row *
find_row (const EspAblateTable *table, const char *criterion)
{
  for (guint i = 0; i < table->rows->len; i++)
    if (g_str_equal (((Row *) g_ptr_array_index (table->rows, i))->criterion, criterion))
      return g_ptr_array_index (table->rows, i);
  return NULL;
}

static void
fill_row (const EspAblateTable *table, Row *row)
{
  const Row *l1 = find_row (table, "l1"), *random = find_row (table, "random");
  guint n = 0;
  const guint *layers = esp_ablation_get_layers (table->ablation, &n);

  row->mean = correlate (table, row, NULL, ESP_ABLATION_MEAN);
  row->pooled = correlate (table, row, NULL, ESP_ABLATION_POOLED);
  if (l1 != NULL && l1 != row)
    row->minus_l1 = correlate (table, row, l1->scores, ESP_ABLATION_MEAN);
  if (random != NULL && random != row)
    row->minus_random = correlate (table, row, random->scores, ESP_ABLATION_MEAN);
  row->per_layer = g_new (EspInterval, n + 1);
  for (guint l = 0; l < n; l++)
    row->per_layer[l] = correlate (table, row, NULL, (int) layers[l]);
}

static void
append_number (GString *text, const char *before, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, before);
  if (isnan (value))
    g_string_append (text, "–");
  else
    g_string_append (text, g_ascii_formatd (number, sizeof number, "%.3f", value));
}

static void
append_interval (GString *text, const EspInterval *interval)
{
  append_number (text, "\t", interval->value);
  append_number (text, "\t", interval->low);
  append_number (text, "\t", interval->high);
}

static gboolean
write_text (const char *folder, const char *name, const GString *text, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return esp_file_write (path, text->str, text->len, error);
}

/* A line a unit: what masking it costs, and its scores. */
static gboolean
write_units (const EspAblateTable *table, const char *folder, GError **error)
{
  g_autoptr (GString) text = g_string_new ("layer\tchannel\tunit\tloss_matched\tloss_fixed");
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  guint n = 0;
  const EspAblated *units = esp_ablation_get (table->ablation, &n);

  for (guint i = 0; i < table->rows->len; i++)
    g_string_append_printf (text, "\t%s", ((Row *) g_ptr_array_index (table->rows, i))->name);
  g_string_append_c (text, '\n');
  for (guint u = 0; u < n; u++)
    {
      g_string_append_printf (text, "%u\t%u\t%u", units[u].layer, units[u].channel, units[u].unit);
      for (guint s = 0; s < ESP_ABLATION_N; s++)
        g_string_append_printf (text, "\t%s", g_ascii_formatd (number, sizeof number, "%.6g", units[u].loss[s]));
      for (guint i = 0; i < table->rows->len; i++)
        g_string_append_printf (text, "\t%s",
                                g_ascii_formatd (number, sizeof number, "%.6g", ((Row *) g_ptr_array_index (table->rows, i))->scores[u]));
      g_string_append_c (text, '\n');
    }
  return write_text (folder, "units.tsv", text, error);
}

/* A line a score and place: "mean", "pooled", a layer. */
static gboolean
write_correlation (const EspAblateTable *table, const char *folder, GError **error)
{
  g_autoptr (GString) text = g_string_new ("scores\tcriterion\tparameters\tplace\tunits\trho\tlow\thigh\n");
  guint n = 0;
  const guint *layers = esp_ablation_get_layers (table->ablation, &n);

  for (guint i = 0; i < table->rows->len; i++)
    {
      const Row *row = g_ptr_array_index (table->rows, i);

      for (guint l = 0; l < n + 2; l++)
        {
          const EspInterval *interval = l == 0 ? &row->mean : l == 1 ? &row->pooled : &row->per_layer[l - 2];

          g_string_append_printf (text, "%s\t%s\t%s\t", row->name, row->criterion, row->parameters);
          if (l < 2)
            g_string_append (text, l == 0 ? "mean" : "pooled");
          else
            g_string_append_printf (text, "%u", layers[l - 2]);
          g_string_append_printf (text, "\t%u", interval->n);
          append_interval (text, interval);
          g_string_append_c (text, '\n');
        }
    }
  return write_text (folder, "correlation.tsv", text, error);
}

static void
append_range (GString *text, const EspInterval *interval)
{
  if (interval->n == 0)
    {
      g_string_append (text, " |");
      return;
    }
  append_number (text, " ", interval->value);
  append_number (text, " (", interval->low);
  append_number (text, " to ", interval->high);
  g_string_append (text, ") |");
}

/* For people: a line a score. */
static char *
to_markdown (const EspAblateTable *table)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint n_units = 0, n_images = 0, n_layers = 0;

  esp_ablation_get (table->ablation, &n_units);
  esp_ablation_get_images (table->ablation, &n_images);
  esp_ablation_get_layers (table->ablation, &n_layers);
  g_string_append_printf (
      text,
      "Spearman's rank correlation with what masking costs (%s scores), 95 %% intervals over images and units: %u units of "
      "%u layers, %u images, seed %" G_GUINT64_FORMAT ", %u replicates; masking took %.0f s.\n\n",
      table->sum == ESP_ABLATION_MATCHED ? "matched" : "fixed", n_units, n_layers, n_images, table->seed, table->replicates,
      table->seconds);
  g_string_append (text, "| scores | mean over layers | pooled | mean minus l1 | mean minus random |\n|---|---|---|---|---|\n");
  for (guint i = 0; i < table->rows->len; i++)
    {
      const Row *row = g_ptr_array_index (table->rows, i);

      g_string_append_printf (text, "| %s |", row->name);
      append_range (text, &row->mean);
      append_range (text, &row->pooled);
      append_range (text, &row->minus_l1);
      append_range (text, &row->minus_random);
      g_string_append_c (text, '\n');
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
json_interval (JsonBuilder *json, const char *name, const EspInterval *interval)
{
  json_builder_set_member_name (json, name);
  if (interval->n == 0)
    {
      json_builder_add_null_value (json);
      return;
    }
  json_builder_begin_object (json);
  esp_json_double (json, "value", interval->value);
  esp_json_double (json, "low", interval->low);
  esp_json_double (json, "high", interval->high);
  esp_json_int (json, "units", interval->n);
  json_builder_end_object (json);
}

static void
json_row (const EspAblateTable *table, JsonBuilder *json, const Row *row)
{
  guint n = 0;
  const guint *layers = esp_ablation_get_layers (table->ablation, &n);

  json_builder_begin_object (json);
  esp_json_string (json, "name", row->name);
  esp_json_string (json, "criterion", row->criterion);
  esp_json_string (json, "parameters", row->parameters);
  json_interval (json, "mean", &row->mean);
  json_interval (json, "pooled", &row->pooled);
  json_interval (json, "minus_l1", &row->minus_l1);
  json_interval (json, "minus_random", &row->minus_random);
  json_builder_set_member_name (json, "layers");
  json_builder_begin_array (json);
  for (guint l = 0; l < n; l++)
    {
      json_builder_begin_object (json);
      esp_json_int (json, "layer", layers[l]);
      json_interval (json, "rho", &row->per_layer[l]);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
  json_builder_end_object (json);
}

static void
json_units (const EspAblateTable *table, JsonBuilder *json)
{
  guint n = 0;
  const EspAblated *units = esp_ablation_get (table->ablation, &n);

  json_builder_set_member_name (json, "units");
  json_builder_begin_array (json);
  for (guint u = 0; u < n; u++)
    {
      json_builder_begin_object (json);
      esp_json_int (json, "layer", units[u].layer);
      esp_json_int (json, "channel", units[u].channel);
      esp_json_int (json, "unit", units[u].unit);
      esp_json_double (json, "loss_matched", units[u].loss[ESP_ABLATION_MATCHED]);
      esp_json_double (json, "loss_fixed", units[u].loss[ESP_ABLATION_FIXED]);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

static void
tell_json (const EspAblateTable *table, JsonBuilder *json)
{
  guint n_images = 0;

  esp_ablation_get_images (table->ablation, &n_images);
  esp_json_int (json, "images", n_images);
  esp_json_double (json, "whole_matched", esp_ablation_get_whole (table->ablation, ESP_ABLATION_MATCHED));
  esp_json_double (json, "whole_fixed", esp_ablation_get_whole (table->ablation, ESP_ABLATION_FIXED));
  esp_json_double (json, "seconds", table->seconds);
  json_units (table, json);
  json_builder_set_member_name (json, "criteria");
  json_builder_begin_array (json);
  for (guint i = 0; i < table->rows->len; i++)
    json_row (table, json, g_ptr_array_index (table->rows, i));
  json_builder_end_array (json);
}

/**
 * esp_ablate_table_tell:
 * @table: with all its rows
 * @folder: (nullable): gets units.tsv, correlation.tsv and correlation.md
 * @common: options of all verbs
 * @json: the object under way
 * @error: ESP_ERROR_IO
 */
gboolean
esp_ablate_table_tell (EspAblateTable *table, const char *folder, const EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autofree char *markdown = NULL;
  g_autoptr (GString) text = NULL;

  for (guint i = 0; i < table->rows->len; i++)
    fill_row (table, g_ptr_array_index (table->rows, i));
  markdown = to_markdown (table);
  text = g_string_new (markdown);
  if (folder != NULL
      && (!write_units (table, folder, error) || !write_correlation (table, folder, error)
          || !write_text (folder, "correlation.md", text, error)))
    return FALSE;
  tell_json (table, json);
  if (!common->json)
    g_print ("%s", markdown);
  return TRUE;
}
