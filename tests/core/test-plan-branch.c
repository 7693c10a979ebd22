/* test-plan-branch.c: branches of a plan: made, renamed, switched, deleted, each with its own undo, and kept in its file */
#include "config.h"

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "prune/plan-branch.h"

#include "prune-common.h"

static EspHash
hash_of (EspPlan *plan)
{
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);
  g_autoptr (EspPlanState) state = esp_plan_get_state (plan);

  return esp_hash_combine (esp_mask_get_hash (mask), esp_plan_state_get_hash (state));
}

static void
assert_label (EspPlan *plan, const char *name, const char *expected)
{
  g_autofree char *label = NULL;

  g_object_get (plan, name, &label, NULL);
  g_assert_cmpstr (label, ==, expected);
}

static void
count_up (EspPlan *plan, guint *n)
{
  ++*n;
}

static void
test_switch (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 4);
  g_autoptr (EspScores) one = random_scores (network, "l1", 1), two = random_scores (network, "bn-gamma", 2);
  g_autoptr (EspPlan) plan = plan_of (network, one);
  g_autoptr (GError) error = NULL;
  EspHash first, second;
  guint n_changed = 0, n_told = 0;

  g_signal_connect (plan, "changed", G_CALLBACK (count_up), &n_changed);
  g_signal_connect (plan, "branches-changed", G_CALLBACK (count_up), &n_told);
  g_assert_cmpstr (esp_plan_get_branch_name (plan, 0), ==, "main");
  esp_plan_set_ratio (plan, 0, .5);
  g_assert_true (esp_plan_add_branch (plan, "bold", &error));
  g_assert_cmpuint (esp_plan_get_branch (plan), ==, 0);
  g_assert_cmpuint (n_told, ==, 1);
  first = hash_of (plan);
  esp_plan_begin (plan); /* an act that is open ends with its branch */
  esp_plan_set_ratio (plan, 1, .25);
  second = hash_of (plan);
  n_changed = 0;
  esp_plan_switch_branch (plan, 1);
  g_assert_cmpuint (n_changed, ==, 1);
  g_assert_true (esp_hash_equal (hash_of (plan), first));
  assert_label (plan, "undo-label", "64×64 backbone to 50 %");
  esp_plan_set_scores (plan, two);
  esp_plan_set_overall (plan, .75);
  esp_plan_undo (plan);
  assert_label (plan, "redo-label", "All groups together to 75 %");
  esp_plan_switch_branch (plan, 0);
  g_assert_true (esp_hash_equal (hash_of (plan), second));
  g_assert_true (esp_plan_get_scores (plan) == one);
  assert_label (plan, "redo-label", NULL);
  assert_label (plan, "undo-label", "32×32 backbone to 25 %");
  esp_plan_switch_branch (plan, 1);
  g_assert_true (esp_plan_get_scores (plan) == two);
  esp_plan_redo (plan);
  g_assert_true (esp_plan_get_overall (plan, NULL));
  esp_plan_undo (plan);
  esp_plan_undo (plan); /* before it was a branch */
  assert_label (plan, "undo-label", NULL);
}

static void
test_names (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 8);
  g_autoptr (EspPlan) plan = plan_of (network, NULL);
  g_autofree char *eighty = g_strnfill (80, 'x'), *more = g_strnfill (81, 'x');
  const char *const wrong[][2] = {
    { "main", "there is a branch “main” already" },
    { "", "the name of a branch: found 0 bytes, expected 1 to 80 characters" },
    { more, "the name of a branch: found 81 bytes, expected 1 to 80 characters" },
    { "a\nb", "the name of a branch holds U+000A, expected words" },
    { "\xff", "the name of a branch: found 1 bytes that are not UTF-8, expected 1 to 80 characters" },
  };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_assert_false (esp_plan_add_branch (plan, wrong[i][0], &error));
      g_assert_cmpstr (error->message, ==, wrong[i][1]);
      g_clear_error (&error);
    }
  g_assert_true (esp_plan_add_branch (plan, eighty, &error));
  g_assert_false (esp_plan_rename_branch (plan, 0, eighty, &error));
  g_clear_error (&error);
  g_assert_true (esp_plan_rename_branch (plan, 0, "main", &error)); /* as it is */
  g_assert_true (esp_plan_rename_branch (plan, 0, "Grün 2", &error));
  g_assert_cmpint (esp_plan_find_branch (plan, "Grün 2"), ==, 0);
  g_assert_false (esp_plan_delete_branch (plan, 0, &error));
  g_assert_cmpstr (error->message, ==, "“Grün 2” is the branch in hand: switch to another before it is deleted");
  g_clear_error (&error);
  for (guint i = 2; i < ESP_MOST_BRANCHES; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      g_assert_true (esp_plan_add_branch (plan, name, &error));
    }
  g_assert_false (esp_plan_add_branch (plan, "one more", &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_LIMIT);
}

