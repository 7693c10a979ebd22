/* plan-resolve.c: how what a plan is asked becomes a mask
 *
 * Two rankers share the layers among them. The first has every group that decides for itself, without the layers that have a share of their
 * own, and each set of such layers (coupled ones together) as a group more. The second has all groups of the overall ranking as one, ranked
 * together by scores that are normalised per layer. What either cuts goes, and ranges that must stay equal are made so over both. They are
 * built anew only where a group joins or leaves, a layer gets or loses its own share, or scores or normalisation change,
 * so a drag only resolves. */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include <math.h>

#include "prune/plan-private.h"

struct _EspResolver
{
  GPtrArray *groups;               /* of EspGroup: those that decide for themselves */
  GArray *slots;                   /* of guint: whose share each of them follows */
  GPtrArray *pool;                 /* of EspGroup: one, or none where no group is in the overall ranking */
  EspScores *normal;               /* (nullable): the pool's */
  EspRanker *ranker, *pool_ranker; /* (nullable): where there are none of these */
  EspRanker *whole;                /* NULL until asked for: all groups as they were proposed */
};

void
esp_resolver_free (EspResolver *resolver)
{
  g_clear_pointer (&resolver->ranker, esp_ranker_free);
  g_clear_pointer (&resolver->pool_ranker, esp_ranker_free);
  g_clear_pointer (&resolver->whole, esp_ranker_free);
  g_ptr_array_unref (resolver->groups);
  g_ptr_array_unref (resolver->pool);
  g_array_unref (resolver->slots);
  g_clear_pointer (&resolver->normal, esp_scores_unref);
  g_free (resolver);
}

static EspGroup *
group_of_layers (const EspPlan *plan, const GArray *layers)
{
  EspGroup *group = g_new0 (EspGroup, 1);

  group->n_layers = layers->len;
  group->layers = g_memdup2 (layers->data, layers->len * sizeof (guint));
  for (guint i = 0; i < layers->len; i++)
    group->n_channels += (guint) esp_network_get_layer (plan->network, group->layers[i])->out.c;
  return group;
}

static void
add_group (EspPlan *plan, EspResolver *resolver, const GArray *layers, guint slot)
{
  if (layers->len == 0)
    return;
  g_ptr_array_add (resolver->groups, group_of_layers (plan, layers));
  g_array_append_val (resolver->slots, slot);
}

/* The layers of @group that follow @own, or (-1) nobody of their own. */
static GArray *
layers_of (EspPlan *plan, guint group, int own)
{
  const EspGroup *one = g_ptr_array_index (plan->groups, group);
  GArray *layers = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < one->n_layers; i++)
    if (esp_plan_own_layer (plan, one->layers[i]) == own)
      g_array_append_val (layers, one->layers[i]);
  return layers;
}

static void
split_group (EspPlan *plan, EspResolver *resolver, guint group, GArray *pool)
{
  const EspGroup *one = g_ptr_array_index (plan->groups, group);
  g_autoptr (GArray) rest = layers_of (plan, group, -1);

  if (plan->wish.joins[group])
    g_array_append_vals (pool, rest->data, rest->len);
  else
    add_group (plan, resolver, rest, group);
  for (guint i = 0; i < one->n_layers; i++)
    if (esp_plan_own_layer (plan, one->layers[i]) == (int) one->layers[i])
      {
        g_autoptr (GArray) layers = layers_of (plan, group, (int) one->layers[i]);

        add_group (plan, resolver, layers, esp_plan_layer_slot (plan, one->layers[i]));
      }
}

