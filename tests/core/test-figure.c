/* test-figure.c: a figure's page, its pixels, its formats and their bytes */
#define _GNU_SOURCE
#include "config.h"

#include "base/error.h"
#include "draw/figure.h"
#include "draw/palette.h"

#include <glib/gstdio.h>

#include <string.h>

#define WIDTH  160
#define HEIGHT 120

typedef struct
{
  EspImage *image;
  EspHeatmap *heatmap;
  EspDetection detections[2];
  EspViewFigure figure;
} Fixture;

static const char *const names[] = { "cat", "dog", NULL };

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autofree guint8 *rgb = g_malloc (3 * WIDTH * HEIGHT);

  memset (rgb, 100, 3 * WIDTH * HEIGHT);
  f->image = esp_image_new_rgb (WIDTH, HEIGHT, rgb);
  f->heatmap = esp_heatmap_new (4, 4);
  f->heatmap->is_signed = TRUE;
  f->heatmap->unit = g_strdup ("logits");
  f->heatmap->values[5] = f->heatmap->values[6] = f->heatmap->values[9] = f->heatmap->values[10] = 2;
  f->detections[0] = (EspDetection){ .box = { 0.5f, 0.5f, 0.5f, 0.5f }, .class_index = 1, .score = 0.94f };
  f->detections[1] = (EspDetection){ .box = { 0.9f, 0.9f, 0.4f, 0.4f }, .class_index = 7, .score = 0.3f };
  f->figure = (EspViewFigure){
    .image = f->image,
    .detections = f->detections,
    .n_detections = 2,
    .selected = 0,
    .heatmap = f->heatmap,
    .scale_low = -2,
    .scale_high = 2,
    .scale_note = "fixed scale",
    .heat_opacity = 0.5,
    .names = names,
    .caption = "Why dog 0.94 here, by gradient × activation.",
    .provenance = "net.cfg · scale −2 to 2",
  };
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  esp_heatmap_unref (f->heatmap);
  esp_image_unref (f->image);
}

static char *
save (Fixture *f, const char *name, gsize *n)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("esp-figure-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  char *text = NULL;

  g_assert_no_error (error);
  g_assert_true (esp_view_figure_save (&f->figure, path, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, n, &error));
  g_unlink (path);
  g_rmdir (folder);
  return text;
}

static gboolean
holds (const char *bytes, gsize n, const char *wanted)
{
  return memmem (bytes, n, wanted, strlen (wanted)) != NULL;
}

/* A page for one to one and a half columns: 12 to 17 cm wide with a legend. */
static void
test_size (Fixture *f, gconstpointer data)
{
  double width, height, less_width, less_height;

  esp_view_figure_size (&f->figure, &width, &height);
  g_assert_cmpfloat (width / 72 * 2.54, >, 12);
  g_assert_cmpfloat (width / 72 * 2.54, <, 17);
  g_assert_cmpfloat (height, >, 345 * 0.75);
  f->figure.heatmap = NULL;
  f->figure.caption = f->figure.provenance = NULL;
  esp_view_figure_size (&f->figure, &less_width, &less_height);
  g_assert_cmpfloat (less_width, <, width - 40);
  g_assert_cmpfloat (less_height, <, height - 10);
}

static guint32
pixel (cairo_surface_t *surface, double x, double y)
{
  const guint8 *row = cairo_image_surface_get_data (surface) + (int) y * cairo_image_surface_get_stride (surface);
  guint32 value;

  memcpy (&value, row + 4 * (int) x, 4);
  return value & 0xffffff;
}

/* In page points: the photograph begins at 6, 6 and is 345 wide. */
static void
test_pixels (Fixture *f, gconstpointer data)
{
  cairo_surface_t *surface;
  cairo_t *cr;
  double width, height;
  guint8 rgb[3];
  guint32 seen;

  f->figure.n_detections = 1;
  esp_view_figure_size (&f->figure, &width, &height);
  surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) width + 1, (int) height + 1);
  cr = cairo_create (surface);
  esp_view_figure_draw (&f->figure, cr, width, height);
  cairo_surface_flush (surface);
  /* no heat at the corner: the photograph as it is */
  g_assert_cmphex (pixel (surface, 20, 20), ==, 0x646464);
  /* the middle: the top of the scale, half over the photograph */
  esp_palette_colour (esp_palette_default (TRUE), 1, rgb);
  seen = pixel (surface, 6 + 345 * 0.5, 6 + 345 * 0.375);
  for (int c = 0; c < 3; c++)
    g_assert_cmpint (ABS ((int) ((seen >> (16 - 8 * c)) & 255) - (rgb[c] + 100) / 2), <=, 2);
  /* the box's left side, in the colour of its class */
  esp_palette_class (1, rgb);
  seen = pixel (surface, 6 + 345 * 0.25, 6 + 345 * 0.375);
  for (int c = 0; c < 3; c++)
    g_assert_cmpint (ABS ((int) ((seen >> (16 - 8 * c)) & 255) - rgb[c]), <=, 30);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

