/* plan-wish.c: what a plan is asked, in numbers */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include <math.h>

#include "prune/plan-private.h"

#define DEFAULT_FLOOR 8

/* Keeps everything: every group at a ratio of 0, no layer with a share or floor of its own, nothing by hand. */
void
esp_wish_init (EspWish *wish, guint n_groups, guint n_layers, guint n_units)
{
  const guint n_slots = n_groups + n_layers;

  wish->ratios = g_new0 (double, n_slots + 1);
  wish->thresholds = g_new (double, n_slots + 1);
  wish->counts = g_new (double, n_slots + 1);
  wish->joins = g_new0 (guint8, n_groups + 1);
  wish->rules = g_new0 (guint8, n_units + 1);
  wish->floors = g_new (double, n_layers + 1);
  for (guint s = 0; s < n_slots; s++)
    {
      wish->ratios[s] = s < n_groups ? 0 : -1;
      wish->thresholds[s] = -INFINITY;
      wish->counts[s] = -1;
    }
  for (guint l = 0; l < n_layers; l++)
    wish->floors[l] = -1;
  wish->overall = 0;
  wish->norm = ESP_NORM_L2;
  wish->merge = ESP_MERGE_REDUCE;
  wish->floor = DEFAULT_FLOOR;
  wish->round = 1;
}

void
esp_wish_copy (EspWish *to, const EspWish *from, guint n_groups, guint n_layers, guint n_units)
{
  const gsize slots = (n_groups + n_layers + 1) * sizeof (double);

  *to = *from;
  to->ratios = g_memdup2 (from->ratios, slots);
  to->thresholds = g_memdup2 (from->thresholds, slots);
  to->counts = g_memdup2 (from->counts, slots);
  to->joins = g_memdup2 (from->joins, n_groups + 1);
  to->rules = g_memdup2 (from->rules, n_units + 1);
  to->floors = g_memdup2 (from->floors, (n_layers + 1) * sizeof (double));
}

void
esp_wish_clear (EspWish *wish)
{
  g_clear_pointer (&wish->ratios, g_free);
  g_clear_pointer (&wish->thresholds, g_free);
  g_clear_pointer (&wish->counts, g_free);
  g_clear_pointer (&wish->joins, g_free);
  g_clear_pointer (&wish->rules, g_free);
  g_clear_pointer (&wish->floors, g_free);
}

/* Behind the groups every layer has a slot for a share of its own. */
guint
esp_plan_layer_slot (const EspPlan *plan, guint layer)
{
  return plan->groups->len + layer;
}

/* Layers that are coupled lose the same channels, so the share of one is the share of all. */
int
esp_plan_own_layer (const EspPlan *plan, guint layer)
{
  const int group = plan->group_of[layer];
  const EspGroup *one = group >= 0 ? g_ptr_array_index (plan->groups, group) : NULL;

  for (guint i = 0; one != NULL && i < one->n_layers; i++)
    if (plan->set_of[one->layers[i]] == plan->set_of[layer] && plan->wish.ratios[esp_plan_layer_slot (plan, one->layers[i])] >= 0)
      return (int) one->layers[i];
  return -1;
}
