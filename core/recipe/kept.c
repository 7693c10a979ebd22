/* kept.c: results on disk by what made them, so that a run goes on where it stood */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include "recipe/bench-private.h"

#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"

#define FOLDER       "kept"
#define LARGEST_FILE (16 << 20)
#define DIGITS       16

/** esp_bench_key_path: Returns: (transfer full): kept/WHAT-HASH and @suffix, in the folder of the run. Thread: any. */
char *
esp_bench_key_path (EspBench *bench, const char *what, const char *key, const char *suffix)
{
  g_autofree char *hash = esp_hash_to_string (esp_hash_bytes (key, strlen (key)));
  g_autofree char *name = g_strdup_printf ("%s-%.*s%s", what, DIGITS, hash, suffix);

  return g_build_filename (bench->folder, FOLDER, name, NULL);
}

/**
 * esp_bench_recall:
 * @what: the kind of result: a word
 * @key: all that the result depends on
 *
 * A file that is damaged, or that another key made, is as good as none: what it held is computed again. Thread: any.
 * Returns: (transfer full) (nullable): the values.
 */
JsonObject *
esp_bench_recall (EspBench *bench, const char *what, const char *key)
{
  g_autofree char *path = esp_bench_key_path (bench, what, key, ".json");
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) error = NULL;
  JsonObject *values = NULL;
  const char *its = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return NULL;
  root = esp_json_load (path, LARGEST_FILE, &error);
  if (root != NULL && esp_json_read_string (json_node_get_object (root), path, "key", &its, &error) && strcmp (its, key) == 0
      && esp_json_read_object (json_node_get_object (root), path, "values", &values, &error))
    return json_object_ref (values);
  g_debug ("%s: computed again: %s", path, error != NULL ? error->message : "made by something else");
  return NULL;
}

/** esp_bench_remember: writes @values (transfer full) where esp_bench_recall() finds them. Errors: ESP_ERROR_IO. Thread: any. */
gboolean
esp_bench_remember (EspBench *bench, const char *what, const char *key, JsonObject *values, GError **error)
{
  g_autofree char *path = esp_bench_key_path (bench, what, key, ".json"), *folder = g_path_get_dirname (path), *text = NULL;
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "key", key);
  json_object_set_object_member (object, "values", values);
  json_node_take_object (root, object);
  text = json_to_string (root, FALSE);
  return esp_folder_make (folder, error) && esp_file_write (path, text, strlen (text), error);
}
