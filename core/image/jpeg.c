/* jpeg.c: is a JPEG whole, and of a kind whose colours come out right? Markers only; decoding is the library's */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/image-private.h"

#include <string.h>

#include "base/error.h"

typedef struct
{
  const guint8 *data;
  gsize n, at;
  int components; /* of the frame, 0 before it */
  int width, height;
  guint64 least_bits; /* that its blocks can take */
  gboolean adobe;     /* APP14: four components are stored inverted */
} Walk;

/* Past entropy-coded data to the next marker that is not a restart or a stuffed zero; FALSE at the end of the file. */
static gboolean
skip_scan (Walk *walk)
{
  while (walk->at + 1 < walk->n)
    {
      const guint8 *ff = memchr (walk->data + walk->at, 0xff, walk->n - walk->at - 1);

      if (ff == NULL)
        break;
      walk->at = (gsize) (ff - walk->data);
      if (ff[1] == 0xff)
        walk->at += 1;
      else if (ff[1] != 0 && (ff[1] < 0xd0 || ff[1] > 0xd7))
        return TRUE;
      else
        walk->at += 2;
    }
  return FALSE;
}

/* A lower bound of the coded data: a block takes a code for its first coefficient and, unless progressive, one that ends it; each at least
 * a bit.
 * @body: of a frame segment: depth, height, width, components, then three bytes each of these. */
static guint64
count_least_bits (guint8 marker, const guint8 *body, gsize n)
{
  const guint64 height = (guint64) body[1] << 8 | body[2], width = (guint64) body[3] << 8 | body[4];
  guint64 across = 1, down = 1, blocks = 0;

  for (gsize i = 6; i + 2 < n && i < 6 + 3 * (gsize) body[5]; i += 3)
    {
      across = MAX (across, body[i + 1] >> 4);
      down = MAX (down, body[i + 1] & 15);
    }
  for (gsize i = 6; i + 2 < n && i < 6 + 3 * (gsize) body[5]; i += 3)
    blocks += (width * (body[i + 1] >> 4) / (8 * across)) * (height * (body[i + 1] & 15) / (8 * down));
  return marker == 0xc2 ? blocks : 2 * blocks;
}

static void
note_segment (Walk *walk, guint8 marker, const guint8 *body, gsize n)
{
  const gboolean frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;

  if (frame && n >= 6 && walk->components == 0) /* a second one is refused by the decoder, which has believed the first */
    {
      walk->components = body[5];
      walk->height = body[1] << 8 | body[2];
      walk->width = body[3] << 8 | body[4];
      walk->least_bits = count_least_bits (marker, body, n);
    }
  if (marker == 0xee && n >= 12 && memcmp (body, "Adobe", 5) == 0)
    walk->adobe = TRUE;
}

/* From the first marker to the last, or to the frame; FALSE where the file ends before it. */
static gboolean
walk_markers (Walk *walk, gboolean to_frame)
{
  walk->at = 2;
  while (walk->at + 1 < walk->n)
    {
      guint8 marker = 0;
      gsize size = 0;

      if (walk->data[walk->at] != 0xff || walk->data[walk->at + 1] == 0xff)
        {
          walk->at++; /* fill bytes, and strays that decoders pass over too */
          continue;
        }
      marker = walk->data[walk->at + 1];
      if (marker == 0xd9)
        return TRUE;
      walk->at += 2;
      if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8))
        continue;
      if (walk->at + 2 > walk->n)
        return FALSE;
      size = (gsize) walk->data[walk->at] << 8 | walk->data[walk->at + 1];
      if (size < 2 || size > walk->n - walk->at)
        return FALSE;
      note_segment (walk, marker, walk->data + walk->at + 2, size - 2);
      walk->at += size;
      if (to_frame && walk->components != 0)
        return TRUE;
      if (marker == 0xda && !skip_scan (walk))
        return FALSE;
    }
  return FALSE;
}

/**
 * esp_jpeg_check:
 * @path: for messages
 * @bytes: the file
 * @error: ESP_ERROR_FORMAT where the end-of-image marker is missing or the file is too short for its size,
 *   ESP_ERROR_LIMIT beyond 256 megapixels, ESP_ERROR_UNSUPPORTED for four colours without Adobe's marker
 *
 * gdk-pixbuf shows what it has of a JPEG cut short, so the end is looked for here; and it takes all CMYK for Adobe's, which is stored
 * inverted.
 * Thread: any.
 */
gboolean
esp_jpeg_check (const char *path, GBytes *bytes, GError **error)
{
  Walk walk = { 0 };

  walk.data = g_bytes_get_data (bytes, &walk.n);
  if (!walk_markers (&walk, FALSE))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                   "%s: the JPEG is cut short: it ends at byte %" G_GSIZE_FORMAT " without its end marker", path, walk.n);
      return FALSE;
    }
  if (walk.components != 0 && !esp_image_check_size (path, walk.n, walk.width, walk.height, error))
    return FALSE;
  if (walk.least_bits > (guint64) walk.n * 8)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                   "%s: %" G_GSIZE_FORMAT " bytes: expected at least %" G_GUINT64_FORMAT " for the size that the JPEG's frame header says",
                   path, walk.n, walk.least_bits / 8);
      return FALSE;
    }
  if (walk.components == 4 && !walk.adobe)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s: four colours (CMYK) without Adobe's marker: convert the picture to RGB",
                   path);
      return FALSE;
    }
  return TRUE;
}

/** esp_jpeg_read_size: Returns: whether a frame header was found; its size, which may be none. Thread: any. */
gboolean
esp_jpeg_read_size (GBytes *bytes, gint64 *width, gint64 *height)
{
  Walk walk = { 0 };

  walk.data = g_bytes_get_data (bytes, &walk.n);
  if (!walk_markers (&walk, TRUE) || walk.components == 0)
    return FALSE;
  *width = walk.width;
  *height = walk.height;
  return TRUE;
}
