/* test-road.c: why a box is there and why one is not, on boxes made for each answer, and on photographs where they are */
#include "config.h"

#include "measure/road.h"

#include <math.h>
#include <string.h>

#define DOG 0
#define CAT 1

static const char *const names[] = { "dog", "cat", NULL };

static void
add (GArray *boxes, int class_index, float objectness, float chance, EspBox box)
{
  const EspDetection one = { .box = box,
                             .class_index = class_index,
                             .objectness = objectness,
                             .score = objectness * chance,
                             .head = 7,
                             .anchor = 1,
                             .row = 2,
                             .column = (int) boxes->len,
                             .candidate = boxes->len };

  g_array_append_val (boxes, one);
}

static EspRoads *
roads_of (GArray *boxes)
{
  return esp_roads_new (boxes, .25f, (EspNms){ ESP_NMS_DEFAULT, .45f, 0 });
}

static GArray *
boxes_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (EspDetection));
}

static EspFate
fate_of (const EspRoads *roads, int class_index, EspBox box)
{
  const EspTruth truth = { .class_index = class_index, .box = box };
  EspFate fate;

  esp_roads_judge (roads, &truth, 1, .5f, &fate);
  return fate;
}

static const EspBox left = { .3f, .5f, .2f, .2f }, right = { .7f, .5f, .2f, .2f };

/* Beside @box by this share of its width: IoU (1 - s) / (1 + s). */
static EspBox
beside (EspBox box, float share)
{
  box.x += share * box.w;
  return box;
}

static void
test_rows (void)
{
  GArray *boxes = boxes_new ();
  g_autoptr (EspRoads) roads = NULL;
  g_autofree char *first = NULL, *second = NULL, *fallen = NULL;

  add (boxes, DOG, .9f, .9f, left);               /* 0.81: stands */
  add (boxes, DOG, .8f, .5f, beside (left, .1f)); /* 0.40: goes for it, overlap 0.82 */
  add (boxes, DOG, .1f, 1, beside (left, .2f));   /* 0.10: too, below the threshold */
  add (boxes, DOG, .6f, 1, beside (left, .5f));   /* 0.60: stands, overlap 1/3 */
  add (boxes, CAT, .9f, .3f, left);               /* 0.27: another class */
  roads = roads_of (boxes);
  g_assert_cmpuint (esp_roads_get_n (roads), ==, 5);
  g_assert_cmpuint (esp_roads_get_shown (roads), ==, 3);
  g_assert_cmpuint (esp_roads_get (roads, 0)->n_suppressed, ==, 1);
  g_assert_cmpint (esp_roads_get (roads, 0)->rival, ==, -1);
  g_assert_cmpint (esp_roads_get (roads, 1)->rival, ==, 0);
  g_assert_cmpfloat_with_epsilon (esp_roads_get (roads, 1)->overlap, 1 / 3.0, 1e-5);
  g_assert_cmpint (esp_roads_get (roads, 2)->rival, ==, -1);
  g_assert_cmpint (esp_roads_get (roads, 3)->suppressor, ==, 0);
  g_assert_cmpfloat_with_epsilon (esp_roads_get (roads, 3)->overlap, .9 / 1.1, 1e-5);
  g_assert_cmpint (esp_roads_get (roads, 4)->suppressor, ==, 0);
  first = esp_road_describe (roads, 0, names);
  g_assert_cmpstr (first, ==, "dog 0.81 (box 1): head 7, anchor 1, row 2, column 0, objectness 0.90 × class 0.90; 1 box had to go for it");
  second = esp_road_describe (roads, 1, names);
  g_assert_cmpstr (
      second, ==,
      "dog 0.60 (box 2): head 7, anchor 1, row 2, column 3, objectness 0.60 × class 1.00; overlaps the better dog 0.81 (box 1) by "
      "0.33, too little to go for it (0.45)");
  fallen = esp_road_describe (roads, 3, NULL);
  g_assert_cmpstr (fallen, ==,
                   "class 0 0.40: head 7, anchor 1, row 2, column 1, objectness 0.80 × class 0.50; suppressed by class 0 0.81 (box 1), "
                   "overlap 0.82");
}

