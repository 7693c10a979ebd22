/* png.c: PNG at full depth; libpng calls back with errors, which become ours */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/image-private.h"

#include <string.h>

#include <png.h>

#include "base/error.h"

/* Everything that must outlive a longjmp is here, outside the stack frame that is jumped to. */
typedef struct
{
  const char *path;
  const guint8 *data;
  gsize n, at;
  png_structp png;
  png_infop info;
  EspImage *image;
  png_bytep *rows;
  GError *error;     /* of the size */
  char message[256]; /* libpng's, empty where all went well */
} Reader;

static void
png_failed (png_structp png, png_const_charp message)
{
  Reader *reader = png_get_error_ptr (png);

  g_strlcpy (reader->message, message, sizeof reader->message);
  png_longjmp (png, 1);
}

/* A warning is libpng reading on where nothing of the picture is lost. */
static void
png_warned (png_structp png, png_const_charp message)
{
  Reader *reader = png_get_error_ptr (png);

  g_debug ("%s: %s", reader->path, message);
}

static void
png_take (png_structp png, png_bytep to, size_t n)
{
  Reader *reader = png_get_io_ptr (png);

  if (n > reader->n - reader->at)
    png_error (png, "the file ends within the picture");
  memcpy (to, reader->data + reader->at, n);
  reader->at += n;
}

/* Every kind to three samples of 8 or 16 bits. */
static void
ask_for_rgb (Reader *reader)
{
  const int depth = png_get_bit_depth (reader->png, reader->info);
  const int colour = png_get_color_type (reader->png, reader->info);

  png_set_palette_to_rgb (reader->png);
  if (depth < 8 && (colour & PNG_COLOR_MASK_COLOR) == 0)
    png_set_expand_gray_1_2_4_to_8 (reader->png);
  if ((colour & PNG_COLOR_MASK_COLOR) == 0)
    png_set_gray_to_rgb (reader->png);
  png_set_strip_alpha (reader->png);
  if (depth == 16 && G_BYTE_ORDER == G_LITTLE_ENDIAN)
    png_set_swap (reader->png);
  png_set_interlace_handling (reader->png);
  png_read_update_info (reader->png, reader->info);
}

static void
make_rows (Reader *reader, int depth)
{
  const int width = (int) png_get_image_width (reader->png, reader->info);
  const int height = (int) png_get_image_height (reader->png, reader->info);
  const gsize stride = (gsize) width * 3 * (gsize) (depth / 8);
  guint8 *samples = NULL;

  if (png_get_rowbytes (reader->png, reader->info) != stride)
    png_error (reader->png, "unexpected row size");
  reader->image = esp_image_new_empty (width, height, depth);
  reader->rows = g_try_new (png_bytep, (gsize) height);
  if (reader->image == NULL || reader->rows == NULL)
    png_error (reader->png, "not enough memory");
  samples = depth == 16 ? (guint8 *) reader->image->deep : reader->image->rgb;
  for (int y = 0; y < height; y++)
    reader->rows[y] = samples + (gsize) y * stride;
}

/* Deflate packs at most 1032 bytes into one, so that a small file cannot ask for a large block. */
static void
check_packed (Reader *reader)
{
  const guint64 row = png_get_rowbytes (reader->png, reader->info), rows = png_get_image_height (reader->png, reader->info);

  if (row * rows / 1032 > reader->n)
    png_error (reader->png, "the file is too short for the size that its header says");
}

static void
read_all (Reader *reader)
{
  png_set_user_limits (reader->png, G_MAXINT32, G_MAXINT32); /* ours is by area, below */
  png_set_read_fn (reader->png, reader, png_take);
  png_read_info (reader->png, reader->info);
  if (!esp_image_check_size (reader->path, reader->n, png_get_image_width (reader->png, reader->info),
                             png_get_image_height (reader->png, reader->info), &reader->error))
    return;
  check_packed (reader);
  ask_for_rgb (reader);
  make_rows (reader, png_get_bit_depth (reader->png, reader->info));
  png_read_image (reader->png, reader->rows);
  png_read_end (reader->png, NULL); /* a missing end is a file cut short */
}

/* The frame that is jumped back to: it holds nothing but @reader. */
static void
read_guarded (Reader *reader)
{
  if (setjmp (png_jmpbuf (reader->png)) == 0)
    read_all (reader);
}

/**
 * esp_png_decode:
 * @path: for messages
 * @bytes: the file
 * @error: ESP_ERROR_FORMAT with libpng's words and the byte reached, ESP_ERROR_LIMIT
 *
 * Returns: (transfer full): RGB of 16 bits where the file has 16, else of 8; grey and palette spread, alpha dropped, gamma left alone.
 * Thread: any.
 */
EspImage *
esp_png_decode (const char *path, GBytes *bytes, GError **error)
{
  Reader reader = { .path = path };
  EspImage *image = NULL;

  reader.data = g_bytes_get_data (bytes, &reader.n);
  reader.png = png_create_read_struct (PNG_LIBPNG_VER_STRING, &reader, png_failed, png_warned);
  reader.info = reader.png != NULL ? png_create_info_struct (reader.png) : NULL;
  if (reader.info != NULL)
    read_guarded (&reader);
  else
    g_strlcpy (reader.message, "libpng could not be started", sizeof reader.message);
  if (reader.error != NULL)
    g_propagate_error (error, g_steal_pointer (&reader.error));
  else if (reader.message[0] != '\0')
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: byte %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT ": %s: expected a whole PNG", path,
                 reader.at, reader.n, reader.message);
  else
    image = g_steal_pointer (&reader.image);
  g_clear_pointer (&reader.image, esp_image_unref);
  g_free (reader.rows);
  png_destroy_read_struct (&reader.png, &reader.info, NULL);
  return image;
}
