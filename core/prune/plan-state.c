/* plan-state.c: what a plan says at one moment, to be said again later */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include <string.h>

#include "prune/plan-file.h"
#include "prune/plan-private.h"

EspPlanState *
esp_plan_state_new (EspPlan *plan)
{
  EspPlanState *state = g_atomic_rc_box_new0 (EspPlanState);

  state->n_groups = plan->groups->len;
  state->n_layers = esp_network_get_n_layers (plan->network);
  state->n_units = esp_coupling_get_n_units (plan->coupling);
  esp_wish_init (&state->wish, state->n_groups, state->n_layers, state->n_units);
  return state;
}

/** esp_plan_get_state: Returns: (transfer full): shares, floors, rounding, what was said by hand, scores and kept classes as they are
 * now. */
EspPlanState *
esp_plan_get_state (EspPlan *plan)
{
  EspPlanState *state;

  g_return_val_if_fail (ESP_IS_PLAN (plan), NULL);
  state = esp_plan_state_new (plan);
  esp_wish_clear (&state->wish);
  esp_wish_copy (&state->wish, &plan->wish, state->n_groups, state->n_layers, state->n_units);
  state->scores = plan->scores != NULL ? esp_scores_ref (plan->scores) : NULL;
  state->keep = plan->keep != NULL ? esp_keep_classes_ref (plan->keep) : NULL;
  return state;
}

static void
change_slots (EspPlan *plan, const EspPlanState *state)
{
  const EspWish *from = &plan->wish, *to = &state->wish;

  for (guint s = 0; s < state->n_groups + state->n_layers; s++)
    {
      esp_plan_change (plan, ESP_CHANGE_RATIO, s, from->ratios[s], to->ratios[s]);
      esp_plan_change (plan, ESP_CHANGE_THRESHOLD, s, from->thresholds[s], to->thresholds[s]);
      esp_plan_change (plan, ESP_CHANGE_COUNT, s, from->counts[s], to->counts[s]);
    }
  for (guint g = 0; g < state->n_groups; g++)
    esp_plan_change (plan, ESP_CHANGE_JOIN, g, from->joins[g], to->joins[g]);
  esp_plan_change (plan, ESP_CHANGE_OVERALL, 0, from->overall, to->overall);
  esp_plan_change (plan, ESP_CHANGE_NORM, 0, from->norm, to->norm);
  esp_plan_change (plan, ESP_CHANGE_MERGE, 0, from->merge, to->merge);
}

/**
 * esp_plan_set_state:
 * @plan: the plan
 * @state: what it said once
 * @label: the words of the act
 *
 * One act of undo; none where nothing differs. A state without scores ranks by index again. Emits "changed" once.
 */
void
esp_plan_set_state (EspPlan *plan, EspPlanState *state, const char *label)
{
  g_return_if_fail (ESP_IS_PLAN (plan) && state != NULL);
  g_return_if_fail (state->n_groups == plan->groups->len && state->n_units == esp_coupling_get_n_units (plan->coupling)
                    && state->n_layers == esp_network_get_n_layers (plan->network));
  esp_plan_hold (plan);
  esp_plan_begin (plan);
  esp_plan_label_act (plan, label);
  change_slots (plan, state);
  for (guint u = 0; u < state->n_units; u++)
    esp_plan_change (plan, ESP_CHANGE_RULE, u, plan->wish.rules[u], state->wish.rules[u]);
  esp_plan_change (plan, ESP_CHANGE_FLOOR, 0, plan->wish.floor, state->wish.floor);
  for (guint l = 0; l < state->n_layers; l++)
    esp_plan_change (plan, ESP_CHANGE_LAYER_FLOOR, l, plan->wish.floors[l], state->wish.floors[l]);
  esp_plan_change (plan, ESP_CHANGE_ROUND, 0, plan->wish.round, state->wish.round);
  esp_plan_act_scores (plan, state->scores);
  esp_plan_set_keep_classes (plan, state->keep);
  esp_plan_emit_changed (plan);
  esp_plan_end (plan);
  esp_plan_release (plan);
}

/* The part of the scores that ranks. */
static EspHash
hash_scores (const EspPlanState *state)
{
  const char *criterion = esp_scores_get_criterion (state->scores);
  EspHash hash = esp_hash_bytes (criterion, strlen (criterion));

  for (guint l = 0; l < state->n_layers; l++)
    {
      guint n = 0;
      const double *values = esp_scores_get (state->scores, l, &n);

      if (values != NULL)
        hash = esp_hash_combine (hash, esp_hash_bytes (values, n * sizeof (double)));
    }
  return hash;
}

static EspHash
hash_classes (const EspPlanState *state)
{
  g_autoptr (GString) text = g_string_new (NULL);

  esp_plan_classes_append (text, state->keep);
  return esp_hash_bytes (text->str, text->len);
}

/** esp_plan_state_get_hash: Returns: of all that it says, scores and kept classes included: equal states have equal ones. Thread: any. */
EspHash
esp_plan_state_get_hash (EspPlanState *state)
{
  const EspWish *wish = &state->wish;
  const gsize slots = (state->n_groups + state->n_layers) * sizeof (double);
  const double rest[] = { wish->overall, wish->norm, wish->merge, wish->floor, wish->round };
  const struct
  {
    gconstpointer data;
    gsize n;
  } parts[] = {
    { wish->ratios, slots },         { wish->thresholds, slots },
    { wish->counts, slots },         { wish->joins, state->n_groups },
    { wish->rules, state->n_units }, { wish->floors, state->n_layers * sizeof (double) },
    { rest, sizeof rest },
  };
  EspHash hash = { 0, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    hash = esp_hash_combine (hash, esp_hash_bytes (parts[i].data, parts[i].n));
  if (state->scores != NULL)
    hash = esp_hash_combine (hash, hash_scores (state));
  return state->keep != NULL ? esp_hash_combine (hash, hash_classes (state)) : hash;
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

  esp_wish_clear (&state->wish);
  g_clear_pointer (&state->scores, esp_scores_unref);
  g_clear_pointer (&state->keep, esp_keep_classes_unref);
}

/** esp_plan_state_unref: gives one reference back. Thread: any. */
void
esp_plan_state_unref (EspPlanState *state)
{
  g_atomic_rc_box_release_full (state, state_clear);
}
