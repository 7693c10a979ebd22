/* detections-file.c: detections of a data set as COCO results json */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "detections-file.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>

#include "base/file.h"
#include "verb.h"

static void
add (JsonBuilder *json, const EspSample *sample, const EspSeen *seen, gint64 category)
{
  json_builder_begin_object (json);
  esp_json_int (json, "image_id", sample->id);
  esp_json_string (json, "file_name", sample->name);
  esp_json_int (json, "category_id", category);
  json_builder_set_member_name (json, "bbox");
  json_builder_begin_array (json);
  json_builder_add_double_value (json, seen->box.left);
  json_builder_add_double_value (json, seen->box.top);
  json_builder_add_double_value (json, seen->box.width);
  json_builder_add_double_value (json, seen->box.height);
  json_builder_end_array (json);
  esp_json_double (json, "score", seen->score);
  json_builder_end_object (json);
}

static int
by_place (const void *a, const void *b)
{
  const EspSeen *x = a, *y = b;

  if (x->place != y->place)
    return x->place < y->place ? -1 : 1;
  return (x->class_index > y->class_index) - (x->class_index < y->class_index);
}

/* The file's category of each class of the network; -1: the data set, whose classes have ids of their own, has no such class. */
static gint64 *
make_categories (EspDataset *dataset, const EspClassMap *map, guint n_classes)
{
  gint64 *categories = g_new (gint64, n_classes + 1);
  gboolean own = FALSE;

  for (guint k = 0; k < map->n; k++)
    own = own || esp_dataset_get_class_id (dataset, k) != k;
  for (guint k = 0; k < n_classes; k++)
    categories[k] = own ? -1 : (gint64) k;
  for (guint k = 0; own && k < map->n; k++)
    if (map->to_network[k] >= 0 && (guint) map->to_network[k] < n_classes && categories[map->to_network[k]] < 0)
      categories[map->to_network[k]] = esp_dataset_get_class_id (dataset, k);
  return categories;
}

/* In the order of darknet's array, which its count at a fixed threshold asks for. */
static void
add_image (JsonBuilder *json, const EspSample *sample, const EspOutcome *outcome, const gint64 *categories, guint n_classes)
{
  g_autofree EspSeen *seen = g_memdup2 (outcome->seen, outcome->n_seen * sizeof (EspSeen));

  if (outcome->n_seen > 0)
    qsort (seen, outcome->n_seen, sizeof (EspSeen), by_place);
  for (guint i = 0; i < outcome->n_seen; i++)
    if ((guint) seen[i].class_index < n_classes && categories[seen[i].class_index] >= 0)
      add (json, sample, &seen[i], categories[seen[i].class_index]);
}

/**
 * esp_detections_write:
 * @path: where to
 * @dataset: the images
 * @map: its classes to the network's
 * @n_classes: of the network
 * @indices: @n images of the data set
 * @outcomes: of each
 * @n: how many
 *
 * bbox is left, top, width, height in pixels of the upright image, not clipped. category_id is the network's class, or the data set's own
 * id of it where it has such ids (COCO json), so that the file is one of results for it; classes that such a data set lacks are left out.
 * Written whole or not at all.
 * Thread: any.
 */
gboolean
esp_detections_write (const char *path,
                      EspDataset *dataset,
                      const EspClassMap *map,
                      guint n_classes,
                      const guint *indices,
                      EspOutcome *const *outcomes,
                      guint n,
                      GError **error)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autofree gint64 *categories = make_categories (dataset, map, n_classes);
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;
  gsize length;

  json_builder_begin_array (json);
  for (guint i = 0; i < n; i++)
    add_image (json, esp_dataset_get (dataset, indices[i]), outcomes[i], categories, n_classes);
  json_builder_end_array (json);
  root = json_builder_get_root (json);
  json_generator_set_root (generator, root);
  text = json_generator_to_data (generator, &length);
  return esp_file_write (path, text, length, error);
}
