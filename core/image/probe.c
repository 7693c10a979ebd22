/* probe.c: whether a file is a whole picture, by its first and last bytes; it is decoded where they leave that open */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"

#define TAIL 64 /* bytes: what some programs put behind a picture's end leaves it in sight */

static gsize
read_tail (const char *path, guint8 *tail)
{
  FILE *file = g_fopen (path, "rb");
  gsize n = 0;

  if (file == NULL)
    return 0;
  if (fseek (file, -TAIL, SEEK_END) == 0 || fseek (file, 0, SEEK_SET) == 0)
    n = fread (tail, 1, TAIL, file);
  fclose (file);
  return n;
}

/* A PNG ends with the chunk IEND, a JPEG with the marker FFD9, which its compressed numbers never hold. */
static gboolean
has_end (const char *path)
{
  guint8 tail[TAIL];
  const gsize n = read_tail (path, tail);

  for (gsize i = 0; i + 1 < n; i++)
    if ((tail[i] == 0xff && tail[i + 1] == 0xd9) || (i + 3 < n && memcmp (tail + i, "IEND", 4) == 0))
      return TRUE;
  return FALSE;
}

/**
 * esp_image_probe:
 * @path: a picture file
 * @error: ESP_ERROR_IO where it may not be read; those of esp_image_read_size() and esp_image_load()
 *
 * Finds what is no picture and what was cut short without decoding the many that are whole: a PNG or JPEG that ends as one does is not
 * looked into, so that a fault in its midst is not found; any other file is decoded. Thread: any.
 */
gboolean
esp_image_probe (const char *path, GError **error)
{
  g_autoptr (EspImage) image = NULL;
  int width, height;

  g_return_val_if_fail (path != NULL, FALSE);
  if (g_access (path, R_OK) != 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s", path, g_strerror (errno));
      esp_error_make_utf8 (error);
      return FALSE;
    }
  if (!esp_image_read_size (path, &width, &height, error))
    return FALSE;
  if (has_end (path))
    return TRUE;
  image = esp_image_load (path, ESP_ORIENTATION_NONE, 0, 0, error);
  return image != NULL;
}
