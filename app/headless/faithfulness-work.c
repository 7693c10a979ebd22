/* faithfulness-work.c: the work file of espalier-cli faithfulness: a line a method and box, so that a long run can go on where it
 * stopped */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "faithfulness-table.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

#define HEAD "# espalier faithfulness 1 "
#define MOST ((gsize) 64 << 20)

/** esp_faith_table_init: makes room for the baselines and @n_methods methods over @n cases. Thread: any. */
void
esp_faith_table_init (EspFaithTable *table, const EspAttribution *const *methods, guint n_methods, guint n)
{
  *table = (EspFaithTable){ .n = n, .n_entries = ESP_N_BASELINES + n_methods, .others = g_string_new (NULL) };
  table->entries = g_new0 (EspFaithEntry, table->n_entries);
  for (guint i = 0; i < table->n_entries; i++)
    {
      if (i < ESP_N_BASELINES)
        table->entries[i].baseline = (EspBaseline) i;
      else
        table->entries[i].method = methods[i - ESP_N_BASELINES];
      table->entries[i].rows = g_new0 (EspFaithRow, MAX (n, 1));
    }
}

/** esp_faith_table_clear: frees what it holds. Thread: any. */
void
esp_faith_table_clear (EspFaithTable *table)
{
  for (guint i = 0; i < table->n_entries; i++)
    g_free (table->entries[i].rows);
  g_clear_pointer (&table->entries, g_free);
  g_clear_pointer (&table->path, g_free);
  g_clear_pointer (&table->key, g_free);
  g_clear_pointer (&table->preface, g_free);
  if (table->others != NULL)
    g_string_free (table->others, TRUE);
  table->others = NULL;
  table->n_entries = 0;
}

/** esp_faith_entry_id: Returns: the method's or the baseline's id. Thread: any. */
const char *
esp_faith_entry_id (const EspFaithEntry *entry)
{
  return entry->method != NULL ? entry->method->id : esp_baseline_id (entry->baseline);
}

static EspFaithEntry *
find_entry (const EspFaithTable *table, const char *id)
{
  for (guint i = 0; i < table->n_entries; i++)
    if (g_str_equal (esp_faith_entry_id (&table->entries[i]), id))
      return &table->entries[i];
  return NULL;
}

static gboolean
read_number (const char *text, double *value)
{
  char *end;

  *value = g_str_equal (text, "-") ? NAN : g_ascii_strtod (text, &end);
  return g_str_equal (text, "-") || (end != text && *end == '\0' && isfinite (*value));
}

/* Rows of methods that are not asked for now are kept as they are. */
static gboolean
read_line (EspFaithTable *table, const char *line, guint number, GError **error)
{
  g_auto (GStrv) fields = g_strsplit (line, "\t", -1);
  EspFaithEntry *entry;
  EspFaithRow row;
  guint64 place;

  if (g_strv_length (fields) != 2 + ESP_N_FAITH || !g_ascii_string_to_unsigned (fields[1], 10, 0, table->n - 1, &place, NULL))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: expected a method, a box below %u and %d numbers", table->path, number,
                   table->n, ESP_N_FAITH);
      return FALSE;
    }
  for (guint i = 0; i < ESP_N_FAITH; i++)
    if (!read_number (fields[2 + i], &row.values[i]))
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: %s: expected a number or -", table->path, number, fields[2 + i]);
        return FALSE;
      }
  entry = find_entry (table, fields[0]);
  if (entry == NULL)
    g_string_append_printf (table->others, "%s\n", line);
  else if (place == entry->n_done)
    entry->rows[entry->n_done++] = row;
  return TRUE;
}

/**
 * esp_faith_table_load:
 * @table: with path and key
 * @error: ESP_ERROR_FORMAT where the file is of something else, with its line
 *
 * Returns: whether the rows of the work file were taken; one that is not there holds none. Thread: any.
 */
gboolean
esp_faith_table_load (EspFaithTable *table, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL, *head = g_strconcat (HEAD, table->key, NULL);
  g_auto (GStrv) lines = NULL;

  if (table->path == NULL || !g_file_test (table->path, G_FILE_TEST_EXISTS))
    return TRUE;
  bytes = esp_file_read (table->path, MOST, error);
  if (bytes == NULL)
    return FALSE;
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  lines = g_strsplit (text, "\n", -1);
  if (lines[0] == NULL || !g_str_equal (lines[0], head))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                   "%s:1: the work file is of another network, data set, seed or choice of options; give another --work, or remove it",
                   table->path);
      return FALSE;
    }
  for (guint i = 1; lines[i] != NULL; i++)
    if (lines[i][0] != '\0' && !read_line (table, lines[i], i + 1, error))
      return FALSE;
  return TRUE;
}

/** esp_faith_table_save: writes all rows to the work file, whole or not at all; nothing without one. Returns: FALSE with @error.
 * Thread: any. */
gboolean
esp_faith_table_save (const EspFaithTable *table, GError **error)
{
  g_autoptr (GString) text = g_string_new (HEAD);
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  if (table->path == NULL)
    return TRUE;
  g_string_append_printf (text, "%s\n", table->key);
  for (guint i = 0; i < table->n_entries; i++)
    for (guint k = 0; k < table->entries[i].n_done; k++)
      {
        g_string_append_printf (text, "%s\t%u", esp_faith_entry_id (&table->entries[i]), k);
        for (guint m = 0; m < ESP_N_FAITH; m++)
          {
            const double value = table->entries[i].rows[k].values[m];

            g_string_append_printf (text, "\t%s", isfinite (value) ? g_ascii_dtostr (number, sizeof number, value) : "-");
          }
        g_string_append_c (text, '\n');
      }
  g_string_append (text, table->others->str);
  return esp_file_write (table->path, text->str, text->len, error);
}
