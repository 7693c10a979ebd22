/* image.c: a decoded picture, its kind found by its first bytes */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/image.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "image/image-private.h"

#define MOST_PER_BYTE ((guint64) 8 * 1032) /* pixels: deflate makes at most 1032 bytes of one, and eight pixels are a bit each */

/** esp_image_new_empty: Returns: (transfer full) (nullable): an image with samples not set, NULL where memory does not suffice.
 * Thread: any. */
EspImage *
esp_image_new_empty (int width, int height, int depth)
{
  EspImage *image = g_atomic_rc_box_new0 (EspImage);
  const gsize n = (gsize) width * (gsize) height * 3;

  image->width = width;
  image->height = height;
  if (depth == 16)
    image->deep = g_try_new (guint16, n);
  else
    image->rgb = g_try_new (guint8, n);
  if (image->deep == NULL && image->rgb == NULL)
    g_clear_pointer (&image, esp_image_unref);
  return image;
}

/** esp_image_new_rgb: Returns: (transfer full): an 8-bit image of a copy of @rgb, 3 * @width * @height samples. Thread: any. */
EspImage *
esp_image_new_rgb (int width, int height, const guint8 *rgb)
{
  EspImage *image = NULL;

  g_return_val_if_fail (width > 0 && height > 0 && rgb != NULL, NULL);
  image = esp_image_new_empty (width, height, 8);
  g_return_val_if_fail (image != NULL, NULL);
  memcpy (image->rgb, rgb, (gsize) width * (gsize) height * 3);
  return image;
}

/** esp_image_ref: Returns: (transfer full): @image. Thread: any. */
EspImage *
esp_image_ref (EspImage *image)
{
  return g_atomic_rc_box_acquire (image);
}

static void
image_clear (gpointer data)
{
  EspImage *image = data;

  g_free (image->rgb);
  g_free (image->deep);
}

/** esp_image_unref: drops a reference. Thread: any. */
void
esp_image_unref (EspImage *image)
{
  g_atomic_rc_box_release_full (image, image_clear);
}

/** esp_image_get_width: Returns: its columns, as shown upright. Thread: any. */
int
esp_image_get_width (const EspImage *image)
{
  return image->width;
}

/** esp_image_get_height: Returns: its rows, as shown upright. Thread: any. */
int
esp_image_get_height (const EspImage *image)
{
  return image->height;
}

/** esp_image_get_depth: Returns: bits a sample, 8 or 16. Thread: any. */
int
esp_image_get_depth (const EspImage *image)
{
  return image->deep != NULL ? 16 : 8;
}

/**
 * esp_image_get_rgb:
 * @image: the image
 *
 * Returns: (transfer none): 3 * width * height samples, rows packed, top left first; those of a 16-bit image rounded to 8 bits, once.
 * Thread: any.
 */
const guint8 *
esp_image_get_rgb (EspImage *image)
{
  guint8 *rgb = g_atomic_pointer_get (&image->rgb);
  const gsize n = (gsize) image->width * (gsize) image->height * 3;

  if (rgb != NULL)
    return rgb;
  rgb = g_new (guint8, n);
  for (gsize i = 0; i < n; i++)
    rgb[i] = (guint8) ((image->deep[i] * 255u + 32767u) / 65535u);
  if (!g_atomic_pointer_compare_and_exchange (&image->rgb, NULL, rgb))
    g_free (rgb);
  return g_atomic_pointer_get (&image->rgb);
}

/** esp_image_get_sample: Returns: one sample at full depth, 0..1, divided as darknet does (in double, kept in float). Thread: any. */
float
esp_image_get_sample (const EspImage *image, int x, int y, int channel)
{
  const gsize at = ((gsize) y * (gsize) image->width + (gsize) x) * 3 + (gsize) channel;

  g_return_val_if_fail (x >= 0 && x < image->width && y >= 0 && y < image->height && channel >= 0 && channel < 3, 0);
  return image->deep != NULL ? (float) (image->deep[at] / 65535.) : (float) (image->rgb[at] / 255.);
}

/**
 * esp_image_check_size:
 * @path: for messages
 * @n_bytes: of the whole file
 * @width: what its header says
 * @height: likewise
 * @error: ESP_ERROR_FORMAT where that is no size, or more than a file of so few bytes can hold; ESP_ERROR_LIMIT beyond 256 megapixels
 *
 * Asked before anything of that size is allocated. Thread: any.
 */
