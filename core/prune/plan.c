/* plan.c: a ratio per group plus channels protected or removed by hand; undoable; yields a mask */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/plan.h"

#include <math.h>

#include <glib/gi18n-lib.h>

#include "prune/plan-act.h"
#include "prune/plan-private.h"
#include "prune/ranking.h"

#define DEFAULT_FLOOR 8

struct _EspPlan
{
  GObject parent;
  EspNetwork *network;
  EspCoupling *coupling;
  EspScores *scores;
  GPtrArray *groups; /* of EspGroup */
  int *group_of;     /* per layer */
  double *ratios;    /* per group */
  guint8 *rules;     /* per unit: EspChannelRule */
  guint floor, round;
  char *cfg_hash, *weights_hash; /* (nullable) */
  EspRanker *ranker;             /* NULL until asked for */
  EspMask *mask;                 /* NULL until asked for */
  GPtrArray *undo, *redo;        /* of EspAct, the last is next */
  EspAct *open;
  guint depth; /* begins without their end */
  guint held;
  gboolean changed; /* while held */
};

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
static guint changed_signal;

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

  g_clear_pointer (&plan->ranker, esp_ranker_free);
  g_clear_pointer (&plan->mask, esp_mask_unref);
  g_clear_pointer (&plan->open, esp_act_free);
  g_ptr_array_unref (plan->undo);
  g_ptr_array_unref (plan->redo);
  g_clear_pointer (&plan->groups, g_ptr_array_unref);
  g_free (plan->group_of);
  g_free (plan->ratios);
  g_free (plan->rules);
  g_free (plan->cfg_hash);
  g_free (plan->weights_hash);
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
}

static void
esp_plan_init (EspPlan *plan)
{
  plan->undo = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_act_free);
  plan->redo = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_act_free);
  plan->floor = DEFAULT_FLOOR;
  plan->round = 1;
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

  g_return_val_if_fail (network != NULL && coupling != NULL, NULL);
  plan = g_object_new (ESP_TYPE_PLAN, NULL);
  plan->network = esp_network_ref (network);
  plan->coupling = esp_coupling_ref (coupling);
  plan->scores = scores != NULL ? esp_scores_ref (scores) : NULL;
  plan->groups = esp_groups_propose (network, coupling);
  plan->ratios = g_new0 (double, plan->groups->len);
  plan->rules = g_new0 (guint8, esp_coupling_get_n_units (coupling));
  plan->group_of = g_new (int, esp_network_get_n_layers (network));
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
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

static void
emit_changed (EspPlan *plan)
{
  g_clear_pointer (&plan->mask, esp_mask_unref);
  plan->changed = TRUE;
  if (plan->held > 0)
    return;
  plan->changed = FALSE;
  g_signal_emit (plan, changed_signal, 0);
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
    emit_changed (plan);
}

static void
take_scores (EspPlan *plan, EspScores *scores)
{
  EspScores *old = plan->scores;

  plan->scores = scores != NULL ? esp_scores_ref (scores) : NULL;
  g_clear_pointer (&old, esp_scores_unref);
  g_clear_pointer (&plan->ranker, esp_ranker_free);
  emit_changed (plan);
}

/** esp_plan_set_scores: ranks by @scores (nullable) from now on; not an act of undo. Emits "changed" where they are others. */
void
esp_plan_set_scores (EspPlan *plan, EspScores *scores)
{
  g_return_if_fail (ESP_IS_PLAN (plan));
  if (plan->scores != scores)
    take_scores (plan, scores);
}

void
esp_plan_act_scores (EspPlan *plan, EspScores *scores)
{
  g_assert (plan->open != NULL && plan->open->scores == NULL);
  plan->open->scores_before = plan->scores != NULL ? esp_scores_ref (plan->scores) : NULL;
  plan->open->scores = esp_scores_ref (scores);
  take_scores (plan, scores);
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

const char *
esp_plan_get_cfg_hash (EspPlan *plan)
{
  return plan->cfg_hash;
}

const char *
esp_plan_get_weights_hash (EspPlan *plan)
{
  return plan->weights_hash;
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

/** esp_plan_get_ratio: Returns: the share of @group that is to go, 0..1. */
double
esp_plan_get_ratio (EspPlan *plan, guint group)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len, 0);
  return plan->ratios[group];
}

static void
apply (EspPlan *plan, EspChangeKind kind, guint index, double value)
{
  switch (kind)
    {
    case ESP_CHANGE_RATIO:
      plan->ratios[index] = value;
      break;
    case ESP_CHANGE_RULE:
      plan->rules[index] = (guint8) value;
      break;
    case ESP_CHANGE_FLOOR:
      plan->floor = (guint) value;
      break;
    case ESP_CHANGE_ROUND:
      plan->round = (guint) value;
      break;
    default:
      g_assert_not_reached ();
    }
}

