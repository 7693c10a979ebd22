/* ap.c: average precision in every protocol */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/ap.h"

#include "measure/judge.h"

/* All-point area, as AlexeyAB sums it with -points 0: upward from the lowest rank, the running maximum of precision over each step of
 * recall. */
static double
area_all (const double *recall, const double *precision, guint n)
{
  double sum = 0, envelope, last;

  if (n == 0)
    return 0;
  envelope = precision[n - 1];
  last = recall[n - 1];
  for (guint i = n - 1; i > 0; i--)
    {
      sum += (last - recall[i - 1]) * envelope;
      last = recall[i - 1];
      envelope = MAX (envelope, precision[i - 1]);
    }
  return sum + last * envelope;
}

/* Mean over @points levels of recall of the best precision at or beyond each. */
static double
area_points (const double *recall, const double *precision, guint n, guint points)
{
  double sum = 0, envelope = 0;
  guint rank = n;

  for (guint p = points; p > 0; p--)
    {
      const double level = (p - 1) * 1.0 / (points - 1);

      while (rank > 0 && recall[rank - 1] >= level)
        {
          rank--;
          envelope = MAX (envelope, precision[rank]);
        }
      sum += envelope;
    }
  return sum / points;
}

static double
area_11 (const double *recall, const double *precision, guint n)
{
  return area_points (recall, precision, n, 11);
}

static double
area_101 (const double *recall, const double *precision, guint n)
{
  return area_points (recall, precision, n, 101);
}

/* COCO's mean of 101 samples of the envelope, each at the first rank that reaches its level. The levels are numpy's i · 0.01, some of
 * which lie a bit above i / 100, so that a recall of just 35 / 100 does not reach level 35. */
static double
area_coco (const double *recall, const double *precision, guint n)
{
  double sum = 0, envelope = 0;
  guint rank = n;

  for (int p = 100; p >= 0; p--)
    {
      const double level = p == 100 ? 1 : p * 0.01;

      while (rank > 0 && recall[rank - 1] >= level)
        {
          rank--;
          envelope = MAX (envelope, precision[rank]);
        }
      sum += envelope;
    }
  return sum / 101;
}

#define ANY_SIZE 0, 1e5 * 1e5
#define SMALL    0, 32.0 * 32
#define MEDIUM   32.0 * 32, 96.0 * 96
#define LARGE    96.0 * 96, 1e5 * 1e5

static const EspExtra coco_extras[] = {
  { "ap50", "AP at IoU 0.5", { ANY_SIZE, 100 }, 0, FALSE },
  { "ap75", "AP at IoU 0.75", { ANY_SIZE, 100 }, 5, FALSE },
  { "ap_small", "AP to 32 x 32 pixels", { SMALL, 100 }, -1, FALSE },
  { "ap_medium", "AP, 32 x 32 to 96 x 96", { MEDIUM, 100 }, -1, FALSE },
  { "ap_large", "AP from 96 x 96 pixels", { LARGE, 100 }, -1, FALSE },
  { "ar_1", "recall, 1 detection", { ANY_SIZE, 1 }, -1, TRUE },
  { "ar_10", "recall, 10 detections", { ANY_SIZE, 10 }, -1, TRUE },
  { "ar_100", "recall, 100 detections", { ANY_SIZE, 100 }, -1, TRUE },
  { "ar_small", "recall to 32 x 32", { SMALL, 100 }, -1, TRUE },
  { "ar_medium", "recall, 32 x 32 to 96 x 96", { MEDIUM, 100 }, -1, TRUE },
  { "ar_large", "recall from 96 x 96", { LARGE, 100 }, -1, TRUE },
};

static const EspProtocol protocols[] = {
  {
      .id = "darknet",
      .title = "darknet, area",
      .source = "AlexeyAB/darknet, detector map -points 0",
      .area = area_all,
      .match = "IoU above 0.5",
      .n_thresholds = 1,
  },
  {
      .id = "darknet-11",
      .title = "darknet, 11 points",
      .source = "AlexeyAB/darknet, detector map -points 11",
      .area = area_11,
      .match = "IoU above 0.5",
      .n_thresholds = 1,
  },
  {
      .id = "darknet-101",
      .title = "darknet, 101 points",
      .source = "AlexeyAB/darknet, detector map -points 101",
      .area = area_101,
      .match = "IoU above 0.5",
      .n_thresholds = 1,
  },
  {
      .id = "voc-2007",
      .title = "VOC 2007, 11 points",
      .source = "Everingham et al. 2010; VOC 2007 development kit",
      .area = area_11,
      .match = "IoU from 0.5",
      .n_thresholds = 1,
      .over_present = TRUE,
      .judge = esp_judge_voc,
      .scope = { ANY_SIZE, 0 },
  },
  {
      .id = "voc-2010",
      .title = "VOC 2010, area",
      .source = "VOC 2010 development kit",
      .area = area_all,
      .match = "IoU from 0.5",
      .n_thresholds = 1,
      .over_present = TRUE,
      .judge = esp_judge_voc,
      .scope = { ANY_SIZE, 0 },
  },
  {
      .id = "coco",
      .title = "COCO, 101 points",
      .source = "Lin et al. 2014; COCOeval of the COCO API",
      .area = area_coco,
      .match = "IoU from 0.5 to 0.95 in ten steps",
      .n_thresholds = ESP_COCO_THRESHOLDS,
      .over_present = TRUE,
      .judge = esp_judge_coco,
      .by_id = TRUE,
      .scope = { ANY_SIZE, 100 },
      .extras = coco_extras,
      .n_extras = G_N_ELEMENTS (coco_extras),
  },
};

/**
 * esp_protocol_find:
 * @id: "darknet", "voc-2007", "coco" …
 *
 * Returns: (nullable) (transfer none): the row of that id. Thread: any.
 */
const EspProtocol *
esp_protocol_find (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (g_str_equal (protocols[i].id, id))
      return &protocols[i];
  return NULL;
}

/** esp_protocols: Returns: (transfer none): all rows, the default first; @n (out) how many. Thread: any. */
const EspProtocol *
esp_protocols (guint *n)
{
  *n = G_N_ELEMENTS (protocols);
  return protocols;
}
