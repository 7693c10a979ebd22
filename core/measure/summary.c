/* summary.c: outcomes to numbers */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/summary.h"

#include <math.h>

#include "measure/ranks.h"

#define COUNTED_ABOVE .25f /* AlexeyAB's thresh_calc_avg_iou */
#define FEW_OBJECTS   30
#define HIGH_AP       .98

/* True and false positives at the fixed threshold, counted as darknet counts them: a repeat of an earlier entry is false whatever the
 * scores. */
static void
count_fixed (EspSummary *summary, const EspOutcome *outcome, double *overlap)
{
  for (guint i = 0; i < outcome->n; i++)
    {
      if (!(outcome->detections[i].score > COUNTED_ABOVE))
        continue;
      if (outcome->best[i] < 0 || outcome->repeats[i])
        {
          summary->fp++;
          continue;
        }
      summary->tp++;
      *overlap += outcome->overlap[i];
    }
}

static double
ratio (double part, double whole)
{
  return whole > 0 ? part / whole : 0;
}

static void
finish_fixed (EspSummary *summary, double overlap)
{
  summary->fn = summary->n_objects - MIN (summary->tp, summary->n_objects);
  summary->precision = ratio (summary->tp, summary->tp + summary->fp);
  summary->recall = ratio (summary->tp, summary->tp + summary->fn);
  summary->f1 = ratio (2 * summary->precision * summary->recall, summary->precision + summary->recall);
  summary->mean_iou = ratio (overlap, summary->tp + summary->fp);
}

/* How many objects of each class are found above the fixed threshold, matched by score. */
static void
count_found (const EspOutcome *outcome, guint n_classes, guint *found)
{
  for (guint i = 0; i < outcome->n; i++)
    if (outcome->truth[i] >= 0 && outcome->detections[i].score > COUNTED_ABOVE && (guint) outcome->detections[i].class_index < n_classes)
      found[outcome->detections[i].class_index]++;
}

/* Wilson's score interval, 95 % (Wilson 1927). */
static void
wilson (guint found, guint n, double *low, double *high)
{
  const double z = 1.959963984540054;
  const double p = ratio (found, n), spread = n > 0 ? z * sqrt (p * (1 - p) / n + z * z / (4.0 * n * n)) : 0;
  const double scale = n > 0 ? 1 + z * z / n : 1, centre = n > 0 ? p + z * z / (2.0 * n) : 0;

  *low = found > 0 ? MAX (0, (centre - spread) / scale) : 0;
  *high = found < n ? MIN (1, (centre + spread) / scale) : 1;
}

static void
fill_classes (EspSummary *summary, const EspRanks *ranks, const double *ap, const guint *found)
{
  for (guint k = 0; k < summary->n_classes; k++)
    {
      EspClassResult *result = &summary->per_class[k];

      result->class_index = (int) k;
      result->ap = ap[k];
      result->objects = esp_ranks_get_objects (ranks, k);
      result->few = result->objects > 0 && (result->objects < FEW_OBJECTS || result->ap >= HIGH_AP);
      wilson (found[k], result->objects, &result->recall_low, &result->recall_high);
    }
}

/**
 * esp_summary_new:
 * @outcomes: @n, NULL entries are images not yet seen and are left out
 * @n: images
 * @n_classes: of the network: the divisor of the mAP, so that a class without objects counts as AP 0
 * @protocol: how AP is computed
 *
 * Precision, recall, F1 and the counts are over all classes together at score > 0.25 as AlexeyAB's validate_detector_map counts them: a
 * detection is a false positive too where an earlier entry of its array, whatever its score, has the same truth. The interval of recall of
 * a class is Wilson's, of its objects found at score > 0.25 in order of score. Thread: any.
 *
 * Returns: (transfer full): the numbers; all 0 without outcomes
 */
