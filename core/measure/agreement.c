/* agreement.c: two networks on the same images, box by box and truth by truth */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/summary.h"

#include <math.h>

#define SHOWN_ABOVE .25f
#define SAME_ABOVE  .5f

/* Rows are by score, so those shown come first. */
static guint
count_shown (const EspOutcome *outcome)
{
  guint n = 0;

  while (n < outcome->n && outcome->detections[n].score > SHOWN_ABOVE)
    n++;
  return n;
}

static guint
count_common (const EspOutcome *a, guint n_a, const EspOutcome *b, guint n_b)
{
  g_autofree guint8 *taken = g_new0 (guint8, n_b + 1);
  guint common = 0;

  for (guint i = 0; i < n_a; i++)
    {
      guint best = n_b;
      float most = SAME_ABOVE;

      for (guint j = 0; j < n_b; j++)
        if (!taken[j] && a->detections[i].class_index == b->detections[j].class_index)
          {
            const float iou = esp_box_iou (a->detections[i].box, b->detections[j].box);

            if (iou > most)
              {
                most = iou;
                best = j;
              }
          }
      taken[best] = TRUE;
      common += best < n_b ? 1 : 0;
    }
  return common;
}

/**
 * esp_agreement:
 * @unpruned: @n
 * @pruned: @n; images that either has as NULL are left out
 * @n: images
 *
 * The unpruned network's boxes of score > 0.25 stand as truths for the pruned one's: same class, IoU > 0.5, the best one still free, in
 * order of score. Needs no labels. Thread: any.
 *
 * Returns: F1 over all images together, 1 where neither shows a box
 */
double
esp_agreement (EspOutcome *const *unpruned, EspOutcome *const *pruned, guint n)
{
  guint common = 0, shown = 0;

  for (guint i = 0; i < n; i++)
    if (unpruned[i] != NULL && pruned[i] != NULL)
      {
        const guint before = count_shown (unpruned[i]), after = count_shown (pruned[i]);

        common += count_common (pruned[i], after, unpruned[i], before);
        shown += before + after;
      }
  return shown > 0 ? 2.0 * common / shown : 1;
}

static void
mark_found (const EspOutcome *outcome, int class_index, guint8 *found)
{
  for (guint i = 0; i < outcome->n; i++)
    if (outcome->truth[i] >= 0 && outcome->detections[i].score > SHOWN_ABOVE
        && (class_index < 0 || outcome->detections[i].class_index == class_index))
      found[outcome->truth[i]] = TRUE;
}

/* Both tails of Binomial(n, 1/2) at @k or fewer; sums in logarithms, so that large n do not underflow. */
static double
binomial_p (guint k, guint n)
{
  double sum = 0;

  for (guint i = 0; i <= k; i++)
    sum += exp (lgamma (n + 1.0) - lgamma (i + 1.0) - lgamma (n - i + 1.0) - n * G_LN2);
  return MIN (1, 2 * sum);
}

/**
 * esp_mcnemar:
 * @unpruned: @n
 * @pruned: @n; images that either has as NULL are left out
 * @n: images
 * @class_index: the class whose objects are asked for, -1 for all
 * @lost: (out) (optional): objects that only @unpruned finds at score > 0.25
 * @gained: (out) (optional): objects that only @pruned finds
 *
 * Returns: McNemar's exact two-sided probability that the two find equally well (McNemar 1947), 1 where they differ in nothing. Thread:
 * any.
 */
double
esp_mcnemar (EspOutcome *const *unpruned, EspOutcome *const *pruned, guint n, int class_index, guint *lost, guint *gained)
{
  guint only_before = 0, only_after = 0;

  for (guint i = 0; i < n; i++)
    if (unpruned[i] != NULL && pruned[i] != NULL)
      {
        const guint n_truths = MIN (unpruned[i]->n_truths, pruned[i]->n_truths);
        g_autofree guint8 *before = g_new0 (guint8, unpruned[i]->n_truths + 1);
        g_autofree guint8 *after = g_new0 (guint8, pruned[i]->n_truths + 1);

        mark_found (unpruned[i], class_index, before);
        mark_found (pruned[i], class_index, after);
        for (guint j = 0; j < n_truths; j++)
          {
            only_before += before[j] && !after[j] ? 1 : 0;
            only_after += after[j] && !before[j] ? 1 : 0;
          }
      }
  if (lost != NULL)
    *lost = only_before;
  if (gained != NULL)
    *gained = only_after;
  return only_before + only_after > 0 ? binomial_p (MIN (only_before, only_after), only_before + only_after) : 1;
}
