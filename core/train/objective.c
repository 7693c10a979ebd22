/* objective.c: the registry of what training makes small */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/objective.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "train/objective-private.h"

/* One a line. */
static const EspObjective *const rows[] = {
  &esp_objective_detection,
  &esp_objective_classification,
};

/** esp_objective_get: Returns: (transfer none): row @i, NULL behind the last one. Thread: any. */
const EspObjective *
esp_objective_get (guint i)
{
  return i < G_N_ELEMENTS (rows) ? rows[i] : NULL;
}

/** esp_objective_find: Returns: (transfer none) (nullable): the row of that id. Thread: any. */
const EspObjective *
esp_objective_find (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (strcmp (rows[i]->id, id) == 0)
      return rows[i];
  return NULL;
}

/** esp_objective_of: Returns: (transfer none) (nullable): the first row that such a network is trained for. Thread: any. */
const EspObjective *
esp_objective_of (const EspNetwork *network)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i]->leads != NULL && rows[i]->leads (network))
      return rows[i];
  return NULL;
}

/** esp_term_new: Returns: (transfer full): @objective with the presets of its parameters. Thread: any. */
EspTerm *
esp_term_new (const EspObjective *objective)
{
  EspTerm *term = g_new0 (EspTerm, 1);

  term->objective = objective;
  term->values = g_new0 (double, objective->n_parameters + 1);
  for (guint i = 0; i < objective->n_parameters; i++)
    term->values[i] = objective->parameters[i].preset;
  return term;
}

/** esp_term_copy: Returns: (transfer full): the same numbers of the same objective. Thread: any. */
EspTerm *
esp_term_copy (const EspTerm *term)
{
  EspTerm *copy = esp_term_new (term->objective);

  memcpy (copy->values, term->values, term->objective->n_parameters * sizeof (double));
  return copy;
}

/** esp_term_free: frees @term (nullable). Thread: any. */
void
esp_term_free (EspTerm *term)
{
  if (term == NULL)
    return;
  g_free (term->values);
  g_free (term);
}

static gboolean
read_word (const EspObjectiveParameter *parameter, const char *text, double *value)
{
  for (guint i = 0; parameter->words[i] != NULL; i++)
    if (strcmp (parameter->words[i], text) == 0)
      {
        *value = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
read_number (const EspObjectiveParameter *parameter, const char *text, double *value)
{
  char *end;

  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && isfinite (*value) && *value >= parameter->lowest && *value <= parameter->highest;
}

static gboolean
refuse_value (const EspObjective *objective, const EspObjectiveParameter *parameter, const char *text, GError **error)
{
  g_autofree char *words = parameter->words != NULL ? g_strjoinv (", ", (char **) parameter->words) : NULL;

  if (words != NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s=%s: expected one of %s", objective->id, parameter->id, text, words);
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s=%s: expected a number from %g to %g", objective->id, parameter->id, text,
                 parameter->lowest, parameter->highest);
  return FALSE;
}

/**
 * esp_term_set:
 * @id: of a parameter of its objective
 * @value: a number in the C locale, or a word where it has words
 * @error: ESP_ERROR_FORMAT; nothing is changed then
 *
 * Thread: the term's owner.
 */
gboolean
esp_term_set (EspTerm *term, const char *id, const char *value, GError **error)
{
  const EspObjective *objective = term->objective;

  for (guint i = 0; i < objective->n_parameters; i++)
    {
      const EspObjectiveParameter *parameter = &objective->parameters[i];
      double number;

      if (strcmp (parameter->id, id) != 0)
        continue;
      if (!(parameter->words != NULL ? read_word (parameter, value, &number) : read_number (parameter, value, &number)))
        return refuse_value (objective, parameter, value, error);
      term->values[i] = number;
      return TRUE;
    }
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: it has no parameter %s", objective->id, id);
  return FALSE;
}

static gboolean
set_pair (EspTerm *term, const char *pair, GError **error)
{
  const char *equals = strchr (pair, '=');
  g_autofree char *id = equals != NULL ? g_strndup (pair, (gsize) (equals - pair)) : NULL;

  if (equals != NULL)
    return esp_term_set (term, id, equals + 1, error);
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s: expected NAME=VALUE", term->objective->id, pair);
  return FALSE;
}

/**
 * esp_term_parse:
 * @text: "ID" or "ID:NAME=VALUE,NAME=VALUE"
 * @error: ESP_ERROR_FORMAT: what is unknown or out of range, and what was expected
 *
 * Returns: (transfer full): the term. Thread: any.
 */
EspTerm *
esp_term_parse (const char *text, GError **error)
{
  const char *colon = strchr (text, ':');
  g_autofree char *id = colon != NULL ? g_strndup (text, (gsize) (colon - text)) : g_strdup (text);
  const EspObjective *objective = esp_objective_find (id);
  g_auto (GStrv) pairs = NULL;
  g_autoptr (EspTerm) term = NULL;

  if (objective == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: no such objective", id);
      return NULL;
    }
  term = esp_term_new (objective);
  pairs = g_strsplit (colon != NULL ? colon + 1 : "", ",", -1);
  for (guint i = 0; pairs[i] != NULL; i++)
    if (!set_pair (term, pairs[i], error))
      return NULL;
  return g_steal_pointer (&term);
}

/** esp_term_to_text: Returns: (transfer full): what esp_term_parse() reads back to the same bits, all parameters named. Thread: any. */
char *
esp_term_to_text (const EspTerm *term)
{
  GString *text = g_string_new (term->objective->id);

  for (guint i = 0; i < term->objective->n_parameters; i++)
    {
      const EspObjectiveParameter *parameter = &term->objective->parameters[i];

      g_string_append_printf (text, "%s%s=", i == 0 ? ":" : ",", parameter->id);
      if (parameter->words != NULL)
        g_string_append (text, parameter->words[(guint) term->values[i]]);
      else
        esp_json_append_number (text, term->values[i]);
    }
  return g_string_free (text, FALSE);
}