gboolean
esp_image_check_size (const char *path, gsize n_bytes, gint64 width, gint64 height, GError **error)
{
  if (width <= 0 || height <= 0 || width > G_MAXINT32 || height > G_MAXINT32)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                   "%s: its header says %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " pixels: expected at least 1 x 1", path, width, height);
      return FALSE;
    }
  if ((guint64) width * (guint64) height > ESP_IMAGE_MOST_PIXELS)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT,
                   "%s: %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " pixels, at most 256 megapixels are accepted", path, width, height);
      return FALSE;
    }
  if ((guint64) width * (guint64) height > MOST_PER_BYTE * n_bytes)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                   "%s: its header says %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " pixels, more than its %" G_GSIZE_FORMAT
                   " bytes can hold",
                   path, width, height, n_bytes);
      return FALSE;
    }
  return TRUE;
}

/** esp_image_find_kind: Returns: (nullable): gdk-pixbuf's name of a kind that is read, by the first bytes; else ESP_ERROR_UNSUPPORTED.
 * Thread: any. */
const char *
esp_image_find_kind (const char *path, GBytes *bytes, GError **error)
{
  gsize n = 0;
  const guint8 *data = g_bytes_get_data (bytes, &n);

  if (n == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: the file is empty: expected a picture", path);
      return NULL;
    }
  if (n >= 8 && memcmp (data, "\x89PNG\r\n\x1a\n", 8) == 0)
    return "png";
  if (n >= 3 && memcmp (data, "\xff\xd8\xff", 3) == 0)
    return "jpeg";
  if (n >= 14 && memcmp (data, "BM", 2) == 0)
    return "bmp";
  if (n >= 3 && data[0] == 'P' && data[1] >= '1' && data[1] <= '6' && (g_ascii_isspace (data[2]) || data[2] == '#'))
    return "pnm";
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
               "%s: begins with the bytes %02x %02x %02x %02x: expected a PNG, JPEG, BMP or PNM picture", path, data[0],
               n > 1 ? data[1] : 0u, n > 2 ? data[2] : 0u, n > 3 ? data[3] : 0u);
  return NULL;
}

/* What gdk-pixbuf's loaders pass over, or complain of in their own way. */
static gboolean
check_whole (const char *path, const char *kind, GBytes *bytes, GError **error)
{
  if (strcmp (kind, "jpeg") == 0)
    return esp_jpeg_check (path, bytes, error);
  if (strcmp (kind, "pnm") == 0)
    return esp_pnm_check (path, bytes, error);
  if (strcmp (kind, "bmp") == 0)
    return esp_bmp_check (path, bytes, error);
  return TRUE;
}

/* The orientation that is applied: an annotation's size decides where only one of the two ways agrees with it. */
static int
choose_orientation (const EspImage *image, EspOrientation rule, int exif, int want_width, int want_height)
{
  const gboolean turns = exif >= 5;
  const gboolean stored_agrees = image->width == want_width && image->height == want_height;
  const gboolean turned_agrees = image->height == want_width && image->width == want_height;

  if (rule == ESP_ORIENTATION_NONE)
    return 1;
  if (rule == ESP_ORIENTATION_AUTO && turns && stored_agrees && !turned_agrees)
    return 1;
  return exif;
}

static EspImage *
load (const char *path, EspOrientation orientation, int want_width, int want_height, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EspImage) image = NULL;
  const char *kind = NULL;
  int exif = 1;

  bytes = esp_file_read (path, ESP_IMAGE_MOST_BYTES, error);
  if (bytes == NULL || (kind = esp_image_find_kind (path, bytes, error)) == NULL)
    return NULL;
  if (strcmp (kind, "png") == 0)
    image = esp_png_decode (path, bytes, error);
  else if (check_whole (path, kind, bytes, error))
    image = esp_pixbuf_decode (path, kind, bytes, &exif, error);
  if (image == NULL)
    return NULL;
  exif = choose_orientation (image, orientation, exif, want_width, want_height);
  image = esp_image_turn (g_steal_pointer (&image), exif);
  if (image == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s: not enough memory to turn it upright", path);
  return g_steal_pointer (&image);
}

/**
 * esp_image_load:
 * @path: a PNG, JPEG, BMP or PNM file of at most 512 MiB
 * @orientation: which way is up
 * @want_width: the annotation's width in pixels, 0 where it has none
 * @want_height: its height
 * @error: ESP_ERROR_IO, ESP_ERROR_FORMAT (damaged or cut short), ESP_ERROR_UNSUPPORTED, ESP_ERROR_LIMIT beyond 256 megapixels
 *
 * Decodes a picture to RGB at its depth. Colour samples are taken as they are: no gamma, no colour profile, alpha dropped (as stb,
 * darknet's decoder).
 * Returns: (transfer full): the image, upright. Thread: any.
 */
EspImage *
esp_image_load (const char *path, EspOrientation orientation, int want_width, int want_height, GError **error)
{
  EspImage *image = NULL;

  g_return_val_if_fail (path != NULL, NULL);
  image = load (path, orientation, want_width, want_height, error);
  if (image == NULL)
    esp_error_make_utf8 (error);
  return image;
}
