/* faithfulness-table.c: what espalier-cli faithfulness found, as Markdown, as tab-separated values and as JSON */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "faithfulness-table.h"

#include <math.h>

/* A number as tables have it, "-" for none; in the C locale. */
static void
append_number (GString *text, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, isfinite (value) ? g_ascii_formatd (number, sizeof number, "%.4f", value) : "-");
}

static void
append_p (GString *text, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, isfinite (value) ? g_ascii_formatd (number, sizeof number, "%.2g", value) : "-");
}

/* The mean over the boxes that have the number. */
static double
mean_of (const EspFaithTable *table, const EspFaithEntry *entry, EspFaith measure)
{
  double sum = 0;
  guint n = 0;

  for (guint i = 0; i < table->n; i++)
    if (isfinite (entry->rows[i].values[measure]))
      {
        sum += entry->rows[i].values[measure];
        n++;
      }
  return n > 0 ? sum / n : NAN;
}

/* As tests/core/test-faithfulness.c reads it. */
static const char *
proved_at (const EspFaithVerdict *verdict)
{
  static const char *const words[] = { "-", "deletion", "insertion", "deletion, insertion" };

  return words[verdict->proved & (ESP_PROVED_DELETION | ESP_PROVED_INSERTION)];
}

/* What an even map would get: none of its pixels is before another, and it has no share of heat but the area's. */
static void
append_chance (const EspFaithTable *table, GString *text)
{
  g_string_append (text, "| chance |");
  for (guint m = 0; m < ESP_N_FAITH; m++)
    {
      g_string_append_c (text, ' ');
      append_number (text, m == ESP_FAITH_POINTING || m == ESP_FAITH_ENERGY ? table->chance : NAN);
      g_string_append (text, " |");
    }
  g_string_append (text, "  |\n");
}

static void
append_means (const EspFaithTable *table, const EspFaithVerdict *verdicts, GString *text)
{
  g_string_append (text, "| |");
  for (guint m = 0; m < ESP_N_FAITH; m++)
    g_string_append_printf (text, " %s |", esp_faith_key ((EspFaith) m));
  g_string_append (text, " proved at |\n|---|");
  for (guint m = 0; m < ESP_N_FAITH; m++)
    g_string_append (text, "---|");
  g_string_append (text, "---|\n");
  append_chance (table, text);
  for (guint i = 0; i < table->n_entries; i++)
    {
      const EspFaithEntry *entry = &table->entries[i];

      if (entry->refused)
        continue;
      g_string_append_printf (text, "| %s |", esp_faith_entry_id (entry));
      for (guint m = 0; m < ESP_N_FAITH; m++)
        {
          g_string_append_c (text, ' ');
          append_number (text, mean_of (table, entry, (EspFaith) m));
          g_string_append (text, " |");
        }
      g_string_append_printf (text, " %s |\n", entry->method != NULL ? proved_at (&verdicts[i - ESP_N_BASELINES]) : "");
    }
}

/* " (0.0102 to 0.0304)" */
static void
append_interval (GString *text, const EspInterval *interval)
{
  if (!isfinite (interval->low))
    {
      g_string_append (text, " (-)");
      return;
    }
  g_string_append (text, " (");
  append_number (text, interval->low);
  g_string_append (text, " to ");
  append_number (text, interval->high);
  g_string_append_c (text, ')');
}

/* Of one measure: method minus each baseline, with its interval and p. */
static void
append_differences (const EspFaithTable *table, const EspFaithVerdict *verdicts, EspFaith measure, GString *text)
{
  g_string_append_printf (text, "\n%s, method minus baseline, 95 %% interval, p by Holm over both tables:\n\n| |", esp_faith_key (measure));
  for (guint b = 0; b < ESP_N_BASELINES; b++)
    g_string_append_printf (text, " %s |", esp_baseline_id ((EspBaseline) b));
  g_string_append (text, "\n|---|---|---|---|---|\n");
  for (guint i = ESP_N_BASELINES; i < table->n_entries; i++)
    {
      const EspFaithVerdict *verdict = &verdicts[i - ESP_N_BASELINES];

      if (table->entries[i].refused)
        continue;
      g_string_append_printf (text, "| %s |", esp_faith_entry_id (&table->entries[i]));
      for (guint b = 0; b < ESP_N_BASELINES; b++)
        {
          const EspInterval *interval = &verdict->against[measure][b].interval;

          g_string_append_c (text, ' ');
          append_number (text, interval->value);
          append_interval (text, interval);
          g_string_append (text, ", p ");
          append_p (text, verdict->holm[measure][b]);
          g_string_append (text, " |");
        }
      g_string_append_c (text, '\n');
    }
}

/* (transfer full) (nullable): why nothing is proved; NULL where there are boxes enough. */
static char *
too_few (const EspFaithTable *table)
{
  if (table->n >= ESP_FAITH_FEWEST)
    return NULL;
  return g_strdup_printf ("Of %u %s nothing is proved, and there are no intervals and no p: that needs at least %d.", table->n,
                          table->n == 1 ? "box" : "boxes", ESP_FAITH_FEWEST);
}

