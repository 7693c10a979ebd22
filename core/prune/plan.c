/* plan.c: a ratio per group plus channels protected or removed by hand; undoable; yields a mask */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/plan.h"

#include <math.h>

#include <glib/gi18n-lib.h>

#include "prune/plan-private.h"

G_DEFINE_FINAL_TYPE (EspPlan, esp_plan, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_CAN_UNDO,
  PROP_CAN_REDO,
  PROP_UNDO_LABEL,
  PROP_REDO_LABEL,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];
static guint changed_signal, branches_signal;

static const char *
label_of (const GPtrArray *acts)
{
  return acts->len > 0 ? ((EspAct *) g_ptr_array_index (acts, acts->len - 1))->label : NULL;
}

static void
esp_plan_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  EspPlan *plan = ESP_PLAN (object);

  switch (id)
    {
    case PROP_CAN_UNDO:
      g_value_set_boolean (value, plan->undo->len > 0);
      break;
    case PROP_CAN_REDO:
      g_value_set_boolean (value, plan->redo->len > 0);
      break;
    case PROP_UNDO_LABEL:
      g_value_set_string (value, label_of (plan->undo));
      break;
    case PROP_REDO_LABEL:
      g_value_set_string (value, label_of (plan->redo));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    }
}

static void
esp_plan_finalize (GObject *object)
{
  EspPlan *plan = ESP_PLAN (object);

  g_clear_pointer (&plan->resolver, esp_resolver_free);
  g_clear_pointer (&plan->mask, esp_mask_unref);
  g_clear_pointer (&plan->open, esp_act_unref);
  g_ptr_array_unref (plan->undo);
  g_ptr_array_unref (plan->redo);
  g_ptr_array_unref (plan->branches);
  g_ptr_array_unref (plan->deleted);
  g_clear_pointer (&plan->groups, g_ptr_array_unref);
  g_free (plan->group_of);
  g_free (plan->set_of);
  esp_wish_clear (&plan->wish);
  g_free (plan->cfg_hash);
  g_free (plan->weights_hash);
  g_clear_pointer (&plan->keep, esp_keep_classes_unref);
  g_clear_pointer (&plan->scores, esp_scores_unref);
  g_clear_pointer (&plan->coupling, esp_coupling_unref);
  g_clear_pointer (&plan->network, esp_network_unref);
  G_OBJECT_CLASS (esp_plan_parent_class)->finalize (object);
}

static void
esp_plan_class_init (EspPlanClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = esp_plan_get_property;
  object_class->finalize = esp_plan_finalize;
  props[PROP_CAN_UNDO] = g_param_spec_boolean ("can-undo", NULL, NULL, FALSE, flags);
  props[PROP_CAN_REDO] = g_param_spec_boolean ("can-redo", NULL, NULL, FALSE, flags);
  props[PROP_UNDO_LABEL] = g_param_spec_string ("undo-label", NULL, NULL, NULL, flags);
  props[PROP_REDO_LABEL] = g_param_spec_string ("redo-label", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
  changed_signal = g_signal_new ("changed", ESP_TYPE_PLAN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  branches_signal = g_signal_new ("branches-changed", ESP_TYPE_PLAN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
esp_plan_init (EspPlan *plan)
{
  plan->undo = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_act_unref);
  plan->redo = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_act_unref);
  plan->branches = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_branch_free);
  plan->deleted = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_branch_free);
  g_ptr_array_add (plan->branches, esp_branch_new ("main"));
}

/**
 * esp_plan_new:
 * @network: the network
 * @coupling: its coupling
 * @scores: (nullable): what ranks the channels; NULL ranks by index
 *
 * Returns: (transfer full): a plan that keeps everything, its groups as esp_groups_propose() gives them. Thread: the one that owns it.
 */
EspPlan *
esp_plan_new (EspNetwork *network, EspCoupling *coupling, EspScores *scores)
{
  EspPlan *plan;
  guint n;

  g_return_val_if_fail (network != NULL && coupling != NULL, NULL);
  n = esp_network_get_n_layers (network);
  plan = g_object_new (ESP_TYPE_PLAN, NULL);
  plan->network = esp_network_ref (network);
  plan->coupling = esp_coupling_ref (coupling);
  plan->scores = scores != NULL ? esp_scores_ref (scores) : NULL;
  plan->groups = esp_groups_propose (network, coupling);
  plan->set_of = esp_coupling_find_sets (coupling, n);
  esp_wish_init (&plan->wish, plan->groups->len, n, esp_coupling_get_n_units (coupling));
  plan->group_of = g_new (int, n);
  for (guint l = 0; l < n; l++)
    plan->group_of[l] = -1;
  for (guint g = 0; g < plan->groups->len; g++)
    for (guint i = 0; i < esp_plan_get_group (plan, g)->n_layers; i++)
      plan->group_of[esp_plan_get_group (plan, g)->layers[i]] = (int) g;
  return plan;
}

