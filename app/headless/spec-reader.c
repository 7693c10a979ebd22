/* spec-reader.c: a JSON object read strictly: known keys, right types, ranges, paths relative to the file */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "spec-reader.h"

#include "base/error.h"
#include "base/json.h"

#include <math.h>

/**
 * esp_spec_refuse:
 * @reader: where it was found
 * @key: (nullable): the member that is wrong
 * @message: what was expected
 *
 * Returns: FALSE, with ESP_ERROR_FORMAT that names file and member.
 */
gboolean
esp_spec_refuse (const EspSpecReader *reader, const char *key, const char *message, GError **error)
{
  g_autofree char *place = NULL;

  if (reader->inside != NULL && key != NULL)
    place = g_strdup_printf ("%s.%s: ", reader->inside, key);
  else if (reader->inside != NULL || key != NULL)
    place = g_strdup_printf ("%s: ", key != NULL ? key : reader->inside);
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s%s", reader->path, place != NULL ? place : "", message);
  return FALSE;
}

/**
 * esp_spec_reader_open:
 * @reader: (out): to be cleared
 * @path: a file with one JSON object; borrowed
 * @most: bytes that are accepted
 * @error: ESP_ERROR_IO, ESP_ERROR_LIMIT, or ESP_ERROR_FORMAT with the place
 */
gboolean
esp_spec_reader_open (EspSpecReader *reader, const char *path, gsize most, GError **error)
{
  *reader = (EspSpecReader){ .path = path };
  reader->root = esp_json_load (path, most, error);
  if (reader->root == NULL)
    return FALSE;
  reader->object = json_node_get_object (reader->root);
  reader->folder = g_path_get_dirname (path);
  return TRUE;
}

/** esp_spec_reader_clear: frees what esp_spec_reader_open() made. */
void
esp_spec_reader_clear (EspSpecReader *reader)
{
  g_clear_pointer (&reader->root, json_node_unref);
  g_clear_pointer (&reader->folder, g_free);
  reader->object = NULL;
}

/** esp_spec_reader_check: Returns: whether every member's name is one of @keys (NULL-terminated). */
gboolean
esp_spec_reader_check (const EspSpecReader *reader, const char *const *keys, GError **error)
{
  g_autoptr (GList) members = json_object_get_members (reader->object);

  for (GList *l = members; l != NULL; l = l->next)
    if (!g_strv_contains (keys, l->data))
      {
        g_autofree char *known = g_strjoinv (", ", (char **) keys);
        g_autofree char *message = g_strdup_printf ("not a known key; expected some of %s", known);

        return esp_spec_refuse (reader, l->data, message, error);
      }
  return TRUE;
}

/* The member, or NULL where it is absent or null. */
static JsonNode *
find (const EspSpecReader *reader, const char *key)
{
  JsonNode *node = json_object_get_member (reader->object, key);

  return node != NULL && !JSON_NODE_HOLDS_NULL (node) ? node : NULL;
}

static gboolean
is_number (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node)
         && (json_node_get_value_type (node) == G_TYPE_INT64 || json_node_get_value_type (node) == G_TYPE_DOUBLE);
}

/** esp_spec_holds_word: Returns: whether there is a member @key, and it is a string. Thread: any. */
gboolean
esp_spec_holds_word (const EspSpecReader *reader, const char *key)
{
  JsonNode *node = find (reader, key);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
}

/** esp_spec_read_word: a string; @value: (inout): (transfer full). */
gboolean
esp_spec_read_word (const EspSpecReader *reader, const char *key, char **value, GError **error)
{
  JsonNode *node = find (reader, key);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return esp_spec_refuse (reader, key, "expected a string", error);
  g_free (*value);
  *value = json_node_dup_string (node);
  return TRUE;
}

/** esp_spec_read_path: a path, made relative to the file's folder; @value: (inout): (transfer full). */
gboolean
esp_spec_read_path (const EspSpecReader *reader, const char *key, gboolean needed, char **value, GError **error)
{
  g_autofree char *word = NULL;

  if (!esp_spec_read_word (reader, key, &word, error))
    return FALSE;
  if (word == NULL)
    return !needed || esp_spec_refuse (reader, key, "is missing: expected a path", error);
  g_free (*value);
  *value = g_path_is_absolute (word) ? g_steal_pointer (&word) : g_build_filename (reader->folder, word, NULL);
  return TRUE;
}

/** esp_spec_read_number: a number from @lowest to @highest, without fraction where @whole. */
gboolean
esp_spec_read_number (
    const EspSpecReader *reader, const char *key, double lowest, double highest, gboolean whole, double *value, GError **error)
{
  JsonNode *node = find (reader, key);
  g_autofree char *message = NULL;
  double number;

  if (node == NULL)
    return TRUE;
  number = is_number (node) ? json_node_get_double (node) : NAN;
  if (number >= lowest && number <= highest && (!whole || number == floor (number)))
    {
      *value = number;
      return TRUE;
    }
  message = g_strdup_printf ("expected a %snumber from %.10g%s", whole ? "whole " : "", lowest, highest >= G_MAXINT ? " on" : "");
  if (highest < G_MAXINT)
    {
      g_autofree char *range = g_strdup_printf ("%s to %.10g", message, highest);

      return esp_spec_refuse (reader, key, range, error);
    }
  return esp_spec_refuse (reader, key, message, error);
}

/** esp_spec_read_boolean: true or false. */
gboolean
esp_spec_read_boolean (const EspSpecReader *reader, const char *key, gboolean *value, GError **error)
{
  JsonNode *node = find (reader, key);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return esp_spec_refuse (reader, key, "expected true or false", error);
  *value = json_node_get_boolean (node);
  return TRUE;
}

/** esp_spec_read_pair: two finite numbers; @present: (out): whether they are there. */
gboolean
esp_spec_read_pair (const EspSpecReader *reader, const char *key, float values[2], gboolean *present, GError **error)
{
  JsonNode *node = find (reader, key);
  JsonArray *array;

  *present = FALSE;
  if (node == NULL)
    return TRUE;
  array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (array == NULL || json_array_get_length (array) != 2)
    return esp_spec_refuse (reader, key, "expected two numbers", error);
  for (guint i = 0; i < 2; i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      values[i] = is_number (element) ? (float) json_node_get_double (element) : NAN;
      if (!isfinite (values[i]))
        return esp_spec_refuse (reader, key, "expected two numbers", error);
    }
  *present = TRUE;
  return TRUE;
}

/** esp_spec_read_object: an object with these keys and no other; @present: (out): whether it is there. */
gboolean
esp_spec_read_object (
    const EspSpecReader *reader, const char *key, const char *const *keys, EspSpecReader *member, gboolean *present, GError **error)
{
  JsonNode *node = find (reader, key);

  *present = FALSE;
  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return esp_spec_refuse (reader, key, "expected an object or null", error);
  *member = (EspSpecReader){ .path = reader->path, .folder = reader->folder, .inside = key, .object = json_node_get_object (node) };
  *present = esp_spec_reader_check (member, keys, error);
  return *present;
}
