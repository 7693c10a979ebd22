/* test-fit.c: darknet's resize and letterbox, boxes there and back */
#include "config.h"

#include "image/fit.h"

#include <math.h>
#include <string.h>

#ifdef ESP_HAVE_LIBDARKNET
#include <darknet.h>
#endif

static EspImage *
random_image (int width, int height, guint32 seed)
{
  g_autoptr (GRand) rng = g_rand_new_with_seed (seed);
  g_autofree guint8 *rgb = g_new (guint8, (gsize) width * (gsize) height * 3);

  for (int i = 0; i < width * height * 3; i++)
    rgb[i] = (guint8) g_rand_int_range (rng, 0, 256);
  return esp_image_new_rgb (width, height, rgb);
}

static void
test_box (void)
{
  const EspBox a = { 0.5f, 0.5f, 0.2f, 0.2f }, b = { 0.6f, 0.5f, 0.2f, 0.2f }, far_away = { 0.1f, 0.1f, 0.1f, 0.1f },
               point = { 0.5f, 0.5f, 0, 0 };

  g_assert_cmpfloat_with_epsilon (esp_box_iou (a, a), 1, 1e-6);
  g_assert_cmpfloat_with_epsilon (esp_box_iou (a, b), 1.0 / 3, 1e-6);
  g_assert_cmpfloat (esp_box_iou (a, far_away), ==, 0);
  g_assert_cmpfloat (esp_box_iou (point, point), ==, 0);
}

static void
test_place (void)
{
  const EspBox box = { 0.3f, 0.6f, 0.2f, 0.1f };
  EspPlacement p = esp_fit_place (ESP_FIT_LETTERBOX, 640, 480, 320, 320);
  EspBox back;

  g_assert_cmpfloat (p.left, ==, 0);
  g_assert_cmpfloat (p.width, ==, 1);
  g_assert_cmpfloat (p.top, ==, 0.125f);
  g_assert_cmpfloat (p.height, ==, 0.75f);
  back = esp_fit_box_to_image (p, (EspBox){ p.left + box.x * p.width, p.top + box.y * p.height, box.w * p.width, box.h * p.height });
  g_assert_cmpfloat_with_epsilon (back.x, box.x, 1e-6);
  g_assert_cmpfloat_with_epsilon (back.y, box.y, 1e-6);
  g_assert_cmpfloat_with_epsilon (back.w, box.w, 1e-6);
  g_assert_cmpfloat_with_epsilon (back.h, box.h, 1e-6);
  p = esp_fit_place (ESP_FIT_LETTERBOX, 3, 500, 416, 416); /* 416 * 3 / 500 = 2 columns */
  g_assert_cmpfloat (p.width, ==, 2.f / 416.f);
  g_assert_cmpfloat (p.left, ==, 207.f / 416.f);
  p = esp_fit_place (ESP_FIT_LETTERBOX, 1, 5000, 416, 416);
  g_assert_cmpfloat (p.width, >, 0);
  p = esp_fit_place (ESP_FIT_STRETCH, 3, 500, 416, 416);
  g_assert_cmpfloat (p.width + p.height, ==, 2);
}

/* What can be worked out by hand: 2 x 1 onto 3 x 1 is the two ends and their middle. */
static void
test_by_hand (void)
{
  const guint8 rgb[] = { 0, 51, 255, 255, 102, 0 };
  g_autoptr (EspImage) image = esp_image_new_rgb (2, 1, rgb);
  float out[9], luma[3];

  esp_fit_image (ESP_FIT_STRETCH, image, 3, 1, 3, out);
  g_assert_cmpfloat_with_epsilon (out[0], 0, 1e-7);
  g_assert_cmpfloat_with_epsilon (out[1], 0.5, 1e-7);
  g_assert_cmpfloat_with_epsilon (out[2], 1, 1e-7);
  g_assert_cmpfloat_with_epsilon (out[4], 0.3, 1e-7);
  g_assert_cmpfloat_with_epsilon (out[6], 1, 1e-7);
  esp_fit_image (ESP_FIT_STRETCH, image, 1, 1, 3, luma);
  for (int i = 0; i < 3; i++)
    g_assert_cmpfloat_with_epsilon (luma[i], 0.299 * out[i] + 0.587 * out[3 + i] + 0.114 * out[6 + i], 1e-6);
}

