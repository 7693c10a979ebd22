/* test-image.c: every kind of picture that must be read, and every one that must be refused */
#include "config.h"

#include "image/image.h"

#include <string.h>
#include <sys/stat.h>

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gstdio.h>
#include <png.h>

#include "base/error.h"

/* Two pixels square, all red, as Adobe's inverted CMYK; written by ImageMagick 6. */
#define CMYK_JPEG                                                                                                                          \
  "/9j/7gAOQWRvYmUAZAAAAAAC/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFaUGBKUVJP/"                  \
  "9sAQwEODg4TERMmFRUmTzUtN"                                                                                                               \
  "U9PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09P/8AAFAgAAgACBAEiAAIRAQMRAQQiAP/EABYAAQEBAAAAAAAAAAAAAAAAAAAFB//"     \
  "EABQQAQAAAA"                                                                                                                            \
  "AAAAAAAAAAAAAAAAD/xAAVAQEBAAAAAAAAAAAAAAAAAAAFB//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAOBAEAAhEDEQQAAD8AvgGU2acA/9k="

static char *folder;

static char *
write_file (const char *name, gconstpointer data, gsize n)
{
  char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, data, (gssize) n, NULL));
  return path;
}

static void
take_png (png_structp png, png_bytep data, size_t n)
{
  g_byte_array_append (png_get_io_ptr (png), data, (guint) n);
}

