/* budget-limit.c: what a plan may cost, as people write it */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/budget.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

static const struct
{
  const char *word, *name;
} units[ESP_BUDGET_N_UNITS] = { { "bflops", "BFLOPs" }, { "mb", "MB" }, { "ms", "ms" } };

/** esp_budget_unit_name: Returns: as it stands behind a number. Thread: any. */
const char *
esp_budget_unit_name (EspBudgetUnit unit)
{
  return units[unit].name;
}

static gboolean
find_unit (const char *word, EspBudgetUnit *unit)
{
  for (guint i = 0; i < ESP_BUDGET_N_UNITS; i++)
    if (g_ascii_strcasecmp (units[i].word, word) == 0)
      {
        *unit = i;
        return TRUE;
      }
  return FALSE;
}

/**
 * esp_budget_limit_parse:
 * @text: "0.5x-bflops": half of the whole network's; "0.2-bflops", "12-mb", "4.5-ms": so much of it
 * @limit: (out)
 * @error: ESP_ERROR_FORMAT with what was expected
 *
 * Thread: any.
 */
gboolean
esp_budget_limit_parse (const char *text, EspBudgetLimit *limit, GError **error)
{
  char *end = NULL;
  const double number = g_ascii_strtod (text, &end);
  const gboolean relative = end != text && *end == 'x';
  EspBudgetUnit unit;

  if (end == text || !isfinite (number) || number <= 0 || end[relative] != '-' || !find_unit (end + relative + 1, &unit))
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                 "%s: expected a number above 0 and its unit, as in 0.5x-bflops, 0.2-bflops, 12-mb or 4.5-ms", text);
  else if (relative && number > 1)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: expected a share of the whole network's, up to 1x", text);
  else
    {
      *limit = (EspBudgetLimit){ unit, number, relative };
      return TRUE;
    }
  return FALSE;
}
