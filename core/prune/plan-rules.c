/* plan-rules.c: channels cut or protected by hand */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "prune/plan-private.h"

/** esp_plan_get_rule: Returns: what was said by hand about a channel; ESP_CHANNEL_BY_RANK where nothing was. */
EspChannelRule
esp_plan_get_rule (EspPlan *plan, guint layer, guint channel)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), ESP_CHANNEL_BY_RANK);
  return plan->wish.rules[esp_coupling_get_unit (plan->coupling, layer, channel)];
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

      for (guint i = 0; i < n && plan->wish.rules[u] == ESP_CHANNEL_CUT; i++)
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
 * One act; coupled partners follow. Cutting by hand may go below the floor, but the last channel of a layer stays; layers that are not
 * prunable are passed over. Emits "changed" where anything differs.
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

      if (plan->group_of[channels[i].layer] < 0 || plan->wish.rules[unit] == rule
          || (rule == ESP_CHANNEL_CUT && !take_out (plan, unit, left)))
        continue;
      esp_plan_change (plan, ESP_CHANGE_RULE, unit, plan->wish.rules[unit], rule);
      g_array_append_val (done, channels[i]);
    }
  if (done->len > 0)
    {
      note_rules (plan, done, rule);
      esp_plan_emit_changed (plan);
    }
  esp_plan_end (plan);
}

/**
 * esp_plan_set_layer_rule:
 * @plan: the plan
 * @layer: a layer
 * @rule: ESP_CHANNEL_PROTECTED keeps it whole, ESP_CHANNEL_BY_RANK takes back all that was said by hand about its channels
 *
 * One act; coupled channels of other layers follow. Emits "changed" where anything differs.
 */
void
esp_plan_set_layer_rule (EspPlan *plan, guint layer, EspChannelRule rule)
{
  g_autofree EspChannel *channels = NULL;
  g_autofree char *label = NULL;
  guint n;

  g_return_if_fail (ESP_IS_PLAN (plan) && layer < esp_network_get_n_layers (plan->network) && rule != ESP_CHANNEL_CUT);
  if (plan->group_of[layer] < 0)
    return;
  n = (guint) esp_network_get_layer (plan->network, layer)->out.c;
  channels = g_new (EspChannel, n);
  for (guint c = 0; c < n; c++)
    channels[c] = (EspChannel){ layer, c };
  esp_plan_begin (plan);
  if (plan->depth == 1)
    {
      label = g_strdup_printf (rule == ESP_CHANNEL_PROTECTED ? _ ("Protect layer %u") : _ ("Restore layer %u"), layer);
      esp_plan_label_act (plan, label);
    }
  esp_plan_set_rules (plan, channels, n, rule);
  esp_plan_end (plan);
}
