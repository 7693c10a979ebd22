/* knob.c: the numbers that a registry row lets a person choose */
#define G_LOG_DOMAIN "esp-base"
#include "config.h"

#include "base/knob.h"

#include "base/error.h"
#include "base/json.h"

#include <math.h>
#include <string.h>

/** esp_knobs_new: Returns: (transfer full) (nullable): the @n presets of @knobs. Thread: any. */
double *
esp_knobs_new (const EspKnob *knobs, guint n)
{
  double *values = n > 0 ? g_new (double, n) : NULL;

  for (guint i = 0; i < n; i++)
    values[i] = knobs[i].preset;
  return values;
}

static gboolean
read_word (const EspKnob *knob, const char *text, double *value)
{
  for (guint i = 0; knob->words[i] != NULL; i++)
    if (strcmp (knob->words[i], text) == 0)
      {
        *value = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
read_number (const EspKnob *knob, const char *text, double *value)
{
  char *end;

  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && isfinite (*value) && *value >= knob->lowest && *value <= knob->highest
         && (!knob->whole || *value == floor (*value));
}

static gboolean
refuse_value (const EspKnob *knob, const char *owner, const char *text, GError **error)
{
  g_autofree char *words = knob->words != NULL ? g_strjoinv (", ", (char **) knob->words) : NULL;

  if (words != NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s=%s: expected one of %s", owner, knob->id, text, words);
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s=%s: expected a %snumber from %g to %g", owner, knob->id, text,
                 knob->whole ? "whole " : "", knob->lowest, knob->highest);
  return FALSE;
}

/**
 * esp_knobs_set:
 * @id: of one of the knobs
 * @value: a number in the C locale, or a word where it has words
 * @error: ESP_ERROR_FORMAT; nothing is changed then
 *
 * Thread: the owner of @values. Returns: whether it was set.
 */
gboolean
esp_knobs_set (const EspKnob *knobs, guint n, double *values, const char *owner, const char *id, const char *value, GError **error)
{
  for (guint i = 0; i < n; i++)
    {
      double number;

      if (strcmp (knobs[i].id, id) != 0)
        continue;
      if (!(knobs[i].words != NULL ? read_word (&knobs[i], value, &number) : read_number (&knobs[i], value, &number)))
        return refuse_value (&knobs[i], owner, value, error);
      values[i] = number;
      return TRUE;
    }
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: it has no parameter %s", owner, id);
  return FALSE;
}

/**
 * esp_knobs_parse:
 * @text: "NAME=VALUE,NAME=VALUE"
 * @error: ESP_ERROR_FORMAT: what is unknown or out of range, and what was expected
 *
 * Thread: the owner of @values. Returns: whether all were set; those before a wrong one are.
 */
gboolean
esp_knobs_parse (const EspKnob *knobs, guint n, double *values, const char *owner, const char *text, GError **error)
{
  g_auto (GStrv) pairs = g_strsplit (text, ",", -1);

  for (guint i = 0; pairs[i] != NULL; i++)
    {
      const char *equals = strchr (pairs[i], '=');
      g_autofree char *id = equals != NULL ? g_strndup (pairs[i], (gsize) (equals - pairs[i])) : NULL;

      if (equals == NULL)
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s: expected NAME=VALUE", owner, pairs[i]);
          return FALSE;
        }
      if (!esp_knobs_set (knobs, n, values, owner, id, equals + 1, error))
        return FALSE;
    }
  return TRUE;
}

/** esp_knobs_append_text: appends what esp_knobs_parse() reads back to the same bits, all knobs named. Thread: any. */
void
esp_knobs_append_text (const EspKnob *knobs, guint n, const double *values, GString *text)
{
  for (guint i = 0; i < n; i++)
    {
      g_string_append_printf (text, "%s%s=", i == 0 ? "" : ",", knobs[i].id);
      if (knobs[i].words != NULL)
        g_string_append (text, knobs[i].words[(guint) values[i]]);
      else
        esp_json_append_number (text, values[i]);
    }
}
