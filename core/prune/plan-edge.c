/* plan-edge.c: the channels that a group's line has cut last, and those that it would cut next */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/plan-private.h"

static int
nearest_first (gconstpointer a, gconstpointer b)
{
  const EspEdge *x = a, *y = b;

  if (x->distance != y->distance)
    return x->distance < y->distance ? -1 : 1;
  return (x->unit > y->unit) - (x->unit < y->unit);
}

/* The member of a unit that stands for it: of @layer where there is one, else the first of the group. */
static EspChannel
member_of (EspPlan *plan, guint unit, guint group, int layer)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (plan->coupling, unit, &n);
  EspChannel found = members[0];
  gboolean any = FALSE;

  for (guint i = 0; i < n; i++)
    {
      if ((int) members[i].layer == layer)
        return members[i];
      if (!any && plan->group_of[members[i].layer] == (int) group)
        {
          found = members[i];
          any = TRUE;
        }
    }
  return found;
}

/**
 * esp_plan_get_edge:
 * @plan: the plan
 * @group: a group
 * @layer: whose channels stand for units where they can; -1: of no one
 * @goes: below the line: cut last; else above it: next to be cut
 * @most: how many
 *
 * By scores alone, as esp_plan_get_ranking(): what a hand has said and the floor do not count. Channels that go together are there once.
 * Cost: a walk of @most units from the line of each ranking. Thread: the plan's.
 *
 * Returns: (transfer full) (element-type EspChannel): nearest to the line first.
 */
GArray *
esp_plan_get_edge (EspPlan *plan, guint group, int layer, gboolean goes, guint most)
{
  g_autoptr (GArray) edges = NULL;
  GArray *channels = g_array_new (FALSE, FALSE, sizeof (EspChannel));

  g_return_val_if_fail (ESP_IS_PLAN (plan) && group < plan->groups->len, channels);
  edges = esp_plan_list_edges (plan, group, most);
  g_array_sort (edges, nearest_first);
  for (guint i = 0; i < edges->len && channels->len < most; i++)
    {
      const EspEdge *edge = &g_array_index (edges, EspEdge, i);

      if ((edge->goes != FALSE) == (goes != FALSE))
        {
          const EspChannel channel = member_of (plan, edge->unit, group, layer);

          g_array_append_val (channels, channel);
        }
    }
  return channels;
}
