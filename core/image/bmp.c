/* bmp.c: is a BMP's header sound? gdk-pixbuf's loader makes room for all that it says lies before the pixels */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/image-private.h"

#include "base/error.h"

#define LEAST_BYTES 26u /* of both headers, the second the oldest */

static guint32
little (const guint8 *data)
{
  return (guint32) data[3] << 24 | (guint32) data[2] << 16 | (guint32) data[1] << 8 | data[0];
}

/**
 * esp_bmp_read_size:
 * @bytes: a file that begins with BM, or its beginning
 * @width: (out): columns
 * @height: (out): rows
 *
 * A header of 12 bytes has sides of 16 bits; later ones 32, and a negative height where the first row is the top one.
 * Returns: whether the header is there; the size may be none. Thread: any.
 */
gboolean
esp_bmp_read_size (GBytes *bytes, gint64 *width, gint64 *height)
{
  gsize n = 0;
  const guint8 *data = g_bytes_get_data (bytes, &n);

  if (n < LEAST_BYTES)
    return FALSE;
  if (little (data + 14) == 12)
    {
      *width = little (data + 18) & 0xffff;
      *height = little (data + 18) >> 16;
      return TRUE;
    }
  *width = (gint32) little (data + 18);
  *height = ABS ((gint64) (gint32) little (data + 22));
  return TRUE;
}

/**
 * esp_bmp_check:
 * @path: for messages
 * @bytes: the file, which begins with BM
 * @error: ESP_ERROR_FORMAT where it is cut short, or too short for the size that its header says; ESP_ERROR_LIMIT beyond 256 megapixels
 *
 * Thread: any.
 */
gboolean
esp_bmp_check (const char *path, GBytes *bytes, GError **error)
{
  gint64 width = 0, height = 0;
  gsize n = 0;
  const guint8 *data = g_bytes_get_data (bytes, &n);
  guint32 colours;

  if (!esp_bmp_read_size (bytes, &width, &height))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                   "%s: the file ends at byte %" G_GSIZE_FORMAT ", within its header: expected %u at least", path, n, LEAST_BYTES);
      return FALSE;
    }
  colours = little (data + 14) >= 40 && n >= 50 ? little (data + 46) : 0;
  if (little (data + 10) > n || little (data + 14) > n - 14 || colours > n / 4)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                   "%s: the file ends at byte %" G_GSIZE_FORMAT
                   ": it says that its header has %u bytes and %u colours, and that the pixels begin at %u",
                   path, n, little (data + 14), colours, little (data + 10));
      return FALSE;
    }
  return esp_image_check_size (path, n, width, height, error);
}
