/* plan-file.c: what a plan file says, checked whole before any plan is touched */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/plan-file.h"

#include <math.h>

#include "base/error.h"
#include "prune/scores-private.h"

#define LARGEST_COUNT 65536

void
esp_plan_contents_clear (EspPlanContents *contents)
{
  g_free (contents->ratios);
  g_free (contents->thresholds);
  g_free (contents->rules);
  g_clear_pointer (&contents->scores, esp_scores_unref);
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

static gboolean
read_group (EspPlan *plan, JsonObject *object, const char *where, EspPlanContents *contents, GError **error)
{
  const char *name = NULL;
  JsonArray *layers = NULL;
  double ratio = 0;
  int group;

  if (!esp_json_read_string (object, where, "name", &name, error) || !esp_json_read_number (object, where, "ratio", 0, 1, &ratio, error)
      || !esp_json_read_array (object, where, "layers", &layers, error))
    return FALSE;
  group = esp_plan_find_group (plan, name);
  if (group < 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: this network has no group \"%s\"", where, name);
      return FALSE;
    }
  if (contents->ratios[group] >= 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: group \"%s\" is there twice", where, name);
      return FALSE;
    }
  contents->ratios[group] = ratio;
  if (json_object_has_member (object, "threshold")
      && !esp_json_read_number (object, where, "threshold", -G_MAXDOUBLE, G_MAXDOUBLE, &contents->thresholds[group], error))
    return FALSE;
  return check_layers (esp_plan_get_group (plan, (guint) group), layers, where, error)
         && read_rules (plan, group, object, where, "protected", ESP_CHANNEL_PROTECTED, contents->rules, error)
         && read_rules (plan, group, object, where, "cut", ESP_CHANNEL_CUT, contents->rules, error);
}

static gboolean
read_groups (EspPlan *plan, JsonObject *root, const char *path, EspPlanContents *contents, GError **error)
{
  JsonArray *groups = NULL;

  if (!esp_json_read_array (root, path, "groups", &groups, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (groups); i++)
    {
      g_autofree char *where = g_strdup_printf ("%s: groups[%u]", path, i);
      JsonObject *object = NULL;

      if (!esp_json_item_object (groups, path, i, &object, error) || !read_group (plan, object, where, contents, error))
        return FALSE;
    }
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    if (contents->ratios[g] < 0)
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: groups: nothing about group \"%s\"", path, esp_plan_get_group (plan, g)->name);
        return FALSE;
      }
  return TRUE;
}

gboolean
esp_plan_contents_read (EspPlan *plan, JsonObject *root, const char *path, EspPlanContents *contents, GError **error)
{
  EspNetwork *network = esp_plan_get_network (plan);
  JsonNode *ranking = json_object_get_member (root, "ranking");
  JsonObject *scores = NULL;

  contents->ratios = g_new (double, esp_plan_get_n_groups (plan));
  contents->thresholds = g_new (double, esp_plan_get_n_groups (plan));
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    {
      contents->ratios[g] = -1;
      contents->thresholds[g] = -INFINITY;
    }
  contents->rules = g_new0 (guint8, esp_coupling_get_n_units (esp_plan_get_coupling (plan)));
  contents->mask = esp_plan_file_mask (network, esp_plan_get_coupling (plan), root, path, error);
  if (contents->mask == NULL || !esp_json_read_count (root, path, "floor", 0, LARGEST_COUNT, &contents->floor, error)
      || !esp_json_read_count (root, path, "round", 1, LARGEST_COUNT, &contents->round, error)
      || !read_groups (plan, root, path, contents, error))
    return FALSE;
  if (ranking != NULL && JSON_NODE_HOLDS_NULL (ranking))
    return TRUE;
  if (!esp_json_read_object (root, path, "ranking", &scores, error))
    return FALSE;
  contents->scores = esp_scores_from_json (network, scores, path, error);
  return contents->scores != NULL;
}
