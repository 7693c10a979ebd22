/* plan-file.c: what a plan file says, checked whole before any plan is touched */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/plan-file.h"

#include <math.h>

#include "base/error.h"
#include "prune/plan-branch.h"
#include "prune/plan-private.h"
#include "score/scores-private.h"

#define LARGEST_COUNT 65536

void
esp_plan_contents_clear (EspPlanContents *contents)
{
  g_clear_pointer (&contents->name, g_free);
  g_clear_pointer (&contents->state, esp_plan_state_unref);
  g_clear_pointer (&contents->mask, esp_mask_unref);
}

static gboolean
read_rule (EspPlan *plan, int group, JsonObject *object, const char *where, EspChannelRule rule, guint8 *rules, GError **error)
{
  guint layer = 0, n;
  g_autofree guint8 *bits = NULL;

  if (!esp_plan_file_layer (esp_plan_get_network (plan), object, where, &layer, error))
    return FALSE;
  if (esp_plan_group_of_layer (plan, layer) != group)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: layer %u is not in this group", where, layer);
      return FALSE;
    }
  n = (guint) esp_network_get_layer (esp_plan_get_network (plan), layer)->out.c;
  bits = g_new0 (guint8, n);
  if (!esp_plan_file_channels (object, where, "channels", n, bits, error))
    return FALSE;
  for (guint c = 0; c < n; c++)
    {
      const guint unit = esp_coupling_get_unit (esp_plan_get_coupling (plan), layer, c);

      if (bits[c] && rules[unit] != ESP_CHANNEL_BY_RANK && rules[unit] != rule)
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: layer %u: channel %u is both cut and protected", where, layer, c);
          return FALSE;
        }
      if (bits[c])
        rules[unit] = rule;
    }
  return TRUE;
}

static gboolean
read_rules (
    EspPlan *plan, int group, JsonObject *object, const char *where, const char *name, EspChannelRule rule, guint8 *rules, GError **error)
{
  JsonArray *list = NULL;

  if (!esp_json_read_array (object, where, name, &list, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      g_autofree char *here = g_strdup_printf ("%s: %s[%u]", where, name, i);
      JsonObject *item = NULL;

      if (!esp_json_item_object (list, where, i, &item, error) || !read_rule (plan, group, item, here, rule, rules, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_layers (const EspGroup *group, JsonArray *layers, const char *where, GError **error)
{
  gboolean same = json_array_get_length (layers) == group->n_layers;

  for (guint i = 0; i < json_array_get_length (layers); i++)
    {
      guint layer = 0;

      if (!esp_json_item_count (layers, where, i, 0, G_MAXINT, &layer, error))
        return FALSE;
      same = same && group->layers[i] == layer;
    }
  if (!same)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: the layers of group \"%s\" are not those of this network's group of that name",
                 where, group->name);
  return same;
}

/* "ratio", and "threshold" or "count" where that decides instead. */
static gboolean
read_share (JsonObject *object, const char *where, guint slot, EspWish *wish, GError **error)
{
  guint count = 0;

  if (!esp_json_read_number (object, where, "ratio", 0, 1, &wish->ratios[slot], error))
    return FALSE;
  if (json_object_has_member (object, "threshold")
      && !esp_json_read_number (object, where, "threshold", -G_MAXDOUBLE, G_MAXDOUBLE, &wish->thresholds[slot], error))
    return FALSE;
  if (!json_object_has_member (object, "count"))
    return TRUE;
  if (!esp_json_read_count (object, where, "count", 0, G_MAXINT, &count, error))
    return FALSE;
  wish->counts[slot] = count;
  if (wish->thresholds[slot] == -INFINITY)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: found both \"threshold\" and \"count\", expected one of them", where);
  return FALSE;
}

/* [{"layer": 57, "ratio": 0.4}, …]: layers with a share of their own; none where there is no such member. */
static gboolean
read_own (EspPlan *plan, int group, JsonObject *object, const char *where, EspWish *wish, GError **error)
{
  g_autofree char *list_name = g_strdup_printf ("%s: own", where);
  JsonArray *list = NULL;

  if (json_object_has_member (object, "own") && !esp_json_read_array (object, where, "own", &list, error))
    return FALSE;
  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++)
    {
      g_autofree char *here = g_strdup_printf ("%s: own[%u]", where, i);
      JsonObject *item = NULL;
      guint layer = 0;

      if (!esp_json_item_object (list, list_name, i, &item, error) || !esp_plan_file_layer (plan->network, item, here, &layer, error))
        return FALSE;
      if (plan->group_of[layer] != group)
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: layer %u is not in this group", here, layer);
          return FALSE;
        }
      for (guint l = 0; l < esp_network_get_n_layers (plan->network); l++)
        if (plan->set_of[l] == plan->set_of[layer] && wish->ratios[esp_plan_layer_slot (plan, l)] >= 0)
          {
            g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: layer %u has the share of layer %u already, which it goes with", here,
                         layer, l);
            return FALSE;
          }
      if (!read_share (item, here, esp_plan_layer_slot (plan, layer), wish, error))
        return FALSE;
    }
  return TRUE;
}

