/* test-agreement.c: two networks' boxes on the same images, and McNemar's test */
#include "config.h"

#include "measure/summary.h"

#include "outcomes.h"

static void
add_box (EspOutcome *outcome, float x, int class_index, float score)
{
  outcome_add (outcome, class_index, score, -1, -1);
  outcome->detections[outcome->n - 1].box = (EspBox){ x, .5f, .2f, .2f };
}

static void
test_agreement (void)
{
  EspOutcome *before[2] = { outcome_new (0, NULL), outcome_new (0, NULL) };
  EspOutcome *after[2] = { outcome_new (0, NULL), outcome_new (0, NULL) };

  g_assert_cmpfloat (esp_agreement (before, after, 2), ==, 1); /* neither shows a box */
  add_box (before[0], .3f, 0, .9f);
  g_assert_cmpfloat (esp_agreement (before, after, 2), ==, 0);
  g_assert_cmpfloat (esp_agreement (before, before, 2), ==, 1);
  add_box (before[0], .7f, 1, .6f);
  add_box (before[0], .7f, 2, .25f); /* not above */
  add_box (after[0], .32f, 0, .8f);  /* the same object */
  add_box (after[0], .29f, 0, .5f);  /* again: taken */
  add_box (after[0], .7f, 0, .4f);   /* another class */
  g_assert_cmpfloat_with_epsilon (esp_agreement (before, after, 2), 2.0 * 1 / (2 + 3), 1e-15);
  add_box (after[1], .5f, 0, .5f);
  g_assert_cmpfloat_with_epsilon (esp_agreement (before, after, 2), 2.0 * 1 / (2 + 4), 1e-15);
  outcome_clear (after[1]);
  after[1] = NULL; /* not seen yet */
  g_assert_cmpfloat_with_epsilon (esp_agreement (before, after, 2), 2.0 * 1 / (2 + 3), 1e-15);
  for (guint i = 0; i < 2; i++)
    {
      outcome_clear (before[i]);
      outcome_clear (after[i]);
    }
}

/* Twelve objects: found by both, by the first alone, by the second alone, by neither. */
static void
test_mcnemar (void)
{
  const int classes[12] = { 0 };
  EspOutcome *before = outcome_new (12, classes), *after = outcome_new (12, classes);
  guint lost, gained;

  for (int i = 0; i < 12; i++)
    {
      if (i < 9)
        outcome_add (before, 0, .9f, i, i);
      if (i < 2 || i == 10)
        outcome_add (after, 0, i == 1 ? .25f : .9f, i, i); /* number 1 scores too little to count as found */
    }
  g_assert_cmpfloat_with_epsilon (esp_mcnemar (&before, &after, 1, 0, &lost, &gained), 2 * (1 + 9) / 512.0, 1e-12);
  g_assert_cmpuint (lost, ==, 8);
  g_assert_cmpuint (gained, ==, 1);
  g_assert_cmpfloat (esp_mcnemar (&before, &before, 1, -1, &lost, &gained), ==, 1);
  g_assert_cmpfloat (esp_mcnemar (&before, &after, 1, 3, &lost, NULL), ==, 1);
  g_assert_cmpuint (lost, ==, 0);
  outcome_clear (before);
  outcome_clear (after);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/agreement/boxes", test_agreement);
  g_test_add_func ("/agreement/mcnemar", test_mcnemar);
  return g_test_run ();
}
