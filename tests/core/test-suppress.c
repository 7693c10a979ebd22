/* test-suppress.c: suppression and matching, by hand and against AlexeyAB's loops over an array of boxes written out */
#include "config.h"

#include "detect/match.h"
#include "detect/suppress.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

static void
append (GArray *rows, float x, int class_index, float score, guint candidate)
{
  const EspDetection one
      = { .box = { x, .5f, .2f, .2f }, .class_index = class_index, .score = score, .objectness = .9f, .candidate = candidate };

  g_array_append_val (rows, one);
}

static const EspDetection *
row (GArray *rows, guint i)
{
  g_assert_cmpuint (i, <, rows->len);
  return &g_array_index (rows, EspDetection, i);
}

/* Boxes 0 and 1 overlap by 9/11, 2 stands apart; class 1 lives only in the weaker box. */
static void
test_hand_made (void)
{
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (EspDetection));

  append (rows, .30f, 0, .5f, 0);
  append (rows, .32f, 0, .8f, 1);
  append (rows, .70f, 0, .8f, 2);
  append (rows, .30f, 1, .1f, 0);
  esp_suppress (rows, .45f);
  g_assert_cmpuint (rows->len, ==, 3);
  g_assert_cmpuint (row (rows, 0)->candidate, ==, 1); /* a tie: by candidate */
  g_assert_cmpuint (row (rows, 1)->candidate, ==, 2);
  g_assert_cmpuint (row (rows, 2)->candidate, ==, 0);
  g_assert_cmpint (row (rows, 2)->class_index, ==, 1);
  g_assert_cmpuint (row (rows, 2)->place, <, row (rows, 0)->place); /* the last class sorts darknet's array */
}

static void
test_threshold_is_strict (void)
{
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (EspDetection));
  float iou;

  append (rows, .30f, 0, .8f, 0);
  append (rows, .35f, 0, .5f, 1);
  iou = esp_box_iou (row (rows, 0)->box, row (rows, 1)->box);
  esp_suppress (rows, iou);
  g_assert_cmpuint (rows->len, ==, 2);
  esp_suppress (rows, iou - 1e-6f);
  g_assert_cmpuint (rows->len, ==, 1);
  g_array_index (rows, EspDetection, 0).objectness = 0;
  esp_suppress (rows, .45f);
  g_assert_cmpuint (rows->len, ==, 0);
}

/* IoU 0.6; centres 0.05 apart in 0.25 × 0.2: greedynms takes (0.0025 / 0.1025)^0.6 = 0.108 off, diounms by its beta. */
static void
test_kinds (void)
{
  const struct
  {
    EspNms nms;
    guint left;
  } cases[] = {
    { { ESP_NMS_DEFAULT, .59f, 0 }, 1 }, { { ESP_NMS_DEFAULT, .61f, 0 }, 2 }, { { ESP_NMS_GREEDY, .49f, 0 }, 1 },
    { { ESP_NMS_GREEDY, .495f, 1 }, 2 }, { { ESP_NMS_DIOU, .57f, 1 }, 1 },    { { ESP_NMS_DIOU, .58f, 1 }, 2 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (EspDetection));

      append (rows, .30f, 0, .8f, 0);
      append (rows, .35f, 0, .5f, 1);
      esp_suppress_by (rows, cases[i].nms);
      g_assert_cmpuint (rows->len, ==, cases[i].left);
    }
}

static EspNms
nms_of (const char *lines)
{
  g_autofree char *text = g_strdup_printf ("[net]\nwidth=32\nheight=32\nchannels=3\n[convolutional]\nfilters=6\nsize=1\nstride=8\n"
                                           "activation=linear\n[yolo]\nmask=0\nanchors=8,8\nclasses=1\nnum=1\n%s",
                                           lines);
  g_autoptr (GError) error = NULL;
  EspCfg *cfg = esp_cfg_parse (text, strlen (text), "small.cfg", &error);
  g_autoptr (EspNetwork) network = esp_network_new (cfg, &error);

  g_assert_no_error (error);
  return esp_nms_of_network (network, .45f);
}

static void
test_kind_of_network (void)
{
  g_assert_cmpint (nms_of ("").kind, ==, ESP_NMS_DEFAULT);
  g_assert_cmpint (nms_of ("nms_kind=default\n").kind, ==, ESP_NMS_DEFAULT);
  g_assert_cmpint (nms_of ("nms_kind=greedynms\nbeta_nms=0.6\n").kind, ==, ESP_NMS_GREEDY);
  g_assert_cmpfloat (nms_of ("").threshold, ==, .45f);
}

#define N_BOXES   60
#define N_CLASSES 5

typedef struct
{
  EspBox box;
  guint candidate;
  float prob[N_CLASSES];
} Box;

/* A stable sort of the boxes by one class, descending. */
static void
sort_by (Box *boxes, guint n, int k)
{
  for (guint i = 1; i < n; i++)
    for (guint j = i; j > 0 && boxes[j].prob[k] > boxes[j - 1].prob[k]; j--)
      {
        const Box box = boxes[j];

        boxes[j] = boxes[j - 1];
        boxes[j - 1] = box;
      }
}

static void
alexey_suppress (Box *boxes, guint n, float threshold)
{
  for (int k = 0; k < N_CLASSES; k++)
    {
      sort_by (boxes, n, k);
      for (guint i = 0; i < n; i++)
        for (guint j = i + 1; boxes[i].prob[k] > 0 && j < n; j++)
          if (esp_box_iou (boxes[i].box, boxes[j].box) > threshold)
            boxes[j].prob[k] = 0;
    }
}