static void
test_delete (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 8);
  g_autoptr (EspPlan) plan = plan_of (network, NULL);
  g_autoptr (GError) error = NULL;
  EspHash hash;

  g_assert_true (esp_plan_add_branch (plan, "a", &error) && esp_plan_add_branch (plan, "b", &error));
  esp_plan_switch_branch (plan, 1);
  esp_plan_set_ratio (plan, 0, .5);
  hash = hash_of (plan);
  esp_plan_switch_branch (plan, 2);
  g_assert_true (esp_plan_delete_branch (plan, 1, &error));
  g_assert_cmpuint (esp_plan_get_n_branches (plan), ==, 2);
  g_assert_cmpuint (esp_plan_get_branch (plan), ==, 1);
  g_assert_cmpstr (esp_plan_get_branch_name (plan, 1), ==, "b");
  g_assert_true (esp_plan_rename_branch (plan, 1, "a", &error)); /* its name is free */
  g_assert_true (esp_plan_restore_branch (plan));
  g_assert_false (esp_plan_restore_branch (plan));
  g_assert_cmpstr (esp_plan_get_branch_name (plan, 2), ==, "a (2)");
  esp_plan_switch_branch (plan, 2);
  g_assert_true (esp_hash_equal (hash_of (plan), hash));
  esp_plan_undo (plan);
  g_assert_cmpfloat (esp_plan_get_ratio (plan, 0), ==, 0);
}

static void
branch_by_lot (EspPlan *plan, GRand *stream)
{
  const guint n = esp_plan_get_n_branches (plan), one = (guint) g_rand_int_range (stream, 0, (int) n);
  g_autofree char *name = g_strdup_printf ("%u", g_rand_int (stream));

  switch (g_rand_int_range (stream, 0, 6))
    {
    case 0:
      if (n < 8)
        esp_plan_add_branch (plan, name, NULL);
      break;
    case 1:
      esp_plan_rename_branch (plan, one, name, NULL);
      break;
    case 2:
      if (one != esp_plan_get_branch (plan))
        esp_plan_delete_branch (plan, one, NULL);
      break;
    case 3:
      esp_plan_restore_branch (plan);
      break;
    default:
      esp_plan_switch_branch (plan, one);
    }
}

/* 1,000 acts by lot, a tenth of them on branches, with undo and redo between; then undoing all of any branch leads to the beginning. */
static void
test_undo_all (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspScores) scores = random_scores (network, "l1", 2);
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  g_autoptr (GRand) stream = esp_rng_new (5, 'b', 0);
  const EspHash first = hash_of (plan);
  guint n = 0;

  for (guint i = 0; i < 1000; i++)
    {
      const int what = g_rand_int_range (stream, 0, 20);

      if (what < 2)
        branch_by_lot (plan, stream);
      else if (what == 2)
        esp_plan_undo (plan);
      else if (what == 3)
        esp_plan_redo (plan);
      else
        act_by_lot (plan, stream);
    }
  while (esp_plan_restore_branch (plan))
    n++;
  g_assert_cmpuint (n, >, 0);
  for (guint b = 0; b < esp_plan_get_n_branches (plan); b++)
    {
      const EspHash before = (esp_plan_switch_branch (plan, b), hash_of (plan));
      gboolean more = TRUE;

      for (n = 0; g_object_get (plan, "can-undo", &more, NULL), more; n++)
        esp_plan_undo (plan);
      g_assert_true (esp_hash_equal (hash_of (plan), first));
      for (guint i = 0; i < n; i++)
        esp_plan_redo (plan);
      g_assert_true (esp_hash_equal (hash_of (plan), before));
    }
}

static void
assert_branch (EspPlan *a, EspPlan *b, const char *name)
{
  const int x = esp_plan_find_branch (a, name), y = esp_plan_find_branch (b, name);
  g_autoptr (EspPlanState) one = NULL, other = NULL;
  g_autoptr (EspMask) first = NULL, second = NULL;

  g_assert_cmpint (x, >=, 0);
  g_assert_cmpint (y, >=, 0);
  one = esp_plan_get_branch_state (a, (guint) x);
  other = esp_plan_get_branch_state (b, (guint) y);
  g_assert_true (esp_hash_equal (esp_plan_state_get_hash (one), esp_plan_state_get_hash (other)));
  first = esp_plan_get_branch_mask (a, (guint) x);
  second = esp_plan_get_branch_mask (b, (guint) y);
  g_assert_true (esp_hash_equal (esp_mask_get_hash (first), esp_mask_get_hash (second)));
}