/* One change, within an act. */
static void
change (EspPlan *plan, EspChangeKind kind, guint index, double before, double after)
{
  esp_act_note (plan->open, kind, index, before, after);
  apply (plan, kind, index, after);
}

/* One change that is an act of its own unless one is open. */
static void
change_alone (EspPlan *plan, EspChangeKind kind, guint index, double before, double after)
{
  if (before == after)
    return;
  esp_plan_begin (plan);
  change (plan, kind, index, before, after);
  emit_changed (plan);
  esp_plan_end (plan);
}

/** esp_plan_set_ratio: lets @ratio of @group go, clamped to 0..1; part of the act begun, or an act of its own. Emits "changed" where it differs. */
void
esp_plan_set_ratio (EspPlan *plan, guint group, double ratio)
{
  g_return_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len && !isnan (ratio));
  change_alone (plan, ESP_CHANGE_RATIO, group, plan->ratios[group], CLAMP (ratio, 0, 1));
}

/** esp_plan_get_rule: Returns: what was said by hand about a channel; ESP_CHANNEL_BY_RANK where nothing was. */
EspChannelRule
esp_plan_get_rule (EspPlan *plan, guint layer, guint channel)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), ESP_CHANNEL_BY_RANK);
  return plan->rules[esp_coupling_get_unit (plan->coupling, layer, channel)];
}

/* Channels of each layer that no hand has cut. */
static guint *
count_uncut (EspPlan *plan)
{
  guint *left = g_new (guint, esp_network_get_n_layers (plan->network));

  for (guint l = 0; l < esp_network_get_n_layers (plan->network); l++)
    left[l] = (guint) esp_network_get_layer (plan->network, l)->out.c;
  for (guint u = 0; u < esp_coupling_get_n_units (plan->coupling); u++)
    {
      guint n = 0;
      const EspChannel *members = esp_coupling_get_members (plan->coupling, u, &n);

      for (guint i = 0; i < n && plan->rules[u] == ESP_CHANNEL_CUT; i++)
        left[members[i].layer]--;
    }
  return left;
}

/* Takes the unit out of what is left, or refuses where a layer would be emptied. */
static gboolean
take_out (EspPlan *plan, guint unit, guint *left)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (plan->coupling, unit, &n);
  gboolean fits = TRUE;

  for (guint i = 0; i < n; i++)
    fits = --left[members[i].layer] > 0 && fits;
  for (guint i = 0; !fits && i < n; i++)
    left[members[i].layer]++;
  return fits;
}

/* "Cut channel 12 of layer 57", "Protect 3 channels of layer 57", "Restore 5 channels" */
static char *
name_rules (const EspChannel *first, guint n, gboolean one_layer, EspChannelRule rule)
{
  if (n == 1)
    return g_strdup_printf (rule == ESP_CHANNEL_CUT         ? _ ("Cut channel %u of layer %u")
                            : rule == ESP_CHANNEL_PROTECTED ? _ ("Protect channel %u of layer %u")
                                                            : _ ("Restore channel %u of layer %u"),
                            first->channel, first->layer);
  if (one_layer)
    return g_strdup_printf (rule == ESP_CHANNEL_CUT         ? _ ("Cut %u channels of layer %u")
                            : rule == ESP_CHANNEL_PROTECTED ? _ ("Protect %u channels of layer %u")
                                                            : _ ("Restore %u channels of layer %u"),
                            n, first->layer);
  return g_strdup_printf (rule == ESP_CHANNEL_CUT         ? _ ("Cut %u channels")
                          : rule == ESP_CHANNEL_PROTECTED ? _ ("Protect %u channels")
                                                          : _ ("Restore %u channels"),
                          n);
}

static void
note_rules (EspPlan *plan, const GArray *done, EspChannelRule rule)
{
  const EspChannel *first = &g_array_index (done, EspChannel, 0);
  gboolean one_layer = TRUE;

  for (guint i = 1; i < done->len; i++)
    one_layer = one_layer && g_array_index (done, EspChannel, i).layer == first->layer;
  if (plan->open->n_rule_calls++ == 0)
    plan->open->rule_label = name_rules (first, done->len, one_layer, rule);
}

/**
 * esp_plan_set_rules:
 * @plan: the plan
 * @channels: what is chosen
 * @n: how many
 * @rule: what is said about them
 *
 * One act; coupled partners follow. Cutting by hand may go below the floor, but the last channel of a layer stays; layers that are not prunable are
 * passed over. Emits "changed" where anything differs.
 */
