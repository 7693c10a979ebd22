/* upright.c: pictures that are stored in another way than they are shown */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/upright.h"

#include <string.h>

#include "image/image-private.h"

#define ORIENTATION_TAG 0x112

static guint
read_number (const guint8 *at, guint n_bytes, gboolean little)
{
  guint value = 0;

  for (guint i = 0; i < n_bytes; i++)
    value = value << 8 | at[little ? n_bytes - 1 - i : i];
  return value;
}

/* Where the orientation's value is in a TIFF of @n bytes, as of its first directory; 0 where it has none. */
static gsize
find_in_tiff (const guint8 *tiff, gsize n, gboolean *little)
{
  gsize at, n_entries;

  if (n < 8 || (memcmp (tiff, "II", 2) != 0 && memcmp (tiff, "MM", 2) != 0))
    return 0;
  *little = tiff[0] == 'I';
  at = read_number (tiff + 4, 4, *little);
  if (at > n - 2)
    return 0;
  n_entries = read_number (tiff + at, 2, *little);
  for (gsize i = 0, entry = at + 2; i < n_entries && entry + 12 <= n; i++, entry += 12)
    if (read_number (tiff + entry, 2, *little) == ORIENTATION_TAG)
      return entry + 8;
  return 0;
}

/* The same in a JPEG's EXIF segment, which stands before the frame. */
static gsize
find_in_jpeg (const guint8 *data, gsize n, gboolean *little)
{
  gsize at = 2;

  if (n < 4 || data[0] != 0xff || data[1] != 0xd8)
    return 0;
  while (at + 4 <= n && data[at] == 0xff && (data[at + 1] & 0xf0) == 0xe0)
    {
      const gsize length = read_number (data + at + 2, 2, FALSE);

      if (length < 2 || at + 2 + length > n)
        return 0;
      if (data[at + 1] == 0xe1 && length > 8 && memcmp (data + at + 4, "Exif\0", 6) == 0)
        {
          const gsize found = find_in_tiff (data + at + 10, length - 8, little);

          return found != 0 ? at + 10 + found : 0;
        }
      at += 2 + length;
    }
  return 0;
}

/**
 * esp_image_unturned:
 * @bytes: a picture's file
 * @want_width: the annotation's, 0 where it has none
 * @want_height: likewise
 *
 * Where esp_image_load() passes over the orientation in the file because the annotation's size agrees with what is stored alone, a copy
 * whose orientation says upright: it is then read so without the annotation, too. Everything else stays as it is.
 * Returns: (transfer full): the copy, or @bytes again. Thread: any. Source: EXIF 2.3, tag 0x112.
 */
GBytes *
esp_image_unturned (GBytes *bytes, int want_width, int want_height)
{
  gsize n;
  const guint8 *data = g_bytes_get_data (bytes, &n);
  gboolean little = FALSE;
  const gsize at = find_in_jpeg (data, n, &little);
  gint64 width, height;
  guint8 *copy;

  if (at == 0 || read_number (data + at, 2, little) < 5 || want_width == want_height || !esp_jpeg_read_size (bytes, &width, &height)
      || width != want_width || height != want_height)
    return g_bytes_ref (bytes);
  copy = g_memdup2 (data, n);
  copy[at] = little ? 1 : 0;
  copy[at + 1] = little ? 0 : 1;
  return g_bytes_new_take (copy, n);
}
