/* summary.c: outcomes to numbers */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/summary.h"

#include <math.h>

#include "measure/ranks.h"

#define COUNTED_ABOVE .25f /* AlexeyAB's thresh_calc_avg_iou */
#define FEW_OBJECTS   30
#define HIGH_AP       .98

/* What is counted of all images at the fixed threshold. */
typedef struct
{
  guint tp, fp, objects;
  double overlap;
  guint *found; /* per class: objects found, matched by score */
  guint n_classes;
} Counts;

static void
add_found (Counts *to, int class_index)
{
  if ((guint) class_index < to->n_classes)
    to->found[class_index]++;
}

/* As darknet counts: a repeat of an earlier entry is false whatever the scores. */
static void
count_matched (Counts *to, const EspOutcome *outcome)
{
  to->objects += outcome->n_truths;
  for (guint i = 0; i < outcome->n; i++)
    {
      if (!(outcome->detections[i].score > COUNTED_ABOVE))
        continue;
      if (outcome->truth[i] >= 0)
        add_found (to, outcome->detections[i].class_index);
      if (outcome->best[i] < 0 || outcome->repeats[i])
        {
          to->fp++;
          continue;
        }
      to->tp++;
      to->overlap += (double) outcome->overlap[i];
    }
}

/* As the protocol matches at its lowest threshold. */
static void
count_judged (Counts *to, const EspOutcome *outcome, const EspProtocol *protocol)
{
  g_autofree EspVerdict *verdicts = g_new0 (EspVerdict, outcome->n_seen + 1);
  g_autofree guint8 *counts = g_new0 (guint8, outcome->n_objects + 1);

  protocol->judge (outcome, &protocol->scope, verdicts, counts);
  for (guint i = 0; i < outcome->n_objects; i++)
    to->objects += counts[i];
  for (guint i = 0; i < outcome->n_seen; i++)
    {
      if (!(outcome->seen[i].score > (double) COUNTED_ABOVE) || (verdicts[i].ignored & 1) != 0)
        continue;
      if ((verdicts[i].hit & 1) == 0)
        {
          to->fp++;
          continue;
        }
      to->tp++;
      to->overlap += verdicts[i].overlap;
      add_found (to, outcome->seen[i].class_index);
    }
}

static double
ratio (double part, double whole)
{
  return whole > 0 ? part / whole : 0;
}