/* A PNG of @width x @height samples as they are packed in @rows, @stride bytes each. */
static GByteArray *
make_png (int width, int height, int depth, int colour, gboolean interlaced, const guint8 *rows, gsize stride)
{
  GByteArray *bytes = g_byte_array_new ();
  png_structp png = png_create_write_struct (PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct (png);
  const png_color palette[4] = { { 10, 20, 30 }, { 40, 50, 60 }, { 70, 80, 90 }, { 100, 110, 120 } };
  const int passes = interlaced ? 7 : 1;

  png_set_write_fn (png, bytes, take_png, NULL);
  png_set_IHDR (png, info, (png_uint_32) width, (png_uint_32) height, depth, colour, interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                0, 0);
  if (colour == PNG_COLOR_TYPE_PALETTE)
    png_set_PLTE (png, info, palette, 1 << MIN (depth, 2));
  png_write_info (png, info);
  if (interlaced)
    png_set_interlace_handling (png);
  for (int pass = 0; pass < passes; pass++)
    for (int y = 0; y < height; y++)
      png_write_row (png, rows + (gsize) y * stride);
  png_write_end (png, info);
  png_destroy_write_struct (&png, &info);
  return bytes;
}

static EspImage *
load_png (int width, int height, int depth, int colour, gboolean interlaced, const guint8 *rows, gsize stride)
{
  g_autoptr (GByteArray) bytes = make_png (width, height, depth, colour, interlaced, rows, stride);
  g_autofree char *path = write_file ("made.png", bytes->data, bytes->len);
  g_autoptr (GError) error = NULL;
  EspImage *image = esp_image_load (path, ESP_ORIENTATION_AUTO, 0, 0, &error);

  g_assert_no_error (error);
  g_assert_cmpint (esp_image_get_width (image), ==, width);
  g_assert_cmpint (esp_image_get_height (image), ==, height);
  return image;
}

static void
assert_rgb (EspImage *image, int at, int r, int g, int b)
{
  const guint8 *rgb = esp_image_get_rgb (image) + at * 3;

  g_assert_cmpint (rgb[0], ==, r);
  g_assert_cmpint (rgb[1], ==, g);
  g_assert_cmpint (rgb[2], ==, b);
}

static void
test_png_kinds (void)
{
  const guint8 rgb[] = { 1, 2, 3, 4, 5, 6 }, rgba[] = { 9, 8, 7, 0, 6, 5, 4, 255 }, grey[] = { 0, 200 }, grey_alpha[] = { 77, 0, 88, 9 };
  const guint8 bit[] = { 0x40 }, two[] = { 0x1b }, four[] = { 0x0f };
  g_autoptr (EspImage) one = load_png (1, 1, 8, PNG_COLOR_TYPE_RGB, FALSE, rgb, 3);
  g_autoptr (EspImage) a = load_png (2, 1, 8, PNG_COLOR_TYPE_RGB, FALSE, rgb, 6);
  g_autoptr (EspImage) b = load_png (2, 1, 8, PNG_COLOR_TYPE_RGB_ALPHA, FALSE, rgba, 8);
  g_autoptr (EspImage) c = load_png (2, 1, 8, PNG_COLOR_TYPE_GRAY, FALSE, grey, 2);
  g_autoptr (EspImage) d = load_png (2, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA, FALSE, grey_alpha, 4);
  g_autoptr (EspImage) e = load_png (2, 1, 1, PNG_COLOR_TYPE_GRAY, FALSE, bit, 1);
  g_autoptr (EspImage) f = load_png (4, 1, 2, PNG_COLOR_TYPE_PALETTE, FALSE, two, 1);
  g_autoptr (EspImage) g = load_png (2, 1, 4, PNG_COLOR_TYPE_GRAY, FALSE, four, 1);
  g_autoptr (EspImage) h = load_png (2, 1, 1, PNG_COLOR_TYPE_PALETTE, FALSE, bit, 1);

  g_assert_cmpint (esp_image_get_depth (a), ==, 8);
  assert_rgb (one, 0, 1, 2, 3);
  assert_rgb (a, 1, 4, 5, 6);
  assert_rgb (b, 0, 9, 8, 7); /* the colours under full transparency stay */
  assert_rgb (b, 1, 6, 5, 4);
  assert_rgb (c, 1, 200, 200, 200);
  assert_rgb (d, 0, 77, 77, 77);
  assert_rgb (e, 1, 255, 255, 255);
  assert_rgb (f, 1, 40, 50, 60);
  assert_rgb (f, 3, 100, 110, 120);
  assert_rgb (g, 1, 255, 255, 255);
  assert_rgb (h, 1, 40, 50, 60);
}

static void
test_png_16 (void)
{
  const guint8 rgb[] = { 0x12, 0x34, 0xff, 0xff, 0, 0, 0, 1, 0x80, 0, 0x7f, 0xff }, grey[] = { 0xab, 0xcd };
  g_autoptr (EspImage) a = load_png (2, 1, 16, PNG_COLOR_TYPE_RGB, FALSE, rgb, 12);
  g_autoptr (EspImage) b = load_png (1, 1, 16, PNG_COLOR_TYPE_GRAY, FALSE, grey, 2);

  g_assert_cmpint (esp_image_get_depth (a), ==, 16);
  g_assert_cmpfloat (esp_image_get_sample (a, 0, 0, 0), ==, (float) (0x1234 / 65535.));
  g_assert_cmpfloat (esp_image_get_sample (a, 1, 0, 0), ==, (float) (1 / 65535.));
  g_assert_cmpfloat (esp_image_get_sample (b, 0, 0, 2), ==, (float) (0xabcd / 65535.));
  assert_rgb (a, 0, 18, 255, 0); /* 0x1234 is 18.13 of 255 */
}

static void
test_png_interlaced (void)
{
  guint8 rgb[3 * 9 * 11];
  g_autoptr (EspImage) image = NULL;

  for (guint i = 0; i < sizeof rgb; i++)
    rgb[i] = (guint8) (i * 7);
  image = load_png (11, 9, 8, PNG_COLOR_TYPE_RGB, TRUE, rgb, 33);
  g_assert_cmpmem (esp_image_get_rgb (image), sizeof rgb, rgb, sizeof rgb);
}

/* Left half dark, right half light, 16 x 8. */
static GdkPixbuf *
make_pixbuf (void)
{
  GdkPixbuf *pixbuf = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, 16, 8);

  for (int y = 0; y < 8; y++)
    {
      guchar *row = gdk_pixbuf_get_pixels (pixbuf) + y * gdk_pixbuf_get_rowstride (pixbuf);

      memset (row, 20, 24);
      memset (row + 24, 230, 24);
    }
  return pixbuf;
}

static GByteArray *
make_saved (const char *kind)
{
  g_autoptr (GdkPixbuf) pixbuf = make_pixbuf ();
  char *data = NULL;
  gsize n = 0;

  g_assert_true (gdk_pixbuf_save_to_buffer (pixbuf, &data, &n, kind, NULL, NULL));
  return g_byte_array_new_take ((guint8 *) data, n);
}

