/* class-map.c: data set class to network class, by name where both have names, else by index */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/class-map.h"

#include <string.h>

#include "base/class-name.h"
#include "base/error.h"

#define MOST_NAMED 10 /* classes spelled out in the warning */

static gboolean
refuse_override (const char *pair, const char *what, const char *side, GError **error)
{
  g_autofree char *valid = g_utf8_make_valid (pair, -1);
  g_autofree char *part = g_utf8_make_valid (what, -1);

  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "map %s: “%s” is no class of the %s: expected one of its names or indices", valid, part,
               side);
  return FALSE;
}

static gboolean
apply_override (
    EspClassMap *map, const EspDataset *dataset, const char *const *network_names, guint n_network, const char *pair, GError **error)
{
  g_auto (GStrv) sides = g_strsplit (pair, "=", 2);
  int from = 0, to = 0;

  if (g_strv_length (sides) != 2)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "map %s: expected A=B, a class of the data set and one of the network", pair);
      return FALSE;
    }
  from = esp_class_name_find (g_strstrip (sides[0]), esp_dataset_get_names (dataset), map->n);
  to = esp_class_name_find (g_strstrip (sides[1]), network_names, n_network);
  if (from < 0)
    return refuse_override (pair, sides[0], "data set", error);
  if (to < 0)
    return refuse_override (pair, sides[1], "network", error);
  map->to_network[from] = to;
  return TRUE;
}

static void
map_all (EspClassMap *map, const EspDataset *dataset, const char *const *network_names, guint n_network)
{
  const char *const *names = esp_dataset_get_names (dataset);

  for (guint i = 0; i < map->n; i++)
    {
      if (names != NULL && network_names != NULL)
        map->to_network[i] = esp_class_name_match (names[i], network_names, n_network);
      else
        map->to_network[i] = i < n_network ? (int) i : -1;
    }
}

static void
append_class (GString *text, const EspDataset *dataset, guint index, guint objects)
{
  const char *const *names = esp_dataset_get_names (dataset);

  if (names != NULL)
    g_string_append (text, names[index]);
  else
    g_string_append_printf (text, "class %u", index);
  g_string_append_printf (text, " (%u)", objects);
}

/* Counts the objects of classes that the network lacks and says so in one sentence. */
static void
warn_of_missing (EspClassMap *map, const EspDataset *dataset)
{
  g_autofree guint *objects = g_new0 (guint, map->n + 1);
  g_autoptr (GString) text = g_string_new (NULL);
  guint total = 0;

  for (guint i = 0; i < esp_dataset_get_n (dataset); i++)
    for (guint k = 0; k < esp_dataset_get (dataset, i)->n_truths; k++)
      objects[esp_dataset_get (dataset, i)->truths[k].class_index]++;
  for (guint c = 0; c < map->n; c++)
    {
      if (map->to_network[c] >= 0 || objects[c] == 0)
        continue;
      if (map->n_missing < MOST_NAMED)
        {
          g_string_append (text, map->n_missing != 0 ? ", " : "");
          append_class (text, dataset, c, objects[c]);
        }
      map->n_missing++;
      total += objects[c];
    }
  if (map->n_missing == 0)
    return;
  if (map->n_missing > MOST_NAMED)
    g_string_append_printf (text, " and %u more", map->n_missing - MOST_NAMED);
  map->warning = g_strdup_printf ("%s: the network lacks %u of its classes, and %u %s left out: %s", esp_dataset_get_title (dataset),
                                  map->n_missing, total, total == 1 ? "object is" : "objects are", text->str);
}

/**
 * esp_class_map_new:
 * @dataset: the data set
 * @network_names: (nullable): NULL-terminated, the network's classes in order
 * @n_network_classes: how many classes its heads have
 * @overrides: (nullable): NULL-terminated "A=B", data set class A to network class B, each a name or an index; they come after the rule
 * @error: ESP_ERROR_FORMAT for an override that names no class
 *
 * By name (exactly, else without regard to case and with underscores as spaces) where both sides have names, else by index. Classes with
 * objects that the network lacks are counted, named in a warning and left out. Returns: (transfer full). Thread: any.
 */
EspClassMap *
esp_class_map_new (
    const EspDataset *dataset, const char *const *network_names, guint n_network_classes, const char *const *overrides, GError **error)
{
  g_autoptr (EspClassMap) map = g_new0 (EspClassMap, 1);

  g_return_val_if_fail (dataset != NULL, NULL);
  map->n = esp_dataset_get_n_classes (dataset);
  map->to_network = g_new (int, map->n + 1);
  map_all (map, dataset, network_names, n_network_classes);
  for (guint i = 0; overrides != NULL && overrides[i] != NULL; i++)
    if (!apply_override (map, dataset, network_names, n_network_classes, overrides[i], error))
      return NULL;
  warn_of_missing (map, dataset);
  return g_steal_pointer (&map);
}

/** esp_class_map_free: frees @map and what it holds. Thread: any. */
void
esp_class_map_free (EspClassMap *map)
{
  if (map == NULL)
    return;
  g_free (map->to_network);
  g_free (map->warning);
  g_free (map);
}