void
esp_plan_set_rules (EspPlan *plan, const EspChannel *channels, guint n, EspChannelRule rule)
{
  g_autoptr (GArray) done = g_array_new (FALSE, FALSE, sizeof (EspChannel));
  g_autofree guint *left = NULL;

  g_return_if_fail (ESP_IS_PLAN (plan));
  left = count_uncut (plan);
  esp_plan_begin (plan);
  for (guint i = 0; i < n; i++)
    {
      const guint unit = esp_coupling_get_unit (plan->coupling, channels[i].layer, channels[i].channel);

      if (plan->group_of[channels[i].layer] < 0 || plan->rules[unit] == rule || (rule == ESP_CHANNEL_CUT && !take_out (plan, unit, left)))
        continue;
      change (plan, ESP_CHANGE_RULE, unit, plan->rules[unit], rule);
      g_array_append_val (done, channels[i]);
    }
  if (done->len > 0)
    {
      note_rules (plan, done, rule);
      emit_changed (plan);
    }
  esp_plan_end (plan);
}

/** esp_plan_get_floor: Returns: how many channels rank leaves every layer at least (all, where it has fewer). */
guint
esp_plan_get_floor (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), 0);
  return plan->floor;
}

/** esp_plan_set_floor: sets it; with 0 a group can be emptied, and then the cut refuses. */
void
esp_plan_set_floor (EspPlan *plan, guint floor)
{
  g_return_if_fail (ESP_IS_PLAN (plan));
  change_alone (plan, ESP_CHANGE_FLOOR, 0, plan->floor, floor);
}

/** esp_plan_get_round: Returns: what kept counts are rounded up to a multiple of; 1: no rounding. */
guint
esp_plan_get_round (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), 1);
  return plan->round;
}

/** esp_plan_set_round: sets it; 0 is taken as 1. */
void
esp_plan_set_round (EspPlan *plan, guint multiple)
{
  g_return_if_fail (ESP_IS_PLAN (plan));
  change_alone (plan, ESP_CHANGE_ROUND, 0, plan->round, MAX (multiple, 1));
}

static void
notify_history (EspPlan *plan)
{
  g_object_freeze_notify (G_OBJECT (plan));
  for (guint i = PROP_CAN_UNDO; i < N_PROPS; i++)
    g_object_notify_by_pspec (G_OBJECT (plan), props[i]);
  g_object_thaw_notify (G_OBJECT (plan));
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
  notify_history (plan);
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
  if (act->scores != NULL)
    take_scores (plan, forward ? act->scores : act->scores_before);
  g_ptr_array_add (to, act);
  emit_changed (plan);
  esp_plan_release (plan);
  notify_history (plan);
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

/** esp_plan_reset: all ratios to 0 and nothing by hand; one act ("Keep everything"). Floor and rounding stay. */
void
esp_plan_reset (EspPlan *plan)
{
  g_return_if_fail (ESP_IS_PLAN (plan));
  esp_plan_begin (plan);
  for (guint g = 0; g < plan->groups->len; g++)
    change (plan, ESP_CHANGE_RATIO, g, plan->ratios[g], 0);
  for (guint u = 0; u < esp_coupling_get_n_units (plan->coupling); u++)
    if (plan->rules[u] != ESP_CHANNEL_BY_RANK)
      change (plan, ESP_CHANGE_RULE, u, plan->rules[u], ESP_CHANNEL_BY_RANK);
  if (plan->depth == 1)
    esp_plan_label_act (plan, _ ("Keep everything"));
  emit_changed (plan);
  esp_plan_end (plan);
}

static EspRanker *
get_ranker (EspPlan *plan)
{
  if (plan->ranker == NULL)
    plan->ranker = esp_ranker_new (plan->network, plan->coupling, plan->groups, plan->scores);
  return plan->ranker;
}

static EspMask *
peek_mask (EspPlan *plan)
{
  if (plan->mask == NULL)
    plan->mask = esp_ranker_resolve (get_ranker (plan), plan->ratios, plan->rules, plan->floor, plan->round);
  return plan->mask;
}

/**
 * esp_plan_get_mask:
 * @plan: the plan
 *
 * Ratios first, by rank (see ranking.c), then rounding; channels cut or protected by hand are so whatever the ratio says. Cheap enough for every frame of
 * a drag: the order is sorted once per scores.
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

/** esp_plan_get_ranking: Returns: (transfer full) (element-type EspRanking): the sorted scores that @group's ratio thresholds. */
GPtrArray *
esp_plan_get_ranking (EspPlan *plan, guint group)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len, NULL);
  return esp_ranker_get_ranking (get_ranker (plan), group, plan->ratios[group]);
}

/** esp_plan_is_pooled: Returns: whether a group's layers are ranked together (one run in its ranking) or each by itself. */
gboolean
esp_plan_is_pooled (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), FALSE);
  return esp_ranker_is_pooled (get_ranker (plan));
}
