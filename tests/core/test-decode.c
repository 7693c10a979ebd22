/* test-decode.c: one head's map to boxes, worked out by hand */
#include "config.h"

#include "detect/decode.h"

#include <math.h>

#define N_CLASSES 2
#define PLANE     6 /* 2 rows of 3 cells */

/* Two anchors, two classes, on an input of 96 × 64. */
static double anchors[] = { 10, 20, 30, 15 };
static const EspLayer layer = { .kind = ESP_LAYER_YOLO,
                                .index = 7,
                                .out = { 1, 14, 2, 3 },
                                .head = { .scale = 1, .classes = N_CLASSES, .n_anchors = 2, .anchors = anchors } };

static void
set (float *map, int anchor, int cell, const float *entries)
{
  for (int k = 0; k < 5 + N_CLASSES; k++)
    map[(anchor * (5 + N_CLASSES) + k) * PLANE + cell] = entries[k];
}

static GArray *
decode (const float *map, EspPlacement placement, float threshold)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (EspDetection));
  guint candidate = 0;

  esp_decode_map (&layer, map, (EspShape){ 1, 3, 64, 96 }, placement, threshold, &candidate, rows);
  return rows;
}

static void
test_boxes (void)
{
  float map[14 * PLANE] = { 0 };
  g_autoptr (GArray) rows = NULL;
  const EspDetection *one;

  set (map, 1, 4, (const float[]){ .25f, .5f, 0, 1, .8f, .5f, .9f });
  set (map, 0, 5, (const float[]){ .5f, .5f, 0, 0, .9f, .6f, .1f });
  set (map, 0, 0, (const float[]){ .5f, .5f, 0, 0, .25f, 1, 1 }); /* objectness not above */
  rows = decode (map, (EspPlacement){ 0, 0, 1, 1 }, .25f);
  g_assert_cmpuint (rows->len, ==, 3);
  one = &g_array_index (rows, EspDetection, 0);
  g_assert_cmpuint (one->head, ==, 7);
  g_assert_cmpint (one->anchor, ==, 1);
  g_assert_cmpint (one->row, ==, 1);
  g_assert_cmpint (one->column, ==, 1);
  g_assert_cmpfloat (one->box.x, ==, 1.25f / 3);
  g_assert_cmpfloat (one->box.y, ==, 1.5f / 2);
  g_assert_cmpfloat (one->box.w, ==, (float) (30.0 / 96));
  g_assert_cmpfloat (one->box.h, ==, (float) (exp (1.0) * 15 / 64));
  g_assert_cmpint (one->class_index, ==, 0);
  g_assert_cmpfloat (one->score, ==, .8f * .5f);
  g_assert_cmpfloat (g_array_index (rows, EspDetection, 1).score, ==, .8f * .9f);
  g_assert_cmpuint (g_array_index (rows, EspDetection, 1).candidate, ==, 0);
  one = &g_array_index (rows, EspDetection, 2); /* its second class, 0.09, is not above the threshold */
  g_assert_cmpuint (one->candidate, ==, 1);
  g_assert_cmpint (one->class_index, ==, 0);
}

/* A letterboxed image fills the middle half of the height: boxes come back in fractions of the image. */
static void
test_letterbox (void)
{
  float map[14 * PLANE] = { 0 };
  g_autoptr (GArray) rows = NULL;
  const EspDetection *one;

  set (map, 0, 1, (const float[]){ .5f, .75f, 0, 0, .8f, .5f, 0 });
  rows = decode (map, (EspPlacement){ 0, .25f, 1, .5f }, .25f);
  one = &g_array_index (rows, EspDetection, 0);
  g_assert_cmpuint (rows->len, ==, 1);
  g_assert_cmpfloat_with_epsilon (one->box.x, .5, 1e-6);
  g_assert_cmpfloat_with_epsilon (one->box.y, (.375 - .25) / .5, 1e-6);
  g_assert_cmpfloat_with_epsilon (one->box.w, 10.0 / 96, 1e-6);
  g_assert_cmpfloat_with_epsilon (one->box.h, 20.0 / 64 / .5, 1e-6);
}

static void
test_not_a_number (void)
{
  float map[14 * PLANE] = { 0 };
  g_autoptr (GArray) rows = NULL;

  set (map, 0, 1, (const float[]){ .5f, .5f, 0, 0, NAN, .5f, .5f });
  set (map, 0, 2, (const float[]){ .5f, .5f, 0, 0, .5f, NAN, .9f });
  rows = decode (map, (EspPlacement){ 0, 0, 1, 1 }, .005f);
  g_assert_cmpuint (rows->len, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/decode/boxes", test_boxes);
  g_test_add_func ("/decode/letterbox", test_letterbox);
  g_test_add_func ("/decode/not-a-number", test_not_a_number);
  return g_test_run ();
}