static void
test_file (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspScores) one = random_scores (network, "l1", 1), two = random_scores (network, "bn-gamma", 2);
  g_autoptr (EspPlan) plan = plan_of (network, one), again = plan_of (network, NULL);
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL), *path = g_build_filename (folder, "plan.json", NULL);
  g_autoptr (GRand) stream = esp_rng_new (9, 'b', 0);
  g_autofree char *first = NULL, *second = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_plan_add_branch (plan, "same scores", &error) && esp_plan_add_branch (plan, "other “scores”", &error));
  for (guint b = 0; b < 3; b++)
    {
      esp_plan_switch_branch (plan, b);
      if (b == 2)
        esp_plan_set_scores (plan, two);
      for (guint i = 0; i < 10; i++)
        act_by_lot (plan, stream);
    }
  esp_plan_switch_branch (plan, 1);
  g_assert_true (esp_plan_save (plan, NULL, NULL, path, &error));
  g_assert_true (esp_plan_load (again, path, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (esp_plan_get_n_branches (again), ==, 3);
  g_assert_cmpstr (esp_plan_get_branch_name (again, esp_plan_get_branch (again)), ==, "same scores");
  assert_branch (plan, again, "main");
  assert_branch (plan, again, "same scores");
  assert_branch (plan, again, "other “scores”");
  g_assert_true (esp_plan_load (again, path, &error)); /* opened again: nothing twice */
  g_assert_cmpuint (esp_plan_get_n_branches (again), ==, 3);
  g_assert_true (esp_plan_save (again, NULL, NULL, path, &error));
  g_assert_true (g_file_get_contents (path, &first, NULL, NULL));
  g_assert_true (esp_plan_load (again, path, &error) && esp_plan_save (again, NULL, NULL, path, &error));
  g_assert_true (g_file_get_contents (path, &second, NULL, NULL));
  g_assert_cmpstr (first, ==, second);
  g_remove (path);
  g_rmdir (folder);
}

/* A file changed by hand: told what is wrong, and nothing of it is taken. */
static void
test_refused (void)
{
  static const struct
  {
    const char *from, *to, *message;
  } cases[] = {
    { "\"name\": \"b\"", "\"name\": \"main\"", ": branches[0]: branch \"main\" is there twice" },
    { "\"name\": \"b\"", "\"name\": \"\"", "the name of a branch: found 0 bytes, expected 1 to 80 characters" },
    { "\"name\": \"b\"", "\"name\": 3", ": branches[0]: name: " },
    { "\"branch\": \"main\"", "\"branch\": []", ": branch: " },
    { "\"branches\": [", "\"branches\": [7, ", ": branches: element 0: " },
  };
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspPlan) plan = plan_of (network, NULL), again = plan_of (network, NULL);
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL), *path = g_build_filename (folder, "plan.json", NULL), *text = NULL;
  g_autoptr (GError) error = NULL;
  const EspHash before = hash_of (again);

  g_assert_true (esp_plan_add_branch (plan, "b", &error));
  esp_plan_set_ratio (plan, 0, .5);
  g_assert_true (esp_plan_save (plan, NULL, NULL, path, &error));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) changed = g_string_new (text);

      g_assert_cmpuint (g_string_replace (changed, cases[i].from, cases[i].to, 1), ==, 1);
      g_assert_true (esp_file_write (path, changed->str, changed->len, NULL));
      g_assert_false (esp_plan_load (again, path, &error));
      if (strstr (error->message, cases[i].message) == NULL)
        g_error ("found \"%s\", expected \"%s\" in it", error->message, cases[i].message);
      g_assert_cmpuint (esp_plan_get_n_branches (again), ==, 1);
      g_assert_true (esp_hash_equal (hash_of (again), before));
      g_clear_error (&error);
    }
  g_remove (path);
  g_rmdir (folder);
}

static EspKeepClasses *
keep_of (EspNetwork *network, const char *text)
{
  g_autoptr (GError) error = NULL;
  EspKeepClasses *keep = esp_keep_classes_parse (text, NULL, (guint) esp_network_get_classes (network), &error);

  g_assert_no_error (error);
  return keep;
}

