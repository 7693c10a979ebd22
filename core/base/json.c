/* json.c: reading JSON from files that nobody vouches for */
#define G_LOG_DOMAIN "esp-base"
#include "config.h"

#include "base/json.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json-private.h"

#include <math.h>

/* json-glib lets a later member replace an earlier one of the same name: counting them against what is left tells. */
typedef struct
{
  GHashTable *met; /* JsonObject to members met */
  char *twice;
} Doubles;

static void
on_member (JsonParser *parser, JsonObject *object, const char *name, gpointer data)
{
  Doubles *doubles = data;
  const guint n = GPOINTER_TO_UINT (g_hash_table_lookup (doubles->met, object)) + 1;

  g_hash_table_insert (doubles->met, object, GUINT_TO_POINTER (n));
  if (doubles->twice == NULL && n > json_object_get_size (object))
    doubles->twice = g_strdup (name);
}

static void
on_object_end (JsonParser *parser, JsonObject *object, gpointer data)
{
  g_hash_table_remove (((Doubles *) data)->met, object);
}

static JsonNode *
parse (const char *path, const char *text, gsize n, JsonNodeType kind, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GHashTable) met = g_hash_table_new (NULL, NULL);
  g_autofree char *twice = NULL;
  g_autoptr (GError) local = NULL;
  Doubles doubles = { met, NULL };
  JsonNode *root;
  gboolean done;

  g_signal_connect (parser, "object-member", G_CALLBACK (on_member), &doubles);
  g_signal_connect (parser, "object-end", G_CALLBACK (on_object_end), &doubles);
  done = json_parser_load_from_data (parser, text, (gssize) n, &local);
  twice = doubles.twice;
  if (!done)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: not JSON: %s", path, local->message);
      return NULL;
    }
  root = json_parser_get_root (parser);
  if (root == NULL || json_node_get_node_type (root) != kind)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: expected a JSON %s", path, kind == JSON_NODE_ARRAY ? "array" : "object");
      return NULL;
    }
  if (twice != NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: member \"%s\" is there twice in one object", path, twice);
      return NULL;
    }
  return json_node_copy (root);
}

static JsonNode *
load (const char *path, gsize most, JsonNodeType kind, GError **error)
{
  g_autoptr (GBytes) bytes = esp_file_read (path, most, error);
  gsize n = 0;
  const char *text;

  if (bytes == NULL)
    return NULL;
  text = g_bytes_get_data (bytes, &n);
  if (n == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: the file is empty, expected a JSON %s", path,
                   kind == JSON_NODE_ARRAY ? "array" : "object");
      return NULL;
    }
  return esp_json_check (path, text, n, error) ? parse (path, text, n, kind, error) : NULL;
}

/**
 * esp_json_load:
 * @path: a JSON file
 * @most: the largest size accepted, in bytes
 * @error: ESP_ERROR_IO, ESP_ERROR_LIMIT (too large or nested too deep), ESP_ERROR_FORMAT with the byte
 *
 * Returns: (transfer full): the root, which holds an object. Thread: any.
 */
JsonNode *
esp_json_load (const char *path, gsize most, GError **error)
{
  return load (path, most, JSON_NODE_OBJECT, error);
}

/** esp_json_load_array: Returns: (transfer full): as esp_json_load(), of a file whose root is an array. Thread: any. */
JsonNode *
esp_json_load_array (const char *path, gsize most, GError **error)
{
  return load (path, most, JSON_NODE_ARRAY, error);
}

/** esp_json_parse: Returns: (transfer full): as esp_json_load(), of a text at hand, which messages call @where. Thread: any. */
JsonNode *
esp_json_parse (const char *where, const char *text, gsize n, GError **error)
{
  return esp_json_check (where, text, n, error) ? parse (where, text, n, JSON_NODE_OBJECT, error) : NULL;
}

static const char *
kind_of (JsonNode *node)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      return "an object";
    case JSON_NODE_ARRAY:
      return "an array";
    case JSON_NODE_VALUE:
      break;
    case JSON_NODE_NULL:
    default:
      return "null";
    }
  return json_node_get_value_type (node) == G_TYPE_STRING    ? "a string"
         : json_node_get_value_type (node) == G_TYPE_BOOLEAN ? "true or false"
                                                             : "a number";
}

static JsonNode *
member (JsonObject *object, const char *where, const char *name, GError **error)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: no member \"%s\"", where, name);
  return node;
}

static gboolean
refuse (JsonNode *node, const char *where, const char *name, const char *expected, GError **error)
{
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s: found %s, expected %s", where, name, kind_of (node), expected);
  return FALSE;
}

static gboolean
to_number (JsonNode *node, const char *where, const char *name, double lowest, double highest, double *value, GError **error)
{
  if (!JSON_NODE_HOLDS_VALUE (node)
      || (json_node_get_value_type (node) != G_TYPE_INT64 && json_node_get_value_type (node) != G_TYPE_DOUBLE))
    return refuse (node, where, name, "a number", error);
  *value = json_node_get_double (node);
  if (json_node_get_value_type (node) == G_TYPE_INT64)
    *value = (double) json_node_get_int (node);
  if (isfinite (*value) && *value >= lowest && *value <= highest)
    return TRUE;
  if (!isfinite (*value) || (lowest <= -G_MAXDOUBLE && highest >= G_MAXDOUBLE))
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s: found %g, expected a finite number", where, name, *value);
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s: found %.17g, expected %g to %g", where, name, *value, lowest, highest);
  return FALSE;
}

