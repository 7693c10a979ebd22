/* plan-merge.c: how a plan decides about channels that go together */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "prune/plan-private.h"

static const char *const names[ESP_N_MERGES] = { "reduce", "union", "majority", "intersection" };

/** esp_merge_name: Returns: (transfer none): the word for files and options. */
const char *
esp_merge_name (EspMerge merge)
{
  g_return_val_if_fail ((guint) merge < ESP_N_MERGES, NULL);
  return names[merge];
}

/**
 * esp_merge_parse:
 * @name: a word of esp_merge_name()
 * @merge: (out): which
 * @error: ESP_ERROR_FORMAT: another word
 */
gboolean
esp_merge_parse (const char *name, EspMerge *merge, GError **error)
{
  for (guint i = 0; i < ESP_N_MERGES; i++)
    if (g_strcmp0 (name, names[i]) == 0)
      {
        *merge = (EspMerge) i;
        return TRUE;
      }
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "merge rule \"%s\": expected reduce, union, majority or intersection", name);
  return FALSE;
}

/* The words of the act that sets it. */
const char *
esp_merge_act_words (EspMerge merge)
{
  switch (merge)
    {
    case ESP_MERGE_UNION:
      return _ ("Keep what any coupled layer keeps");
    case ESP_MERGE_MAJORITY:
      return _ ("Keep what half of the coupled layers keep");
    case ESP_MERGE_INTERSECTION:
      return _ ("Keep what all coupled layers keep");
    case ESP_MERGE_REDUCE:
    case ESP_N_MERGES:
    default:
      return _ ("Coupled layers by one score");
    }
}

/** esp_plan_get_merge: Returns: how channels that go together are decided about. */
EspMerge
esp_plan_get_merge (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), ESP_MERGE_REDUCE);
  return plan->wish.merge;
}

/**
 * esp_plan_set_merge:
 * @plan: the plan
 * @merge: ESP_MERGE_REDUCE ranks units by one score; the others let layers vote, each by its own, before floors and rounding are applied. A
 *   group of which so many per cent are asked for can lose more (intersection) or fewer (union) then
 *
 * Act and signal: as esp_plan_set_ratio(). A protected channel keeps its whole unit, whatever the votes.
 */
void
esp_plan_set_merge (EspPlan *plan, EspMerge merge)
{
  g_return_if_fail (ESP_IS_PLAN (plan) && (guint) merge < ESP_N_MERGES);
  esp_plan_change_alone (plan, ESP_CHANGE_MERGE, 0, plan->wish.merge, merge);
}
