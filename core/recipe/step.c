/* step.c: the registry of steps, and the values of one */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include "recipe/step.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "recipe/step-private.h"

#define STOP         "stop"
#define HAND         "hand"
#define MOST_NUMBERS 4096

/* In the order in which a recipe uses them. */
static const EspStepKind *const kinds[] = {
  &esp_step_data, &esp_step_network, &esp_step_score,    &esp_step_keep_classes, &esp_step_evaluate, &esp_step_plan,
  &esp_step_cut,  &esp_step_train,   &esp_step_controls, &esp_step_proxies,      &esp_step_report,
};

struct _EspStep
{
  const EspStepKind *kind;
  char *file;
  guint line;
  GHashTable *values; /* id to value */
  GHashTable *lines;  /* id to line */
  gboolean waits;
};

/** esp_step_kind_get: Returns: (transfer none) (nullable): row @i. Thread: any. */
const EspStepKind *
esp_step_kind_get (guint i)
{
  return i < G_N_ELEMENTS (kinds) ? kinds[i] : NULL;
}

/** esp_step_kind_find: Returns: (transfer none) (nullable): the row with @id. Thread: any. */
const EspStepKind *
esp_step_kind_find (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i]->id, id) == 0)
      return kinds[i];
  return NULL;
}

/** esp_step_new: Returns: (transfer full): a step that was told nothing yet. Thread: any. */
EspStep *
esp_step_new (const EspStepKind *kind, const char *file, guint line)
{
  EspStep *step = g_new0 (EspStep, 1);

  step->kind = kind;
  step->file = g_strdup (file);
  step->line = line;
  step->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  step->lines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return step;
}

/** esp_step_free: frees @step. Thread: any. */
void
esp_step_free (EspStep *step)
{
  g_hash_table_unref (step->values);
  g_hash_table_unref (step->lines);
  g_free (step->file);
  g_free (step);
}

/** esp_step_get_kind: Returns: (transfer none): its row. Thread: any. */
const EspStepKind *
esp_step_get_kind (const EspStep *step)
{
  return step->kind;
}

/** esp_step_get_line: Returns: where it begins in its file, from 1. Thread: any. */
guint
esp_step_get_line (const EspStep *step)
{
  return step->line;
}

/** esp_step_waits: Returns: whether it says stop = hand. Thread: any. */
gboolean
esp_step_waits (const EspStep *step)
{
  return step->waits;
}

static const EspSetting *
find_setting (const EspStep *step, const char *id)
{
  for (const EspSetting *setting = step->kind->settings; setting->id != NULL; setting++)
    if (strcmp (setting->id, id) == 0)
      return setting;
  return NULL;
}

/**
 * esp_step_refuse:
 * @step: whose value it is
 * @id: (nullable): of the setting; NULL: the step as a whole
 * @error: (out): ESP_ERROR_FORMAT
 * @format: the rest of the sentence
 *
 * Returns: FALSE, so that it can be returned. Thread: any.
 */