/* A JPEG with an EXIF orientation: an APP1 segment put after the first marker. */
static GByteArray *
make_turned (guint8 orientation)
{
  GByteArray *jpeg = make_saved ("jpeg");
  guint8 exif[] = { 0xff, 0xd8, 0xff, 0xe1, 0,    34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0,
                    8,    0,    1,    0x01, 0x12, 0,  3,   0,   0,   0,   1, 0, 0,   0,   0, 0,  0, 0, 0 };

  exif[31] = orientation;
  g_byte_array_remove_range (jpeg, 0, 2);
  g_byte_array_prepend (jpeg, exif, sizeof exif);
  return jpeg;
}

static EspImage *
load_turned (guint8 orientation, EspOrientation rule, int want_width, int want_height)
{
  g_autoptr (GByteArray) jpeg = make_turned (orientation);
  g_autofree char *path = write_file ("turned.jpg", jpeg->data, jpeg->len);
  g_autoptr (GError) error = NULL;
  EspImage *image = esp_image_load (path, rule, want_width, want_height, &error);

  g_assert_no_error (error);
  return image;
}

static gboolean
is_light (EspImage *image, int x, int y)
{
  return esp_image_get_sample (image, x, y, 0) > 0.5f;
}

static void
test_orientation (void)
{
  g_autoptr (EspImage) stored = load_turned (6, ESP_ORIENTATION_NONE, 0, 0);
  g_autoptr (EspImage) six = load_turned (6, ESP_ORIENTATION_AUTO, 0, 0);
  g_autoptr (EspImage) eight = load_turned (8, ESP_ORIENTATION_EXIF, 16, 8);
  g_autoptr (EspImage) three = load_turned (3, ESP_ORIENTATION_AUTO, 16, 8);
  g_autoptr (EspImage) as_annotated = load_turned (6, ESP_ORIENTATION_AUTO, 16, 8);
  g_autoptr (EspImage) turned_annotated = load_turned (6, ESP_ORIENTATION_AUTO, 8, 16);

  g_assert_cmpint (esp_image_get_width (stored), ==, 16);
  g_assert_true (is_light (stored, 14, 4) && !is_light (stored, 1, 4));
  g_assert_cmpint (esp_image_get_width (six), ==, 8);
  g_assert_true (is_light (six, 4, 14) && !is_light (six, 4, 1)); /* a quarter clockwise: left goes up */
  g_assert_true (is_light (eight, 4, 1) && !is_light (eight, 4, 14));
  g_assert_true (is_light (three, 1, 4) && !is_light (three, 14, 4));
  g_assert_cmpint (esp_image_get_width (as_annotated), ==, 16);
  g_assert_cmpint (esp_image_get_width (turned_annotated), ==, 8);
}

static EspImage *
load_bytes (const char *name, gconstpointer data, gsize n, GError **error)
{
  g_autofree char *path = write_file (name, data, n);

  return esp_image_load (path, ESP_ORIENTATION_AUTO, 0, 0, error);
}

static void
test_other_kinds (void)
{
  const char *ppm = "P6\n# two\n2 1\n255\nabcxyz", *pgm = "P2\n1 1\n255\n77\n";
  const char *kinds[] = { "jpeg", "bmp" };
  gsize n = 0;
  g_autofree guchar *cmyk = g_base64_decode (CMYK_JPEG, &n);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspImage) colour = load_bytes ("a.ppm", ppm, strlen (ppm), &error);
  g_autoptr (EspImage) grey = load_bytes ("a.pgm", pgm, strlen (pgm), &error);
  g_autoptr (EspImage) red = load_bytes ("cmyk.jpg", cmyk, n, &error);

  g_assert_no_error (error);
  assert_rgb (colour, 1, 'x', 'y', 'z');
  assert_rgb (grey, 0, 77, 77, 77);
  g_assert_cmpfloat (esp_image_get_sample (red, 0, 0, 0), >, 0.9f);
  g_assert_cmpfloat (esp_image_get_sample (red, 0, 0, 1), <, 0.1f);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (GByteArray) bytes = make_saved (kinds[i]);
      g_autoptr (EspImage) image = load_bytes ("a.xyz", bytes->data, bytes->len, &error);

      g_assert_no_error (error);
      g_assert_true (is_light (image, 14, 4) && !is_light (image, 1, 4));
    }
}

