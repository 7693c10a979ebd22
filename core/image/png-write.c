/* png-write.c: PNG files, the one writer of them; libpng calls back with errors, which become ours */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/png-write.h"

#include <math.h>
#include <string.h>

#include <png.h>

#include "base/error.h"
#include "base/file.h"

#define QUICK 4 /* of zlib, 1 to 9; its usual is 6 */

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
  g_debug ("libpng: %s", message);
}

/* tEXt where Latin-1 can say it, which every reader knows, else iTXt. libpng copies both. */
static void
add_text (png_structp png, png_infop info, const char *key, const char *text)
{
  g_autofree char *latin = NULL;
  gsize n = 0;
  png_text chunk = { .key = (char *) key };

  if (text == NULL || *text == '\0')
    return;
  latin = g_convert (text, -1, "ISO-8859-1", "UTF-8", NULL, &n, NULL);
  chunk.compression = latin != NULL ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
  chunk.text = latin != NULL ? latin : (char *) text;
  if (latin != NULL)
    chunk.text_length = n;
  else
    chunk.itxt_length = strlen (text);
  png_set_text (png, info, &chunk, 1);
}

static void
describe (png_structp png, png_infop info, const EspPng *from)
{
  const int kinds[]
      = { [ESP_PNG_GREY] = PNG_COLOR_TYPE_GRAY, [ESP_PNG_PALETTE] = PNG_COLOR_TYPE_PALETTE, [ESP_PNG_RGB] = PNG_COLOR_TYPE_RGB };
  const png_uint_32 per_metre = (png_uint_32) lrint (from->dots_per_inch / 0.0254);
  png_color colours[PNG_MAX_PALETTE_LENGTH];

  png_set_IHDR (png, info, (png_uint_32) from->width, (png_uint_32) from->height, 8, kinds[from->kind], PNG_INTERLACE_NONE,
                PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
  for (guint i = 0; i < from->n_palette; i++)
    colours[i] = (png_color){ from->palette[i][0], from->palette[i][1], from->palette[i][2] };
  if (from->kind == ESP_PNG_PALETTE)
    png_set_PLTE (png, info, colours, (int) from->n_palette);
  if (from->kind == ESP_PNG_RGB)
    png_set_sRGB (png, info, PNG_sRGB_INTENT_PERCEPTUAL);
  if (from->dots_per_inch > 0)
    png_set_pHYs (png, info, per_metre, per_metre, PNG_RESOLUTION_METER);
  for (guint i = 0; from->words != NULL && from->words[i] != NULL; i += 2)
    add_text (png, info, from->words[i], from->words[i + 1]);
}

/* A function of its own: nothing in it outlives libpng's jump but what the caller holds. */
static gboolean
write_all (png_structp png, png_infop info, const EspPng *from)
{
  const gsize stride = (gsize) from->width * (from->kind == ESP_PNG_RGB ? 3 : 1);

  if (setjmp (png_jmpbuf (png)) != 0)
    return FALSE;
  if (from->is_quick)
    {
      png_set_compression_level (png, QUICK);
      png_set_filter (png, 0, from->kind == ESP_PNG_RGB ? PNG_FILTER_SUB : PNG_FILTER_NONE);
    }
  describe (png, info, from);
  png_write_info (png, info);
  for (int y = 0; y < from->height; y++)
    png_write_row (png, from->pixels + (gsize) y * stride);
  png_write_end (png, info);
  return TRUE;
}

/**
 * esp_png_encode:
 * @png: the picture
 * @bytes: the file's bytes are put behind what is there
 * @error: ESP_ERROR_IO with libpng's words
 *
 * The same picture gives the same bytes: there is no date in them. Thread: any.
 *
 * Returns: FALSE with @error; what @bytes then holds is not to be used.
 */
gboolean
esp_png_encode (const EspPng *png, GByteArray *bytes, GError **error)
{
  g_autoptr (GError) local = NULL;
  png_structp to = NULL;
  png_infop info = NULL;
  gboolean written = FALSE;

  g_return_val_if_fail (png->kind != ESP_PNG_PALETTE || (png->n_palette > 0 && png->n_palette <= PNG_MAX_PALETTE_LENGTH), FALSE);
  to = png_create_write_struct (PNG_LIBPNG_VER_STRING, &local, fail, warn);
  info = to != NULL ? png_create_info_struct (to) : NULL;
  if (info != NULL)
    {
      png_set_write_fn (to, bytes, append, flush);
      written = write_all (to, info, png);
    }
  png_destroy_write_struct (&to, &info);
  if (!written && local == NULL)
    g_set_error (&local, ESP_ERROR, ESP_ERROR_IO, "libpng %s could not be started", PNG_LIBPNG_VER_STRING);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return written;
}

/** esp_png_save: esp_png_encode() into @path, written whole or not at all. Errors: ESP_ERROR_IO, which names @path. Thread: any. */
gboolean
esp_png_save (const char *path, const EspPng *png, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  if (esp_png_encode (png, bytes, error))
    return esp_file_write (path, bytes->data, bytes->len, error);
  g_prefix_error (error, "%s: ", path);
  return FALSE;
}

/** esp_png_save_image: @image as RGB at @path, with nothing beside. Errors: as esp_png_save(). Thread: any. */
gboolean
esp_png_save_image (const char *path, EspImage *image, GError **error)
{
  const EspPng png = {
    .kind = ESP_PNG_RGB, .pixels = esp_image_get_rgb (image), .width = esp_image_get_width (image), .height = esp_image_get_height (image)
  };

  return esp_png_save (path, &png, error);
}