/** esp_plan_get_network: Returns: (transfer none): the network. */
EspNetwork *
esp_plan_get_network (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), NULL);
  return plan->network;
}

/** esp_plan_get_coupling: Returns: (transfer none): the coupling. */
EspCoupling *
esp_plan_get_coupling (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), NULL);
  return plan->coupling;
}

/** esp_plan_get_scores: Returns: (transfer none) (nullable): what ranks the channels now. */
EspScores *
esp_plan_get_scores (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), NULL);
  return plan->scores;
}

void
esp_plan_notify_history (EspPlan *plan)
{
  g_object_freeze_notify (G_OBJECT (plan));
  for (guint i = PROP_CAN_UNDO; i < N_PROPS; i++)
    g_object_notify_by_pspec (G_OBJECT (plan), props[i]);
  g_object_thaw_notify (G_OBJECT (plan));
}

void
esp_plan_emit_changed (EspPlan *plan)
{
  g_clear_pointer (&plan->mask, esp_mask_unref);
  plan->changed = TRUE;
  if (plan->held > 0)
    return;
  plan->changed = FALSE;
  g_signal_emit (plan, changed_signal, 0);
}

void
esp_plan_tell_branches (EspPlan *plan)
{
  g_signal_emit (plan, branches_signal, 0);
}

void
esp_plan_hold (EspPlan *plan)
{
  plan->held++;
}

void
esp_plan_release (EspPlan *plan)
{
  g_assert (plan->held > 0);
  if (--plan->held == 0 && plan->changed)
    esp_plan_emit_changed (plan);
}

void
esp_plan_take_scores (EspPlan *plan, EspScores *scores)
{
  EspScores *old = plan->scores;

  plan->scores = scores != NULL ? esp_scores_ref (scores) : NULL;
  g_clear_pointer (&old, esp_scores_unref);
  g_clear_pointer (&plan->resolver, esp_resolver_free);
  esp_plan_emit_changed (plan);
}

/**
 * esp_plan_set_scores:
 * @plan: the plan
 * @scores: (nullable): what ranks from now on
 *
 * Not an act of undo. A threshold is a score of the criterion before: it moves to where it lets the same share go. Emits "changed" where
 * they are others.
 */
void
esp_plan_set_scores (EspPlan *plan, EspScores *scores)
{
  g_return_if_fail (ESP_IS_PLAN (plan));
  if (plan->scores == scores)
    return;
  esp_plan_hold (plan);
  esp_plan_take_scores (plan, scores);
  for (guint s = 0; s < plan->groups->len + esp_network_get_n_layers (plan->network); s++)
    if (plan->wish.thresholds[s] > -INFINITY)
      plan->wish.thresholds[s] = esp_plan_slot_threshold (plan, s, plan->wish.ratios[s]);
  esp_plan_release (plan);
}

void
esp_plan_act_scores (EspPlan *plan, EspScores *scores)
{
  EspAct *act = plan->open;

  g_assert (act != NULL);
  if (scores == plan->scores)
    return;
  if (!act->sets_scores)
    act->scores_before = plan->scores != NULL ? esp_scores_ref (plan->scores) : NULL;
  act->sets_scores = TRUE;
  g_clear_pointer (&act->scores, esp_scores_unref);
  act->scores = scores != NULL ? esp_scores_ref (scores) : NULL;
  esp_plan_take_scores (plan, scores);
}

/**
 * esp_plan_set_hashes:
 * @plan: the plan
 * @cfg_hash: (nullable): SHA-256 of the cfg file, 64 hexadecimal digits
 * @weights_hash: (nullable): of the weights file
 *
 * Says which files the plan is for, so that esp_plan_load() can refuse a plan made for others; NULL is not checked.
 */
void
esp_plan_set_hashes (EspPlan *plan, const char *cfg_hash, const char *weights_hash)
{
  g_return_if_fail (ESP_IS_PLAN (plan));
  g_free (plan->cfg_hash);
  g_free (plan->weights_hash);
  plan->cfg_hash = g_strdup (cfg_hash);
  plan->weights_hash = g_strdup (weights_hash);
}

/** esp_plan_get_n_groups: Returns: how many groups there are. */
guint
esp_plan_get_n_groups (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), 0);
  return plan->groups->len;
}

/** esp_plan_get_group: Returns: (transfer none): one group. */
const EspGroup *
esp_plan_get_group (EspPlan *plan, guint group)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len, NULL);
  return g_ptr_array_index (plan->groups, group);
}

/** esp_plan_find_group: Returns: the group called @name, -1 where none is. */
int
esp_plan_find_group (EspPlan *plan, const char *name)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), -1);
  for (guint g = 0; g < plan->groups->len; g++)
    if (g_strcmp0 (esp_plan_get_group (plan, g)->name, name) == 0)
      return (int) g;
  return -1;
}

