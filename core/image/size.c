/* size.c: the size that a picture's header says, without decoding; no loader is asked, so that no other kind of file reaches one */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/image.h"

#include <stdio.h>
#include <string.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"
#include "image/image-private.h"

#define START ((gsize) 64 << 10) /* bytes of the file that are read; a JPEG's frame may come later */

/* The first bytes of a regular file; a pipe is not waited for. */
static GBytes *
read_start (const char *path)
{
  g_autofree guint8 *start = NULL;
  FILE *file = NULL;
  GStatBuf status;
  gsize n;

  if (g_stat (path, &status) != 0 || !S_ISREG (status.st_mode) || (file = g_fopen (path, "rb")) == NULL)
    return NULL;
  start = g_malloc (START);
  n = fread (start, 1, START, file);
  fclose (file);
  return g_bytes_new (start, n);
}

static guint32
big (const guint8 *data)
{
  return (guint32) data[0] << 24 | (guint32) data[1] << 16 | (guint32) data[2] << 8 | data[3];
}

static gboolean
png_size (GBytes *bytes, gint64 *width, gint64 *height)
{
  gsize n = 0;
  const guint8 *data = g_bytes_get_data (bytes, &n);

  if (n < 24 || memcmp (data + 12, "IHDR", 4) != 0)
    return FALSE;
  *width = big (data + 16);
  *height = big (data + 20);
  return TRUE;
}

static gboolean
find_size (const char *path, GBytes *bytes, gint64 *width, gint64 *height)
{
  const char *kind = esp_image_find_kind (path, bytes, NULL);
  g_autoptr (GBytes) whole = NULL;

  if (g_strcmp0 (kind, "png") == 0)
    return png_size (bytes, width, height);
  if (g_strcmp0 (kind, "bmp") == 0)
    return esp_bmp_read_size (bytes, width, height);
  if (g_strcmp0 (kind, "pnm") == 0)
    return esp_pnm_read_size (bytes, width, height);
  if (g_strcmp0 (kind, "jpeg") != 0)
    return FALSE;
  if (esp_jpeg_read_size (bytes, width, height))
    return TRUE;
  whole = g_bytes_get_size (bytes) == START ? esp_file_read (path, ESP_IMAGE_MOST_BYTES, NULL) : NULL;
  return whole != NULL && esp_jpeg_read_size (whole, width, height);
}

/**
 * esp_image_read_size:
 * @path: a picture file
 * @width: (out): columns as stored, before any turning
 * @height: (out): rows as stored
 * @error: ESP_ERROR_IO where there is no such file, ESP_ERROR_FORMAT where it is no picture
 *
 * Reads the header alone. Thread: any.
 */
gboolean
esp_image_read_size (const char *path, int *width, int *height, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  gint64 columns = 0, rows = 0;

  g_return_val_if_fail (path != NULL, FALSE);
  bytes = read_start (path);
  if (bytes != NULL && find_size (path, bytes, &columns, &rows) && columns > 0 && rows > 0 && columns <= G_MAXINT32 && rows <= G_MAXINT32)
    {
      *width = (int) columns;
      *height = (int) rows;
      return TRUE;
    }
  if (bytes == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: no such file", path);
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: its size could not be read: expected a PNG, JPEG, BMP or PNM picture", path);
  esp_error_make_utf8 (error);
  return FALSE;
}
