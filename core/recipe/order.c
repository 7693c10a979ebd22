/* order.c: whether the steps of a recipe can be run one after the other */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <string.h>

#include "recipe/step-private.h"

/* (nullable): the first step above @end of one of the kinds "a|b". */
static const EspStep *
find_above (GPtrArray *steps, guint end, const char *ids)
{
  g_auto (GStrv) any = g_strsplit (ids, "|", -1);

  for (guint i = 0; i < end; i++)
    if (g_strv_contains ((const char *const *) any, esp_step_get_kind (g_ptr_array_index (steps, i))->id))
      return g_ptr_array_index (steps, i);
  return NULL;
}

static gboolean
check_needs (GPtrArray *steps, guint i, GError **error)
{
  const EspStep *step = g_ptr_array_index (steps, i);
  const EspStepKind *kind = esp_step_get_kind (step);

  for (guint k = 0; kind->needs != NULL && kind->needs[k] != NULL; k++)
    {
      g_auto (GStrv) any = NULL;
      g_autofree char *names = NULL;

      if (find_above (steps, i, kind->needs[k]) != NULL || (kind->wants != NULL && !kind->wants (step, kind->needs[k])))
        continue;
      any = g_strsplit (kind->needs[k], "|", -1);
      names = g_strjoinv ("] or [", any);
      return esp_step_refuse (step, NULL, error, "expected [%s] above it", names);
    }
  return TRUE;
}

static gboolean
check_before (GPtrArray *steps, guint i, GError **error)
{
  const EspStep *step = g_ptr_array_index (steps, i);
  const EspStepKind *kind = esp_step_get_kind (step);
  const EspStep *above = kind->again ? NULL : find_above (steps, i, kind->id);

  if (above != NULL)
    return esp_step_refuse (step, NULL, error, "it is there twice, first in line %u: a recipe has one", esp_step_get_line (above));
  for (guint k = 0; kind->before != NULL && kind->before[k] != NULL; k++)
    if ((above = find_above (steps, i, kind->before[k])) != NULL)
      return esp_step_refuse (step, NULL, error, "expected it above [%s] in line %u, which goes by what it gives",
                              esp_step_get_kind (above)->id, esp_step_get_line (above));
  return TRUE;
}

/**
 * esp_steps_check_order:
 * @steps: of EspStep
 * @error: ESP_ERROR_FORMAT with the line of the first step that cannot stand where it does
 *
 * Returns: whether each finds above it what it works on, and none undoes what one above it went by. Thread: any.
 */
gboolean
esp_steps_check_order (GPtrArray *steps, GError **error)
{
  for (guint i = 0; i < steps->len; i++)
    if (!check_needs (steps, i, error) || !check_before (steps, i, error))
      return FALSE;
  return TRUE;
}
