/* plan-undo.c: acts on a plan, undone and done again */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/plan-private.h"

static void
forget_order (EspPlan *plan)
{
  g_clear_pointer (&plan->resolver, esp_resolver_free);
}

static void
apply (EspPlan *plan, EspChangeKind kind, guint index, double value)
{
  EspWish *wish = &plan->wish;

  switch (kind)
    {
    case ESP_CHANGE_RATIO:
      if ((wish->ratios[index] < 0) != (value < 0)) /* a layer gets or loses a share of its own */
        forget_order (plan);
      wish->ratios[index] = value;
      break;
    case ESP_CHANGE_THRESHOLD:
      wish->thresholds[index] = value;
      break;
    case ESP_CHANGE_COUNT:
      wish->counts[index] = value;
      break;
    case ESP_CHANGE_JOIN:
      if (wish->joins[index] != (guint8) value)
        forget_order (plan);
      wish->joins[index] = (guint8) value;
      break;
    case ESP_CHANGE_OVERALL:
      wish->overall = value;
      break;
    case ESP_CHANGE_NORM:
      if (wish->norm != (EspNorm) value)
        forget_order (plan);
      wish->norm = (EspNorm) value;
      break;
    case ESP_CHANGE_MERGE:
      if (wish->merge != (EspMerge) value)
        forget_order (plan);
      wish->merge = (EspMerge) value;
      break;
    case ESP_CHANGE_RULE:
      wish->rules[index] = (guint8) value;
      break;
    case ESP_CHANGE_FLOOR:
      wish->floor = (guint) value;
      break;
    case ESP_CHANGE_LAYER_FLOOR:
      wish->floors[index] = value;
      break;
    case ESP_CHANGE_ROUND:
      wish->round = (guint) value;
      break;
    case ESP_N_CHANGES:
    default:
      g_assert_not_reached ();
    }
}

/* One change, within an act. */
void
esp_plan_change (EspPlan *plan, EspChangeKind kind, guint index, double before, double after)
{
  if (before == after)
    return;
  esp_act_note (plan->open, kind, index, before, after);
  apply (plan, kind, index, after);
}

/* One change that is an act of its own unless one is open. */
void
esp_plan_change_alone (EspPlan *plan, EspChangeKind kind, guint index, double before, double after)
{
  if (before == after)
    return;
  esp_plan_begin (plan);
  esp_plan_change (plan, kind, index, before, after);
  esp_plan_emit_changed (plan);
  esp_plan_end (plan);
}

/** esp_plan_begin: begins an act: everything until esp_plan_end() is one step of undo. Nested begins count. */
void
esp_plan_begin (EspPlan *plan)
{
  g_return_if_fail (ESP_IS_PLAN (plan));
  if (plan->depth++ == 0)
    plan->open = esp_act_new ();
}

void
esp_plan_label_act (EspPlan *plan, const char *label)
{
  g_assert (plan->open != NULL);
  g_free (plan->open->label);
  plan->open->label = g_strdup (label);
}

/** esp_plan_end: ends the act; one that left everything as it was leaves no step, and what could be redone stays. */
void
esp_plan_end (EspPlan *plan)
{
  g_autoptr (EspAct) act = NULL;

  g_return_if_fail (ESP_IS_PLAN (plan) && plan->depth > 0);
  if (--plan->depth > 0)
    return;
  act = g_steal_pointer (&plan->open);
  if (!esp_act_finish (act, plan))
    return;
  g_ptr_array_add (plan->undo, g_steal_pointer (&act));
  g_ptr_array_set_size (plan->redo, 0);
  esp_plan_notify_history (plan);
}

/**
 * esp_plan_dup_act_label:
 * @plan: the plan
 *
 * Returns: (transfer full) (nullable): the words of the act that led to the plan as it is now: of the one still open, as far as it has
 * come, else of the last that ended; NULL where there was none.
 */
char *
esp_plan_dup_act_label (EspPlan *plan)
{
  char *label;

  g_return_val_if_fail (ESP_IS_PLAN (plan), NULL);
  label = plan->open != NULL ? esp_act_dup_label (plan->open, plan) : NULL;
  if (label == NULL && plan->undo->len > 0)
    label = g_strdup (((EspAct *) g_ptr_array_index (plan->undo, plan->undo->len - 1))->label);
  return label;
}

/* Takes the last act of @from back (or, @forward, does it again) and puts it on @to. */
static void
step (EspPlan *plan, GPtrArray *from, GPtrArray *to, gboolean forward)
{
  EspAct *act;

  while (plan->depth > 0)
    esp_plan_end (plan);
  if (from->len == 0)
    return;
  act = g_ptr_array_steal_index (from, from->len - 1);
  esp_plan_hold (plan);
  for (guint i = 0; i < act->changes->len; i++)
    {
      const EspChange *one = &g_array_index (act->changes, EspChange, i);

      apply (plan, one->kind, one->index, forward ? one->after : one->before);
    }
  if (act->sets_scores)
    esp_plan_take_scores (plan, forward ? act->scores : act->scores_before);
  if (act->sets_classes)
    esp_plan_take_classes (plan, forward ? act->classes : act->classes_before);
  g_ptr_array_add (to, act);
  esp_plan_emit_changed (plan);
  esp_plan_release (plan);
  esp_plan_notify_history (plan);
}

/** esp_plan_undo: takes the last act back; an act still open is ended first. Nothing happens where there is none. */
void
esp_plan_undo (EspPlan *plan)
{
  g_return_if_fail (ESP_IS_PLAN (plan));
  step (plan, plan->undo, plan->redo, FALSE);
}

/** esp_plan_redo: does the act last taken back again. */
void
esp_plan_redo (EspPlan *plan)
{
  g_return_if_fail (ESP_IS_PLAN (plan));
  step (plan, plan->redo, plan->undo, TRUE);
}
