/* study-partners.c: in which groups lies what can only go with a channel */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/study-private.h"

static void
add_group (GArray *groups, int group)
{
  const guint found = (guint) group;

  if (group < 0)
    return;
  for (guint i = 0; i < groups->len; i++)
    if (g_array_index (groups, guint, i) == found)
      return;
  g_array_append_val (groups, found);
}

/**
 * esp_study_find_partner_groups:
 * @study: the study
 * @layer: a convolution
 * @channel: one of its filters
 *
 * Of what goes whole with the channel, and of the layers whose counts its going must keep even; the channel's own among them.
 *
 * Returns: (transfer full) (element-type guint): groups of the plan; empty where it goes alone, or never. Thread: main.
 */
GArray *
esp_study_find_partner_groups (EspStudy *study, guint layer, guint channel)
{
  GArray *groups = g_array_new (FALSE, FALSE, sizeof (guint));
  const EspBalance *balance;
  const EspChannel *members;
  guint unit, n = 0;

  g_return_val_if_fail (ESP_IS_STUDY (study), groups);
  if (study->plan == NULL || esp_plan_group_of_layer (study->plan, layer) < 0)
    return groups;
  unit = esp_coupling_get_unit (study->material->coupling, layer, channel);
  members = esp_coupling_get_members (study->material->coupling, unit, &n);
  balance = esp_coupling_find_balance (study->material->coupling, unit);
  for (guint i = 0; n > 1 && i < n; i++)
    add_group (groups, esp_plan_group_of_layer (study->plan, members[i].layer));
  if (balance == NULL)
    return groups;
  add_group (groups, esp_plan_group_of_layer (study->plan, layer));
  for (guint i = 0; i < balance->n_ranges; i++)
    add_group (groups, esp_plan_group_of_layer (study->plan, balance->ranges[i].layer));
  return groups;
}
