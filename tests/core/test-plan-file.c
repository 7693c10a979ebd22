/* test-plan-file.c: plan.json there and back, and everything that is refused */
#include "config.h"

#include "base/file.h"
#include "base/hash.h"
#include "prune/plan.h"

#include "prune-common.h"

#include <glib/gstdio.h>

static char *path;

#define SHA1 "1111111111111111111111111111111111111111111111111111111111111111"
#define SHA2 "2222222222222222222222222222222222222222222222222222222222222222"

static char *
read_text (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = esp_file_read (path, 1 << 24, &error);

  g_assert_no_error (error);
  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
write_text (const char *text)
{
  g_assert_true (esp_file_write (path, text, strlen (text), NULL));
}

/* @text with the first @from made @to; it must be there. */
static char *
replace (const char *text, const char *from, const char *to)
{
  const char *place = strstr (text, from);

  if (place == NULL)
    g_error ("“%s” is not in the plan", from);
  return g_strdup_printf ("%.*s%s%s", (int) (place - text), text, to, place + strlen (from));
}

static EspHash
hash_of (EspPlan *plan)
{
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);

  return esp_mask_get_hash (mask);
}

static void
assert_equal (EspPlan *a, EspPlan *b)
{
  g_assert_true (esp_hash_equal (hash_of (a), hash_of (b)));
  g_assert_cmpuint (esp_plan_get_floor (a), ==, esp_plan_get_floor (b));
  g_assert_cmpuint (esp_plan_get_round (a), ==, esp_plan_get_round (b));
  for (guint g = 0; g < esp_plan_get_n_groups (a); g++)
    g_assert_cmpfloat (esp_plan_get_ratio (a, g), ==, esp_plan_get_ratio (b, g));
  for (guint l = 0; l < esp_network_get_n_layers (esp_plan_get_network (a)); l++)
    for (guint c = 0; esp_plan_group_of_layer (a, l) >= 0 && c < (guint) esp_network_get_layer (esp_plan_get_network (a), l)->out.c; c++)
      g_assert_cmpint (esp_plan_get_rule (a, l, c), ==, esp_plan_get_rule (b, l, c));
}

static void
test_round_trip (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (GRand) stream = esp_rng_new (3, 'f', 0);

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (EspScores) scores = random_scores (network, i % 2 ? "l1" : "bn-gamma", i), others = random_scores (network, "random", 99);
      g_autoptr (EspPlan) plan = plan_of (network, scores), again = plan_of (network, others);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspMask) mask = NULL;
      g_autofree char *first = NULL, *second = NULL, *label = NULL;
      const EspHash before = hash_of (again);

      for (guint j = 0; j < 12; j++)
        act_by_lot (plan, stream);
      g_assert_true (esp_plan_save (plan, NULL, SHA1, path, &error));
      first = read_text ();
      g_assert_true (esp_plan_load (again, path, &error));
      g_assert_no_error (error);
      assert_equal (plan, again);
      g_assert_true (esp_plan_save (again, NULL, SHA1, path, &error));
      second = read_text ();
      g_assert_cmpstr (first, ==, second); /* nothing is lost: the same bytes again */
      mask = esp_plan_read_mask (network, path, NULL, SHA1, &error);
      g_assert_no_error (error);
      g_assert_true (esp_hash_equal (esp_mask_get_hash (mask), hash_of (plan)));
      g_object_get (again, "undo-label", &label, NULL);
      g_assert_cmpstr (label, ==, "Open plan “plan.json”");
      esp_plan_undo (again); /* one act, scores and all */
      g_assert_true (esp_hash_equal (hash_of (again), before));
      g_assert_true (esp_plan_get_scores (again) == others);
      esp_plan_redo (again);
      assert_equal (plan, again);
    }
}