/** esp_faith_table_to_markdown: Returns: (transfer full): means, and differences at deletion and insertion. Thread: any. */
char *
esp_faith_table_to_markdown (const EspFaithTable *table, const EspFaithVerdict *verdicts)
{
  g_autoptr (GString) text = g_string_new (table->preface);
  g_autofree char *few = too_few (table);

  if (few != NULL)
    g_string_append_printf (text, "%s\n\n", few);
  append_means (table, verdicts, text);
  append_differences (table, verdicts, ESP_FAITH_DELETION, text);
  append_differences (table, verdicts, ESP_FAITH_INSERTION, text);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/** esp_faith_table_to_tsv: Returns: (transfer full): a line a method, measure and baseline. Thread: any. */
char *
esp_faith_table_to_tsv (const EspFaithTable *table, const EspFaithVerdict *verdicts)
{
  g_autoptr (GString) text
      = g_string_new ("method\tmeasure\tmean\tlow\thigh\tboxes\tbaseline\tdifference\tlow\thigh\tp\tholm\tbeats_all\tproved\n");

  for (guint i = ESP_N_BASELINES; i < table->n_entries; i++)
    for (guint m = 0; m < ESP_N_FAITH && !table->entries[i].refused; m++)
      for (guint b = 0; b < ESP_N_BASELINES; b++)
        {
          const EspFaithVerdict *verdict = &verdicts[i - ESP_N_BASELINES];
          const EspPaired *against = &verdict->against[m][b];
          const double numbers[] = { verdict->mean[m].value, verdict->mean[m].low, verdict->mean[m].high };
          const double differences[] = { against->interval.value, against->interval.low, against->interval.high };

          g_string_append_printf (text, "%s\t%s", esp_faith_entry_id (&table->entries[i]), esp_faith_key ((EspFaith) m));
          for (guint k = 0; k < 3; k++)
            {
              g_string_append_c (text, '\t');
              append_number (text, numbers[k]);
            }
          g_string_append_printf (text, "\t%u\t%s", verdict->mean[m].n, esp_baseline_id ((EspBaseline) b));
          for (guint k = 0; k < 3; k++)
            {
              g_string_append_c (text, '\t');
              append_number (text, differences[k]);
            }
          g_string_append_c (text, '\t');
          append_p (text, against->p);
          g_string_append_c (text, '\t');
          append_p (text, verdict->holm[m][b]);
          g_string_append_printf (text, "\t%d\t%s\n", verdict->beats[m], proved_at (verdict));
        }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
add_interval (JsonBuilder *json, const EspInterval *interval)
{
  json_builder_set_member_name (json, "interval");
  json_builder_begin_array (json);
  for (guint k = 0; k < 2; k++)
    {
      const double value = k == 0 ? interval->low : interval->high;

      if (isfinite (value))
        json_builder_add_double_value (json, value);
      else
        json_builder_add_null_value (json);
    }
  json_builder_end_array (json);
}

static void
add_measure (JsonBuilder *json, const EspFaithVerdict *verdict, EspFaith measure)
{
  json_builder_set_member_name (json, esp_faith_key (measure));
  json_builder_begin_object (json);
  esp_json_double (json, "mean", verdict->mean[measure].value);
  add_interval (json, &verdict->mean[measure]);
  esp_json_int (json, "boxes", verdict->mean[measure].n);
  json_builder_set_member_name (json, "beats_all");
  json_builder_add_boolean_value (json, verdict->beats[measure]);
  json_builder_set_member_name (json, "against");
  json_builder_begin_object (json);
  for (guint b = 0; b < ESP_N_BASELINES; b++)
    {
      json_builder_set_member_name (json, esp_baseline_id ((EspBaseline) b));
      json_builder_begin_object (json);
      esp_json_double (json, "difference", verdict->against[measure][b].interval.value);
      add_interval (json, &verdict->against[measure][b].interval);
      esp_json_double (json, "p", verdict->against[measure][b].p);
      esp_json_double (json, "holm", verdict->holm[measure][b]);
      json_builder_end_object (json);
    }
  json_builder_end_object (json);
  json_builder_end_object (json);
}

static void
add_baselines (const EspFaithTable *table, JsonBuilder *json)
{
  json_builder_set_member_name (json, "baselines");
  json_builder_begin_array (json);
  for (guint i = 0; i < ESP_N_BASELINES; i++)
    {
      json_builder_begin_object (json);
      esp_json_string (json, "baseline", esp_faith_entry_id (&table->entries[i]));
      for (guint m = 0; m < ESP_N_FAITH; m++)
        esp_json_double (json, esp_faith_key ((EspFaith) m), mean_of (table, &table->entries[i], (EspFaith) m));
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

/** esp_faith_table_to_json: adds "baselines" and "methods". Thread: any. */
void
esp_faith_table_to_json (const EspFaithTable *table, const EspFaithVerdict *verdicts, JsonBuilder *json)
{
  g_autofree char *few = too_few (table);

  if (few != NULL)
    esp_json_string (json, "reason", few);
  add_baselines (table, json);
  json_builder_set_member_name (json, "methods");
  json_builder_begin_array (json);
  for (guint i = ESP_N_BASELINES; i < table->n_entries; i++)
    {
      const EspFaithVerdict *verdict = &verdicts[i - ESP_N_BASELINES];

      if (table->entries[i].refused)
        continue;
      json_builder_begin_object (json);
      esp_json_string (json, "method", esp_faith_entry_id (&table->entries[i]));
      esp_json_double (json, "seconds", table->entries[i].seconds);
      json_builder_set_member_name (json, "proved");
      json_builder_add_boolean_value (json, verdict->proved != 0);
      esp_json_string (json, "proved_at", proved_at (verdict));
      json_builder_set_member_name (json, "measures");
      json_builder_begin_object (json);
      for (guint m = 0; m < ESP_N_FAITH; m++)
        add_measure (json, verdict, (EspFaith) m);
      json_builder_end_object (json);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}
