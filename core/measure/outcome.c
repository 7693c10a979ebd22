/* outcome.c: what one network said of one image, matched once */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/evaluate.h"

#include "detect/match.h"

/* The sample's truths in the network's classes, those that are (not) difficult; classes that the network lacks are left out. */
static GArray *
map_truths (const EspSample *sample, const EspClassMap *map, gboolean difficult)
{
  GArray *truths = g_array_new (FALSE, FALSE, sizeof (EspTruth));

  for (guint i = 0; map != NULL && i < sample->n_truths; i++)
    {
      EspTruth truth = sample->truths[i];

      if (!truth.difficult != !difficult || truth.class_index < 0 || (guint) truth.class_index >= map->n)
        continue;
      truth.class_index = map->to_network[truth.class_index];
      if (truth.class_index >= 0)
        g_array_append_val (truths, truth);
    }
  return truths;
}

static void
fill (EspOutcome *outcome, const GArray *matches, const GArray *truths)
{
  outcome->truth = g_new (int, outcome->n);
  outcome->best = g_new (int, outcome->n);
  outcome->repeats = g_new (guint8, outcome->n);
  outcome->overlap = g_new (float, outcome->n);
  for (guint i = 0; i < outcome->n; i++)
    {
      const EspMatch *match = &g_array_index (matches, EspMatch, i);

      outcome->truth[i] = match->truth;
      outcome->best[i] = match->best;
      outcome->repeats[i] = match->repeats ? 1 : 0;
      outcome->overlap[i] = match->overlap;
    }
  outcome->n_truths = truths->len;
  outcome->truth_class = g_new (int, truths->len);
  for (guint i = 0; i < truths->len; i++)
    outcome->truth_class[i] = g_array_index (truths, EspTruth, i).class_index;
}

/**
 * esp_outcome_new:
 * @detections: (transfer full): of EspDetection, as esp_decode() has them
 * @sample: the image
 * @map: (nullable): data set classes to the network's; NULL for an unlabelled set
 * @options: the thresholds of suppression and matching
 *
 * Returns: (transfer full): the outcome. Thread: any.
 */
EspOutcome *
esp_outcome_new (GArray *detections, const EspSample *sample, const EspClassMap *map, const EspEvaluateOptions *options)
{
  EspOutcome *outcome = g_new0 (EspOutcome, 1);
  g_autoptr (GArray) truths = map_truths (sample, map, FALSE);
  g_autoptr (GArray) difficult = map_truths (sample, map, TRUE);
  g_autoptr (GArray) matches = NULL;

  esp_suppress_by (detections, options->nms);
  matches = esp_match (detections, (const EspTruth *) (void *) truths->data, truths->len, (const EspTruth *) (void *) difficult->data,
                       difficult->len, options->iou);
  outcome->n = detections->len;
  outcome->detections = (EspDetection *) (void *) g_array_free (detections, FALSE);
  fill (outcome, matches, truths);
  return outcome;
}

/** esp_outcome_free: frees @outcome (nullable). Thread: any. */
void
esp_outcome_free (EspOutcome *outcome)
{
  if (outcome == NULL)
    return;
  g_free (outcome->detections);
  g_free (outcome->truth);
  g_free (outcome->best);
  g_free (outcome->repeats);
  g_free (outcome->overlap);
  g_free (outcome->truth_class);
  g_free (outcome);
}