/* Kept channels that the ratios do not give: they count, by hand. */
static void
test_kept_counts (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 4);
  g_autoptr (EspScores) scores = random_scores (network, "l1", 1);
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  g_autofree char *text = NULL, *other = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspMask) mask = NULL;

  g_assert_true (esp_plan_save (plan, NULL, NULL, path, NULL));
  text = read_text ();
  other = replace (text, "{\"layer\": 0, \"channels\": 4, \"kept\": [0, 1, 2, 3]}", "{\"layer\": 0, \"channels\": 4, \"kept\": [0, 3]}");
  write_text (other);
  g_test_expect_message ("esp-prune", G_LOG_LEVEL_MESSAGE, "*kept by hand*");
  g_assert_true (esp_plan_load (plan, path, &error));
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  mask = esp_plan_get_mask (plan);
  g_assert_cmpuint (esp_mask_count_kept (mask, 0), ==, 2);
  g_assert_cmpint (esp_plan_get_rule (plan, 0, 1), ==, ESP_CHANNEL_CUT);
}

/* Refused with this in the message, the plan as it was; @both: by esp_plan_read_mask() too. */
static void
assert_refused_file (EspPlan *plan, const char *message, gboolean both)
{
  g_autoptr (GError) error = NULL;
  const EspHash before = hash_of (plan);
  gboolean can_undo = TRUE;

  g_assert_false (esp_plan_load (plan, path, &error));
  g_assert_true (error->domain == ESP_ERROR);
  if (strstr (error->message, message) == NULL || strstr (error->message, path) == NULL)
    g_error ("“%s” does not say “%s” and “%s”", error->message, message, path);
  g_assert_true (esp_hash_equal (before, hash_of (plan)));
  g_object_get (plan, "can-undo", &can_undo, NULL);
  g_assert_false (can_undo);
  g_clear_error (&error);
  if (both)
    {
      g_assert_null (esp_plan_read_mask (esp_plan_get_network (plan), path, NULL, NULL, &error));
      g_assert_true (error != NULL && error->domain == ESP_ERROR && strstr (error->message, message) != NULL);
    }
}