/* What is told is what is compared: greedynms takes (d² / c²)^0.6 off the IoU, d between the centres, c the diagonal around both. */
static void
test_distance (void)
{
  const EspNms nms = { ESP_NMS_GREEDY, .45f, .6f };
  const double near = .7 / 1.3 - pow (.0036 / (.26 * .26 + .2 * .2), .6), far = .5 / 1.5 - pow (1 / 13.0, .6);
  GArray *boxes = boxes_new ();
  g_autoptr (EspRoads) roads = NULL;
  g_autofree char *second = NULL;
  const EspRoad *beside_it;

  add (boxes, DOG, .9f, .9f, left);
  add (boxes, DOG, .6f, 1, beside (left, .3f)); /* IoU 0.54, above the threshold, and yet it stands */
  roads = esp_roads_new (boxes, .25f, nms);
  g_assert_cmpuint (esp_roads_get_shown (roads), ==, 2);
  beside_it = esp_roads_get (roads, 1);
  g_assert_cmpint (beside_it->rival, ==, 0);
  g_assert_cmpfloat_with_epsilon (beside_it->iou, .7 / 1.3, 1e-5);
  g_assert_cmpfloat_with_epsilon (beside_it->overlap, near, 1e-5);
  g_assert_cmpfloat (beside_it->overlap, <, nms.threshold);
  g_assert_cmpfloat_with_epsilon (esp_nms_overlap (nms, left, beside (left, .5f)), far, 1e-5);
  second = esp_road_describe (roads, 1, names);
  g_assert_nonnull (strstr (second, "overlaps the better dog 0.81 (box 1) by 0.41 (IoU 0.54 less 0.13 for the distance of the centres), "
                                    "too little to go for it (0.45)"));
}

static void
test_stages (void)
{
  GArray *boxes = boxes_new ();
  g_autoptr (EspRoads) roads = NULL;
  g_autofree char *lost = NULL, *unseen = NULL;
  EspFate fate;

  add (boxes, DOG, .9f, .9f, left);
  add (boxes, DOG, .8f, .5f, beside (left, .3f)); /* overlap 0.54: goes */
  add (boxes, CAT, .9f, .9f, right);
  add (boxes, DOG, .9f, .1f, right); /* the same box, as a dog 0.09 */
  add (boxes, DOG, .1f, 1, (EspBox){ .1f, .1f, .1f, .1f });
  roads = roads_of (boxes);
  fate = fate_of (roads, DOG, left);
  g_assert_cmpint (fate.lost, ==, ESP_LOST_NOT);
  g_assert_cmpint (fate.row, ==, 0);
  g_assert_cmpfloat_with_epsilon (fate.overlap, 1, 1e-5);
  fate = fate_of (roads, DOG, beside (left, .5f)); /* the one that stands lies 1/3 on it, the one that went 2/3 */
  g_assert_cmpint (fate.lost, ==, ESP_LOST_SUPPRESSED);
  g_assert_cmpint (esp_roads_get (roads, (guint) fate.row)->suppressor, ==, 0);
  lost = esp_fate_describe (roads, &fate, names);
  g_assert_nonnull (strstr (lost, "missed dog: suppressed: its box dog 0.40, overlap 0.67 with the object, head 7"));
  g_assert_nonnull (strstr (lost, "went for dog 0.81"));
  g_assert_cmpint (fate_of (roads, DOG, right).lost, ==, ESP_LOST_CLASS);
  g_assert_cmpint (fate_of (roads, DOG, beside (left, -.5f)).lost, ==, ESP_LOST_OVERLAP);
  g_assert_cmpint (fate_of (roads, DOG, (EspBox){ .1f, .1f, .1f, .1f }).lost, ==, ESP_LOST_THRESHOLD);
  fate = fate_of (roads, CAT, (EspBox){ .1f, .9f, .1f, .1f });
  g_assert_cmpint (fate.lost, ==, ESP_LOST_UNSEEN);
  g_assert_cmpint (fate.row, ==, -1);
  unseen = esp_fate_describe (roads, &fate, names);
  g_assert_cmpstr (unseen, ==, "missed cat: no candidate of its own near it above 0.0010");
}