/* Every place is written, whatever the sizes, and nothing beyond. */
static void
test_all_written (void)
{
  const int sizes[] = { 1, 2, 3, 7, 33 };

  for (guint i = 0; i < 625 * 2; i++)
    {
      const int iw = sizes[i % 5], ih = sizes[i / 5 % 5], w = sizes[i / 25 % 5], h = sizes[i / 125 % 5];
      g_autoptr (EspImage) image = random_image (iw, ih, i);
      g_autofree float *out = g_new (float, (gsize) w *h * 4 + 1);

      for (int k = 0; k <= w * h * 4; k++)
        out[k] = NAN;
      esp_fit_image (i < 625 ? ESP_FIT_STRETCH : ESP_FIT_LETTERBOX, image, 4, h, w, out);
      for (int k = 0; k < w * h * 4; k++)
        g_assert_true (out[k] >= 0 && out[k] <= 1.000001f);
      for (int k = w * h * 3; k < w * h * 4; k++)
        g_assert_true (out[k] == 0);
      g_assert_true (isnan (out[w * h * 4]));
    }
}

static void
test_speed (void)
{
  g_autoptr (EspImage) image = random_image (640, 480, 1);
  g_autofree float *out = g_new (float, 3 * 320 * 320);
  double best = G_MAXDOUBLE;

  for (int i = 0; i < 10; i++)
    {
      const gint64 start = g_get_monotonic_time ();

      esp_fit_image (ESP_FIT_STRETCH, image, 3, 320, 320, out);
      best = MIN (best, (double) (g_get_monotonic_time () - start) / 1000);
    }
  g_test_minimized_result (best, "640 x 480 onto 320 x 320: %.2f ms", best);
  g_test_message ("640 x 480 onto 320 x 320: %.2f ms", best);
  g_assert_cmpfloat (best, <, 50); /* a loose wall: sanitizers and busy machines */
}

#ifdef ESP_HAVE_LIBDARKNET
static image
as_darknet (const EspImage *picture)
{
  image im = make_image (esp_image_get_width (picture), esp_image_get_height (picture), 3);

  for (int c = 0; c < 3; c++)
    for (int y = 0; y < im.h; y++)
      for (int x = 0; x < im.w; x++)
        im.data[(c * im.h + y) * im.w + x] = esp_image_get_sample (picture, x, y, c);
  return im;
}

static double
compare (EspFit fit, const EspImage *picture, int width, int height)
{
  g_autofree float *out = g_new (float, (gsize) width *height * 3);
  image im = as_darknet (picture);
  image theirs = fit == ESP_FIT_STRETCH ? resize_image (im, width, height) : letterbox_image (im, width, height);
  double most = 0;

  esp_fit_image (fit, picture, 3, height, width, out);
  for (int i = 0; i < width * height * 3; i++)
    most = MAX (most, fabs ((double) out[i] - (double) theirs.data[i]));
  free_image (im);
  free_image (theirs);
  return most;
}
#endif

static void
test_libdarknet (void)
{
#ifdef ESP_HAVE_LIBDARKNET
  const int sizes[][4]
      = { { 640, 480, 320, 320 }, { 427, 640, 320, 320 }, { 500, 375, 416, 416 }, { 33, 17, 64, 32 },     { 320, 320, 320, 320 },
          { 17, 301, 96, 64 },    { 5, 5, 320, 192 },     { 1, 1, 32, 32 },       { 768, 576, 416, 416 }, { 3, 40, 32, 32 } };
  double most = 0;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (EspImage) picture = random_image (sizes[i][0], sizes[i][1], i);

      for (EspFit fit = ESP_FIT_STRETCH; fit <= ESP_FIT_LETTERBOX; fit++)
        {
          const double d = compare (fit, picture, sizes[i][2], sizes[i][3]);

          g_test_message ("%d x %d onto %d x %d, %s: %g", sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], fit ? "letterbox" : "stretch",
                          d);
          most = MAX (most, d);
        }
    }
  g_assert_cmpfloat (most, <=, 1e-6);
#else
  g_test_skip ("libdarknet was not found when this was built");
#endif
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fit/box", test_box);
  g_test_add_func ("/fit/place", test_place);
  g_test_add_func ("/fit/by-hand", test_by_hand);
  g_test_add_func ("/fit/all-written", test_all_written);
  g_test_add_func ("/fit/speed", test_speed);
  g_test_add_func ("/fit/libdarknet", test_libdarknet);
  return g_test_run ();
}