static const struct
{
  const char *from, *to, *message;
  gboolean both;
} damages[] = {
  { "espalier-plan", "espalier-scores", "format: found \"espalier-scores\", expected \"espalier-plan\"", TRUE },
  { "\"version\": 1", "\"version\": 2", "version: found 2, expected 1 to 1", TRUE },
  { "\"version\": 1", "\"version\": 1.5", "found a number, expected a whole number", TRUE },
  { "\"format\": ", "\"form\": ", "no member \"format\"", TRUE },
  { "\"ratio\": 0.25", "\"ratio\": -0.25", "ratio: found -0.25, expected 0 to 1", FALSE },
  { "\"ratio\": 0.25", "\"ratio\": 1.5", "ratio: found 1.5, expected 0 to 1", FALSE },
  { "\"ratio\": 0.25", "\"ratio\": NaN", "not JSON", TRUE },
  { "\"ratio\": 0.25", "\"ratio\": 1e999", "expected a finite number", FALSE },
  { "\"ratio\": 0.25", "\"ratio\": null", "found null, expected a number", FALSE },
  { "\"ratio\": 0.25", "\"ratio\": \"0.25\"", "found a string, expected a number", FALSE },
  { "\"ratio\": 0.25", "\"ratio\": 0.25, \"ratio\": 0.25", "member \"ratio\" is there twice", TRUE },
  { "\"ratio\": 0.25,", "", "no member \"ratio\"", FALSE },
  { "\"name\": \"24×32 backbone\"", "\"name\": \"24×32 neck\"", "has no group \"24×32 neck\"", FALSE },
  { "\"name\": \"24×32 backbone\"", "\"name\": \"12×16 backbone\"", "the layers of group \"12×16 backbone\"", FALSE },
  { "\"layers\": [0, 1, 2, 3, 4, 5, 6]", "\"layers\": [0, 1, 2, 3, 4, 5]", "are not those of this network's", FALSE },
  { "\"layers\": [0, 1, 2, 3, 4, 5, 6]", "\"layers\": 7", "found a number, expected an array", FALSE },
  { "\"floor\": 8", "\"floor\": -8", "floor: found -8", FALSE },
  { "\"round\": 1", "\"round\": 0", "round: found 0, expected 1", FALSE },
  { "\"channels\": [2, 5]", "\"channels\": [5, 2]", "found 2 after 5, expected ascending", FALSE },
  { "\"channels\": [2, 5]", "\"channels\": [2, 2]", "none twice", FALSE },
  { "\"channels\": [2, 5]", "\"channels\": [2, 16]", "found 16, expected 0 to 15", FALSE },
  { "\"cut\": [{\"layer\": 0", "\"cut\": [{\"layer\": 9", "layer 9 is not in this group", FALSE },
  { "\"cut\": [{\"layer\": 0", "\"cut\": [{\"layer\": 8", "layer 8 is no convolution", FALSE },
  { "\"cut\": [{\"layer\": 0", "\"cut\": [{\"layer\": 999", "layer 999 is no convolution", FALSE },
  { "\"protected\": []", "\"protected\": [{\"layer\": 0, \"channels\": [2]}]", "channel 2 is both cut and protected", FALSE },
  { "{\"layer\": 0, \"channels\": 16, \"kept\"", "{\"layer\": 0, \"channels\": 17, \"kept\"", "the plan is for 17 channels", TRUE },
  { "{\"layer\": 0, \"channels\": 16, \"kept\"", "{\"layer\": 1, \"channels\": 16, \"kept\"", "layer 1 is there twice", TRUE },
  { "{\"layer\": 0, \"channels\": 16, \"kept\"", "{\"layer\": 7, \"channels\": 16, \"kept\"", "layer 7 is no convolution", TRUE },
  { "{\"layer\": 27, \"channels\": 21, \"kept\": [0, ", "{\"layer\": 27, \"channels\": 21, \"kept\": [",
    "layer 27: channel 0 is cut, but it stays: head 28 reads layer 27", TRUE },
  { "{\"layer\": 2, \"channels\": 16, \"kept\": [", "{\"layer\": 2, \"channels\": 16, \"kept\": [15], \"k\": [", "goes with channel",
    TRUE },
  { "{\"layer\": 2, \"channels\": 16, \"kept\": [", "{\"layer\": 2, \"channels\": 16, \"kept\": [], \"k\": [", "no channel is kept", TRUE },
  { "\"ranking\": {", "\"ranking\": 7, \"r\": {", "ranking: found a number, expected an object", FALSE },
  { "\"criterion\": \"l1\"", "\"criterion\": 1", "criterion: found a number, expected a string", FALSE },
  { "\"cfg\": \"", "\"cfg\": \"" SHA1 "\", \"c\": \"", "made for another cfg file", FALSE },
  { "\"cfg\": \"", "\"cfg\": \"XYZ\", \"c\": \"", "expected the 64 hexadecimal digits", TRUE },
  { "\"weights\": \"" SHA1 "\"", "\"weights\": \"" SHA2 "\"", "made for another weights file", FALSE },
  { "\"weights\": ", "\"w\": ", "no member \"weights\"", TRUE },
};

static EspPlan *
saved_plan (EspNetwork *network, EspScores *scores)
{
  EspPlan *plan = plan_of (network, scores);
  const EspChannel two[] = { { 0, 2 }, { 0, 5 } };

  esp_plan_set_ratio (plan, 0, .25);
  esp_plan_set_rules (plan, two, 2, ESP_CHANNEL_CUT);
  g_assert_true (esp_plan_save (plan, NULL, SHA1, path, NULL));
  return plan;
}

static void
test_refused (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspScores) scores = random_scores (network, "l1", 1);
  g_autoptr (EspPlan) saved = saved_plan (network, scores), plan = plan_of (network, scores);
  g_autofree char *text = read_text ();

  esp_plan_set_hashes (plan, NULL, SHA1);
  for (guint i = 0; i < G_N_ELEMENTS (damages); i++)
    {
      g_autofree char *damaged = replace (text, damages[i].from, damages[i].to);

      write_text (damaged);
      assert_refused_file (plan, damages[i].message, damages[i].both);
    }
  write_text (text);
  g_assert_true (esp_plan_load (plan, path, NULL));
}