/* "overall": whether the overall ranking decides about the group; then its ratio only says what came of that. */
static gboolean
read_join (JsonObject *object, const char *where, guint group, EspWish *wish, GError **error)
{
  JsonNode *node = json_object_get_member (object, "overall");

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: overall: expected true or false", where);
      return FALSE;
    }
  wish->joins[group] = json_node_get_boolean (node);
  if (wish->joins[group])
    {
      wish->ratios[group] = 0;
      wish->thresholds[group] = -INFINITY;
      wish->counts[group] = -1;
    }
  return TRUE;
}

/* @met: per group, whether the file has spoken of it. */
static gboolean
read_group (EspPlan *plan, JsonObject *object, const char *where, EspWish *wish, guint8 *met, GError **error)
{
  const char *name = NULL;
  JsonArray *layers = NULL;
  int group;

  if (!esp_json_read_string (object, where, "name", &name, error) || !esp_json_read_array (object, where, "layers", &layers, error))
    return FALSE;
  group = esp_plan_find_group (plan, name);
  if (group < 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: this network has no group \"%s\"", where, name);
      return FALSE;
    }
  if (met[group])
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: group \"%s\" is there twice", where, name);
      return FALSE;
    }
  met[group] = 1;
  return read_share (object, where, (guint) group, wish, error) && read_join (object, where, (guint) group, wish, error)
         && check_layers (esp_plan_get_group (plan, (guint) group), layers, where, error)
         && read_own (plan, group, object, where, wish, error)
         && read_rules (plan, group, object, where, "protected", ESP_CHANNEL_PROTECTED, wish->rules, error)
         && read_rules (plan, group, object, where, "cut", ESP_CHANNEL_CUT, wish->rules, error);
}

static gboolean
read_groups (EspPlan *plan, JsonObject *root, const char *path, EspWish *wish, GError **error)
{
  g_autofree guint8 *met = g_new0 (guint8, esp_plan_get_n_groups (plan) + 1);
  JsonArray *groups = NULL;

  if (!esp_json_read_array (root, path, "groups", &groups, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (groups); i++)
    {
      g_autofree char *where = g_strdup_printf ("%s: groups[%u]", path, i);
      JsonObject *object = NULL;

      if (!esp_json_item_object (groups, path, i, &object, error) || !read_group (plan, object, where, wish, met, error))
        return FALSE;
    }
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    if (!met[g])
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: groups: nothing about group \"%s\"", path, esp_plan_get_group (plan, g)->name);
        return FALSE;
      }
  return TRUE;
}

/* {"ratio": 0.4, "normalise": "l2"}; not there: as a new plan has it. */
static gboolean
read_overall (JsonObject *root, const char *path, EspWish *wish, GError **error)
{
  g_autofree char *where = g_strdup_printf ("%s: overall", path);
  JsonObject *object = NULL;
  const char *norm = NULL;

  if (!json_object_has_member (root, "overall"))
    return TRUE;
  if (!esp_json_read_object (root, path, "overall", &object, error)
      || !esp_json_read_number (object, where, "ratio", 0, 1, &wish->overall, error)
      || !esp_json_read_string (object, where, "normalise", &norm, error))
    return FALSE;
  if (esp_norm_parse (norm, &wish->norm, error))
    return TRUE;
  g_prefix_error (error, "%s: ", where);
  return FALSE;
}

/* "merge": "majority"; not there: as a new plan has it. */
static gboolean
read_merge (JsonObject *root, const char *path, EspWish *wish, GError **error)
{
  const char *name = NULL;

  if (!json_object_has_member (root, "merge"))
    return TRUE;
  if (!esp_json_read_string (root, path, "merge", &name, error))
    return FALSE;
  if (esp_merge_parse (name, &wish->merge, error))
    return TRUE;
  g_prefix_error (error, "%s: merge: ", path);
  return FALSE;
}