static gboolean
to_count (JsonNode *node, const char *where, const char *name, guint lowest, guint highest, guint *value, GError **error)
{
  gint64 found;

  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
    return refuse (node, where, name, "a whole number", error);
  found = json_node_get_int (node);
  if (found < lowest || found > highest)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s: found %" G_GINT64_FORMAT ", expected %u to %u", where, name, found, lowest,
                   highest);
      return FALSE;
    }
  *value = (guint) found;
  return TRUE;
}

/** esp_json_read_object: @value: the object that is member @name. Errors: ESP_ERROR_FORMAT. Thread: any. */
gboolean
esp_json_read_object (JsonObject *object, const char *where, const char *name, JsonObject **value, GError **error)
{
  JsonNode *node = member (object, where, name, error);

  if (node == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return refuse (node, where, name, "an object", error);
  *value = json_node_get_object (node);
  return TRUE;
}

/** esp_json_read_array: @value: the array that is member @name. Errors: ESP_ERROR_FORMAT. Thread: any. */
gboolean
esp_json_read_array (JsonObject *object, const char *where, const char *name, JsonArray **value, GError **error)
{
  JsonNode *node = member (object, where, name, error);

  if (node == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return refuse (node, where, name, "an array", error);
  *value = json_node_get_array (node);
  return TRUE;
}

/** esp_json_read_string: @value: the string that is member @name. Errors: ESP_ERROR_FORMAT. Thread: any. */
gboolean
esp_json_read_string (JsonObject *object, const char *where, const char *name, const char **value, GError **error)
{
  JsonNode *node = member (object, where, name, error);

  if (node == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return refuse (node, where, name, "a string", error);
  *value = json_node_get_string (node);
  return TRUE;
}

/** esp_json_read_number: @value: the finite number within @lowest..@highest that is member @name. Errors: ESP_ERROR_FORMAT. Thread: any. */
gboolean
esp_json_read_number (JsonObject *object, const char *where, const char *name, double lowest, double highest, double *value, GError **error)
{
  JsonNode *node = member (object, where, name, error);

  return node != NULL && to_number (node, where, name, lowest, highest, value, error);
}

/** esp_json_read_count: @value: the whole number within @lowest..@highest that is member @name. Errors: ESP_ERROR_FORMAT. Thread: any. */
gboolean
esp_json_read_count (JsonObject *object, const char *where, const char *name, guint lowest, guint highest, guint *value, GError **error)
{
  JsonNode *node = member (object, where, name, error);

  return node != NULL && to_count (node, where, name, lowest, highest, value, error);
}

/** esp_json_item_object: @value: the object that is element @index, which exists. Errors: ESP_ERROR_FORMAT. Thread: any. */
gboolean
esp_json_item_object (JsonArray *array, const char *where, guint index, JsonObject **value, GError **error)
{
  JsonNode *node = json_array_get_element (array, index);
  g_autofree char *name = g_strdup_printf ("element %u", index);

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return refuse (node, where, name, "an object", error);
  *value = json_node_get_object (node);
  return TRUE;
}

/** esp_json_item_number: @value: the finite number that is element @index, which exists. Errors: ESP_ERROR_FORMAT. Thread: any. */
gboolean
esp_json_item_number (JsonArray *array, const char *where, guint index, double *value, GError **error)
{
  g_autofree char *name = g_strdup_printf ("element %u", index);

  return to_number (json_array_get_element (array, index), where, name, -G_MAXDOUBLE, G_MAXDOUBLE, value, error);
}

/** esp_json_item_count: @value: the whole number within @lowest..@highest that is element @index, which exists. Errors: ESP_ERROR_FORMAT.
 * Thread: any. */
gboolean
esp_json_item_count (JsonArray *array, const char *where, guint index, guint lowest, guint highest, guint *value, GError **error)
{
  g_autofree char *name = g_strdup_printf ("element %u", index);

  return to_count (json_array_get_element (array, index), where, name, lowest, highest, value, error);
}

/** esp_json_append_string: appends @text, quoted and escaped, or null for NULL. Thread: any. */
void
esp_json_append_string (GString *to, const char *text)
{
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *quoted = NULL;

  if (text == NULL)
    {
      g_string_append (to, "null");
      return;
    }
  node = json_node_init_string (json_node_alloc (), text);
  quoted = json_to_string (node, FALSE);
  g_string_append (to, quoted);
}

/** esp_json_append_number: appends the shortest of 15 to 17 digits that reads back as @value. Thread: any. */
void
esp_json_append_number (GString *to, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_return_if_fail (isfinite (value));
  for (int digits = 15; digits <= 17; digits++)
    {
      g_autofree char *format = g_strdup_printf ("%%.%dg", digits);

      g_ascii_formatd (text, sizeof text, format, value);
      if (g_ascii_strtod (text, NULL) == value)
        break;
    }
  g_string_append (to, text);
}
