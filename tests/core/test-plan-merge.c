/* test-plan-merge.c: what a shortcut joins, decided about by the votes of its layers */
#include "config.h"

#include <glib/gstdio.h>

#include "prune-common.h"

#define CONV(FILTERS) "[convolutional]\nfilters=" FILTERS "\nactivation=linear\n"

/* Three layers of eight, one sum. At a half the first would let 0 to 3 go, the second 2 to 5, the third 3 to 6. */
static EspPlan *
chain (void)
{
  static const double scores_of[3][8] = { { 0, 1, 2, 3, 4, 5, 6, 7 }, { 4, 5, 0, 1, 2, 3, 6, 7 }, { 4, 5, 6, 0, 1, 2, 3, 7 } };
  static const guint layers[] = { 0, 1, 3 };
  g_autoptr (EspNetwork) network
      = network_of ("[net]\nwidth=8\nheight=8\nchannels=3\n" CONV ("8") CONV ("8") "[shortcut]\nfrom=0\nactivation=linear\n" CONV (
                        "8") "[shortcut]\nfrom=2\nactivation=linear\n" CONV ("6") "[yolo]\nmask=0\nanchors=1,1\nclasses=1\nnum=1\n",
                    NULL);
  g_autoptr (EspScores) scores = esp_scores_new (network, "l1", "by hand");
  EspPlan *plan;

  for (guint i = 0; i < 3; i++)
    for (guint c = 0; c < 8; c++)
      esp_scores_get (scores, layers[i], NULL)[c] = scores_of[i][c];
  plan = plan_of (network, scores);
  esp_plan_set_floor (plan, 1);
  esp_plan_set_ratio (plan, 0, .5);
  return plan;
}

static void
assert_kept (EspPlan *plan, const char *expected)
{
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);
  static const guint layers[] = { 0, 1, 3 };
  char text[9] = { 0 };

  for (guint i = 0; i < 3; i++)
    {
      for (guint c = 0; c < 8; c++)
        text[c] = esp_mask_keeps (mask, layers[i], c) ? '1' : '0';
      g_assert_cmpstr (text, ==, expected);
    }
}

/* By hand: of 0 to 7 there are 1 1 2 3 2 2 1 0 votes to go; the sums are 8 11 8 4 7 10 15 21. */
static void
test_rules (void)
{
  g_autoptr (EspPlan) plan = chain ();

  g_assert_cmpint (esp_plan_get_merge (plan), ==, ESP_MERGE_REDUCE);
  assert_kept (plan, "01000111");
  esp_plan_set_merge (plan, ESP_MERGE_UNION);
  assert_kept (plan, "11101111");
  esp_plan_set_merge (plan, ESP_MERGE_MAJORITY);
  assert_kept (plan, "11000011");
  esp_plan_set_merge (plan, ESP_MERGE_INTERSECTION);
  assert_kept (plan, "00000001");
  esp_plan_set_floor (plan, 3);
  assert_kept (plan, "00000111"); /* first stay those that fewest would let go last */
}

/* Below 3: 0 1 2 of the first, 2 3 4 of the second, 3 4 5 of the third. */
static void
test_threshold (void)
{
  g_autoptr (EspPlan) plan = chain ();

  esp_plan_set_threshold (plan, 0, 3);
  esp_plan_set_merge (plan, ESP_MERGE_UNION);
  assert_kept (plan, "11111111");
  esp_plan_set_merge (plan, ESP_MERGE_MAJORITY);
  assert_kept (plan, "11000111");
  esp_plan_set_merge (plan, ESP_MERGE_INTERSECTION);
  assert_kept (plan, "00000011");
}

/* A protected member keeps its unit; the layers' own runs show what each would let go. */
static void
test_protected (void)
{
  g_autoptr (EspPlan) plan = chain ();
  const EspChannel third = { 3, 3 };
  g_autoptr (GPtrArray) runs = NULL;

  esp_plan_set_merge (plan, ESP_MERGE_INTERSECTION);
  esp_plan_set_rules (plan, &third, 1, ESP_CHANNEL_PROTECTED);
  assert_kept (plan, "00010001");
  runs = esp_plan_get_ranking (plan, 0);
  g_assert_cmpuint (runs->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      const EspRanking *run = g_ptr_array_index (runs, i);

      g_assert_cmpuint (run->n, ==, 8);
      g_assert_cmpuint (run->n_cut, ==, 4);
      for (guint c = 0; c < 8; c++)
        g_assert_cmpfloat (run->values[c], ==, c);
    }
}

/* An act like others, in the file, and a larger ratio cuts all that a smaller one does. */
static void
test_act (void)
{
  g_autoptr (EspPlan) plan = chain (), again = chain ();
  g_autofree char *folder = g_dir_make_tmp ("esp-merge-XXXXXX", NULL), *path = g_build_filename (folder, "plan.json", NULL), *label = NULL;
  g_autoptr (GError) error = NULL;
  EspMerge merge;

  esp_plan_set_merge (plan, ESP_MERGE_MAJORITY);
  label = esp_plan_dup_act_label (plan);
  g_assert_cmpstr (label, ==, "Keep what half of the coupled layers keep");
  esp_plan_undo (plan);
  assert_kept (plan, "01000111");
  esp_plan_redo (plan);
  assert_kept (plan, "11000011");
  g_assert_true (esp_plan_save (plan, NULL, NULL, path, &error));
  g_assert_true (esp_plan_load (again, path, &error));
  g_assert_cmpint (esp_plan_get_merge (again), ==, ESP_MERGE_MAJORITY);
  assert_kept (again, "11000011");
  g_assert_false (esp_merge_parse ("most", &merge, &error));
  g_assert_cmpstr (error->message, ==, "merge rule \"most\": expected reduce, union, majority or intersection");
  g_remove (path);
  g_rmdir (folder);
}

static void
test_superset (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();

  for (guint m = ESP_MERGE_UNION; m < ESP_N_MERGES; m++)
    {
      g_autoptr (EspScores) scores = random_scores (network, m % 2 ? "l1" : "bn-gamma", m);
      g_autoptr (EspPlan) plan = plan_of (network, scores);
      g_autoptr (EspMask) before = esp_plan_get_mask (plan);

      esp_plan_set_merge (plan, (EspMerge) m);
      esp_plan_set_floor (plan, 1);
      for (guint step = 1; step < 20; step++)
        {
          g_autoptr (EspMask) mask = NULL;

          for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
            esp_plan_set_ratio (plan, g, step / 20.);
          mask = esp_plan_get_mask (plan);
          assert_mask_fits (network, esp_plan_get_coupling (plan), mask);
          for (guint c = 0; c < 12; c++)
            g_assert_true (esp_mask_keeps (before, 3, c) || !esp_mask_keeps (mask, 3, c) || step > 17); /* but for the floor */
          esp_mask_unref (before);
          before = g_steal_pointer (&mask);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan-merge/rules", test_rules);
  g_test_add_func ("/plan-merge/threshold", test_threshold);
  g_test_add_func ("/plan-merge/protected", test_protected);
  g_test_add_func ("/plan-merge/act", test_act);
  g_test_add_func ("/plan-merge/superset", test_superset);
  return g_test_run ();
}