/** esp_plan_group_of_layer: Returns: the group that @layer is in, -1 where it is not prunable. */
int
esp_plan_group_of_layer (EspPlan *plan, guint layer)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan) && layer < esp_network_get_n_layers (plan->network), -1);
  return plan->group_of[layer];
}

/** esp_plan_get_floor: Returns: how many channels rank leaves every layer at least (all, where it has fewer). */
guint
esp_plan_get_floor (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), 0);
  return plan->wish.floor;
}

/** esp_plan_set_floor: sets it; with 0 a group can be emptied, and then the cut refuses. */
void
esp_plan_set_floor (EspPlan *plan, guint floor)
{
  g_return_if_fail (ESP_IS_PLAN (plan));
  esp_plan_change_alone (plan, ESP_CHANGE_FLOOR, 0, plan->wish.floor, floor);
}

/** esp_plan_get_layer_floor: Returns: the floor that @layer has of its own; -1: the plan's. */
int
esp_plan_get_layer_floor (EspPlan *plan, guint layer)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan) && layer < esp_network_get_n_layers (plan->network), -1);
  return (int) plan->wish.floors[layer];
}

/** esp_plan_set_layer_floor: says how many channels rank leaves @layer at least; -1: as many as the plan leaves every layer. */
void
esp_plan_set_layer_floor (EspPlan *plan, guint layer, int floor)
{
  g_return_if_fail (ESP_IS_PLAN (plan) && layer < esp_network_get_n_layers (plan->network));
  if (plan->group_of[layer] >= 0)
    esp_plan_change_alone (plan, ESP_CHANGE_LAYER_FLOOR, layer, plan->wish.floors[layer], MAX (floor, -1));
}

/** esp_plan_get_round: Returns: what kept counts are rounded up to a multiple of; 1: no rounding. */
guint
esp_plan_get_round (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), 1);
  return plan->wish.round;
}

/** esp_plan_set_round: sets it; 0 is taken as 1. */
void
esp_plan_set_round (EspPlan *plan, guint multiple)
{
  g_return_if_fail (ESP_IS_PLAN (plan));
  esp_plan_change_alone (plan, ESP_CHANGE_ROUND, 0, plan->wish.round, MAX (multiple, 1));
}

/** esp_plan_reset: all ratios to 0, no layer with a share of its own and nothing by hand; one act ("Keep everything").
 * Floors and rounding stay. */
void
esp_plan_reset (EspPlan *plan)
{
  g_return_if_fail (ESP_IS_PLAN (plan));
  esp_plan_hold (plan);
  esp_plan_begin (plan);
  for (guint s = 0; s < plan->groups->len + esp_network_get_n_layers (plan->network); s++)
    esp_plan_change_slot (plan, s, s < plan->groups->len ? 0 : -1, -INFINITY, -1);
  esp_plan_change (plan, ESP_CHANGE_OVERALL, 0, plan->wish.overall, 0);
  for (guint u = 0; u < esp_coupling_get_n_units (plan->coupling); u++)
    esp_plan_change (plan, ESP_CHANGE_RULE, u, plan->wish.rules[u], ESP_CHANNEL_BY_RANK);
  if (plan->depth == 1)
    esp_plan_label_act (plan, _ ("Keep everything"));
  esp_plan_emit_changed (plan);
  esp_plan_end (plan);
  esp_plan_release (plan);
}

static EspMask *
peek_mask (EspPlan *plan)
{
  if (plan->mask == NULL)
    plan->mask = esp_plan_resolve (plan);
  return plan->mask;
}

/**
 * esp_plan_get_mask:
 * @plan: the plan
 *
 * Ratios first, by rank (see ranking.c), then rounding; channels cut or protected by hand are so whatever the ratio says. Cheap enough for
 * every frame of a drag: the order is sorted once per scores.
 * Returns: (transfer full): the mask; it respects the couplings, and empties no layer unless the floor is 0.
 */
EspMask *
esp_plan_get_mask (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), NULL);
  return esp_mask_ref (peek_mask (plan));
}

/** esp_plan_count_kept: Returns: how many of @group's channels are kept. */
guint
esp_plan_count_kept (EspPlan *plan, guint group)
{
  const EspGroup *g = esp_plan_get_group (plan, group);
  guint kept = 0;

  for (guint i = 0; i < g->n_layers; i++)
    kept += esp_mask_count_kept (peek_mask (plan), g->layers[i]);
  return kept;
}

/** esp_plan_get_ranking: Returns: (transfer full) (element-type EspRanking): the sorted scores that @group's share thresholds;
 * those with a layer are its alone. */
GPtrArray *
esp_plan_get_ranking (EspPlan *plan, guint group)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len, NULL);
  return esp_plan_rank_group (plan, group);
}
