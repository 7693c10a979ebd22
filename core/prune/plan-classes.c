/* plan-classes.c: the classes that a plan keeps of the network's heads, and their place in plan.json */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "base/error.h"
#include "prune/plan-file.h"
#include "prune/plan-private.h"

#define MOST_CLASSES 100000u
#define MOST_EXACT   (G_GUINT64_CONSTANT (1) << 53) /* above, readers of JSON that know doubles only round */

/**
 * esp_plan_set_keep_classes:
 * @plan: the plan
 * @keep: (nullable): the classes that an export has; NULL: all
 *
 * An act, or part of the one that is open. Not part of the mask: trials and evaluations of the plan see all classes, an export has these.
 * Saved with the plan.
 */
void
esp_plan_set_keep_classes (EspPlan *plan, EspKeepClasses *keep)
{
  EspAct *act;

  g_return_if_fail (ESP_IS_PLAN (plan));
  if (keep == plan->keep)
    return;
  esp_plan_begin (plan);
  act = plan->open;
  if (!act->sets_classes)
    act->classes_before = plan->keep != NULL ? esp_keep_classes_ref (plan->keep) : NULL;
  act->sets_classes = TRUE;
  g_clear_pointer (&act->classes, esp_keep_classes_unref);
  act->classes = keep != NULL ? esp_keep_classes_ref (keep) : NULL;
  esp_plan_take_classes (plan, keep);
  esp_plan_end (plan);
}

/* Without a step of undo. */
void
esp_plan_take_classes (EspPlan *plan, EspKeepClasses *keep)
{
  EspKeepClasses *old = plan->keep;

  plan->keep = keep != NULL ? esp_keep_classes_ref (keep) : NULL;
  g_clear_pointer (&old, esp_keep_classes_unref);
}

/** esp_plan_get_keep_classes: Returns: (transfer none) (nullable): the classes that an export has; NULL: all. */
EspKeepClasses *
esp_plan_get_keep_classes (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), NULL);
  return plan->keep;
}

/** esp_plan_classes_append: appends @keep as an object of names, and the classes that each is made of. */
void
esp_plan_classes_append (GString *to, const EspKeepClasses *keep)
{
  guint64 seed;

  g_string_append (to, "{\"seed\": ");
  if (esp_keep_classes_is_redrawn (keep, &seed))
    g_string_append_printf (to, seed <= MOST_EXACT ? "%" G_GUINT64_FORMAT : "\"%" G_GUINT64_FORMAT "\"", seed);
  else
    g_string_append (to, "null");
  g_string_append (to, ", \"kept\": [");
  for (guint c = 0; c < esp_keep_classes_get_n (keep); c++)
    {
      guint n;
      const guint *sources = esp_keep_classes_get_sources (keep, c, &n);

      g_string_append (to, c > 0 ? ",\n  {\"name\": " : "\n  {\"name\": ");
      esp_json_append_string (to, esp_keep_classes_get_name (keep, c));
      g_string_append (to, ", \"from\": [");
      for (guint i = 0; i < n; i++)
        g_string_append_printf (to, i > 0 ? ", %u" : "%u", sources[i]);
      g_string_append (to, "]}");
    }
  g_string_append (to, "]}");
}

static gboolean
read_class (EspKeepClasses *keep, JsonObject *object, const char *where, guint n_classes, GError **error)
{
  const char *name = NULL;
  JsonArray *from = NULL;
  g_autoptr (GArray) sources = g_array_new (FALSE, FALSE, sizeof (guint));

  if (!esp_json_read_string (object, where, "name", &name, error) || !esp_json_read_array (object, where, "from", &from, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (from); i++)
    {
      guint source;

      if (!esp_json_item_count (from, where, i, 0, n_classes - 1, &source, error))
        return FALSE;
      g_array_append_val (sources, source);
    }
  if (sources->len == 0 || sources->len > n_classes || *name == '\0')
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: expected a name, and 1 to %u classes that it is made of", where, n_classes);
      return FALSE;
    }
  esp_keep_classes_add (keep, name, (const guint *) (gconstpointer) sources->data, sources->len);
  return TRUE;
}

static guint
count_classes (const EspNetwork *network)
{
  const int classes = esp_network_get_classes (network), scores = esp_network_get_scores (network);

  return (guint) MAX (MAX (classes, scores), 0);
}

/* A whole number, or its digits as a string, as large ones are written. */
static gboolean
read_seed (JsonObject *object, const char *where, guint64 *seed, GError **error)
{
  JsonNode *node = json_object_get_member (object, "seed");
  const GType type = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  double number = 0;

  if (type == G_TYPE_STRING)
    {
      if (g_ascii_string_to_unsigned (json_node_get_string (node), 10, 0, G_MAXUINT64, seed, NULL))
        return TRUE;
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: \"seed\": expected a whole number, or its digits as a string", where);
      return FALSE;
    }
  if (type == G_TYPE_INT64 && json_node_get_int (node) >= 0)
    {
      *seed = (guint64) json_node_get_int (node);
      return TRUE;
    }
  if (!esp_json_read_number (object, where, "seed", 0, (double) MOST_EXACT, &number, error))
    return FALSE;
  *seed = (guint64) number;
  if ((double) *seed == number)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: \"seed\" is %g: expected a whole number", where, number);
  return FALSE;
}

static EspKeepClasses *
start (JsonObject *object, const char *where, GError **error)
{
  JsonNode *node = json_object_get_member (object, "seed");
  guint64 seed = 0;
  g_autoptr (EspKeepClasses) none = NULL;

  if (node != NULL && JSON_NODE_HOLDS_NULL (node))
    return esp_keep_classes_new (FALSE);
  if (!read_seed (object, where, &seed, error))
    return NULL;
  none = esp_keep_classes_new (TRUE);
  return esp_keep_classes_redrawn (none, seed);
}

/**
 * esp_plan_classes_read:
 * @network: whose classes they are
 * @root: of a plan file
 * @path: for messages
 * @keep: (out) (transfer full) (nullable): NULL where the file says nothing of classes
 * @error: ESP_ERROR_FORMAT, ESP_ERROR_LIMIT
 */
gboolean
esp_plan_classes_read (const EspNetwork *network, JsonObject *root, const char *path, EspKeepClasses **keep, GError **error)
{
  g_autofree char *where = g_strdup_printf ("%s: classes", path);
  g_autoptr (EspKeepClasses) read = NULL;
  const guint n_classes = count_classes (network);
  JsonObject *object = NULL;
  JsonArray *kept = NULL;

  *keep = NULL;
  if (!json_object_has_member (root, "classes"))
    return TRUE;
  if (!esp_json_read_object (root, path, "classes", &object, error) || !esp_json_read_array (object, where, "kept", &kept, error)
      || (read = start (object, where, error)) == NULL)
    return FALSE;
  if (n_classes == 0 || json_array_get_length (kept) == 0 || json_array_get_length (kept) > MOST_CLASSES)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %u are kept: expected at least one of a network with classes (%u)", where,
                   json_array_get_length (kept), n_classes);
      return FALSE;
    }
  for (guint i = 0; i < json_array_get_length (kept); i++)
    {
      g_autofree char *here = g_strdup_printf ("%s: kept[%u]", where, i);
      JsonObject *one = NULL;

      if (!esp_json_item_object (kept, where, i, &one, error) || !read_class (read, one, here, n_classes, error))
        return FALSE;
    }
  *keep = g_steal_pointer (&read);
  return TRUE;
}