/* Two objects and one box well on both: the first gets it, the other one has it counted elsewhere. A box that an object has is nobody's
 * error. */
static void
test_shared (void)
{
  const EspTruth truths[]
      = { { .class_index = DOG, .box = left }, { .class_index = DOG, .box = beside (left, .2f) }, { .class_index = CAT, .box = left } };
  GArray *boxes = boxes_new ();
  g_autoptr (EspRoads) roads = NULL;
  EspFate fates[3];

  add (boxes, DOG, .9f, .9f, left);
  roads = roads_of (boxes);
  esp_roads_judge (roads, truths, 3, .5f, fates);
  g_assert_cmpint (fates[0].lost, ==, ESP_LOST_NOT);
  g_assert_cmpint (fates[1].lost, ==, ESP_LOST_SHARED);
  g_assert_cmpint (fates[2].lost, ==, ESP_LOST_UNSEEN);
}

static void
test_empty (void)
{
  g_autoptr (EspRoads) roads = roads_of (boxes_new ());

  g_assert_cmpuint (esp_roads_get_n (roads), ==, 0);
  g_assert_cmpint (fate_of (roads, DOG, left).lost, ==, ESP_LOST_UNSEEN);
}

/* Of random boxes: those shown are esp_suppress_by()'s own, above the threshold; who went, went for a better one that covers it. */
static void
test_agrees (void)
{
  const EspNms kinds[] = { { ESP_NMS_DEFAULT, .45f, 0 }, { ESP_NMS_GREEDY, .4f, 0 }, { ESP_NMS_DIOU, .3f, .6f } };
  g_autoptr (GRand) rng = g_rand_new_with_seed (5);

  for (guint round = 0; round < 30; round++)
    {
      const EspNms nms = kinds[round % 3];
      GArray *boxes = boxes_new ();
      g_autoptr (GArray) left_over = g_array_new (FALSE, FALSE, sizeof (EspDetection));
      g_autoptr (EspRoads) roads = NULL;

      for (guint i = 0; i < 120; i++)
        add (boxes, g_rand_int_range (rng, 0, 3), (float) g_rand_double (rng), (float) g_rand_int_range (rng, 1, 5) / 4,
             (EspBox){ (float) g_rand_double_range (rng, .4, .6), (float) g_rand_double_range (rng, .4, .6),
                       (float) g_rand_double_range (rng, .1, .4), (float) g_rand_double_range (rng, .1, .4) });
      for (guint i = 0; i < boxes->len; i++)
        if (g_array_index (boxes, EspDetection, i).score > .25f)
          g_array_append_val (left_over, g_array_index (boxes, EspDetection, i));
      esp_suppress_by (left_over, nms);
      roads = esp_roads_new (boxes, .25f, nms);
      g_assert_cmpuint (esp_roads_get_shown (roads), ==, left_over->len);
      g_assert_cmpuint (esp_roads_get_n (roads), ==, 120);
      for (guint i = 0; i < left_over->len; i++)
        g_assert_cmpuint (esp_roads_get (roads, i)->detection.candidate, ==, g_array_index (left_over, EspDetection, i).candidate);
      for (guint i = 0; i < 120; i++)
        {
          const EspRoad *road = esp_roads_get (roads, i), *by;

          if (road->suppressor < 0)
            continue;
          by = esp_roads_get (roads, (guint) road->suppressor);
          g_assert_cmpint (by->suppressor, ==, -1);
          g_assert_cmpint (by->detection.class_index, ==, road->detection.class_index);
          g_assert_cmpfloat (by->detection.score, >=, road->detection.score);
          g_assert_true (esp_nms_covers (nms, by->detection.box, road->detection.box));
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/road/rows", test_rows);
  g_test_add_func ("/road/distance", test_distance);
  g_test_add_func ("/road/stages", test_stages);
  g_test_add_func ("/road/shared", test_shared);
  g_test_add_func ("/road/empty", test_empty);
  g_test_add_func ("/road/agrees", test_agrees);
  return g_test_run ();
}
