/* objective.c: the registry of what training makes small */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/objective.h"

#include <string.h>

#include "base/error.h"
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
  term->values = esp_knobs_new (objective->parameters, objective->n_parameters);
  return term;
}

/** esp_term_copy: Returns: (transfer full): the same numbers of the same objective. Thread: any. */
EspTerm *
esp_term_copy (const EspTerm *term)
{
  EspTerm *copy = esp_term_new (term->objective);

  if (term->objective->n_parameters > 0)
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

  return esp_knobs_set (objective->parameters, objective->n_parameters, term->values, objective->id, id, value, error);
}

static void
refuse_id (const char *id, GError **error)
{
  g_autoptr (GString) ids = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? ", " : "", rows[i]->id);
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: no such objective: expected one of %s", id, ids->str);
  esp_error_make_utf8 (error);
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
  g_autoptr (EspTerm) term = NULL;

  if (objective == NULL)
    {
      refuse_id (id, error);
      return NULL;
    }
  term = esp_term_new (objective);
  if (!esp_knobs_parse (objective->parameters, objective->n_parameters, term->values, objective->id, colon != NULL ? colon + 1 : "", error))
    return NULL;
  return g_steal_pointer (&term);
}

/** esp_term_to_text: Returns: (transfer full): what esp_term_parse() reads back to the same bits, all parameters named. Thread: any. */
char *
esp_term_to_text (const EspTerm *term)
{
  GString *text = g_string_new (term->objective->id);

  if (term->objective->n_parameters > 0)
    g_string_append_c (text, ':');
  esp_knobs_append_text (term->objective->parameters, term->objective->n_parameters, term->values, text);
  return g_string_free (text, FALSE);
}
