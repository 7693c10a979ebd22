/* file.c: bounded reading and whole-or-nothing writing */
#define G_LOG_DOMAIN "esp-base"
#include "config.h"

#include "base/file.h"

#include "base/error.h"

#include <errno.h>

#include <gio/gio.h>

/**
 * esp_file_read:
 * @path: a regular file
 * @most: the largest size accepted, in bytes
 * @error: ESP_ERROR_IO, or ESP_ERROR_LIMIT before anything is allocated
 *
 * Returns: (transfer full): the file's bytes. Thread: any.
 */
GBytes *
esp_file_read (const char *path, gsize most, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInfo) info = NULL;
  g_autoptr (GError) local = NULL;
  g_autofree char *data = NULL;
  gsize n = 0;

  info = g_file_query_info (file, G_FILE_ATTRIBUTE_STANDARD_SIZE "," G_FILE_ATTRIBUTE_STANDARD_TYPE, G_FILE_QUERY_INFO_NONE, NULL, &local);
  if (info != NULL && g_file_info_get_file_type (info) != G_FILE_TYPE_REGULAR)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: not a regular file", path);
      return NULL;
    }
  if (info != NULL && (guint64) g_file_info_get_size (info) > most)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s: %" G_GOFFSET_FORMAT " bytes, at most %" G_GSIZE_FORMAT " are accepted", path,
                   g_file_info_get_size (info), most);
      return NULL;
    }
  if (info == NULL && g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: no such file", path);
      return NULL;
    }
  if (info == NULL || !g_file_get_contents (path, &data, &n, &local))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s", path, local->message);
      return NULL;
    }
  return g_bytes_new_take (g_steal_pointer (&data), n);
}

/**
 * esp_file_write:
 * @path: where to
 * @data: the bytes
 * @n: how many
 * @error: ESP_ERROR_IO
 *
 * Writes beside @path, syncs and renames: the old file or the whole new one, never part of it. Thread: any.
 */
gboolean
esp_file_write (const char *path, gconstpointer data, gsize n, GError **error)
{
  g_autoptr (GError) local = NULL;
  const GFileSetContentsFlags flags = G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE;

  if (g_file_set_contents_full (path, n != 0 ? data : "", (gssize) n, flags, 0644, &local))
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s", path, local->message);
  return FALSE;
}

/** esp_folder_make: makes @path and its parents; TRUE where it is there already. Errors: ESP_ERROR_IO. Thread: any. */
gboolean
esp_folder_make (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0755) == 0)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: the folder could not be made: %s", path, g_strerror (errno));
  return FALSE;
}
