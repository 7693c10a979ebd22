/* detections-file.c: detections of a data set as COCO results json */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "detections-file.h"

#include <json-glib/json-glib.h>

#include "base/file.h"
#include "verb.h"

static void
add (JsonBuilder *json, const EspSample *sample, const EspDetection *detection, int width, int height)
{
  const EspBox box = detection->box;

  json_builder_begin_object (json);
  esp_json_int (json, "image_id", sample->id);
  esp_json_string (json, "file_name", sample->name);
  esp_json_int (json, "category_id", detection->class_index);
  json_builder_set_member_name (json, "bbox");
  json_builder_begin_array (json);
  json_builder_add_double_value (json, (double) (box.x - box.w / 2) * width);
  json_builder_add_double_value (json, (double) (box.y - box.h / 2) * height);
  json_builder_add_double_value (json, (double) box.w * width);
  json_builder_add_double_value (json, (double) box.h * height);
  json_builder_end_array (json);
  esp_json_double (json, "score", (double) detection->score);
  json_builder_end_object (json);
}

/**
 * esp_detections_write:
 * @path: where to
 * @dataset: the images
 * @cache: which has decoded them, and so knows their sizes
 * @indices: @n images of the data set
 * @outcomes: of each
 * @n: how many
 *
 * bbox is left, top, width, height in pixels of the upright image, not clipped. Written whole or not at all. Thread: any, nothing else in @cache.
 */
gboolean
esp_detections_write (
    const char *path, EspDataset *dataset, EspImageCache *cache, const guint *indices, EspOutcome *const *outcomes, guint n, GError **error)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;
  gsize length;

  json_builder_begin_array (json);
  for (guint i = 0; i < n; i++)
    {
      int width, height;

      if (!esp_image_cache_get_size (cache, indices[i], &width, &height))
        continue;
      for (guint j = 0; j < outcomes[i]->n; j++)
        add (json, esp_dataset_get (dataset, indices[i]), &outcomes[i]->detections[j], width, height);
    }
  json_builder_end_array (json);
  root = json_builder_get_root (json);
  json_generator_set_root (generator, root);
  text = json_generator_to_data (generator, &length);
  return esp_file_write (path, text, length, error);
}
