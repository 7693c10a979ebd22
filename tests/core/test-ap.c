/* test-ap.c: protocols and summaries on outcomes made by hand, and against the loops of AlexeyAB's code written out */
#include "config.h"

#include "measure/summary.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "outcomes.h"

/* Two objects; a hit, a miss, a hit: precision 1, 1/2, 2/3. */
static void
test_hand_made (void)
{
  const int classes[] = { 0, 0 };
  EspOutcome *outcome = outcome_new (2, classes);
  struct
  {
    const char *id;
    double map;
  } const rows[] = {
    { "darknet", (.5 + .5 * 2 / 3) / 2 },
    { "darknet-11", (6 + 5 * 2.0 / 3) / 11 / 2 },
    { "darknet-101", (51 + 50 * 2.0 / 3) / 101 / 2 },
  };

  outcome_add (outcome, 0, .9f, 0, 0);
  outcome_add (outcome, 0, .5f, -1, 0);
  outcome_add (outcome, 0, .2f, 1, 1);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (EspSummary) summary = esp_summary_new (&outcome, 1, 2, esp_protocol_find (rows[i].id));

      g_assert_cmpfloat_with_epsilon (summary->map, rows[i].map, 1e-15);
      g_assert_cmpuint (summary->tp, ==, 1); /* the third has a score of at most 0.25 */
      g_assert_cmpuint (summary->fp, ==, 1);
      g_assert_cmpuint (summary->fn, ==, 1);
      g_assert_cmpfloat_with_epsilon (summary->f1, .5, 1e-15);
      g_assert_cmpfloat_with_epsilon (summary->mean_iou, .375, 1e-7);
      g_assert_true (summary->per_class[0].few);
      g_assert_cmpuint (summary->per_class[0].objects, ==, 2);
      g_assert_cmpfloat_with_epsilon (summary->per_class[0].recall_low, .0945312, 1e-6); /* Wilson, 1 of 2 */
      g_assert_cmpfloat_with_epsilon (summary->per_class[0].recall_high, .9054688, 1e-6);
    }
  outcome_clear (outcome);
}

static void
test_empty (void)
{
  const int class_index = 1;
  EspOutcome *outcomes[] = { NULL, outcome_new (1, &class_index) };
  guint n;

  for (const EspProtocol *row = esp_protocols (&n); n > 0; n--, row++)
    {
      g_autoptr (EspSummary) summary = esp_summary_new (outcomes, 2, 3, row);

      g_assert_cmpfloat (summary->map, ==, 0);
      g_assert_cmpuint (summary->n_images, ==, 1);
      g_assert_cmpuint (summary->fn, ==, 1);
      g_assert_cmpfloat (summary->precision, ==, 0);
    }
  g_assert_null (esp_protocol_find ("nosuch"));
  outcome_clear (outcomes[1]);
}

typedef struct
{
  float score;
  int class_index, image, row, truth;
} Flat;

static int
by_score (const void *a, const void *b)
{
  const Flat *x = a, *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return x->image != y->image ? x->image - y->image : x->row - y->row;
}

/* All ranks of all classes in one list and the precision and recall of each, as validate_detector_map holds them. */
static double
alexey_ap (const Flat *flat, guint n, int class_index, guint objects, guint points)
{
  g_autofree double *precision = g_new0 (double, n), *recall = g_new0 (double, n);
  double sum = 0, last_recall, last_precision;
  guint tp = 0, fp = 0;

  for (guint i = 0; i < n; i++)
    {
      if (flat[i].class_index == class_index)
        {
          tp += flat[i].truth >= 0;
          fp += flat[i].truth < 0;
        }
      precision[i] = tp + fp > 0 ? (double) tp / (tp + fp) : 0;
      recall[i] = objects > 0 ? (double) tp / objects : 0;
    }
  for (guint p = 0; p < points; p++)
    {
      double best = 0;

      for (guint i = 0; i < n; i++)
        if (recall[i] >= p * 1.0 / (points - 1) && precision[i] > best)
          best = precision[i];
      sum += best;
    }
  if (points > 0)
    return sum / points;
  last_recall = recall[n - 1];
  last_precision = precision[n - 1];
  for (int i = (int) n - 2; i >= 0; i--)
    {
      const double delta = last_recall - recall[i];

      last_recall = recall[i];
      last_precision = MAX (last_precision, precision[i]);
      sum += delta * last_precision;
    }
  return sum + last_recall * last_precision;
}

#define N_IMAGES  20
#define N_CLASSES 7

static void
compare (EspOutcome **outcomes, const EspProtocol *protocol, guint points)
{
  g_autoptr (EspSummary) summary = esp_summary_new (outcomes, N_IMAGES, N_CLASSES, protocol);
  g_autoptr (GArray) flat = g_array_new (FALSE, FALSE, sizeof (Flat));
  guint objects[N_CLASSES] = { 0 };
  double map = 0;

  for (int i = 0; i < N_IMAGES; i++)
    {
      for (guint j = 0; j < outcomes[i]->n; j++)
        {
          const Flat one = { outcomes[i]->detections[j].score, outcomes[i]->detections[j].class_index, i, (int) j, outcomes[i]->truth[j] };

          g_array_append_val (flat, one);
        }
      for (guint j = 0; j < outcomes[i]->n_truths; j++)
        objects[outcomes[i]->truth_class[j]]++;
    }
  qsort (flat->data, flat->len, sizeof (Flat), by_score);
  for (int k = 0; k < N_CLASSES; k++)
    {
      const double ap = alexey_ap ((Flat *) (void *) flat->data, flat->len, k, objects[k], points);

      g_assert_cmpfloat_with_epsilon (summary->per_class[k].ap, ap, 1e-13);
      map += ap / N_CLASSES;
    }
  g_assert_cmpfloat_with_epsilon (summary->map, map, 1e-13);
  g_assert_cmpfloat (summary->map, >, .1); /* the draw holds something to measure */
}

