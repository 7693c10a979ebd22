/* plan-shares.c: how much of a group or layer goes: a ratio, a threshold, a count, or the one ranking over all groups */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include <math.h>
#include <string.h>

#include "prune/plan-private.h"

/* One change of a slot leaves the overall ranking too. */
void
esp_plan_change_slot (EspPlan *plan, guint slot, double ratio, double threshold, double count)
{
  EspWish *wish = &plan->wish;
  const gboolean joins = slot < plan->groups->len && wish->joins[slot];

  if (!joins && wish->ratios[slot] == ratio && wish->thresholds[slot] == threshold && wish->counts[slot] == count)
    return;
  esp_plan_begin (plan);
  if (joins)
    esp_plan_change (plan, ESP_CHANGE_JOIN, slot, 1, 0);
  esp_plan_change (plan, ESP_CHANGE_RATIO, slot, wish->ratios[slot], ratio);
  esp_plan_change (plan, ESP_CHANGE_THRESHOLD, slot, wish->thresholds[slot], threshold);
  esp_plan_change (plan, ESP_CHANGE_COUNT, slot, wish->counts[slot], count);
  esp_plan_emit_changed (plan);
  esp_plan_end (plan);
}

/* The share of what is there that so many channels kept leave to go. */
static double
ratio_of_count (double n, double count)
{
  return n > 0 ? MAX (n - count, 0) / n : 0;
}

/* That of a group in the overall ranking is what has come of it. */
static double
share_cut (EspPlan *plan, guint group)
{
  const guint n = esp_plan_get_group (plan, group)->n_channels;

  return n > 0 ? (double) (n - esp_plan_count_kept (plan, group)) / n : 0;
}

/** esp_plan_get_ratio: Returns: the share of @group that is to go, 0..1; of one in the overall ranking, what goes of it now. */
double
esp_plan_get_ratio (EspPlan *plan, guint group)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len, 0);
  return plan->wish.joins[group] ? share_cut (plan, group) : plan->wish.ratios[group];
}

/**
 * esp_plan_set_ratio:
 * @plan: the plan
 * @group: a group
 * @ratio: the share to go, clamped to 0..1
 *
 * Takes the place of a threshold, a count, or the overall ranking. Part of the act begun, or an act of its own. Emits "changed" where it
 * differs.
 */
void
esp_plan_set_ratio (EspPlan *plan, guint group, double ratio)
{
  g_return_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len && !isnan (ratio));
  esp_plan_change_slot (plan, group, CLAMP (ratio, 0, 1), -INFINITY, -1);
}

/** esp_plan_get_threshold: Returns: FALSE where something else decides about @group;
 * else units whose score is below @threshold (out) (optional) go. */
gboolean
esp_plan_get_threshold (EspPlan *plan, guint group, double *threshold)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len, FALSE);
  if (threshold != NULL)
    *threshold = plan->wish.thresholds[group];
  return plan->wish.thresholds[group] > -INFINITY;
}

/**
 * esp_plan_set_threshold:
 * @plan: the plan
 * @group: a group
 * @threshold: units of a lower score go, as the plan's scores rank them; finite
 *
 * In every layer alike, where a ratio takes the same share of each. The ratio becomes the share that this is. Act and signal: as
 * esp_plan_set_ratio().
 */
void
esp_plan_set_threshold (EspPlan *plan, guint group, double threshold)
{
  g_return_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len && isfinite (threshold));
  esp_plan_change_slot (plan, group, esp_plan_slot_share (plan, group, threshold), threshold, -1);
}

/** esp_plan_find_threshold: Returns: the score below which @ratio of all of @group's channels lie, as nearly as units allow. */
double
esp_plan_find_threshold (EspPlan *plan, guint group, double ratio)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len, 0);
  return esp_plan_slot_threshold (plan, group, CLAMP (ratio, 0, 1));
}

/**
 * esp_plan_set_share_by_score:
 * @plan: the plan
 * @group: a group
 * @ratio: the share of the group's channels to go, clamped to 0..1
 *
 * The threshold that lets so much go; @ratio is kept as it was asked for, so that a slider stays where the hand put it. Act and signal: as
 * esp_plan_set_ratio().
 */