static void
assert_refused (const char *what, gconstpointer data, gsize n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspImage) image = load_bytes ("refused", data, n, &error);

  if (image != NULL)
    g_error ("%s, %" G_GSIZE_FORMAT " bytes: taken for a picture", what, n);
  g_assert_nonnull (strstr (error->message, "refused"));
  g_assert_true (error->domain == ESP_ERROR);
}

/* Each prefix that lacks a needed byte is refused. @slack: bytes at the end that no decoder needs. */
static void
refuse_prefixes (const char *what, const GByteArray *bytes, guint slack)
{
  for (guint n = 0; n + slack < bytes->len; n += n < 100 || n + 200 > bytes->len ? 1 : 13)
    assert_refused (what, bytes->data, n);
}

static void
test_cut_short (void)
{
  guint8 rows[64 * 3 * 8];
  g_autoptr (GByteArray) jpeg = make_turned (6);
  g_autoptr (GByteArray) bmp = make_saved ("bmp");
  g_autoptr (GByteArray) ppm = g_byte_array_new ();
  g_autoptr (GByteArray) png = NULL;
  g_autoptr (GByteArray) deep = NULL;

  for (guint i = 0; i < sizeof rows; i++)
    rows[i] = (guint8) (i * i);
  png = make_png (64, 8, 8, PNG_COLOR_TYPE_RGB, FALSE, rows, 64 * 3);
  deep = make_png (32, 8, 16, PNG_COLOR_TYPE_RGB, TRUE, rows, 64 * 3);
  g_byte_array_append (ppm, (const guint8 *) "P6\n8 8\n255\n", 11);
  g_byte_array_append (ppm, rows, 8 * 8 * 3);
  refuse_prefixes ("PNG", png, 0);
  refuse_prefixes ("16-bit PNG", deep, 0);
  refuse_prefixes ("JPEG", jpeg, 0);
  refuse_prefixes ("BMP", bmp, 0);
  refuse_prefixes ("PPM", ppm, 0);
}

static void
assert_too_large (const char *data, gsize n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspImage) image = load_bytes ("large", data, n, &error);

  g_assert_null (image);
  g_assert_error (error, ESP_ERROR, ESP_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, "256 megapixels"));
}

/* With the CRC-32 of the header, or libpng stops before it says how large. */
static void
set_png_size (GByteArray *png, guint32 width, guint32 height)
{
  guint32 crc = 0xffffffffu;

  width = GUINT32_TO_BE (width);
  height = GUINT32_TO_BE (height);
  memcpy (png->data + 16, &width, 4);
  memcpy (png->data + 20, &height, 4);
  for (guint i = 12; i < 29; i++)
    {
      crc ^= png->data[i];
      for (int k = 0; k < 8; k++)
        crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
    }
  crc = GUINT32_TO_BE (~crc);
  memcpy (png->data + 29, &crc, 4);
}

static void
test_too_large (void)
{
  guint8 row[3] = { 0 };
  g_autoptr (GByteArray) png = make_png (1, 1, 8, PNG_COLOR_TYPE_RGB, FALSE, row, 3);
  g_autoptr (GByteArray) jpeg = make_saved ("jpeg");
  g_autoptr (GByteArray) bmp = make_saved ("bmp");
  const char *ppm = "P6\n30000 30000\n255\nabcdef";
  guint frame = 0;

  set_png_size (png, 0x8000, 0x8000);
  assert_too_large ((const char *) png->data, png->len);
  assert_too_large (ppm, strlen (ppm));
  while (jpeg->data[frame] != 0xff || jpeg->data[frame + 1] != 0xc0)
    frame++;
  memset (jpeg->data + frame + 5, 0xf0, 4);
  assert_too_large ((const char *) jpeg->data, jpeg->len);
  memset (jpeg->data + frame + 5, 0x20, 4); /* 8224 x 8224 are allowed, but not in so few bytes */
  assert_refused ("JPEG too short for its size", jpeg->data, jpeg->len);
  bmp->data[20] = bmp->data[24] = 1; /* 65552 x 65544 */
  assert_too_large ((const char *) bmp->data, bmp->len);
}

