/* judge-voc.c: the VOC development kit's matching */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/judge.h"

#define ENOUGH .5

/* The object of the detection's class that it overlaps best among all, difficult ones too; the first of equals. */
static int
find_best (const EspOutcome *outcome, const EspSeen *seen, double *overlap)
{
  int best = -1;

  *overlap = 0;
  for (guint i = 0; i < outcome->n_objects; i++)
    {
      double iou;

      if (outcome->objects[i].class_index != seen->class_index)
        continue;
      iou = esp_pixels_iou (seen->box, outcome->objects[i].box);
      if (iou > *overlap)
        {
          *overlap = iou;
          best = (int) i;
        }
    }
  return best;
}

/**
 * esp_judge_voc:
 * @outcome: one image
 * @scope: not asked, for VOC takes all sizes and all detections
 * @verdicts: (out): zeroed before
 * @counts: (out): zeroed before
 *
 * Each detection, best score first, asks for the object of its class that it overlaps best among all. From IoU 0.5 on it is a true positive
 * where the object is still free, a false one where it is taken, and neither where it is difficult. Difficult objects do not count. The
 * kit's pixels are inclusive (width xmax - xmin + 1), which is what EspPixels holds. Source: VOCevaldet.m of the kits. Thread: any.
 */
void
esp_judge_voc (const EspOutcome *outcome, const EspScope *scope, EspVerdict *verdicts, guint8 *counts)
{
  g_autofree guint8 *taken = g_new0 (guint8, outcome->n_objects + 1);

  for (guint i = 0; i < outcome->n_objects; i++)
    counts[i] = !outcome->objects[i].difficult;
  for (guint i = 0; i < outcome->n_seen; i++)
    {
      double overlap;
      const int best = find_best (outcome, &outcome->seen[i], &overlap);

      if (best < 0 || overlap < ENOUGH)
        continue;
      verdicts[i].ignored = outcome->objects[best].difficult ? 1 : 0;
      verdicts[i].hit = !outcome->objects[best].difficult && !taken[best] ? 1 : 0;
      verdicts[i].overlap = overlap;
      taken[best] = TRUE;
    }
}
