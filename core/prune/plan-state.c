/* plan-state.c: what a plan says at one moment, to be said again later */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/plan-private.h"

struct _EspPlanState
{
  guint n_groups, n_units;
  double *ratios, *thresholds;
  guint8 *rules;
  guint floor, round;
  EspScores *scores; /* (nullable) */
};

/** esp_plan_get_state: Returns: (transfer full): ratios, thresholds, rules by hand, floor, rounding and scores as they are now. */
EspPlanState *
esp_plan_get_state (EspPlan *plan)
{
  EspPlanState *state;

  g_return_val_if_fail (ESP_IS_PLAN (plan), NULL);
  state = g_atomic_rc_box_new0 (EspPlanState);
  state->n_groups = plan->groups->len;
  state->n_units = esp_coupling_get_n_units (plan->coupling);
  state->ratios = g_memdup2 (plan->ratios, state->n_groups * sizeof (double));
  state->thresholds = g_memdup2 (plan->thresholds, state->n_groups * sizeof (double));
  state->rules = g_memdup2 (plan->rules, state->n_units);
  state->floor = plan->floor;
  state->round = plan->round;
  state->scores = plan->scores != NULL ? esp_scores_ref (plan->scores) : NULL;
  return state;
}

/**
 * esp_plan_set_state:
 * @plan: the plan
 * @state: what it said once
 * @label: the words of the act
 *
 * One act of undo; none where nothing differs. Emits "changed" once.
 */
void
esp_plan_set_state (EspPlan *plan, EspPlanState *state, const char *label)
{
  g_return_if_fail (ESP_IS_PLAN (plan) && state != NULL);
  g_return_if_fail (state->n_groups == plan->groups->len && state->n_units == esp_coupling_get_n_units (plan->coupling));
  esp_plan_hold (plan);
  esp_plan_begin (plan);
  esp_plan_label_act (plan, label);
  for (guint g = 0; g < state->n_groups; g++)
    {
      esp_plan_change (plan, ESP_CHANGE_RATIO, g, plan->ratios[g], state->ratios[g]);
      esp_plan_change (plan, ESP_CHANGE_THRESHOLD, g, plan->thresholds[g], state->thresholds[g]);
    }
  for (guint u = 0; u < state->n_units; u++)
    if (plan->rules[u] != state->rules[u])
      esp_plan_change (plan, ESP_CHANGE_RULE, u, plan->rules[u], state->rules[u]);
  esp_plan_change (plan, ESP_CHANGE_FLOOR, 0, plan->floor, state->floor);
  esp_plan_change (plan, ESP_CHANGE_ROUND, 0, plan->round, state->round);
  if (state->scores != NULL && state->scores != plan->scores)
    esp_plan_act_scores (plan, state->scores);
  esp_plan_emit_changed (plan);
  esp_plan_end (plan);
  esp_plan_release (plan);
}

/** esp_plan_state_ref: Returns: (transfer full): the same state. Thread: any. */
EspPlanState *
esp_plan_state_ref (EspPlanState *state)
{
  return g_atomic_rc_box_acquire (state);
}

static void
state_clear (gpointer data)
{
  EspPlanState *state = data;

  g_free (state->ratios);
  g_free (state->thresholds);
  g_free (state->rules);
  g_clear_pointer (&state->scores, esp_scores_unref);
}

/** esp_plan_state_unref: gives one reference back. Thread: any. */
void
esp_plan_state_unref (EspPlanState *state)
{
  g_atomic_rc_box_release_full (state, state_clear);
}