/* Each branch has its own kept classes and scores, also where that is none; in its file, too. */
static void
test_classes (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspScores) scores = random_scores (network, "l1", 1);
  g_autoptr (EspPlan) plan = plan_of (network, NULL), again = plan_of (network, scores);
  g_autoptr (EspKeepClasses) two = keep_of (network, "0,1"), one = keep_of (network, "1");
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL), *path = g_build_filename (folder, "plan.json", NULL);
  g_autoptr (GError) error = NULL;
  gboolean more = TRUE;

  g_assert_true (esp_plan_add_branch (plan, "few", &error) && esp_plan_add_branch (plan, "all", &error));
  esp_plan_set_keep_classes (plan, two);
  esp_plan_switch_branch (plan, 1);
  g_assert_null (esp_plan_get_keep_classes (plan));
  esp_plan_set_keep_classes (plan, one);
  esp_plan_switch_branch (plan, 2);
  g_assert_null (esp_plan_get_keep_classes (plan));
  g_object_get (plan, "can-undo", &more, NULL);
  g_assert_false (more);
  esp_plan_set_scores (plan, scores);
  esp_plan_switch_branch (plan, 0);
  g_assert_true (esp_plan_get_keep_classes (plan) == two);
  g_assert_null (esp_plan_get_scores (plan));
  g_assert_true (esp_plan_save (plan, NULL, NULL, path, &error));
  g_assert_true (esp_plan_load (again, path, &error));
  g_assert_no_error (error);
  for (guint b = 0; b < 3; b++)
    assert_branch (plan, again, esp_plan_get_branch_name (plan, b));
  g_assert_null (esp_plan_get_scores (again));
  g_assert_cmpuint (esp_keep_classes_get_n (esp_plan_get_keep_classes (again)), ==, 2);
  esp_plan_undo (again); /* one act, classes and scores too */
  g_assert_true (esp_plan_get_scores (again) == scores);
  g_assert_null (esp_plan_get_keep_classes (again));
  esp_plan_redo (again);
  g_assert_null (esp_plan_get_scores (again));
  esp_plan_switch_branch (again, (guint) esp_plan_find_branch (again, "few"));
  g_assert_cmpuint (esp_keep_classes_get_n (esp_plan_get_keep_classes (again)), ==, 1);
  g_remove (path);
  g_rmdir (folder);
}

/* A branch that somebody worked on keeps its name; branches for which there is no room are refused with all else. */
static void
test_room (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspPlan) plan = plan_of (network, NULL), worked = plan_of (network, NULL), full = plan_of (network, NULL);
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL), *path = g_build_filename (folder, "plan.json", NULL);
  g_autoptr (GError) error = NULL;
  EspHash before;

  g_assert_true (esp_plan_rename_branch (plan, 0, "theirs", &error));
  for (guint i = 1; i < 4; i++)
    {
      g_autofree char *name = g_strdup_printf ("theirs %u", i);

      g_assert_true (esp_plan_add_branch (plan, name, &error));
    }
  g_assert_true (esp_plan_save (plan, NULL, NULL, path, &error));
  esp_plan_set_ratio (worked, 0, .5);
  g_assert_true (esp_plan_load (worked, path, &error));
  g_assert_cmpstr (esp_plan_get_branch_name (worked, 0), ==, "main");
  g_assert_cmpuint (esp_plan_get_n_branches (worked), ==, 4);
  for (guint i = 1; i < ESP_MOST_BRANCHES - 2; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      g_assert_true (esp_plan_add_branch (full, name, &error));
    }
  esp_plan_set_ratio (full, 0, .25);
  before = hash_of (full);
  g_assert_false (esp_plan_load (full, path, &error)); /* room for two, and there are three */
  g_assert_error (error, ESP_ERROR, ESP_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, "3 branches besides the 62 that the plan has: a plan has at most 64"));
  g_assert_cmpuint (esp_plan_get_n_branches (full), ==, ESP_MOST_BRANCHES - 2);
  g_assert_true (esp_hash_equal (hash_of (full), before));
  g_remove (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan-branch/switch", test_switch);
  g_test_add_func ("/plan-branch/names", test_names);
  g_test_add_func ("/plan-branch/delete", test_delete);
  g_test_add_func ("/plan-branch/undo-all", test_undo_all);
  g_test_add_func ("/plan-branch/file", test_file);
  g_test_add_func ("/plan-branch/refused", test_refused);
  g_test_add_func ("/plan-branch/classes", test_classes);
  g_test_add_func ("/plan-branch/room", test_room);
  return g_test_run ();
}