static void
finish_counts (EspSummary *summary, const Counts *counts)
{
  summary->n_objects = counts->objects;
  summary->tp = counts->tp;
  summary->fp = counts->fp;
  summary->fn = summary->n_objects - MIN (summary->tp, summary->n_objects);
  summary->precision = ratio (summary->tp, summary->tp + summary->fp);
  summary->recall = ratio (summary->tp, summary->tp + summary->fn);
  summary->f1 = ratio (2 * summary->precision * summary->recall, summary->precision + summary->recall);
  summary->mean_iou = ratio (counts->overlap, summary->tp + summary->fp);
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

static gboolean
is_same (EspScope a, EspScope b)
{
  return a.least == b.least && a.most == b.most && a.best == b.best;
}

/* @own: in the protocol's own scope, its scratch is used. */
static void
fill_extras (EspSummary *summary, EspOutcome *const *outcomes, guint n, const EspProtocol *protocol, const EspRanks *own)
{
  summary->extras = g_new0 (double, protocol->n_extras);
  for (guint i = 0; i < protocol->n_extras; i++)
    {
      const EspExtra *extra = &protocol->extras[i];
      g_autoptr (EspRanks) ranks = NULL;

      if (!is_same (extra->scope, protocol->scope))
        ranks = esp_ranks_new (outcomes, NULL, n, summary->n_classes, protocol, &extra->scope);
      summary->extras[i] = esp_ranks_get_extra (ranks != NULL ? ranks : own, extra);
    }
}

/**
 * esp_summary_new:
 * @outcomes: @n, NULL entries are images not yet seen and are left out
 * @n: images
 * @n_classes: of the network
 * @protocol: how detections are matched and AP is computed and averaged
 *
 * Precision, recall, F1 and the counts are over all classes together at score > 0.25, in darknet's protocols as AlexeyAB's
 * validate_detector_map counts them (a detection is a false positive too where an earlier entry of its array, whatever its score, has the
 * same truth), in the others as they match at IoU 0.5. The interval of recall of a class is Wilson's, of its objects found at score > 0.25
 * in order of score. Thread: any.
 *
 * Returns: (transfer full): the numbers; all 0 without outcomes
 */
EspSummary *
esp_summary_new (EspOutcome *const *outcomes, guint n, guint n_classes, const EspProtocol *protocol)
{
  EspSummary *summary = g_new0 (EspSummary, 1);
  g_autoptr (EspRanks) ranks = esp_ranks_new (outcomes, NULL, n, n_classes, protocol, NULL);
  g_autofree double *ap = g_new0 (double, n_classes);
  g_autofree guint *found = g_new0 (guint, n_classes);
  Counts counts = { .found = found, .n_classes = n_classes };

  summary->n_classes = n_classes;
  summary->per_class = g_new0 (EspClassResult, n_classes);
  summary->n_averaged = esp_ranks_get_divisor (ranks);
  summary->map = ratio (esp_ranks_sum_ap (ranks, NULL, ap), summary->n_averaged);
  for (guint i = 0; i < n; i++)
    {
      if (outcomes[i] == NULL)
        continue;
      summary->n_images++;
      if (protocol->judge == NULL)
        count_matched (&counts, outcomes[i]);
      else
        count_judged (&counts, outcomes[i], protocol);
    }
  finish_counts (summary, &counts);
  fill_classes (summary, ranks, ap, found);
  fill_extras (summary, outcomes, n, protocol, ranks);
  return summary;
}

/** esp_summary_free: frees @summary (nullable). Thread: any. */
void
esp_summary_free (EspSummary *summary)
{
  if (summary == NULL)
    return;
  g_free (summary->per_class);
  g_free (summary->extras);
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
  g_autoptr (EspRanks) ranks = esp_ranks_new (outcomes, NULL, n, n_classes, protocol, NULL);

  return ratio (esp_ranks_sum_ap (ranks, NULL, NULL), esp_ranks_get_present (ranks));
}

static double
map_of (const EspRanks *ranks)
{
  return ratio (esp_ranks_sum_ap (ranks, NULL, NULL), esp_ranks_get_divisor (ranks));
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
 * present there) · classes with objects in all images / the protocol's divisor. A few images hold few of the classes, so that their own mAP
 * is far from the final one; this arrives without a jump. The sum of a number and a difference from other images may lie outside 0..1,
 * where no mAP can be: it is then shown as the nearer end. With all images seen it is the map of esp_summary_new() to the last digit.
 * Thread: any.
 *
 * Returns: an estimate of the pruned network's mAP over all images, clamped to 0..1
 */
double
esp_map_partial (EspOutcome *const *unpruned, EspOutcome *const *pruned, guint n, guint n_classes, const EspProtocol *protocol)
{
  g_autoptr (EspRanks) whole = esp_ranks_new (unpruned, NULL, n, n_classes, protocol, NULL);
  g_autoptr (EspRanks) before = esp_ranks_new (unpruned, pruned, n, n_classes, protocol, NULL);
  g_autoptr (EspRanks) after = esp_ranks_new (pruned, unpruned, n, n_classes, protocol, NULL);
  guint seen = 0;
  double difference;

  for (guint i = 0; i < n; i++)
    seen += pruned[i] != NULL ? 1 : 0;
  if (seen == n)
    return map_of (after);
  difference = ratio (esp_ranks_sum_ap (after, NULL, NULL) - esp_ranks_sum_ap (before, NULL, NULL), esp_ranks_get_present (before));
  return CLAMP (map_of (whole) + difference * ratio (esp_ranks_get_present (whole), esp_ranks_get_divisor (whole)), 0, 1);
}