void
esp_plan_set_share_by_score (EspPlan *plan, guint group, double ratio)
{
  g_return_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len && !isnan (ratio));
  esp_plan_change_slot (plan, group, CLAMP (ratio, 0, 1), esp_plan_find_threshold (plan, group, ratio), -1);
}

/**
 * esp_plan_set_count:
 * @plan: the plan
 * @group: a group
 * @count: how many of its channels rank is to keep; all, where it has fewer
 *
 * Over its layers in equal parts, so never fewer, and where a part is broken, a few more: each layer rounds up. Of a group some of whose
 * layers have a share of their own it is of the others. What is chosen by hand comes on top. The ratio becomes the share that this is. Act
 * and signal: as esp_plan_set_ratio().
 */
void
esp_plan_set_count (EspPlan *plan, guint group, guint count)
{
  g_return_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len);
  esp_plan_change_slot (plan, group, ratio_of_count (esp_plan_get_group (plan, group)->n_channels, count), -INFINITY, count);
}

static EspShare
share_of (const EspPlan *plan, guint slot)
{
  const EspWish *wish = &plan->wish;

  if (wish->counts[slot] >= 0)
    return (EspShare){ ESP_SHARE_COUNT, wish->counts[slot] };
  if (wish->thresholds[slot] > -INFINITY)
    return (EspShare){ ESP_SHARE_THRESHOLD, wish->thresholds[slot] };
  return (EspShare){ ESP_SHARE_RATIO, wish->ratios[slot] };
}

/** esp_plan_get_share: Returns: what decides about @group, and its number. */
EspShare
esp_plan_get_share (EspPlan *plan, guint group)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len, ((EspShare){ ESP_SHARE_RATIO, 0 }));
  return plan->wish.joins[group] ? (EspShare){ ESP_SHARE_OVERALL, plan->wish.overall } : share_of (plan, group);
}

/** esp_plan_get_overall: Returns: whether any group is in the overall ranking;
 * @ratio (out) (optional): the share of all of those that is to go. */
gboolean
esp_plan_get_overall (EspPlan *plan, double *ratio)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), FALSE);
  if (ratio != NULL)
    *ratio = plan->wish.overall;
  return memchr (plan->wish.joins, 1, plan->groups->len) != NULL;
}

/* Within an act. What the group was asked before is forgotten, until undo. */
static void
join (EspPlan *plan, guint group)
{
  EspWish *wish = &plan->wish;

  esp_plan_change (plan, ESP_CHANGE_JOIN, group, wish->joins[group], 1);
  esp_plan_change (plan, ESP_CHANGE_RATIO, group, wish->ratios[group], 0);
  esp_plan_change (plan, ESP_CHANGE_THRESHOLD, group, wish->thresholds[group], -INFINITY);
  esp_plan_change (plan, ESP_CHANGE_COUNT, group, wish->counts[group], -1);
}

/**
 * esp_plan_set_overall:
 * @plan: the plan
 * @ratio: the share of all channels to go, clamped to 0..1
 *
 * Every group joins the overall ranking: all units in one order, by scores that esp_scores_normalise() made comparable; the lowest go until
 * floor (ratio * channels) have gone. Layers with a share of their own stay out. A unit that a floor holds is not replaced by another. Act
 * and signal: as esp_plan_set_ratio().
 */
void
esp_plan_set_overall (EspPlan *plan, double ratio)
{
  g_return_if_fail (ESP_IS_PLAN (plan) && !isnan (ratio));
  if (plan->wish.overall == CLAMP (ratio, 0, 1) && memchr (plan->wish.joins, 0, plan->groups->len) == NULL)
    return;
  esp_plan_begin (plan);
  for (guint g = 0; g < plan->groups->len; g++)
    if (!plan->wish.joins[g])
      join (plan, g);
  esp_plan_change (plan, ESP_CHANGE_OVERALL, 0, plan->wish.overall, CLAMP (ratio, 0, 1));
  esp_plan_emit_changed (plan);
  esp_plan_end (plan);
}