static void
test_refused (void)
{
  const guint8 junk[] = { 'G', 'I', 'F', '8', '9', 'a', 1, 2, 3 }, svg[] = "<svg xmlns='http://www.w3.org/2000/svg'/>";
  g_autoptr (GError) error = NULL;
  g_autofree char *missing = g_build_filename (folder, "nowhere.png", NULL);
  gsize n = 0;
  g_autofree guchar *cmyk = g_base64_decode (CMYK_JPEG, &n);

  assert_refused ("junk", junk, sizeof junk);
  assert_refused ("svg", svg, sizeof svg);
  memcpy (cmyk + 6, "Xdobe", 5);
  assert_refused ("CMYK without Adobe", cmyk, n);
  g_assert_null (esp_image_load (missing, ESP_ORIENTATION_AUTO, 0, 0, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
  g_clear_error (&error);
  g_assert_null (esp_image_load (folder, ESP_ORIENTATION_AUTO, 0, 0, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
}

static void
assert_says (const char *what, const GByteArray *bytes, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspImage) image = load_bytes ("refused", bytes->data, bytes->len, &error);

  g_assert_null (image);
  g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
  if (strstr (error->message, part) == NULL)
    g_error ("%s: “%s” lacks “%s”", what, error->message, part);
}

/* A header may ask for no more than the file's bytes can hold, and is refused before that is allocated. */
static void
test_too_short_for_its_header (void)
{
  guint8 row[3] = { 0 };
  g_autoptr (GByteArray) png = make_png (1, 1, 8, PNG_COLOR_TYPE_RGB, FALSE, row, 3);
  const struct
  {
    guint at;
    guint32 value;
    const char *part;
  } bmps[] = {
    { 10, 0x10000000, "the pixels begin at 268435456" }, /* these three gdk-pixbuf's loader would make room for */
    { 14, 0x20000000, "its header has 536870912 bytes" },
    { 46, 0x30000000, "805306368 colours" },
    { 18, 16000000, "bytes can hold" },
  };

  set_png_size (png, 2000, 800);
  assert_says ("PNG of many pixels", png, "bytes can hold");
  set_png_size (png, 300, 800);
  assert_says ("PNG of some pixels", png, "too short");
  for (guint i = 0; i < G_N_ELEMENTS (bmps); i++)
    {
      g_autoptr (GByteArray) bmp = make_saved ("bmp");
      const guint32 value = GUINT32_TO_LE (bmps[i].value);

      memcpy (bmp->data + bmps[i].at, &value, 4);
      assert_says ("BMP", bmp, bmps[i].part);
    }
}

/* Random damage: read or refused in one sentence, never a crash and never a word printed. */
static void
test_damage (void)
{
  guint8 rows[64 * 3 * 8] = { 0 };
  g_autoptr (GRand) rng = g_rand_new_with_seed (5);
  GByteArray *all[]
      = { make_png (64, 8, 8, PNG_COLOR_TYPE_PALETTE, FALSE, rows, 64), make_png (16, 8, 16, PNG_COLOR_TYPE_RGB, TRUE, rows, 96),
          make_turned (5), make_saved ("bmp"), g_byte_array_new () };
  guint refused = 0;

  g_byte_array_append (all[4], (const guint8 *) "P6\n4 4\n255\n0123456789012345678901234567890123456789012345678", 59);
  for (guint i = 0; i < 1500; i++)
    {
      GByteArray *whole = all[i % 5];
      g_autofree guint8 *bytes = g_memdup2 (whole->data, whole->len);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspImage) image = NULL;

      for (int k = g_rand_int_range (rng, 1, 6); k > 0; k--)
        bytes[g_rand_int_range (rng, 0, (gint32) whole->len)] = (guint8) g_rand_int_range (rng, 0, 256);
      image = load_bytes ("damaged", bytes, whole->len, &error);
      g_assert_true ((image == NULL) == (error != NULL));
      refused += image == NULL;
    }
  g_test_message ("%u of 1500 refused", refused);
  g_assert_cmpuint (refused, >, 100);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    g_byte_array_unref (all[i]);
}

static void
assert_size (const char *name, gconstpointer data, gsize n, int width, int height)
{
  g_autofree char *path = write_file (name, data, n);
  g_autoptr (GError) error = NULL;
  int found_width = 0, found_height = 0;

  g_assert_true (esp_image_read_size (path, &found_width, &found_height, &error));
  g_assert_cmpint (found_width, ==, width);
  g_assert_cmpint (found_height, ==, height);
}

/* Every kind that is read, whatever its name; a JPEG whose frame stands behind two segments of 60 kB. */
static void
test_read_size_kinds (void)
{
  guint8 row[3 * 5] = { 0 };
  g_autoptr (GByteArray) png = make_png (5, 3, 8, PNG_COLOR_TYPE_GRAY, FALSE, row, 5), bmp = make_saved ("bmp"), late = make_saved ("jpeg");
  const char *pgm = "P2 # c\n7 9\n255\n";
  const guint8 old_bmp[26] = { 'B', 'M', [14] = 12, [18] = 4, [20] = 2 };
  g_autofree guint8 *segment = g_malloc0 (60000);

  segment[0] = 0xff;
  segment[1] = 0xe3;
  segment[2] = (60000 - 2) >> 8;
  segment[3] = (60000 - 2) & 0xff;
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GByteArray) longer = g_byte_array_new ();

      g_byte_array_append (longer, late->data, 2);
      g_byte_array_append (longer, segment, 60000);
      g_byte_array_append (longer, late->data + 2, late->len - 2);
      g_byte_array_unref (late);
      late = g_steal_pointer (&longer);
    }
  assert_size ("a.jpg", png->data, png->len, 5, 3);
  assert_size ("a.png", bmp->data, bmp->len, 16, 8);
  assert_size ("late.jpg", late->data, late->len, 16, 8);
  assert_size ("a.pgm", pgm, strlen (pgm), 7, 9);
  assert_size ("old.bmp", old_bmp, sizeof old_bmp, 4, 2);
}