static void
test_against_loops (void)
{
  for (guint64 seed = 0; seed < 20; seed++)
    {
      g_autoptr (GRand) rng = esp_rng_new (seed, 0, 0);
      EspOutcome *outcomes[N_IMAGES];

      for (guint i = 0; i < N_IMAGES; i++)
        outcomes[i] = outcome_random (rng, N_CLASSES);
      compare (outcomes, esp_protocol_find ("darknet"), 0);
      compare (outcomes, esp_protocol_find ("darknet-11"), 11);
      compare (outcomes, esp_protocol_find ("darknet-101"), 101);
      for (guint i = 0; i < N_IMAGES; i++)
        outcome_clear (outcomes[i]);
    }
}

/* The number shown while a pass runs ends on the protocol's own, and starts where the unpruned one is. */
static void
test_partial (void)
{
  const EspProtocol *protocol = esp_protocol_find ("darknet");
  g_autoptr (GRand) rng = esp_rng_new (5, 0, 0);
  g_autoptr (EspSummary) before = NULL, after = NULL;
  EspOutcome *unpruned[N_IMAGES], *pruned[N_IMAGES], *seen[N_IMAGES] = { NULL };
  double expected, partial;

  for (guint i = 0; i < N_IMAGES; i++)
    {
      unpruned[i] = outcome_random (rng, N_CLASSES);
      pruned[i] = outcome_new (unpruned[i]->n_truths, unpruned[i]->truth_class);
      for (guint j = 0; j < unpruned[i]->n; j += 2)
        outcome_add (pruned[i], unpruned[i]->detections[j].class_index, unpruned[i]->detections[j].score, unpruned[i]->truth[j],
                     unpruned[i]->best[j]);
    }
  before = esp_summary_new (unpruned, N_IMAGES, N_CLASSES, protocol);
  after = esp_summary_new (pruned, N_IMAGES, N_CLASSES, protocol);
  g_assert_cmpfloat (esp_map_partial (unpruned, seen, N_IMAGES, N_CLASSES, protocol), ==, before->map);
  g_assert_cmpfloat (esp_map_partial (unpruned, pruned, N_IMAGES, N_CLASSES, protocol), ==, after->map);
  for (guint i = 0; i < N_IMAGES; i += 3)
    seen[i] = pruned[i];
  partial = esp_map_partial (unpruned, seen, N_IMAGES, N_CLASSES, protocol);
  expected = esp_map_present (seen, N_IMAGES, N_CLASSES, protocol);
  for (guint i = 0; i < N_IMAGES; i++)
    seen[i] = i % 3 == 0 ? unpruned[i] : NULL;
  expected -= esp_map_present (seen, N_IMAGES, N_CLASSES, protocol); /* all classes are present in all images: P = C */
  g_assert_cmpfloat_with_epsilon (partial, before->map + expected, 1e-13);
  g_assert_cmpfloat (fabs (expected), >, .01);
  for (guint i = 0; i < N_IMAGES; i++)
    {
      outcome_clear (unpruned[i]);
      outcome_clear (pruned[i]);
    }
}

/* An unpruned network that finds half, and a few images where the pruned one finds all, or nothing, of what it found there. */
static void
test_partial_ends (void)
{
  const EspProtocol *protocol = esp_protocol_find ("darknet");
  const int class_index = 0;
  EspOutcome *unpruned[4], *all[4] = { NULL }, *none[4] = { NULL };
  EspInterval interval;

  for (guint i = 0; i < 4; i++)
    {
      unpruned[i] = outcome_new (1, &class_index);
      if (i >= 2)
        outcome_add (unpruned[i], 0, .9f, 0, 0);
    }
  all[0] = unpruned[2];
  g_assert_cmpfloat (esp_map_partial (unpruned, all, 4, 1, protocol), ==, 1); /* 0.5 + 1 */
  interval = esp_interval_of_difference (unpruned, all, 4, 1, protocol, 20, 1);
  g_assert_cmpfloat (interval.value, ==, 1); /* the difference itself is what was measured */
  none[2] = unpruned[0];
  g_assert_cmpfloat (esp_map_partial (unpruned, none, 4, 1, protocol), ==, 0); /* 0.5 - 1 */
  interval = esp_interval_of_difference (unpruned, none, 4, 1, protocol, 20, 1);
  g_assert_cmpfloat (interval.value, ==, -1);
  for (guint i = 0; i < 4; i++)
    outcome_clear (unpruned[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ap/hand-made", test_hand_made);
  g_test_add_func ("/ap/empty", test_empty);
  g_test_add_func ("/ap/against-loops", test_against_loops);
  g_test_add_func ("/ap/partial", test_partial);
  g_test_add_func ("/ap/partial-ends", test_partial_ends);
  return g_test_run ();
}
