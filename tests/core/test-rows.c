/* test-rows.c: the rows of the study's lists: labels as the contract words them, notification, writes that go elsewhere */
#include "config.h"

#include "study/rows.h"

#include <math.h>

static void
count_notify (GObject *object, GParamSpec *pspec, gpointer count)
{
  ++*(guint *) count;
}

static void
test_detection_label (void)
{
  EspRow *row
      = g_object_new (ESP_TYPE_DETECTION_ROW, "class-name", "dog", "score", .941, "x", 120, "y", 30, "width", 180, "height", 220, NULL);

  g_assert_cmpstr (esp_row_get_label (row), ==, "dog 94 %, x 120 y 30 w 180 h 220");
  g_assert_finalize_object (row);
}

static void
test_channel_label (void)
{
  EspRow *row = g_object_new (ESP_TYPE_CHANNEL_ROW, "channel", 12u, "score", .0312, NULL);
  guint labels = 0, kept = 0;

  g_signal_connect (row, "notify::label", G_CALLBACK (count_notify), &labels);
  g_signal_connect (row, "notify::kept", G_CALLBACK (count_notify), &kept);
  g_assert_cmpstr (esp_row_get_label (row), ==, "Channel 12, score 0.031, kept");
  esp_row_set (row, "kept", FALSE, NULL);
  g_assert_cmpstr (esp_row_get_label (row), ==, "Channel 12, score 0.031, cut");
  esp_row_set (row, "kept", FALSE, NULL);
  g_assert_cmpuint (kept, ==, 1);
  g_assert_cmpuint (labels, ==, 1);
  esp_row_set (row, "score", NAN, "kept", TRUE, "rule", 2, NULL);
  g_assert_cmpstr (esp_row_get_label (row), ==, "Channel 12, score unknown, protected");
  g_assert_cmpuint (labels, ==, 2);
  esp_row_set (row, "score", 1.25e-7, NULL);
  g_assert_cmpstr (esp_row_get_label (row), ==, "Channel 12, score 1.25e-07, protected");
  g_assert_finalize_object (row);
}

static void
test_other_labels (void)
{
  EspRow *image = g_object_new (ESP_TYPE_IMAGE_ROW, "name", "000139.jpg", "truths", 4, NULL);
  EspRow *trial = g_object_new (ESP_TYPE_TRIAL_ROW, "title", "20×20 backbone to 40 %", "map", .381, "difference", -.022, "bytes",
                                G_GUINT64_CONSTANT (2310000), "bflops", .48, NULL);
  EspRow *layer = g_object_new (ESP_TYPE_LAYER_ROW, "layer", 57u, "title", "Layer 57, 120 × 20 × 20", NULL);

  g_assert_cmpstr (esp_row_get_label (image), ==, "000139.jpg, 4 objects");
  esp_row_set (image, "detections", 1, "missed", 3, NULL);
  g_assert_cmpstr (esp_row_get_label (image), ==, "000139.jpg, 4 objects, 1 detection, 3 missed");
  g_assert_cmpstr (esp_row_get_label (trial), ==, "20×20 backbone to 40 %, mAP 38.1 %, -2.2, 2.31 MB, 0.480 BFLOPs");
  esp_row_set (trial, "map", NAN, NULL);
  g_assert_cmpstr (esp_row_get_label (trial), ==, "20×20 backbone to 40 %, 2.31 MB, 0.480 BFLOPs");
  g_assert_cmpstr (esp_row_get_label (layer), ==, "Layer 57, 120 × 20 × 20");
  g_assert_finalize_object (image);
  g_assert_finalize_object (trial);
  g_assert_finalize_object (layer);
}

static void
take_ratio (guint index, double ratio, gboolean by_score, gpointer data)
{
  *(double *) data = ratio + index + (by_score ? 100 : 0);
}

static void
test_group_ratio (void)
{
  EspRow *row = g_object_new (ESP_TYPE_GROUP_ROW, "index", 3u, "name", "neck", "kept", 8u, "total", 10u, NULL);
  double told = 0, ratio = -1;
  guint notes = 0;

  esp_group_row_set_ratio_func (ESP_GROUP_ROW (row), take_ratio, &told);
  g_signal_connect (row, "notify::ratio", G_CALLBACK (count_notify), &notes);
  g_object_set (row, "ratio", .5, NULL);
  g_assert_cmpfloat (told, ==, 3.5);
  g_object_get (row, "ratio", &ratio, NULL);
  g_assert_cmpfloat (ratio, ==, 0);
  g_assert_cmpuint (notes, ==, 0);
  g_object_set (row, "by-score", TRUE, NULL);
  g_assert_cmpfloat (told, ==, 103); /* the ratio as it is, by score */
  esp_row_set (row, "ratio", .4, "by-score", TRUE, "kept", 6u, NULL);
  g_object_set (row, "ratio", .4, "by-score", TRUE, NULL); /* nothing new: nobody is told */
  g_assert_cmpfloat (told, ==, 103);
  g_object_set (row, "by-score", FALSE, NULL);
  g_assert_cmpfloat (told, ==, 3.4);
  g_object_get (row, "ratio", &ratio, NULL);
  g_assert_cmpfloat (ratio, ==, .4);
  g_assert_cmpuint (notes, ==, 1);
  g_assert_cmpstr (esp_row_get_label (row), ==, "neck, 6 of 10 kept");
  g_assert_finalize_object (row);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/study/rows/detection", test_detection_label);
  g_test_add_func ("/study/rows/channel", test_channel_label);
  g_test_add_func ("/study/rows/others", test_other_labels);
  g_test_add_func ("/study/rows/group-ratio", test_group_ratio);
  return g_test_run ();
}
