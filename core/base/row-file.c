/* row-file.c: results by key in a file that only grows: a line of JSON each, the first says what they are of */
#define G_LOG_DOMAIN "esp-base"
#include "config.h"

#include "base/row-file.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LARGEST_FILE (64 << 20)
#define FORMAT       "espalier-rows"

struct _EspRowFile
{
  char *path;
  GHashTable *rows; /* of key to JsonNode of an object */
  gint64 end;       /* of the last whole line */
};

static gboolean
fail (EspRowFile *file, const char *what, GError **error)
{
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s: %s", file->path, what, g_strerror (errno));
  return FALSE;
}

/* A line at the end, on the disk before it counts; what was written of one that does not fit is taken back. */
static gboolean
append (EspRowFile *file, const char *line, gsize n, GError **error)
{
  const int to = open (file->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  gsize done = 0;
  gboolean whole;

  if (to < 0)
    return fail (file, "cannot be written", error);
  whole = ftruncate (to, file->end) == 0 && lseek (to, file->end, SEEK_SET) == file->end;
  while (whole && done < n)
    {
      const gssize now = write (to, line + done, n - done);

      whole = now > 0 || (now < 0 && errno == EINTR);
      done += now > 0 ? (gsize) now : 0;
    }
  if (!whole || fsync (to) != 0)
    {
      fail (file, "a row could not be written", error);
      if (ftruncate (to, file->end) != 0)
        g_debug ("%s: half a line stays, which is passed over", file->path);
      close (to);
      return FALSE;
    }
  file->end += (gint64) n;
  return close (to) == 0 || fail (file, "a row could not be written", error);
}

static gboolean
check_head (EspRowFile *file, JsonObject *head, const char *where, const char *about, GError **error)
{
  const char *format = NULL, *its = NULL;
  guint version;

  if (!esp_json_read_string (head, where, "format", &format, error) || !esp_json_read_count (head, where, "version", 1, 1, &version, error)
      || !esp_json_read_string (head, where, "about", &its, error))
    return FALSE;
  if (!g_str_equal (format, FORMAT))
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: format: found \"%s\", expected \"" FORMAT "\"", where, format);
  else if (!g_str_equal (its, about))
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE,
                 "%s: its rows are of something else: “%s”, expected “%s”; take another folder, or remove the file", file->path, its,
                 about);
  else
    return TRUE;
  return FALSE;
}

static gboolean
read_row (EspRowFile *file, JsonObject *row, const char *where, GError **error)
{
  const char *key = NULL;
  JsonObject *values = NULL;
  JsonNode *node;

  if (!esp_json_read_string (row, where, "key", &key, error) || !esp_json_read_object (row, where, "values", &values, error))
    return FALSE;
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_set_object (node, values);
  g_hash_table_replace (file->rows, g_strdup (key), node);
  return TRUE;
}

/* All whole lines; what a stopped run left of its last one is passed over. */
static gboolean
read_lines (EspRowFile *file, const char *about, GError **error)
{
  g_autoptr (GBytes) bytes = esp_file_read (file->path, LARGEST_FILE, error);
  gsize n = 0;
  const char *text = bytes != NULL ? g_bytes_get_data (bytes, &n) : NULL, *at = text, *end;

  if (bytes == NULL)
    return FALSE;
  for (guint line = 1; at < text + n && (end = memchr (at, '\n', n - (gsize) (at - text))) != NULL; at = end + 1, line++)
    {
      g_autofree char *where = g_strdup_printf ("%s:%u", file->path, line);
      g_autoptr (JsonNode) root = esp_json_parse (where, at, (gsize) (end - at), error);

      if (root == NULL
          || !(line == 1 ? check_head (file, json_node_get_object (root), where, about, error)
                         : read_row (file, json_node_get_object (root), where, error)))
        return FALSE;
      file->end = end + 1 - text;
    }
  return TRUE;
}

static gboolean
write_head (EspRowFile *file, const char *about, GError **error)
{
  g_autoptr (GString) line = g_string_new ("{\"format\": \"" FORMAT "\", \"version\": 1, \"about\": ");

  esp_json_append_string (line, about);
  g_string_append (line, "}\n");
  return append (file, line->str, line->len, error);
}

/**
 * esp_row_file_open:
 * @path: the file; made where there is none
 * @about: what all rows are of, in words
 * @error: ESP_ERROR_SHAPE where the file is about something else; ESP_ERROR_FORMAT, _LIMIT, _IO
 *
 * Returns: (transfer full): the rows that are there. A line that was cut short by a stop is passed over, and written over. Thread: any one.
 */
EspRowFile *
esp_row_file_open (const char *path, const char *about, GError **error)
{
  g_autoptr (EspRowFile) file = NULL;

  g_return_val_if_fail (path != NULL && about != NULL, NULL);
  file = g_new0 (EspRowFile, 1);
  file->path = g_strdup (path);
  file->rows = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) json_node_unref);
  if (g_file_test (path, G_FILE_TEST_EXISTS) && !read_lines (file, about, error))
    return NULL;
  if (file->end == 0 && !write_head (file, about, error))
    return NULL;
  return g_steal_pointer (&file);
}

/** esp_row_file_free: frees @file (nullable); what was put is on the disk. Thread: its owner. */
void
esp_row_file_free (EspRowFile *file)
{
  if (file == NULL)
    return;
  g_hash_table_unref (file->rows);
  g_free (file->path);
  g_free (file);
}

/** esp_row_file_get_n: Returns: how many keys have a row. Thread: its owner. */
guint
esp_row_file_get_n (EspRowFile *file)
{
  return g_hash_table_size (file->rows);
}

/** esp_row_file_get: Returns: (transfer none) (nullable): the values put under @key last, NULL where there are none. Thread: its owner. */
JsonObject *
esp_row_file_get (EspRowFile *file, const char *key)
{
  JsonNode *node = g_hash_table_lookup (file->rows, key);

  return node != NULL ? json_node_get_object (node) : NULL;
}

/**
 * esp_row_file_put:
 * @key: all that the row depends on beyond what the file is about
 * @values: (transfer full): what was measured
 * @error: ESP_ERROR_IO; nothing half is left then
 *
 * On the disk when it returns. Thread: its owner.
 */
gboolean
esp_row_file_put (EspRowFile *file, const char *key, JsonObject *values, GError **error)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (GString) line = g_string_new ("{\"key\": ");
  g_autofree char *text = NULL;

  json_node_take_object (node, values);
  text = json_to_string (node, FALSE);
  esp_json_append_string (line, key);
  g_string_append_printf (line, ", \"values\": %s}\n", text);
  if (!append (file, line->str, line->len, error))
    return FALSE;
  g_hash_table_replace (file->rows, g_strdup (key), g_steal_pointer (&node));
  return TRUE;
}