static guint32
big_endian (const char *at)
{
  guint32 value;

  memcpy (&value, at, 4);
  return GUINT32_FROM_BE (value);
}

static void
test_png (Fixture *f, gconstpointer data)
{
  g_autofree char *again = NULL;
  g_autofree char *bytes = NULL;
  gsize n, n_again;
  const char *physical;
  double width, height;

  bytes = save (f, "a.PNG", &n);
  esp_view_figure_size (&f->figure, &width, &height);
  g_assert_cmpmem (bytes, 8, "\x89PNG\r\n\x1a\n", 8);
  g_assert_cmpfloat_with_epsilon (big_endian (bytes + 16), width * 300 / 72, 1.01);
  physical = memmem (bytes, n, "pHYs", 4);
  g_assert_nonnull (physical);
  g_assert_cmpuint (big_endian (physical + 4), ==, 11811);
  g_assert_true (holds (bytes, n, "tEXtDescription"));
  g_assert_true (holds (bytes, n, "by gradient \xd7 activation."));
  g_assert_true (holds (bytes, n, "iTXtComment"));
  g_assert_true (holds (bytes, n, "net.cfg · scale −2 to 2"));
  again = save (f, "b.png", &n_again);
  g_assert_cmpmem (bytes, n, again, n_again);
}

static void
test_pdf (Fixture *f, gconstpointer data)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  gsize n_first, n_second;

  g_setenv ("SOURCE_DATE_EPOCH", "1700000000", TRUE);
  first = save (f, "a.pdf", &n_first);
  second = save (f, "a.pdf", &n_second);
  g_unsetenv ("SOURCE_DATE_EPOCH");
  g_assert_cmpmem (first, 5, "%PDF-", 5);
  g_assert_cmpmem (first, n_first, second, n_second);
  g_assert_true (holds (first, n_first, "/CreationDate (20231114221320"));
}

static void
test_svg (Fixture *f, gconstpointer data)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *third = NULL;
  gsize n;

  f->figure.caption = "a < b & c";
  first = save (f, "a.svg", &n);
  second = save (f, "a.svg", &n);
  g_assert_cmpstr (first, ==, second);
  g_assert_true (g_str_has_prefix (first, "<?xml"));
  g_assert_nonnull (strstr (first, "<title>a &lt; b &amp; c</title>"));
  g_assert_nonnull (strstr (first, "<desc>net.cfg · scale −2 to 2</desc>"));
  g_assert_null (strstr (first, "surface"));
  f->detections[0].score = 0.5f;
  third = save (f, "a.svg", &n);
  g_assert_cmpstr (first, !=, third);
}

static void
test_ending (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (esp_view_figure_save (&f->figure, "figure.jpg", &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_false (esp_view_figure_save (&f->figure, "/nonexistent-folder/figure.png", &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
}

/* Scales and boxes that are nothing, or far out of the image, still draw. */
static void
test_degenerate (Fixture *f, gconstpointer data)
{
  static const float highest[] = { 0, 1e-30f, 3e8f };
  g_autofree char *text = NULL;
  gsize n;

  f->detections[0].box = (EspBox){ -3, 2, 0, 0 };
  f->detections[1].box = (EspBox){ 0.5f, 0.5f, 9, 9 };
  f->figure.selected = 12;
  for (guint i = 0; i < G_N_ELEMENTS (highest); i++)
    {
      f->figure.scale_low = 0;
      f->figure.scale_high = highest[i];
      g_clear_pointer (&text, g_free);
      text = save (f, "a.svg", &n);
      g_assert_cmpuint (n, >, 1000);
    }
}

#define ADD(name, function) g_test_add ("/figure/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("size", test_size);
  ADD ("pixels", test_pixels);
  ADD ("png", test_png);
  ADD ("pdf", test_pdf);
  ADD ("svg", test_svg);
  ADD ("ending", test_ending);
  ADD ("degenerate", test_degenerate);
  return g_test_run ();
}