static EspResolver *
resolver_new (EspPlan *plan)
{
  EspResolver *resolver = g_new0 (EspResolver, 1);
  g_autoptr (GArray) pool = g_array_new (FALSE, FALSE, sizeof (guint));

  resolver->groups = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_group_free);
  resolver->pool = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_group_free);
  resolver->slots = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint g = 0; g < plan->groups->len; g++)
    split_group (plan, resolver, g, pool);
  if (resolver->groups->len > 0)
    resolver->ranker = esp_ranker_new (plan->network, plan->coupling, resolver->groups, plan->scores, FALSE, plan->wish.merge);
  if (pool->len == 0)
    return resolver;
  g_ptr_array_add (resolver->pool, group_of_layers (plan, pool));
  if (plan->scores != NULL)
    resolver->normal = esp_scores_normalise (plan->network, plan->scores, plan->wish.norm);
  resolver->pool_ranker = esp_ranker_new (plan->network, plan->coupling, resolver->pool, resolver->normal, TRUE, plan->wish.merge);
  return resolver;
}

static EspResolver *
get_resolver (EspPlan *plan)
{
  if (plan->resolver == NULL)
    plan->resolver = resolver_new (plan);
  return plan->resolver;
}

static EspRanker *
get_whole (EspPlan *plan)
{
  EspResolver *resolver = get_resolver (plan);

  if (resolver->whole == NULL)
    resolver->whole = esp_ranker_new (plan->network, plan->coupling, plan->groups, plan->scores, FALSE, plan->wish.merge);
  return resolver->whole;
}

/* The share of the channels of resolver group @index that its slot asks for.
 * A count is of the group's channels, or of the layer's that has it. */
static double
ratio_of (const EspPlan *plan, const EspResolver *resolver, guint index)
{
  const guint slot = g_array_index (resolver->slots, guint, index), n_groups = plan->groups->len;
  const EspGroup *group = g_ptr_array_index (resolver->groups, index);
  const double n = slot < n_groups ? (double) group->n_channels : (double) esp_network_get_layer (plan->network, slot - n_groups)->out.c;
  const double count = plan->wish.counts[slot];

  return count >= 0 ? MAX (n - count, 0) / n : plan->wish.ratios[slot];
}

static double
threshold_of (const EspPlan *plan, const EspResolver *resolver, guint index)
{
  const guint slot = g_array_index (resolver->slots, guint, index);

  return plan->wish.counts[slot] >= 0 ? -INFINITY : plan->wish.thresholds[slot];
}

static guint *
floors_of (const EspPlan *plan)
{
  const guint n = esp_network_get_n_layers (plan->network);
  guint *floors = g_new (guint, n + 1);

  for (guint l = 0; l < n; l++)
    floors[l] = plan->wish.floors[l] >= 0 ? (guint) plan->wish.floors[l] : plan->wish.floor;
  return floors;
}

static EspMask *
resolve_groups (EspPlan *plan, const EspResolver *resolver, const guint *floors)
{
  const guint n = resolver->groups->len;
  g_autofree double *ratios = g_new (double, n + 1), *thresholds = g_new (double, n + 1);

  for (guint i = 0; i < n; i++)
    {
      ratios[i] = ratio_of (plan, resolver, i);
      thresholds[i] = threshold_of (plan, resolver, i);
    }
  return esp_ranker_resolve (resolver->ranker, ratios, thresholds, plan->wish.rules, floors, plan->wish.round, NULL);
}

/* Cheap enough for every frame of a drag. */
EspMask *
esp_plan_resolve (EspPlan *plan)
{
  const EspResolver *resolver = get_resolver (plan);
  const double none = -INFINITY;
  g_autofree guint *floors = floors_of (plan);
  g_autoptr (EspMask) own = NULL, pool = NULL;

  if (resolver->ranker != NULL)
    own = resolve_groups (plan, resolver, floors);
  if (resolver->pool_ranker != NULL)
    pool = esp_ranker_resolve (resolver->pool_ranker, &plan->wish.overall, &none, plan->wish.rules, floors, plan->wish.round, own);
  if (own == NULL && pool == NULL)
    return esp_mask_new_full (plan->network);
  return pool != NULL ? g_steal_pointer (&pool) : g_steal_pointer (&own);
}

static int
compare_runs (gconstpointer a, gconstpointer b)
{
  const EspRanking *x = *(EspRanking *const *) a, *y = *(EspRanking *const *) b;

  return x->layer < y->layer ? -1 : x->layer > y->layer;
}

