/* attribution.c: the registry of attribution methods */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/attribution.h"

#include <string.h>

#include "base/error.h"
#include "explain/explainer-private.h"

/* One a line, in the order of the menus. */
static const EspAttribution *const rows[] = {
  &esp_attribution_gradient_activation, &esp_attribution_grad_cam,       &esp_attribution_odam,       &esp_attribution_taylor,
  &esp_attribution_integrated,          &esp_attribution_gradient,       &esp_attribution_smoothgrad, &esp_attribution_guided,
  &esp_attribution_occlusion,           &esp_attribution_d_rise,         &esp_attribution_lrp,        &esp_attribution_lrp_epsilon,
  &esp_attribution_lrp_zplus,           &esp_attribution_lrp_alpha_beta,
};

/** esp_attribution_find: Returns: (transfer none) (nullable): the method of this id. Thread: any. */
const EspAttribution *
esp_attribution_find (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_strcmp0 (rows[i]->id, id) == 0)
      return rows[i];
  return NULL;
}

/** esp_attribution_get: Returns: (transfer none) (nullable): row @i, NULL behind the last. Thread: any. */
const EspAttribution *
esp_attribution_get (guint i)
{
  return i < G_N_ELEMENTS (rows) ? rows[i] : NULL;
}

/**
 * esp_attribution_parse:
 * @text: "ID" or "ID:KNOB=VALUE,KNOB=VALUE"
 * @knobs: (out) (transfer full): a number for each of the row's knobs; NULL where it has none
 * @error: ESP_ERROR_FORMAT: the ids that there are, or what is wrong with a knob
 *
 * Thread: any. Returns: (transfer none) (nullable): the row.
 */
const EspAttribution *
esp_attribution_parse (const char *text, double **knobs, GError **error)
{
  g_autofree char *id = g_strndup (text, strcspn (text, ":"));
  const EspAttribution *row = esp_attribution_find (id);
  g_autofree double *values = NULL;

  *knobs = NULL;
  if (row == NULL)
    {
      g_autoptr (GString) known = g_string_new (NULL);

      for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
        g_string_append_printf (known, i > 0 ? ", %s" : "%s", rows[i]->id);
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "method %s: expected one of %s", id, known->str);
      return NULL;
    }
  values = esp_knobs_new (row->knobs, row->n_knobs);
  if (text[strlen (id)] == ':' && !esp_knobs_parse (row->knobs, row->n_knobs, values, row->id, text + strlen (id) + 1, error))
    return NULL;
  *knobs = g_steal_pointer (&values);
  return row;
}

/** esp_attribution_list: Returns: (transfer full): "ID" or "ID:KNOB=PRESET,…", a line a row. Thread: any. */
char *
esp_attribution_list (void)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree double *presets = esp_knobs_new (rows[i]->knobs, rows[i]->n_knobs);

      g_string_append_printf (text, "  %s%s", rows[i]->id, rows[i]->n_knobs > 0 ? ":" : "");
      esp_knobs_append_text (rows[i]->knobs, rows[i]->n_knobs, presets, text);
      g_string_append_c (text, '\n');
    }
  return g_strdup (text->str);
}
