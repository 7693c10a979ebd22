/* match.c: which detections of one image find which of its truths */
#define G_LOG_DOMAIN "esp-detect"
#include "config.h"

#include "detect/match.h"

/* The truth of the detection's class that it overlaps best, and how much; the first of equals, as darknet. */
static int
find_best (const EspDetection *detection, const EspTruth *truths, guint n, float *overlap)
{
  int best = -1;

  *overlap = 0;
  for (guint i = 0; i < n; i++)
    {
      float iou;

      if (truths[i].class_index != detection->class_index)
        continue;
      iou = esp_box_iou (detection->box, truths[i].box);
      if (iou > *overlap)
        {
          *overlap = iou;
          best = (int) i;
        }
    }
  return best;
}

static void
drop_difficult (GArray *detections, const EspTruth *truths, guint n_truths, const EspTruth *difficult, guint n_difficult, float iou)
{
  guint kept = 0;

  for (guint i = 0; i < detections->len; i++)
    {
      const EspDetection detection = g_array_index (detections, EspDetection, i);
      float overlap, spared;

      find_best (&detection, truths, n_truths, &overlap);
      find_best (&detection, difficult, n_difficult, &spared);
      if (overlap > iou || !(spared > iou))
        g_array_index (detections, EspDetection, kept++) = detection;
    }
  g_array_set_size (detections, kept);
}

/* Whether an entry before this one in darknet's array (boxes by place, classes of a box ascending) has the same best truth. */
static gboolean
repeats_earlier (const GArray *detections, const GArray *matches, guint i)
{
  const EspDetection *one = &g_array_index (detections, EspDetection, i);
  const int best = g_array_index (matches, EspMatch, i).best;

  for (guint j = 0; best >= 0 && j < detections->len; j++)
    if (g_array_index (matches, EspMatch, j).best == best && g_array_index (detections, EspDetection, j).place < one->place)
      return TRUE;
  return FALSE;
}

/**
 * esp_match:
 * @detections: of EspDetection, by score, as esp_suppress() leaves them; classes are the network's
 * @truths: the image's truths, classes the network's, boxes in the same fractions
 * @n_truths: how many
 * @difficult: (nullable): truths that need not be found
 * @n_difficult: how many
 * @iou: a match is strictly above
 *
 * Each detection asks for the truth of its class that it overlaps best among all, taken or not; the first by score gets it, a later one is
 * a false positive and does not fall to its second best. darknet ranks the detections of all images together, but truths are one image's
 * own, so the order by score within the image decides the same. A detection without a match that overlaps a difficult truth of its class is
 * removed. Source: AlexeyAB's validate_detector_map. Thread: any.
 *
 * Returns: (transfer full): of EspMatch, one for each detection that is left
 */
GArray *
esp_match (GArray *detections, const EspTruth *truths, guint n_truths, const EspTruth *difficult, guint n_difficult, float iou)
{
  GArray *matches;
  g_autofree guint8 *taken = g_new0 (guint8, n_truths + 1);

  if (n_difficult > 0)
    drop_difficult (detections, truths, n_truths, difficult, n_difficult, iou);
  matches = g_array_sized_new (FALSE, TRUE, sizeof (EspMatch), detections->len);
  g_array_set_size (matches, detections->len);
  for (guint i = 0; i < detections->len; i++)
    {
      EspMatch *match = &g_array_index (matches, EspMatch, i);
      const int best = find_best (&g_array_index (detections, EspDetection, i), truths, n_truths, &match->overlap);

      match->best = match->overlap > iou ? best : -1;
      match->truth = match->best >= 0 && !taken[match->best] ? match->best : -1;
      if (match->truth >= 0)
        taken[match->truth] = TRUE;
    }
  for (guint i = 0; i < detections->len; i++)
    g_array_index (matches, EspMatch, i).repeats = repeats_earlier (detections, matches, i);
  return matches;
}