/* The runs that decide about @group: of its layers together or each by itself, of those with a share of their own,
 * or of the overall ranking. */
GPtrArray *
esp_plan_rank_group (EspPlan *plan, guint group)
{
  const EspResolver *resolver = get_resolver (plan);
  GPtrArray *runs = NULL;

  if (plan->wish.joins[group] && resolver->pool_ranker != NULL)
    runs = esp_ranker_get_ranking (resolver->pool_ranker, 0, plan->wish.overall, -INFINITY);
  for (guint i = 0; i < resolver->groups->len; i++)
    {
      const guint slot = g_array_index (resolver->slots, guint, i);
      g_autoptr (GPtrArray) more = NULL;

      if (slot != group && (slot < plan->groups->len || plan->group_of[slot - plan->groups->len] != (int) group))
        continue;
      more = esp_ranker_get_ranking (resolver->ranker, i, ratio_of (plan, resolver, i), threshold_of (plan, resolver, i));
      for (guint r = 0; slot != group && r < more->len; r++)
        if (((EspRanking *) g_ptr_array_index (more, r))->layer == G_MAXUINT)
          ((EspRanking *) g_ptr_array_index (more, r))->layer = slot - plan->groups->len;
      if (runs == NULL)
        runs = g_steal_pointer (&more);
      else
        g_ptr_array_extend_and_steal (runs, g_steal_pointer (&more));
    }
  g_assert (runs != NULL);
  g_ptr_array_sort (runs, compare_runs);
  return runs;
}

/* Of the rankings that decide about @group's layers, what is nearest to each one's line. */
GArray *
esp_plan_list_edges (EspPlan *plan, guint group, guint most)
{
  const EspResolver *resolver = get_resolver (plan);
  const EspGroup *one = g_ptr_array_index (plan->groups, group);
  g_autofree guint8 *layers = g_new0 (guint8, esp_network_get_n_layers (plan->network));
  GArray *edges = g_array_new (FALSE, FALSE, sizeof (EspEdge));

  for (guint i = 0; i < one->n_layers; i++)
    layers[one->layers[i]] = 1;
  if (plan->wish.joins[group] && resolver->pool_ranker != NULL)
    esp_ranker_list_edge (resolver->pool_ranker, 0, plan->wish.overall, -INFINITY, layers, most, edges);
  for (guint i = 0; i < resolver->groups->len; i++)
    esp_ranker_list_edge (resolver->ranker, i, ratio_of (plan, resolver, i), threshold_of (plan, resolver, i), layers, most, edges);
  return edges;
}

/* The ranker that a slot is in, and as which of its groups; where a group has left its layers to others, as it was proposed. */
static EspRanker *
find_ranker (EspPlan *plan, guint slot, guint *index)
{
  const EspResolver *resolver = get_resolver (plan);

  for (guint i = 0; i < resolver->slots->len; i++)
    if (g_array_index (resolver->slots, guint, i) == slot)
      {
        *index = i;
        return resolver->ranker;
      }
  *index = slot < plan->groups->len ? slot : (guint) plan->group_of[slot - plan->groups->len];
  return get_whole (plan);
}

/* How much of a slot scores less than @threshold. */
double
esp_plan_slot_share (EspPlan *plan, guint slot, double threshold)
{
  guint index;
  EspRanker *ranker = find_ranker (plan, slot, &index);

  return esp_ranker_get_share (ranker, index, threshold);
}

/* The score below which so much of a slot lies, as nearly as units allow. */
double
esp_plan_slot_threshold (EspPlan *plan, guint slot, double ratio)
{
  guint index;
  EspRanker *ranker = find_ranker (plan, slot, &index);

  return esp_ranker_find_threshold (ranker, index, ratio);
}

/** esp_plan_is_pooled: Returns: whether a group's layers are ranked together (one run in its ranking) or each by itself. */
gboolean
esp_plan_is_pooled (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), FALSE);
  return esp_ranker_is_pooled (get_whole (plan));
}
