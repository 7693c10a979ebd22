/* class-map.c: data set class to network class, by name where both have names, else by index */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/class-map.h"

#include <string.h>

#include "base/error.h"

#define MOST_NAMED 10 /* classes spelled out in the warning */

/** esp_class_name_fold: Returns: (transfer full): @name as it is compared: case, and underscores for spaces, make no other class. Thread: any. */
char *
esp_class_name_fold (const char *name)
{
  g_autofree char *folded = g_utf8_casefold (name, -1);

  return g_strdelimit (g_strstrip (g_steal_pointer (&folded)), "_", ' ');
}

/* The first of @n names that is @name, exactly or else folded; -1 where none is. */
static int
find_name (const char *const *names, guint n, const char *name)
{
  g_autofree char *wanted = NULL;

  for (guint i = 0; i < n; i++)
    if (strcmp (names[i], name) == 0)
      return (int) i;
  wanted = esp_class_name_fold (name);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *folded = esp_class_name_fold (names[i]);

      if (strcmp (folded, wanted) == 0)
        return (int) i;
    }
  return -1;
}

/* A name or a 0-based index below @n; -1 where it is neither. */
static int
find_class (const char *const *names, guint n, const char *text)
{
  const int by_name = names != NULL ? find_name (names, MIN (g_strv_length ((char **) names), n), text) : -1;
  guint64 index = 0;

  if (by_name >= 0)
    return by_name;
  return n > 0 && g_ascii_string_to_unsigned (text, 10, 0, n - 1, &index, NULL) ? (int) index : -1;
}

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
  from = find_class (esp_dataset_get_names (dataset), map->n, g_strstrip (sides[0]));
  to = find_class (network_names, n_network, g_strstrip (sides[1]));
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
  const guint n_names = network_names != NULL ? MIN (g_strv_length ((char **) network_names), n_network) : 0;

  for (guint i = 0; i < map->n; i++)
    {
      if (names != NULL && network_names != NULL)
        map->to_network[i] = find_name (network_names, n_names, names[i]);
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
 * By name (exactly, else without regard to case and with underscores as spaces) where both sides have names, else by index. Classes with objects that the
 * network lacks are counted, named in a warning and left out. Returns: (transfer full). Thread: any.
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
