/* plan-act.c: one step of undo */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/plan-act.h"

#include <glib/gi18n-lib.h>

EspAct *
esp_act_new (void)
{
  EspAct *act = g_new0 (EspAct, 1);

  act->changes = g_array_new (FALSE, FALSE, sizeof (EspChange));
  act->places = g_hash_table_new (NULL, NULL);
  return act;
}

void
esp_act_free (EspAct *act)
{
  g_array_unref (act->changes);
  g_clear_pointer (&act->places, g_hash_table_unref);
  g_clear_pointer (&act->scores, esp_scores_unref);
  g_clear_pointer (&act->scores_before, esp_scores_unref);
  g_free (act->label);
  g_free (act->rule_label);
  g_free (act);
}

/* Notes a change; a further change of the same thing only moves its end. */
void
esp_act_note (EspAct *act, EspChangeKind kind, guint index, double before, double after)
{
  const gpointer key = GSIZE_TO_POINTER (((gsize) index << 3) + kind + 1);
  const EspChange change = { kind, index, before, after };
  const guint place = GPOINTER_TO_UINT (g_hash_table_lookup (act->places, key));

  if (place > 0)
    {
      g_array_index (act->changes, EspChange, place - 1).after = after;
      return;
    }
  g_array_append_val (act->changes, change);
  g_hash_table_insert (act->places, key, GUINT_TO_POINTER (act->changes->len));
}

static char *
percent (double ratio)
{
  return g_strdup_printf ("%.4g", 100 * ratio);
}

/* Group @group as it is now: "20×20 backbone to 40 %", "20×20 backbone to scores from 0.031". */
static char *
name_share (EspPlan *plan, guint group)
{
  const char *name = esp_plan_get_group (plan, group)->name;
  g_autofree char *to = percent (esp_plan_get_ratio (plan, group));
  double threshold;

  if (esp_plan_get_threshold (plan, group, &threshold))
    return g_strdup_printf (_ ("%s to scores from %.4g"), name, threshold);
  return g_strdup_printf (_ ("%s to %s %%"), name, to);
}

/* Of several: "All groups to 40 %", "Ratios of 3 groups" */
static char *
name_shares (const EspAct *act, EspPlan *plan)
{
  const guint n_groups = esp_plan_get_n_groups (plan);
  g_autofree guint8 *met = g_new0 (guint8, n_groups);
  guint n = 0, last = 0;
  gboolean equal = TRUE;
  g_autofree char *to = NULL;

  for (guint i = 0; i < act->changes->len; i++)
    {
      const EspChange *change = &g_array_index (act->changes, EspChange, i);

      if ((change->kind != ESP_CHANGE_RATIO && change->kind != ESP_CHANGE_THRESHOLD) || change->before == change->after
          || met[change->index])
        continue;
      equal = equal && !esp_plan_get_threshold (plan, change->index, NULL)
              && (n == 0 || esp_plan_get_ratio (plan, change->index) == esp_plan_get_ratio (plan, last));
      met[change->index] = 1;
      last = change->index;
      n++;
    }
  g_assert (n > 0);
  if (n == 1)
    return name_share (plan, last);
  to = percent (esp_plan_get_ratio (plan, last));
  if (equal && n == n_groups)
    return g_strdup_printf (_ ("All groups to %s %%"), to);
  return equal ? g_strdup_printf (_ ("%u groups to %s %%"), n, to) : g_strdup_printf (_ ("Ratios of %u groups"), n);
}

/* The words of what differs now from where the act began; NULL where nothing does. */
static char *
name_act (const EspAct *act, EspPlan *plan)
{
  guint n[ESP_N_CHANGES] = { 0 };
  guint kinds = 0;
  g_autofree char *first = NULL;

  for (guint i = 0; i < act->changes->len; i++)
    {
      const EspChange *change = &g_array_index (act->changes, EspChange, i);

      /* a threshold and its ratio are one thing */
      if (change->before != change->after)
        kinds += n[change->kind == ESP_CHANGE_THRESHOLD ? ESP_CHANGE_RATIO : change->kind]++ == 0;
    }
  if (n[ESP_CHANGE_RATIO] > 0)
    first = name_shares (act, plan);
  else if (n[ESP_CHANGE_RULE] > 0)
    first = act->n_rule_calls == 1 ? g_strdup (act->rule_label) : g_strdup_printf (_ ("Choose %u channels by hand"), n[ESP_CHANGE_RULE]);
  else if (n[ESP_CHANGE_FLOOR] > 0)
    first = g_strdup_printf (_ ("Keep at least %u channels a layer"), esp_plan_get_floor (plan));
  else if (n[ESP_CHANGE_ROUND] > 0)
    first = esp_plan_get_round (plan) > 1 ? g_strdup_printf (_ ("Round to %u channels"), esp_plan_get_round (plan))
                                          : g_strdup (_ ("No rounding"));
  else if (act->scores != act->scores_before)
    first = g_strdup (_ ("Scores"));
  return kinds > 1 ? g_strdup_printf (_ ("%s, and more"), first) : g_steal_pointer (&first);
}

/* The words of the whole act as far as it has come; NULL where nothing differs. */
char *
esp_act_dup_label (const EspAct *act, EspPlan *plan)
{
  return act->label != NULL ? g_strdup (act->label) : name_act (act, plan);
}

/* Drops what came back to where it was and words the rest. */
gboolean
esp_act_finish (EspAct *act, EspPlan *plan)
{
  for (guint i = act->changes->len; i-- > 0;)
    if (g_array_index (act->changes, EspChange, i).before == g_array_index (act->changes, EspChange, i).after)
      g_array_remove_index (act->changes, i);
  g_clear_pointer (&act->places, g_hash_table_unref);
  if (act->changes->len == 0 && act->scores == act->scores_before)
    return FALSE;
  if (act->label == NULL)
    act->label = name_act (act, plan);
  return TRUE;
}