/* No loader is asked about other kinds, and a pipe is not waited for. */
static void
test_read_size_refused (void)
{
  g_autofree char *gif = write_file ("a.gif", "GIF89a\1\0\1\0\0\0\0", 13), *pipe = g_build_filename (folder, "pipe.png", NULL);
  g_autoptr (GError) error = NULL;
  int width = 0, height = 0;

  g_assert_false (esp_image_read_size (gif, &width, &height, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  g_assert_false (esp_image_read_size (pipe, &width, &height, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
}

static void
test_read_size (void)
{
  g_autoptr (GByteArray) jpeg = make_turned (6);
  g_autofree char *path = write_file ("size.jpg", jpeg->data, jpeg->len);
  g_autofree char *junk = write_file ("junk.jpg", "nothing", 7);
  g_autoptr (GError) error = NULL;
  int width = 0, height = 0;

  g_assert_true (esp_image_read_size (path, &width, &height, &error));
  g_assert_cmpint (width, ==, 16);
  g_assert_cmpint (height, ==, 8);
  g_assert_false (esp_image_read_size (junk, &width, &height, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
}

int
main (int argc, char **argv)
{
  int status = 0;
  g_autofree char *clean = NULL;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("esp-image-XXXXXX", NULL);
  g_test_add_func ("/image/png-kinds", test_png_kinds);
  g_test_add_func ("/image/png-16", test_png_16);
  g_test_add_func ("/image/png-interlaced", test_png_interlaced);
  g_test_add_func ("/image/orientation", test_orientation);
  g_test_add_func ("/image/other-kinds", test_other_kinds);
  g_test_add_func ("/image/cut-short", test_cut_short);
  g_test_add_func ("/image/too-large", test_too_large);
  g_test_add_func ("/image/refused", test_refused);
  g_test_add_func ("/image/damage", test_damage);
  g_test_add_func ("/image/too-short-for-its-header", test_too_short_for_its_header);
  g_test_add_func ("/image/read-size", test_read_size);
  g_test_add_func ("/image/read-size/kinds", test_read_size_kinds);
  g_test_add_func ("/image/read-size/refused", test_read_size_refused);
  status = g_test_run ();
  for (g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL); dir != NULL;)
    {
      const char *name = g_dir_read_name (dir);

      if (name == NULL)
        break;
      clean = (g_free (clean), g_build_filename (folder, name, NULL));
      g_unlink (clean);
    }
  g_rmdir (folder);
  g_free (folder);
  return status;
}