gboolean
esp_step_refuse (const EspStep *step, const char *id, GError **error, const char *format, ...)
{
  const char *value = id != NULL ? g_hash_table_lookup (step->values, id) : NULL;
  const guint line = id != NULL ? GPOINTER_TO_UINT (g_hash_table_lookup (step->lines, id)) : 0;
  g_autofree char *rest = NULL;
  va_list args;

  va_start (args, format);
  rest = g_strdup_vprintf (format, args);
  va_end (args);
  if (value != NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: %s = %.200s: %s", step->file, line, id, value, rest);
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: [%s]: %s", step->file, step->line, step->kind->id, rest);
  return FALSE;
}

/* A number, or one with a percent sign behind it; NaN where it is none. */
static double
parse_number (const char *text)
{
  char *end = NULL;
  double value = g_ascii_strtod (text, &end);

  if (end == text || !isfinite (value))
    return NAN;
  while (*end == ' ')
    end++;
  if (*end == '%')
    {
      value /= 100;
      end++;
    }
  return *end == '\0' ? value : NAN;
}

static gboolean
check_range (const EspStep *step, const EspSetting *setting, double value, GError **error)
{
  if (value >= setting->lowest && value <= setting->highest && (setting->kind != ESP_SETTING_COUNT || floor (value) == value))
    return TRUE;
  return esp_step_refuse (step, setting->id, error, "expected %s from %.10g to %.10g",
                          setting->kind == ESP_SETTING_COUNT ? "a whole number" : "a number", setting->lowest, setting->highest);
}

static gboolean
check_numbers (const EspStep *step, const EspSetting *setting, GError **error)
{
  g_autoptr (GArray) numbers = esp_step_get_numbers (step, setting->id);

  if (numbers->len > MOST_NUMBERS)
    return esp_step_refuse (step, setting->id, error, "expected at most %d numbers", MOST_NUMBERS);
  for (guint i = 0; i < numbers->len; i++)
    if (!check_range (step, setting, g_array_index (numbers, double, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
check_word (const EspStep *step, const EspSetting *setting, const char *value, GError **error)
{
  g_autofree char *known = NULL;

  if (g_strv_contains (setting->words, value))
    return TRUE;
  known = g_strjoinv (", ", (char **) setting->words);
  return esp_step_refuse (step, setting->id, error, "expected one of %s", known);
}

static gboolean
check_value (const EspStep *step, const EspSetting *setting, GError **error)
{
  const char *value = g_hash_table_lookup (step->values, setting->id);

  if (*value == '\0')
    return setting->preset != NULL || esp_step_refuse (step, setting->id, error, "expected a value");
  switch (setting->kind)
    {
    case ESP_SETTING_COUNT:
    case ESP_SETTING_NUMBER:
      return check_range (step, setting, setting->kind == ESP_SETTING_COUNT && strchr (value, '%') != NULL ? NAN : parse_number (value),
                          error);
    case ESP_SETTING_NUMBERS:
      return check_numbers (step, setting, error);
    case ESP_SETTING_WORD:
      return check_word (step, setting, value, error);
    case ESP_SETTING_TEXT:
    default:
      return TRUE;
    }
}

static gboolean
set_stop (EspStep *step, const char *value, GError **error)
{
  step->waits = strcmp (value, HAND) == 0;
  return step->waits || *value == '\0' || esp_step_refuse (step, STOP, error, "expected %s", HAND);
}

static gboolean
refuse_key (const EspStep *step, const char *id, guint line, GError **error)
{
  g_autoptr (GString) known = g_string_new (STOP);

  for (const EspSetting *setting = step->kind->settings; setting->id != NULL; setting++)
    g_string_append_printf (known, ", %s", setting->id);
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: [%s] knows no “%.80s”: expected one of %s", step->file, line, step->kind->id, id,
               known->str);
  return FALSE;
}

/**
 * esp_step_set:
 * @id: of a setting of its row, or stop
 * @value: "" says nothing
 * @line: where it stands
 * @error: ESP_ERROR_FORMAT with file and line: no such key, twice the same, no such value
 *
 * Returns: whether the step now says so. Thread: the one that makes it.
 */
gboolean
esp_step_set (EspStep *step, const char *id, const char *value, guint line, GError **error)
{
  const EspSetting *setting = find_setting (step, id);

  if (setting == NULL && strcmp (id, STOP) != 0 && !step->kind->others)
    return refuse_key (step, id, line, error);
  if (g_hash_table_contains (step->values, id))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: %s is there twice in [%s], first in line %u", step->file, line, id,
                   step->kind->id, GPOINTER_TO_UINT (g_hash_table_lookup (step->lines, id)));
      return FALSE;
    }
  g_hash_table_insert (step->values, g_strdup (id), g_strdup (value));
  g_hash_table_insert (step->lines, g_strdup (id), GUINT_TO_POINTER (line));
  if (setting != NULL)
    return check_value (step, setting, error);
  return strcmp (id, STOP) != 0 || set_stop (step, value, error);
}

/**
 * esp_step_finish:
 * @open: values that must be given may be left out
 * @error: ESP_ERROR_FORMAT with file and line
 *
 * Returns: whether all is there, and goes together. Thread: the one that makes it.
 */
gboolean
esp_step_finish (EspStep *step, gboolean open, GError **error)
{
  for (const EspSetting *setting = step->kind->settings; !open && setting->id != NULL; setting++)
    if (setting->preset == NULL && !g_hash_table_contains (step->values, setting->id))
      return esp_step_refuse (step, NULL, error, "expected “%s = …”: %s", setting->id, setting->title);
  return step->kind->check == NULL || step->kind->check (step, open, error);
}

static int
by_line (gconstpointer a, gconstpointer b, gpointer lines)
{
  const guint x = GPOINTER_TO_UINT (g_hash_table_lookup (lines, *(const char *const *) a));
  const guint y = GPOINTER_TO_UINT (g_hash_table_lookup (lines, *(const char *const *) b));

  return (x > y) - (x < y);
}

/** esp_step_get_others: Returns: (transfer full): keys that are neither settings nor stop, by line. Thread: any. */
GPtrArray *
esp_step_get_others (const EspStep *step)
{
  GPtrArray *others = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer id;

  g_hash_table_iter_init (&iter, step->values);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    if (find_setting (step, id) == NULL && strcmp (id, STOP) != 0)
      g_ptr_array_add (others, g_strdup (id));
  g_ptr_array_sort_with_data (others, by_line, step->lines);
  return others;
}

/** esp_step_get_other: Returns: (transfer none): the value of one of esp_step_get_others(), "" where there is none. Thread: any. */
const char *
esp_step_get_other (const EspStep *step, const char *id)
{
  const char *value = g_hash_table_lookup (step->values, id);

  return value != NULL ? value : "";
}

/**
 * esp_step_get_text:
 * @id: of a setting of the step's row
 *
 * Returns: (transfer none): what the recipe says, else the preset, "" where neither says anything; of an empty number or word the preset,
 * of an empty text "". Thread: any.
 */
const char *
esp_step_get_text (const EspStep *step, const char *id)
{
  const EspSetting *setting = find_setting (step, id);
  const char *value = g_hash_table_lookup (step->values, id);

  g_return_val_if_fail (setting != NULL, "");
  if (value == NULL || (*value == '\0' && setting->kind != ESP_SETTING_TEXT))
    value = setting->preset;
  return value != NULL ? value : "";
}

/** esp_step_is_set: Returns: whether the recipe or the preset says anything. Thread: any. */
gboolean
esp_step_is_set (const EspStep *step, const char *id)
{
  return *esp_step_get_text (step, id) != '\0';
}

/** esp_step_get_number: Returns: the number, a percentage as a fraction; NaN where nothing is said. Thread: any. */
double
esp_step_get_number (const EspStep *step, const char *id)
{
  return parse_number (esp_step_get_text (step, id));
}

/** esp_step_get_count: Returns: the whole number; 0 where nothing is said. Thread: any. */
guint
esp_step_get_count (const EspStep *step, const char *id)
{
  const double value = esp_step_get_number (step, id);

  return isfinite (value) ? (guint) value : 0;
}

/** esp_step_get_numbers: Returns: (transfer full): of double, NaN where a word is none; empty where nothing is said. Thread: any. */
GArray *
esp_step_get_numbers (const EspStep *step, const char *id)
{
  g_auto (GStrv) words = g_strsplit_set (esp_step_get_text (step, id), " \t,", -1);
  GArray *numbers = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; words[i] != NULL; i++)
    {
      const double value = parse_number (words[i]);

      if (*words[i] != '\0')
        g_array_append_val (numbers, value);
    }
  return numbers;
}
