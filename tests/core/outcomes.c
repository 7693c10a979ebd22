/* outcomes.c: outcomes made by hand and by lot, for the tests of the measures */
#include "config.h"

#include "outcomes.h"

EspOutcome *
outcome_new (guint n_truths, const int *truth_class)
{
  EspOutcome *outcome = g_new0 (EspOutcome, 1);

  outcome->n_truths = n_truths;
  outcome->truth_class = g_memdup2 (truth_class, n_truths * sizeof (int));
  outcome->n_objects = n_truths;
  outcome->objects = g_new0 (EspObject, n_truths + 1);
  for (guint i = 0; i < n_truths; i++)
    outcome->objects[i] = (EspObject){ .box = { 0, 0, 10, 10 }, .area = 100, .class_index = truth_class[i] };
  return outcome;
}

void
outcome_add (EspOutcome *outcome, int class_index, float score, int truth, int best)
{
  const guint i = outcome->n++;

  outcome->detections = g_renew (EspDetection, outcome->detections, i + 1);
  outcome->truth = g_renew (int, outcome->truth, i + 1);
  outcome->best = g_renew (int, outcome->best, i + 1);
  outcome->repeats = g_renew (guint8, outcome->repeats, i + 1);
  outcome->overlap = g_renew (float, outcome->overlap, i + 1);
  outcome->detections[i] = (EspDetection){ .class_index = class_index, .score = score, .place = i };
  outcome->truth[i] = truth;
  outcome->best[i] = best;
  outcome->repeats[i] = best >= 0 && truth < 0;
  outcome->overlap[i] = best >= 0 ? .75f : 0;
}

/* Up to 6 truths, each found with probability 0.7, and up to 12 false ones; scores on a coarse grid, so that ties happen. */
EspOutcome *
outcome_random (GRand *rng, guint n_classes)
{
  int classes[6];
  const guint n = (guint) g_rand_int_range (rng, 0, 7);
  EspOutcome *outcome;

  for (guint i = 0; i < n; i++)
    classes[i] = g_rand_int_range (rng, 0, (gint32) n_classes);
  outcome = outcome_new (n, classes);
  for (int step = 50; step > 0; step--)
    for (guint i = 0; i < n; i++)
      if (outcome->truth_class[i] == classes[i] && g_rand_double (rng) < .02)
        {
          outcome_add (outcome, classes[i], (float) step / 50, (int) i, (int) i);
          classes[i] = -1;
        }
      else if (g_rand_double (rng) < .04)
        outcome_add (outcome, g_rand_int_range (rng, 0, (gint32) n_classes), (float) step / 50, -1, -1);
  return outcome;
}

void
outcome_clear (EspOutcome *outcome)
{
  if (outcome == NULL)
    return;
  g_free (outcome->detections);
  g_free (outcome->truth);
  g_free (outcome->best);
  g_free (outcome->repeats);
  g_free (outcome->overlap);
  g_free (outcome->truth_class);
  g_free (outcome->seen);
  g_free (outcome->objects);
  g_free (outcome);
}