/* A plan of another network; a file that is none; one cut short anywhere; bytes by lot: an error each, nothing changed. */
static void
test_junk (void)
{
  g_autoptr (EspNetwork) network = fastest_network (), other = tiny_network (64, 4);
  g_autoptr (EspScores) scores = random_scores (network, "l1", 1);
  g_autoptr (EspPlan) saved = saved_plan (network, scores), plan = plan_of (network, scores), another = plan_of (other, NULL);
  g_autofree char *text = read_text (), *deep = g_strnfill (1 << 20, '[');
  const gsize n = strlen (text);
  g_autoptr (GRand) stream = esp_rng_new (5, 'j', 0);

  assert_refused_file (another, "made for another cfg file", FALSE);
  g_assert_null (esp_plan_read_mask (other, path, NULL, NULL, NULL)); /* by its shapes, where no hash is known */
  for (gsize cut = 0; cut + 3 < n; cut += n / 61 + 1)
    {
      g_autofree char *some = g_strndup (text, cut);

      write_text (some);
      assert_refused_file (plan, "", TRUE);
    }
  write_text (deep);
  assert_refused_file (plan, "nested deeper", TRUE);
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *damaged = g_strdup (text);
      g_autoptr (EspMask) mask = NULL;

      for (guint j = 0; j < 3; j++)
        damaged[g_rand_int_range (stream, 0, (int) n)] = (char) g_rand_int_range (stream, 1, 256);
      write_text (damaged);
      mask = esp_plan_read_mask (network, path, NULL, NULL, NULL); /* a digit of a score changed is no error: it must only not crash */
    }
  g_remove (path);
  assert_refused_file (plan, "", TRUE);
}

/* A threshold comes back with its ratio; a file without one, as they were before, is read as ever. */
static void
test_threshold (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 4);
  g_autoptr (EspScores) scores = random_scores (network, "l1", 1);
  g_autoptr (EspPlan) plan = plan_of (network, scores), again = plan_of (network, NULL), old = plan_of (network, NULL);
  const guint group = (guint) esp_plan_group_of_layer (plan, 12);
  g_autofree char *text = NULL, *words = NULL, *same = NULL, *bad = NULL, *without = NULL;
  g_autoptr (GError) error = NULL;
  double one = 0, two = 0;

  esp_plan_set_share_by_score (plan, group, .37);
  g_assert_true (esp_plan_save (plan, NULL, NULL, path, &error));
  g_assert_no_error (error);
  text = read_text ();
  g_assert_true (esp_plan_load (again, path, &error));
  g_assert_no_error (error);
  assert_equal (plan, again);
  g_assert_true (esp_plan_get_threshold (plan, group, &one) && esp_plan_get_threshold (again, group, &two));
  g_assert_cmpfloat (one, ==, two);
  g_assert_true (esp_plan_save (again, NULL, NULL, path, &error));
  same = read_text ();
  g_assert_cmpstr (text, ==, same);

  words = g_strndup (strstr (text, ", \"threshold\": "), strcspn (strstr (text, ", \"threshold\": ") + 1, ",") + 1);
  bad = replace (text, words, ", \"threshold\": \"much\"");
  write_text (bad);
  g_assert_false (esp_plan_load (old, path, &error));
  g_assert_nonnull (strstr (error->message, "threshold"));
  g_clear_error (&error);
  without = replace (text, words, "");
  write_text (without);
  g_assert_true (esp_plan_load (old, path, &error)); /* the kept channels decide where the ratio gives others */
  g_assert_no_error (error);
  g_assert_false (esp_plan_get_threshold (old, group, NULL));
  g_assert_true (esp_hash_equal (hash_of (old), hash_of (plan)));
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  path = g_build_filename (folder, "plan.json", NULL);
  g_test_add_func ("/plan-file/round-trip", test_round_trip);
  g_test_add_func ("/plan-file/kept-counts", test_kept_counts);
  g_test_add_func ("/plan-file/refused", test_refused);
  g_test_add_func ("/plan-file/junk", test_junk);
  g_test_add_func ("/plan-file/threshold", test_threshold);
  result = g_test_run ();
  g_remove (path);
  g_rmdir (folder);
  g_free (path);
  return result;
}