static GArray *
draw_boxes (guint64 seed, Box *boxes)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (EspDetection));
  g_autoptr (GRand) rng = esp_rng_new (seed, 0, 0);

  memset (boxes, 0, N_BOXES * sizeof *boxes);
  for (guint i = 0; i < N_BOXES; i++)
    {
      EspDetection one = { .objectness = 1, .candidate = i };

      one.box = (EspBox){ (float) g_rand_double (rng) / 3, (float) g_rand_double (rng) / 3, .2f, .2f };
      boxes[i].box = one.box;
      boxes[i].candidate = i;
      for (int k = 0; k < N_CLASSES; k++)
        if (g_rand_double (rng) < .3)
          {
            one.score = boxes[i].prob[k] = (float) (.01 + .99 * g_rand_double (rng)); /* without ties */
            one.class_index = k;
            g_array_append_val (rows, one);
          }
    }
  return rows;
}

/* The row of a box and class, or NULL where it was suppressed. */
static const EspDetection *
find (GArray *rows, guint candidate, int class_index)
{
  for (guint i = 0; i < rows->len; i++)
    if (row (rows, i)->candidate == candidate && row (rows, i)->class_index == class_index)
      return row (rows, i);
  return NULL;
}

static void
test_against_loops (void)
{
  for (guint64 seed = 0; seed < 30; seed++)
    {
      Box boxes[N_BOXES];
      g_autoptr (GArray) rows = draw_boxes (seed, boxes);
      const guint drawn = rows->len;
      guint left = 0;
      gint64 place = -1;

      alexey_suppress (boxes, N_BOXES, .45f);
      esp_suppress (rows, .45f);
      for (guint i = 0; i < N_BOXES; i++)
        for (int k = 0; k < N_CLASSES; k++)
          if (boxes[i].prob[k] > 0)
            {
              const EspDetection *one = find (rows, boxes[i].candidate, k);

              g_assert_nonnull (one);
              g_assert_cmpfloat (one->score, ==, boxes[i].prob[k]);
              g_assert_cmpint (one->place, >, place);
              place = one->place;
              left++;
            }
      g_assert_cmpuint (rows->len, ==, left);
      g_assert_cmpuint (left, <, drawn);
      for (guint i = 1; i < rows->len; i++)
        g_assert_cmpfloat (row (rows, i - 1)->score, >=, row (rows, i)->score);
    }
}

/* Two truths side by side; the second detection overlaps the taken one best and does not fall to the other. */
static void
test_match (void)
{
  const EspTruth truths[]
      = { { 0, { .30f, .5f, .2f, .2f }, FALSE }, { 0, { .34f, .5f, .2f, .2f }, FALSE }, { 1, { .30f, .5f, .2f, .2f }, FALSE } };
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (EspDetection)), matches = NULL;
  const int truth[] = { 0, -1, 1, -1 }, best[] = { 0, 0, 1, -1 };

  append (rows, .300f, 0, .9f, 0);
  append (rows, .302f, 0, .8f, 1);
  append (rows, .340f, 0, .2f, 2);
  append (rows, .700f, 1, .1f, 3);
  for (guint i = 0; i < 4; i++)
    g_array_index (rows, EspDetection, i).place = 3 - i; /* darknet's array the other way round */
  matches = esp_match (rows, truths, 3, NULL, 0, .5f);
  for (guint i = 0; i < 4; i++)
    {
      g_assert_cmpint (g_array_index (matches, EspMatch, i).truth, ==, truth[i]);
      g_assert_cmpint (g_array_index (matches, EspMatch, i).best, ==, best[i]);
      g_assert_cmpint (g_array_index (matches, EspMatch, i).repeats, ==, i == 0); /* found first, but second in the array */
    }
  g_assert_cmpfloat_with_epsilon (g_array_index (matches, EspMatch, 0).overlap, 1, 1e-6);
}

static void
test_match_difficult (void)
{
  const EspTruth truth = { 0, { .30f, .5f, .2f, .2f }, FALSE }, difficult = { 0, { .70f, .5f, .2f, .2f }, TRUE };
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (EspDetection)), matches = NULL;

  append (rows, .70f, 0, .9f, 0);
  append (rows, .30f, 0, .8f, 1);
  append (rows, .70f, 1, .7f, 2);
  matches = esp_match (rows, &truth, 1, &difficult, 1, .5f);
  g_assert_cmpuint (rows->len, ==, 2);
  g_assert_cmpuint (matches->len, ==, 2);
  g_assert_cmpuint (row (rows, 0)->candidate, ==, 1);
  g_assert_cmpint (g_array_index (matches, EspMatch, 0).truth, ==, 0);
  g_assert_cmpint (g_array_index (matches, EspMatch, 1).truth, ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/suppress/hand-made", test_hand_made);
  g_test_add_func ("/suppress/threshold-is-strict", test_threshold_is_strict);
  g_test_add_func ("/suppress/kinds", test_kinds);
  g_test_add_func ("/suppress/kind-of-network", test_kind_of_network);
  g_test_add_func ("/suppress/against-loops", test_against_loops);
  g_test_add_func ("/match/best-of-all", test_match);
  g_test_add_func ("/match/difficult", test_match_difficult);
  return g_test_run ();
}