/* [{"layer": 57, "floor": 4}, …]; not there: no layer has one of its own. */
static gboolean
read_floors (EspPlan *plan, JsonObject *root, const char *path, EspWish *wish, GError **error)
{
  g_autofree char *list_name = g_strdup_printf ("%s: floors", path);
  JsonArray *list = NULL;

  if (json_object_has_member (root, "floors") && !esp_json_read_array (root, path, "floors", &list, error))
    return FALSE;
  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++)
    {
      g_autofree char *where = g_strdup_printf ("%s: floors[%u]", path, i);
      JsonObject *item = NULL;
      guint layer = 0, floor = 0;

      if (!esp_json_item_object (list, list_name, i, &item, error) || !esp_plan_file_layer (plan->network, item, where, &layer, error)
          || !esp_json_read_count (item, where, "floor", 0, LARGEST_COUNT, &floor, error))
        return FALSE;
      wish->floors[layer] = floor;
    }
  return TRUE;
}

static gboolean
read_wish (EspPlan *plan, JsonObject *root, const char *path, EspWish *wish, GError **error)
{
  return esp_json_read_count (root, path, "floor", 0, LARGEST_COUNT, &wish->floor, error)
         && esp_json_read_count (root, path, "round", 1, LARGEST_COUNT, &wish->round, error) && read_overall (root, path, wish, error)
         && read_merge (root, path, wish, error) && read_floors (plan, root, path, wish, error)
         && read_groups (plan, root, path, wish, error);
}

gboolean
esp_plan_contents_read (EspPlan *plan, JsonObject *root, const char *path, EspScores *known, EspPlanContents *contents, GError **error)
{
  JsonNode *ranking = json_object_get_member (root, "ranking");
  JsonObject *scores = NULL;

  contents->mask = esp_plan_file_mask (plan->network, plan->coupling, root, path, error);
  if (contents->mask == NULL)
    return FALSE;
  contents->state = esp_plan_state_new (plan);
  if (!read_wish (plan, root, path, &contents->state->wish, error)
      || !esp_plan_classes_read (plan->network, root, path, &contents->state->keep, error))
    return FALSE;
  if (ranking != NULL && JSON_NODE_HOLDS_NULL (ranking))
    return TRUE;
  if (ranking == NULL && known != NULL)
    {
      contents->state->scores = esp_scores_ref (known);
      return TRUE;
    }
  if (!esp_json_read_object (root, path, "ranking", &scores, error))
    return FALSE;
  contents->state->scores = esp_scores_from_json (plan->network, scores, path, error);
  return contents->state->scores != NULL;
}

static void
contents_free (gpointer data)
{
  esp_plan_contents_clear (data);
  g_free (data);
}

static gboolean
is_taken (const EspPlanContents *contents, const GPtrArray *others, const char *name)
{
  gboolean taken = g_strcmp0 (contents->name, name) == 0;

  for (guint i = 0; i < others->len; i++)
    taken = taken || g_strcmp0 (((EspPlanContents *) g_ptr_array_index (others, i))->name, name) == 0;
  return taken;
}

static gboolean
read_branch (EspPlan *plan, JsonObject *object, const char *where, const EspPlanContents *contents, GPtrArray *others, GError **error)
{
  EspPlanContents *one = g_new0 (EspPlanContents, 1);
  const char *name = NULL;

  if (!esp_json_read_string (object, where, "name", &name, error) || !esp_branch_check_name (name, error))
    {
      g_free (one);
      return FALSE;
    }
  if (is_taken (contents, others, name))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: branch \"%s\" is there twice", where, name);
      g_free (one);
      return FALSE;
    }
  one->name = g_strdup (name);
  g_ptr_array_add (others, one);
  return esp_plan_contents_read (plan, object, where, contents->state->scores, one, error);
}

gboolean
esp_plan_branches_read (EspPlan *plan, JsonObject *root, const char *path, EspPlanContents *contents, GPtrArray **others, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (contents_free);
  g_autofree char *list_name = g_strdup_printf ("%s: branches", path);
  JsonArray *branches = NULL;
  const char *name = NULL;

  if (json_object_has_member (root, "branch"))
    {
      if (!esp_json_read_string (root, path, "branch", &name, error) || !esp_branch_check_name (name, error))
        return FALSE;
      contents->name = g_strdup (name);
    }
  if (json_object_has_member (root, "branches") && !esp_json_read_array (root, path, "branches", &branches, error))
    return FALSE;
  if (branches != NULL && json_array_get_length (branches) >= ESP_MOST_BRANCHES)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s: branches: found %u besides the one in hand, expected fewer than %d", path,
                   json_array_get_length (branches), ESP_MOST_BRANCHES);
      return FALSE;
    }
  for (guint i = 0; branches != NULL && i < json_array_get_length (branches); i++)
    {
      g_autofree char *where = g_strdup_printf ("%s: branches[%u]", path, i);
      JsonObject *object = NULL;

      if (!esp_json_item_object (branches, list_name, i, &object, error) || !read_branch (plan, object, where, contents, list, error))
        return FALSE;
    }
  *others = g_steal_pointer (&list);
  return TRUE;
}
