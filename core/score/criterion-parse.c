/* criterion-parse.c: a criterion's parameters as they are written behind its name */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include "score/criterion.h"

#include <string.h>

#include "score/criterion-private.h"

static gboolean
names_knob (const char *pair, const EspKnob *knobs, guint n)
{
  const gsize length = strcspn (pair, "=");

  for (guint k = 0; k < n; k++)
    if (strlen (knobs[k].id) == length && strncmp (knobs[k].id, pair, length) == 0)
      return TRUE;
  return FALSE;
}

/* What is no parameter of the criterion is one of its method. The method has to be known before its own can be read, wherever it stands. */
static gboolean
parse_pairs (const EspCriterion *criterion, char **pairs, double *knobs, double **own, GError **error)
{
  const EspAttribution *method;

  for (guint i = 0; pairs[i] != NULL; i++)
    if ((criterion->method == NULL || strchr (pairs[i], '=') == NULL || names_knob (pairs[i], criterion->knobs, criterion->n_knobs))
        && !esp_knobs_parse (criterion->knobs, criterion->n_knobs, knobs, criterion->id, pairs[i], error))
      return FALSE;
  if (criterion->method == NULL)
    return TRUE;
  method = criterion->method (knobs);
  *own = esp_knobs_new (method->knobs, method->n_knobs);
  for (guint i = 0; pairs[i] != NULL; i++)
    if (!names_knob (pairs[i], criterion->knobs, criterion->n_knobs)
        && !esp_knobs_parse (method->knobs, method->n_knobs, *own, method->id, pairs[i], error))
      return FALSE;
  return TRUE;
}

/* What stands beside "of" is for the criterion that is turned around: its numbers with those of its method behind them. */
static gboolean
parse_inverted (const EspCriterion *criterion, char **pairs, double *knobs, double **own, GError **error)
{
  g_autoptr (GPtrArray) rest = g_ptr_array_new ();
  g_autofree char *text = NULL;
  g_autofree double *inner = NULL, *method = NULL;
  const EspCriterion *of;
  const EspAttribution *row;
  guint n_method;

  for (guint i = 0; pairs[i] != NULL; i++)
    if (!names_knob (pairs[i], criterion->knobs, criterion->n_knobs))
      g_ptr_array_add (rest, pairs[i]);
    else if (!esp_knobs_parse (criterion->knobs, criterion->n_knobs, knobs, criterion->id, pairs[i], error))
      return FALSE;
  g_ptr_array_add (rest, NULL);
  text = g_strjoinv (",", (char **) rest->pdata);
  of = esp_criterion_inner (criterion, knobs);
  if (!esp_criterion_parse (of, text, &inner, &method, error))
    return FALSE;
  row = of->method != NULL ? of->method (inner) : NULL;
  n_method = row != NULL ? row->n_knobs : 0;
  *own = g_new (double, of->n_knobs + n_method);
  memcpy (*own, inner, of->n_knobs * sizeof (double));
  if (n_method > 0)
    memcpy (*own + of->n_knobs, method, n_method * sizeof (double));
  return TRUE;
}

/**
 * esp_criterion_parse:
 * @criterion: a row of the registry
 * @text: (nullable): "NAME=VALUE,NAME=VALUE": parameters of the criterion and of its method, or of what it inverts
 * @knobs: (out) (transfer full): numbers of the criterion's
 * @method_knobs: (out) (transfer full): of the method's; NULL where it has none
 * @error: ESP_ERROR_FORMAT: what is unknown or out of range, and what was expected
 *
 * Thread: any. Returns: whether all were understood.
 */
gboolean
esp_criterion_parse (const EspCriterion *criterion, const char *text, double **knobs, double **method_knobs, GError **error)
{
  g_auto (GStrv) pairs = g_strsplit (text != NULL ? text : "", ",", -1);
  g_autofree double *values = NULL, *own = NULL;

  g_return_val_if_fail (criterion != NULL && knobs != NULL && method_knobs != NULL, FALSE);
  values = esp_knobs_new (criterion->knobs, criterion->n_knobs);
  if (!(criterion->knobs == esp_inverted_knobs ? parse_inverted : parse_pairs) (criterion, pairs, values, &own, error))
    return FALSE;
  *knobs = g_steal_pointer (&values);
  *method_knobs = g_steal_pointer (&own);
  return TRUE;
}