/** esp_plan_join_overall: puts @group into the overall ranking, at the ratio that this has. Act and signal: as esp_plan_set_ratio(). */
void
esp_plan_join_overall (EspPlan *plan, guint group)
{
  g_return_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len);
  if (plan->wish.joins[group])
    return;
  esp_plan_begin (plan);
  join (plan, group);
  esp_plan_emit_changed (plan);
  esp_plan_end (plan);
}

/** esp_plan_get_norm: Returns: what makes the scores of different layers comparable in the overall ranking. */
EspNorm
esp_plan_get_norm (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), ESP_NORM_NONE);
  return plan->wish.norm;
}

/** esp_plan_set_norm: sets it; the ranking within one group is by the scores as they are. Act and signal: as esp_plan_set_ratio(). */
void
esp_plan_set_norm (EspPlan *plan, EspNorm norm)
{
  g_return_if_fail (ESP_IS_PLAN (plan) && (guint) norm < ESP_N_NORMS);
  esp_plan_change_alone (plan, ESP_CHANGE_NORM, 0, plan->wish.norm, norm);
}

/** esp_plan_get_layer_share: Returns: the share that @layer, or one coupled to it, has of its own; ESP_SHARE_GROUP where none has. */
EspShare
esp_plan_get_layer_share (EspPlan *plan, guint layer)
{
  int own;

  g_return_val_if_fail (ESP_IS_PLAN (plan) && layer < esp_network_get_n_layers (plan->network), ((EspShare){ ESP_SHARE_GROUP, 0 }));
  own = plan->group_of[layer] >= 0 ? esp_plan_own_layer (plan, layer) : -1;
  return own >= 0 ? share_of (plan, esp_plan_layer_slot (plan, (guint) own)) : (EspShare){ ESP_SHARE_GROUP, 0 };
}

/**
 * esp_plan_set_layer_share:
 * @plan: the plan
 * @layer: a layer; one that is not prunable is passed over
 * @share: a ratio (clamped to 0..1), a threshold (finite) or a count; ESP_SHARE_GROUP takes it back
 *
 * Layers coupled to it follow, and lose a share of their own. Counts are of @layer's channels, before what is chosen by hand. Act and
 * signal: as esp_plan_set_ratio().
 */
void
esp_plan_set_layer_share (EspPlan *plan, guint layer, EspShare share)
{
  const double value = share.value;
  guint slot;
  int own;

  g_return_if_fail (ESP_IS_PLAN (plan) && layer < esp_network_get_n_layers (plan->network) && share.kind != ESP_SHARE_OVERALL);
  g_return_if_fail (isfinite (value) || share.kind == ESP_SHARE_GROUP);
  if (plan->group_of[layer] < 0)
    return;
  slot = esp_plan_layer_slot (plan, layer);
  esp_plan_begin (plan);
  esp_plan_hold (plan);
  own = esp_plan_own_layer (plan, layer);
  if (own >= 0 && (own != (int) layer || share.kind == ESP_SHARE_GROUP))
    esp_plan_change_slot (plan, esp_plan_layer_slot (plan, (guint) own), -1, -INFINITY, -1);
  if (share.kind == ESP_SHARE_RATIO)
    esp_plan_change_slot (plan, slot, CLAMP (value, 0, 1), -INFINITY, -1);
  else if (share.kind == ESP_SHARE_COUNT)
    esp_plan_change_slot (plan, slot, ratio_of_count (esp_network_get_layer (plan->network, layer)->out.c, MAX (value, 0)), -INFINITY,
                          floor (MAX (value, 0)));
  else if (share.kind == ESP_SHARE_THRESHOLD)
    {
      if (own != (int) layer)
        esp_plan_change_slot (plan, slot, 0, -INFINITY, -1); /* by itself, before its share is counted */
      esp_plan_change_slot (plan, slot, esp_plan_slot_share (plan, slot, value), value, -1);
    }
  esp_plan_release (plan);
  esp_plan_end (plan);
}
