/* orchard-masks.c: a scene's picture and planes as PNG files */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

#include <png.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

#define PACKING 4 /* of zlib, 1 to 9: 5 % larger than its usual 6, in less than half the time */

static void
append (png_structp png, png_bytep data, png_size_t n)
{
  g_byte_array_append (png_get_io_ptr (png), data, (guint) n);
}

static void
flush (png_structp png)
{
}

static void
fail (png_structp png, png_const_charp message)
{
  g_set_error (png_get_error_ptr (png), ESP_ERROR, ESP_ERROR_IO, "the PNG could not be written: %s", message);
  png_longjmp (png, 1);
}

static void
warn (png_structp png, png_const_charp message)
{
  g_debug ("PNG: %s", message);
}

/* Kinds are written with colours of their own, so that any viewer shows them. */
static const png_color kind_colours[ESP_ORCHARD_N_KINDS]
    = { { 24, 28, 40 }, { 64, 140, 56 }, { 140, 96, 60 }, { 240, 172, 40 }, { 170, 90, 180 } };

/* @plane is of one byte a pixel (@colour grey or palette) or of three. A function of its own: nothing in it outlives libpng's jump. */
static gboolean
write_rows (png_structp png, png_infop info, const guint8 *plane, int width, int height, int colour)
{
  const gsize stride = (gsize) width * (colour == PNG_COLOR_TYPE_RGB ? 3 : 1);

  if (setjmp (png_jmpbuf (png)) != 0)
    return FALSE;
  png_set_compression_level (png, PACKING);
  png_set_filter (png, 0, colour == PNG_COLOR_TYPE_RGB ? PNG_FILTER_SUB : PNG_FILTER_NONE);
  png_set_IHDR (png, info, (png_uint_32) width, (png_uint_32) height, 8, colour, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
                PNG_FILTER_TYPE_BASE);
  if (colour == PNG_COLOR_TYPE_PALETTE)
    png_set_PLTE (png, info, kind_colours, ESP_ORCHARD_N_KINDS);
  png_write_info (png, info);
  for (int y = 0; y < height; y++)
    png_write_row (png, plane + (gsize) y * stride);
  png_write_end (png, info);
  return TRUE;
}

static gboolean
write_png (const char *path, const guint8 *plane, int width, int height, int colour, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GError) local = NULL;
  png_structp png = png_create_write_struct (PNG_LIBPNG_VER_STRING, &local, fail, warn);
  png_infop info = png != NULL ? png_create_info_struct (png) : NULL;
  gboolean written = FALSE;

  if (info != NULL)
    {
      png_set_write_fn (png, bytes, append, flush);
      written = write_rows (png, info, plane, width, height, colour);
    }
  png_destroy_write_struct (&png, &info);
  if (written)
    return esp_file_write (path, bytes->data, bytes->len, error);
  if (local != NULL)
    g_propagate_prefixed_error (error, g_steal_pointer (&local), "%s: ", path);
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: libpng could not be started", path);
  return FALSE;
}

/** esp_orchard_write_image: writes @image as an RGB PNG. Errors: ESP_ERROR_IO. Thread: any. */
gboolean
esp_orchard_write_image (const char *path, EspImage *image, GError **error)
{
  return write_png (path, esp_image_get_rgb (image), esp_image_get_width (image), esp_image_get_height (image), PNG_COLOR_TYPE_RGB, error);
}

/**
 * esp_orchard_write_masks:
 * @folder: of the masks, there already
 * @stem: the scene's name
 * @scene: whose planes
 * @error: ESP_ERROR_IO
 *
 * Writes STEM-kind.png (palette), STEM-fruit.png, STEM-shadow.png and STEM-cue.png (grey). Thread: any.
 */
gboolean
esp_orchard_write_masks (const char *folder, const char *stem, const EspOrchardScene *scene, GError **error)
{
  const struct
  {
    const char *name;
    const guint8 *plane;
    int colour;
  } files[] = { { "kind", scene->kind, PNG_COLOR_TYPE_PALETTE },
                { "fruit", scene->fruit, PNG_COLOR_TYPE_GRAY },
                { "shadow", scene->shadow, PNG_COLOR_TYPE_GRAY },
                { "cue", scene->cue, PNG_COLOR_TYPE_GRAY } };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *name = g_strdup_printf ("%s-%s.png", stem, files[i].name);
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (!write_png (path, files[i].plane, SIDE, SIDE, files[i].colour, error))
        return FALSE;
    }
  return TRUE;
}
