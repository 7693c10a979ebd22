/* test-anchors.c: sizes that a head starts from: found where they are known, refused where there are too few */
#include "config.h"

#include "train/anchors.h"

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "net-common.h"

#include <glib/gstdio.h>
#include <math.h>

static GArray *
around (const EspAnchor *centres, guint n, guint each, double spread)
{
  g_autoptr (GRand) rng = esp_rng_new (9, 0, 0);
  GArray *sizes = g_array_new (FALSE, FALSE, sizeof (EspAnchor));

  for (guint i = 0; i < n * each; i++)
    {
      const EspAnchor *centre = &centres[i % n];
      const EspAnchor size = { centre->w * g_rand_double_range (rng, 1 - spread, 1 + spread),
                               centre->h * g_rand_double_range (rng, 1 - spread, 1 + spread), 1 };

      g_array_append_val (sizes, size);
    }
  return sizes;
}

/* Four heaps of 50: each is found, by area, with its boxes. */
static void
test_heaps (void)
{
  const EspAnchor centres[] = { { 10, 12, 0 }, { 40, 15, 0 }, { 30, 90, 0 }, { 200, 150, 0 } };
  g_autoptr (GArray) sizes = around (centres, 4, 50, .1);
  g_autoptr (GArray) found = esp_anchors_find (sizes, 4, 1, NULL, NULL);
  g_autoptr (GArray) again = esp_anchors_find (sizes, 4, 1, NULL, NULL);
  EspAnchorFit fit;

  for (guint i = 0; i < 4; i++)
    {
      const EspAnchor *anchor = &g_array_index (found, EspAnchor, i);

      g_assert_cmpfloat (fabs (anchor->w / centres[i].w - 1), <, .04);
      g_assert_cmpfloat (fabs (anchor->h / centres[i].h - 1), <, .04);
      g_assert_cmpuint (anchor->n, ==, 50);
      g_assert_cmpfloat (anchor->w, ==, g_array_index (again, EspAnchor, i).w);
      g_assert_cmpfloat (anchor->h, ==, g_array_index (again, EspAnchor, i).h);
    }
  fit = esp_anchors_measure (sizes, found);
  g_assert_cmpfloat (fit.overlap, >, .88);
  g_assert_cmpfloat_with_epsilon (fit.share, 1, 1e-12);
}

/* Of one anchor it is the median of each side. */
static void
test_median (void)
{
  const EspAnchor boxes[] = { { 10, 30, 1 }, { 20, 10, 1 }, { 31, 20, 1 }, { 24, 26, 1 } };
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (EspAnchor));
  g_autoptr (GArray) found = NULL;

  g_array_append_vals (sizes, boxes, 4);
  found = esp_anchors_find (sizes, 1, 1, NULL, NULL);
  g_assert_cmpfloat (g_array_index (found, EspAnchor, 0).w, ==, 22);
  g_assert_cmpfloat (g_array_index (found, EspAnchor, 0).h, ==, 23);
  g_assert_cmpuint (g_array_index (found, EspAnchor, 0).n, ==, 4);
}

static void
test_too_few (void)
{
  const EspAnchor same[] = { { 10, 30, 1 }, { 10, 30, 1 }, { 31, 20, 1 } };
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (EspAnchor));

  for (guint n = 0; n <= 3; n += 3)
    {
      g_autoptr (GError) error = NULL;

      g_array_append_vals (sizes, same, n);
      g_assert_null (esp_anchors_find (sizes, 3, 1, NULL, &error));
      g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
    }
}

static void
test_of_network (void)
{
  g_autoptr (EspNetwork) yolo = network_of ("[net]\nwidth=64\nheight=32\nchannels=3\n[convolutional]\nfilters=12\nsize=1\nstride=8\n"
                                            "[yolo]\nmask=1,0\nanchors=9,8, 3,4, 5,6\nnum=3\nclasses=1\n",
                                            NULL);
  g_autoptr (EspNetwork) region = network_of ("[net]\nwidth=64\nheight=32\nchannels=3\n[convolutional]\nfilters=12\nsize=1\nstride=8\n"
                                              "[region]\nanchors=1,2, 1.5,.5\nnum=2\nclasses=1\n",
                                              NULL);
  g_autoptr (GArray) pixels = esp_anchors_of (yolo), cells = esp_anchors_of (region);

  g_assert_cmpuint (pixels->len, ==, 2);
  g_assert_cmpfloat (g_array_index (pixels, EspAnchor, 0).w, ==, 3);
  g_assert_cmpfloat (g_array_index (pixels, EspAnchor, 1).h, ==, 8);
  g_assert_cmpuint (cells->len, ==, 2);
  g_assert_cmpfloat (g_array_index (cells, EspAnchor, 0).w, ==, 12);
  g_assert_cmpfloat (g_array_index (cells, EspAnchor, 1).h, ==, 16);
}

/* One picture of 20 x 10 with a box half as wide and as high as it. */
static void
test_collect (void)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_autofree char *list = g_build_filename (folder, "list.txt", NULL), *picture = g_build_filename (folder, "a.ppm", NULL);
  g_autofree char *labels = g_build_filename (folder, "a.txt", NULL);
  g_autoptr (GString) bytes = g_string_new ("P6 20 10 255\n");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspDataset) dataset = NULL;

  while (bytes->len < 13 + 600)
    g_string_append_c (bytes, 'x');
  g_assert_true (esp_file_write (picture, bytes->str, bytes->len, NULL));
  g_assert_true (esp_file_write (list, picture, strlen (picture), NULL));
  g_assert_true (esp_file_write (labels, "0 .5 .5 .5 .5\n", 14, NULL));
  dataset = esp_dataset_open (list, NULL, NULL, &error);
  g_assert_no_error (error);
  for (guint fit = ESP_FIT_STRETCH; fit <= ESP_FIT_LETTERBOX; fit++)
    {
      g_autoptr (GArray) sizes = esp_anchors_collect (dataset, fit, 40, 40, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (sizes->len, ==, 1);
      g_assert_cmpfloat (g_array_index (sizes, EspAnchor, 0).w, ==, 20);
      g_assert_cmpfloat (g_array_index (sizes, EspAnchor, 0).h, ==, fit == ESP_FIT_STRETCH ? 20 : 10);
    }
  g_remove (picture);
  g_remove (list);
  g_remove (labels);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/anchors/heaps", test_heaps);
  g_test_add_func ("/anchors/median", test_median);
  g_test_add_func ("/anchors/too-few", test_too_few);
  g_test_add_func ("/anchors/of-network", test_of_network);
  g_test_add_func ("/anchors/collect", test_collect);
  return g_test_run ();
}
