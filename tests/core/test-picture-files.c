/* test-picture-files.c: PNG files written and read again, and parts cut out of pictures */
#include "config.h"

#include <string.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "image/crop.h"
#include "image/png-write.h"

#define W 7
#define H 5

static const guint8 palette[3][3] = { { 1, 2, 3 }, { 90, 80, 70 }, { 255, 0, 128 } };

typedef struct
{
  char *path;
  guint8 pixels[3 * W * H];
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  const int fd = g_file_open_tmp ("espalier-XXXXXX.png", &f->path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  for (guint i = 0; i < sizeof f->pixels; i++)
    f->pixels[i] = (guint8) (i * 37 + 5);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_remove (f->path);
  g_free (f->path);
}

static EspImage *
read_again (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  EspImage *image = esp_image_load (f->path, ESP_ORIENTATION_AUTO, 0, 0, &error);

  g_assert_no_error (error);
  g_assert_cmpint (esp_image_get_width (image), ==, W);
  g_assert_cmpint (esp_image_get_height (image), ==, H);
  return image;
}

static void
test_kinds (Fixture *f, gconstpointer data)
{
  for (guint quick = 0; quick < 2; quick++)
    for (EspPngKind kind = ESP_PNG_GREY; kind <= ESP_PNG_RGB; kind++)
      {
        guint8 indices[W * H];
        EspPng png = { .kind = kind, .pixels = f->pixels, .width = W, .height = H, .is_quick = quick != 0 };
        g_autoptr (GError) error = NULL;
        g_autoptr (EspImage) image = NULL;
        const guint8 *rgb;

        for (guint i = 0; i < W * H; i++)
          indices[i] = (guint8) (i % 3);
        if (kind == ESP_PNG_PALETTE)
          {
            png.pixels = indices;
            png.palette = palette;
            png.n_palette = 3;
          }
        g_assert_true (esp_png_save (f->path, &png, &error));
        g_assert_no_error (error);
        image = read_again (f);
        rgb = esp_image_get_rgb (image);
        for (guint i = 0; i < 3 * W * H; i++)
          {
            const guint8 expected = kind == ESP_PNG_RGB    ? f->pixels[i]
                                    : kind == ESP_PNG_GREY ? f->pixels[i / 3]
                                                           : palette[(i / 3) % 3][i % 3];

            g_assert_cmpuint (rgb[i], ==, expected);
          }
      }
}

static gboolean
holds (GByteArray *bytes, gconstpointer what, gsize n)
{
  for (gsize i = 0; i + n <= bytes->len; i++)
    if (memcmp (bytes->data + i, what, n) == 0)
      return TRUE;
  return FALSE;
}

static void
find_text (GByteArray *bytes, const char *text, gboolean expected)
{
  g_assert_cmpint (holds (bytes, text, strlen (text)), ==, expected);
}

/* What Latin-1 can say is tEXt, the rest iTXt; resolution as asked for. */
static void
test_words (Fixture *f, gconstpointer data)
{
  const char *const words[] = { "Description", "größer", "Comment", "見える", "Software", NULL, "Author", "", NULL };
  const EspPng png = { .kind = ESP_PNG_RGB, .pixels = f->pixels, .width = W, .height = H, .words = words, .dots_per_inch = 300 };
  g_autoptr (GByteArray) bytes = g_byte_array_new (), again = g_byte_array_new ();
  const guint8 per_metre[] = { 'p', 'H', 'Y', 's', 0, 0, 0x2E, 0x23, 0, 0, 0x2E, 0x23, 1 }; /* 11811 */

  g_assert_true (esp_png_encode (&png, bytes, NULL));
  find_text (bytes, "tEXtDescription", TRUE);
  find_text (bytes,
             "gr\xF6\xDF"
             "er",
             TRUE);
  find_text (bytes, "iTXtComment", TRUE);
  find_text (bytes, "見える", TRUE);
  find_text (bytes, "Software", FALSE);
  find_text (bytes, "Author", FALSE);
  g_assert_true (holds (bytes, per_metre, sizeof per_metre));
  g_assert_true (esp_png_encode (&png, again, NULL));
  g_assert_cmpmem (bytes->data, bytes->len, again->data, again->len);
}

static void
test_refused (Fixture *f, gconstpointer data)
{
  const EspPng none = { .kind = ESP_PNG_RGB, .pixels = f->pixels, .width = 0, .height = H };
  const EspPng png = { .kind = ESP_PNG_RGB, .pixels = f->pixels, .width = W, .height = H };
  g_autoptr (GError) error = NULL;

  g_assert_false (esp_png_save (f->path, &none, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
  g_assert_nonnull (strstr (error->message, f->path));
  g_clear_error (&error);
  g_assert_false (esp_png_save ("/nonexistent-folder/x.png", &png, &error));
  g_assert_nonnull (error);
}

static void
test_image (Fixture *f, gconstpointer data)
{
  g_autoptr (EspImage) image = esp_image_new_rgb (W, H, f->pixels), again = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_png_save_image (f->path, image, &error));
  again = read_again (f);
  g_assert_cmpmem (esp_image_get_rgb (again), sizeof f->pixels, f->pixels, sizeof f->pixels);
}

/* By hand: columns 2 to 5 and rows 1 to 2 of 7 x 5, at their own size. */
static void
test_crop (Fixture *f, gconstpointer data)
{
  g_autoptr (EspImage) image = esp_image_new_rgb (W, H, f->pixels);
  const EspBox box = { 4.f / W, 2.f / H, 3.9f / W, 1.9f / H };
  g_autoptr (EspImage) part = esp_image_crop (image, box, 100, FALSE), large = esp_image_crop (image, box, 100, TRUE);
  g_autoptr (EspImage) small = esp_image_crop (image, box, 2, FALSE);
  g_autoptr (EspImage) beyond = esp_image_crop (image, (EspBox){ 3, 3, 1, 1 }, 10, FALSE);

  g_assert_cmpint (esp_image_get_width (part), ==, 4);
  g_assert_cmpint (esp_image_get_height (part), ==, 2);
  for (gsize y = 0; y < 2; y++)
    g_assert_cmpmem (esp_image_get_rgb (part) + y * 12, 12, f->pixels + 3 * ((y + 1) * W + 2), 12);
  g_assert_cmpint (esp_image_get_width (large), ==, 100);
  g_assert_cmpint (esp_image_get_height (large), ==, 50);
  g_assert_cmpint (esp_image_get_width (small), ==, 2);
  g_assert_cmpint (esp_image_get_height (small), ==, 1);
  g_assert_cmpint (esp_image_get_width (beyond), ==, 1);
  g_assert_cmpmem (esp_image_get_rgb (beyond), 3, f->pixels + 3 * (W * H - 1), 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/picture-files/kinds", Fixture, NULL, set_up, test_kinds, tear_down);
  g_test_add ("/picture-files/words", Fixture, NULL, set_up, test_words, tear_down);
  g_test_add ("/picture-files/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/picture-files/image", Fixture, NULL, set_up, test_image, tear_down);
  g_test_add ("/picture-files/crop", Fixture, NULL, set_up, test_crop, tear_down);
  return g_test_run ();
}