EspSummary *
esp_summary_new (EspOutcome *const *outcomes, guint n, guint n_classes, const EspProtocol *protocol)
{
  EspSummary *summary = g_new0 (EspSummary, 1);
  g_autoptr (EspRanks) ranks = esp_ranks_new (outcomes, NULL, n, n_classes);
  g_autofree double *ap = g_new0 (double, n_classes);
  g_autofree guint *found = g_new0 (guint, n_classes);
  double overlap = 0;

  summary->n_classes = n_classes;
  summary->per_class = g_new0 (EspClassResult, n_classes);
  summary->map = ratio (esp_ranks_sum_ap (ranks, protocol, NULL, ap), n_classes);
  for (guint i = 0; i < n; i++)
    if (outcomes[i] != NULL)
      {
        count_fixed (summary, outcomes[i], &overlap);
        count_found (outcomes[i], n_classes, found);
        summary->n_images++;
        summary->n_objects += outcomes[i]->n_truths;
      }
  finish_fixed (summary, overlap);
  fill_classes (summary, ranks, ap, found);
  return summary;
}

/** esp_summary_free: frees @summary (nullable). Thread: any. */
void
esp_summary_free (EspSummary *summary)
{
  if (summary == NULL)
    return;
  g_free (summary->per_class);
  g_free (summary);
}

/**
 * esp_map_present:
 * @outcomes: @n, NULL entries are left out
 * @n: images
 * @n_classes: of the network
 * @protocol: how AP is computed
 *
 * Returns: the mean AP over the classes that have objects among the images seen, 0 where none has. Thread: any.
 */
double
esp_map_present (EspOutcome *const *outcomes, guint n, guint n_classes, const EspProtocol *protocol)
{
  g_autoptr (EspRanks) ranks = esp_ranks_new (outcomes, NULL, n, n_classes);

  return ratio (esp_ranks_sum_ap (ranks, protocol, NULL, NULL), esp_ranks_get_present (ranks));
}

static double
map_of (const EspRanks *ranks, const EspProtocol *protocol, guint n_classes)
{
  return ratio (esp_ranks_sum_ap (ranks, protocol, NULL, NULL), n_classes);
}

/**
 * esp_map_partial:
 * @unpruned: @n, all seen
 * @pruned: @n, NULL where not yet seen
 * @n: images
 * @n_classes: of the network
 * @protocol: how AP is computed
 *
 * The number shown while a pass runs: unpruned over all images + (pruned - unpruned over the images seen, each the mean over the classes
 * present there) · classes with objects in all images / @n_classes. A few images hold few of the classes, so that their own mAP is far from
 * the final one; this arrives without a jump. The sum of a number and a difference from other images may lie outside 0..1, where no mAP can
 * be: it is then shown as the nearer end. With all images seen it is the map of esp_summary_new() to the last digit. Thread: any.
 *
 * Returns: an estimate of the pruned network's mAP over all images, clamped to 0..1
 */
double
esp_map_partial (EspOutcome *const *unpruned, EspOutcome *const *pruned, guint n, guint n_classes, const EspProtocol *protocol)
{
  g_autoptr (EspRanks) whole = esp_ranks_new (unpruned, NULL, n, n_classes);
  g_autoptr (EspRanks) before = esp_ranks_new (unpruned, pruned, n, n_classes);
  g_autoptr (EspRanks) after = esp_ranks_new (pruned, unpruned, n, n_classes);
  guint seen = 0;
  double difference;

  for (guint i = 0; i < n; i++)
    seen += pruned[i] != NULL ? 1 : 0;
  if (seen == n)
    return map_of (after, protocol, n_classes);
  difference = ratio (esp_ranks_sum_ap (after, protocol, NULL, NULL) - esp_ranks_sum_ap (before, protocol, NULL, NULL),
                      esp_ranks_get_present (before));
  return CLAMP (map_of (whole, protocol, n_classes) + difference * ratio (esp_ranks_get_present (whole), n_classes), 0, 1);
}
