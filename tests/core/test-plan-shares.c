/* test-plan-shares.c: counts, layers with a share of their own, floors of theirs, and one ranking over all groups */
#include "config.h"

#include <math.h>

#include <glib/gstdio.h>

#include "base/rng.h"
#include "prune/plan.h"

#include "prune-common.h"

#define BACKBONE "2×2 backbone"

static guint
kept (EspPlan *plan, guint layer)
{
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);

  return esp_mask_count_kept (mask, layer);
}

static void
assert_label (EspPlan *plan, const char *expected)
{
  g_autofree char *label = NULL;

  g_object_get (plan, "undo-label", &label, NULL);
  g_assert_cmpstr (label, ==, expected);
}

static EspHash
hash_of (EspPlan *plan)
{
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);
  g_autoptr (EspPlanState) state = esp_plan_get_state (plan);

  return esp_hash_combine (esp_mask_get_hash (mask), esp_plan_state_get_hash (state));
}

/* Distinct numbers, of a size of their own in every layer. */
static EspScores *
scaled_scores (EspNetwork *network, const char *criterion, guint64 seed)
{
  EspScores *scores = esp_scores_new (network, criterion, "scaled");
  g_autoptr (GRand) stream = esp_rng_new (seed, 'c', 0);

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      const double size = pow (10, g_rand_double_range (stream, -3, 3));
      guint n = 0;
      double *values = esp_scores_get (scores, l, &n);

      for (guint i = 0; values != NULL && i < n; i++)
        values[i] = size * g_rand_double (stream);
    }
  return scores;
}

static void
test_count (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 1);
  g_autoptr (EspScores) scores = scaled_scores (network, "l1", 1);
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  const guint group = (guint) esp_plan_find_group (plan, BACKBONE); /* layers 10 and 12: 512 and 1024 */

  esp_plan_set_count (plan, group, 768);
  g_assert_cmpuint (kept (plan, 10), ==, 256);
  g_assert_cmpuint (kept (plan, 12), ==, 512);
  g_assert_cmpfloat (esp_plan_get_ratio (plan, group), ==, .5);
  g_assert_cmpint (esp_plan_get_share (plan, group).kind, ==, ESP_SHARE_COUNT);
  g_assert_cmpfloat (esp_plan_get_share (plan, group).value, ==, 768);
  assert_label (plan, BACKBONE " to 768 channels");
  for (guint n = 20; n <= 1536; n += 7) /* never fewer, at most one a layer more */
    {
      esp_plan_set_floor (plan, 0);
      esp_plan_set_count (plan, group, n);
      g_assert_cmpuint (esp_plan_count_kept (plan, group), >=, n);
      g_assert_cmpuint (esp_plan_count_kept (plan, group), <=, n + 1);
    }
  esp_plan_set_count (plan, group, 99999);
  g_assert_cmpuint (esp_plan_count_kept (plan, group), ==, 1536);
  esp_plan_set_ratio (plan, group, .25);
  g_assert_cmpint (esp_plan_get_share (plan, group).kind, ==, ESP_SHARE_RATIO);
  g_assert_cmpuint (kept (plan, 12), ==, 768);
  esp_plan_undo (plan);
  g_assert_cmpint (esp_plan_get_share (plan, group).kind, ==, ESP_SHARE_COUNT);
}

static void
test_layer (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 1);
  g_autoptr (EspScores) scores = scaled_scores (network, "l1", 2);
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  const guint group = (guint) esp_plan_find_group (plan, BACKBONE);
  const double *values = esp_scores_get (scores, 12, NULL);
  g_autoptr (GPtrArray) ranking = NULL;
  guint below = 0;

  esp_plan_set_ratio (plan, group, .5);
  for (guint n = 8; n <= 1024; n += 127)
    {
      esp_plan_set_layer_share (plan, 12, (EspShare){ ESP_SHARE_COUNT, n });
      g_assert_cmpuint (kept (plan, 12), ==, n);
    }
  esp_plan_set_layer_share (plan, 12, (EspShare){ ESP_SHARE_COUNT, 100 });
  assert_label (plan, "Layer 12 to 100 channels");
  g_assert_cmpuint (kept (plan, 10), ==, 256);
  esp_plan_set_ratio (plan, group, .25); /* the layer keeps its own */
  g_assert_cmpuint (kept (plan, 10), ==, 384);
  g_assert_cmpuint (kept (plan, 12), ==, 100);
  ranking = esp_plan_get_ranking (plan, group);
  g_assert_cmpuint (ranking->len, ==, 2);
  g_assert_cmpuint (((EspRanking *) g_ptr_array_index (ranking, 1))->layer, ==, 12);
  g_assert_cmpuint (((EspRanking *) g_ptr_array_index (ranking, 1))->n_cut, ==, 924);
  esp_plan_set_layer_share (plan, 12, (EspShare){ ESP_SHARE_RATIO, .75 });
  g_assert_cmpuint (kept (plan, 12), ==, 256);
  assert_label (plan, "Layer 12 to 75 %");
  esp_plan_set_layer_share (plan, 12, (EspShare){ ESP_SHARE_THRESHOLD, values[3] });
  for (guint c = 0; c < 1024; c++)
    below += values[c] < values[3];
  g_assert_cmpuint (kept (plan, 12), ==, MAX (1024 - below, 8));
  g_assert_cmpint (esp_plan_get_layer_share (plan, 12).kind, ==, ESP_SHARE_THRESHOLD);
  esp_plan_set_layer_share (plan, 12, (EspShare){ ESP_SHARE_GROUP, 0 });
  assert_label (plan, "Layer 12 as its group");
  g_assert_cmpint (esp_plan_get_layer_share (plan, 12).kind, ==, ESP_SHARE_GROUP);
  g_assert_cmpuint (kept (plan, 12), ==, 768);
  esp_plan_set_layer_share (plan, 22, (EspShare){ ESP_SHARE_RATIO, .5 }); /* before a head: passed over */
  assert_label (plan, "Layer 12 as its group");
}

/* Layers that only go together have one share among them. */
static void
test_coupled_layer (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspScores) scores = scaled_scores (network, "l1", 3);
  g_autoptr (EspPlan) plan = plan_of (network, scores);

  esp_plan_set_floor (plan, 1);
  esp_plan_set_layer_share (plan, 6, (EspShare){ ESP_SHARE_COUNT, 5 });
  g_assert_cmpuint (kept (plan, 3), ==, 5);
  g_assert_cmpuint (kept (plan, 6), ==, 5);
  g_assert_cmpfloat (esp_plan_get_layer_share (plan, 3).value, ==, 5);
  esp_plan_set_layer_share (plan, 3, (EspShare){ ESP_SHARE_RATIO, .25 });
  g_assert_cmpuint (kept (plan, 6), ==, 9);
  g_assert_cmpint (esp_plan_get_layer_share (plan, 6).kind, ==, ESP_SHARE_RATIO);
  esp_plan_set_layer_share (plan, 6, (EspShare){ ESP_SHARE_GROUP, 0 }); /* from either side */
  g_assert_cmpuint (kept (plan, 3), ==, 12);
  g_assert_cmpint (esp_plan_get_layer_share (plan, 3).kind, ==, ESP_SHARE_GROUP);
}

static void
test_floors (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 1);
  g_autoptr (EspScores) scores = scaled_scores (network, "l1", 4);
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  const guint group = (guint) esp_plan_find_group (plan, BACKBONE);

  esp_plan_set_ratio (plan, group, 1);
  esp_plan_set_layer_floor (plan, 12, 48);
  assert_label (plan, "Keep at least 48 channels of layer 12");
  g_assert_cmpuint (kept (plan, 10), ==, 8);
  g_assert_cmpuint (kept (plan, 12), ==, 48);
  esp_plan_set_layer_floor (plan, 12, 3); /* lower than the plan's, too */
  g_assert_cmpuint (kept (plan, 12), ==, 3);
  esp_plan_set_layer_floor (plan, 12, -1);
  assert_label (plan, "Layer 12 to the floor of all");
  g_assert_cmpuint (kept (plan, 12), ==, 8);
  esp_plan_set_layer_rule (plan, 12, ESP_CHANNEL_PROTECTED);
  assert_label (plan, "Protect layer 12");
  g_assert_cmpuint (kept (plan, 12), ==, 1024);
  g_assert_cmpuint (kept (plan, 10), ==, 8);
  esp_plan_set_layer_rule (plan, 12, ESP_CHANNEL_BY_RANK);
  assert_label (plan, "Restore layer 12");
  g_assert_cmpuint (kept (plan, 12), ==, 8);
}

static guint
count_prunable (EspPlan *plan, gboolean all)
{
  guint n = 0;

  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    n += all ? esp_plan_get_group (plan, g)->n_channels : esp_plan_count_kept (plan, g);
  return n;
}

/* What an overall ranking keeps, by definition: sorts all prunable channels by score over each layer's Euclidean length. */
static void
assert_overall (EspPlan *plan, EspScores *scores, double ratio)
{
  EspNetwork *network = esp_plan_get_network (plan);
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);
  double highest_cut = -INFINITY, lowest_kept = INFINITY;
  const guint total = count_prunable (plan, TRUE);

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      guint n = 0;
      const double *values = esp_scores_get (scores, l, &n);
      double squares = 0;

      for (guint c = 0; c < n; c++)
        squares += values[c] * values[c];
      for (guint c = 0; esp_plan_group_of_layer (plan, l) >= 0 && c < n; c++)
        {
          const double score = values[c] / sqrt (squares);

          if (esp_mask_keeps (mask, l, c))
            lowest_kept = MIN (lowest_kept, score);
          else
            highest_cut = MAX (highest_cut, score);
        }
    }
  g_assert_cmpfloat (highest_cut, <, lowest_kept);
  g_assert_cmpuint (total - count_prunable (plan, FALSE), ==, (guint) floor (ratio * total + 1e-9));
}

static void
test_overall (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 1); /* nothing is coupled */
  g_autoptr (EspScores) scores = scaled_scores (network, "l1", 5);
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  const guint group = (guint) esp_plan_find_group (plan, BACKBONE);
  double ratio = 0;

  esp_plan_set_floor (plan, 0);
  g_assert_false (esp_plan_get_overall (plan, NULL));
  g_assert_cmpint (esp_plan_get_norm (plan), ==, ESP_NORM_L2);
  for (guint i = 1; i < 10; i++)
    {
      esp_plan_set_overall (plan, i / 10.0);
      assert_overall (plan, scores, i / 10.0);
    }
  esp_plan_set_overall (plan, .4);
  assert_label (plan, "All groups together to 40 %");
  g_assert_true (esp_plan_get_overall (plan, &ratio));
  g_assert_cmpfloat (ratio, ==, .4);
  g_assert_cmpint (esp_plan_get_share (plan, group).kind, ==, ESP_SHARE_OVERALL);
  g_assert_cmpfloat (esp_plan_get_ratio (plan, group), ==, (1536 - esp_plan_count_kept (plan, group)) / 1536.0);

  esp_plan_set_ratio (plan, group, .5); /* leaves it */
  assert_label (plan, BACKBONE " to 50 %");
  g_assert_cmpuint (kept (plan, 12), ==, 512);
  g_assert_true (esp_plan_get_overall (plan, NULL));
  esp_plan_join_overall (plan, group);
  assert_label (plan, BACKBONE " ranked with all groups together");
  assert_overall (plan, scores, .4);
  esp_plan_set_layer_share (plan, 12, (EspShare){ ESP_SHARE_COUNT, 77 }); /* stays out */
  g_assert_cmpuint (kept (plan, 12), ==, 77);
  esp_plan_reset (plan);
  g_assert_false (esp_plan_get_overall (plan, NULL));
  g_assert_cmpuint (count_prunable (plan, FALSE), ==, count_prunable (plan, TRUE));
  esp_plan_undo (plan);
  esp_plan_undo (plan);
  assert_overall (plan, scores, .4);
}

/* Scores of other sizes in each layer: normalised, they give the same plan whatever the sizes; as they are, they do not. */
static void
test_norms (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 2);
  g_autoptr (EspScores) scores = scaled_scores (network, "l1", 6), resized = scaled_scores (network, "l1", 6);
  g_autoptr (EspPlan) one = plan_of (network, scores), other = NULL;

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      guint n = 0;
      double *values = esp_scores_get (resized, l, &n);

      for (guint i = 0; values != NULL && i < n; i++)
        values[i] *= ldexp (1, (int) (l % 7) - 3); /* exact */
    }
  other = plan_of (network, resized);
  for (guint norm = 0; norm < ESP_N_NORMS; norm++)
    {
      g_autoptr (EspMask) a = NULL, b = NULL;
      EspNorm again;

      g_assert_true (esp_norm_parse (esp_norm_name (norm), &again, NULL));
      g_assert_cmpint (again, ==, norm);
      esp_plan_set_overall (one, .5);
      esp_plan_set_overall (other, .5);
      esp_plan_set_norm (one, norm);
      esp_plan_set_norm (other, norm);
      a = esp_plan_get_mask (one);
      b = esp_plan_get_mask (other);
      g_assert_cmpint (esp_hash_equal (esp_mask_get_hash (a), esp_mask_get_hash (b)), ==, norm != ESP_NORM_NONE);
    }
  assert_label (one, "Compare layers by the place within each layer");
}

static void
test_normalise (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 8);
  g_autoptr (EspScores) scores = esp_scores_new (network, "l1", NULL);
  const double expected[ESP_N_NORMS][2]
      = { { 3, -4 }, { .75, -1 }, { .6, -.8 }, { 3 / 7., -4 / 7. }, { 6 / 7., -8 / 7. }, { 2 / 2., 1 / 2. } };
  g_autoptr (GError) error = NULL;
  EspNorm norm;

  esp_scores_get (scores, 0, NULL)[0] = 3; /* two channels */
  esp_scores_get (scores, 0, NULL)[1] = -4;
  esp_scores_get (scores, 2, NULL)[1] = 1e308;
  esp_scores_get (scores, 2, NULL)[2] = 1e308;
  for (guint i = 0; i < ESP_N_NORMS; i++)
    {
      g_autoptr (EspScores) made = esp_scores_normalise (network, scores, i);

      for (guint c = 0; c < 2; c++)
        g_assert_cmpfloat_with_epsilon (esp_scores_get (made, 0, NULL)[c], expected[i][c], 1e-15);
      g_assert_true (isfinite (esp_scores_get (made, 2, NULL)[1]));
      g_assert_cmpfloat (esp_scores_get (made, 4, NULL)[0], ==, i == ESP_NORM_RANK ? 4.5 / 8 : 0); /* all alike */
    }
  g_assert_false (esp_norm_parse ("softmax", &norm, &error));
  g_assert_cmpstr (error->message, ==, "normalisation \"softmax\": expected none, max, l2, sum, mean or rank");
}

/* All of it comes back from a file, to the last bit of what is said. */
static void
test_file (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL), *path = g_build_filename (folder, "plan.json", NULL);
  g_autoptr (GRand) stream = esp_rng_new (3, 'f', 0);

  for (guint i = 0; i < 60; i++)
    {
      g_autoptr (EspScores) scores = random_scores (network, i % 2 ? "l1" : "bn-gamma", i);
      g_autoptr (EspPlan) plan = plan_of (network, scores), again = plan_of (network, NULL);
      g_autoptr (GError) error = NULL;
      g_autofree char *first = NULL, *second = NULL;

      for (guint k = 0; k < 12; k++)
        act_by_lot (plan, stream);
      g_assert_true (esp_plan_save (plan, NULL, NULL, path, &error));
      g_assert_no_error (error);
      g_assert_true (g_file_get_contents (path, &first, NULL, NULL));
      g_assert_true (esp_plan_load (again, path, &error));
      g_assert_no_error (error);
      g_assert_true (esp_hash_equal (hash_of (plan), hash_of (again)));
      g_assert_true (esp_plan_save (again, NULL, NULL, path, &error));
      g_assert_true (g_file_get_contents (path, &second, NULL, NULL));
      g_assert_cmpstr (first, ==, second);
      esp_plan_undo (again); /* one act */
      g_assert_cmpuint (count_prunable (again, FALSE), ==, count_prunable (again, TRUE));
    }
  g_remove (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan-shares/count", test_count);
  g_test_add_func ("/plan-shares/layer", test_layer);
  g_test_add_func ("/plan-shares/coupled-layer", test_coupled_layer);
  g_test_add_func ("/plan-shares/floors", test_floors);
  g_test_add_func ("/plan-shares/overall", test_overall);
  g_test_add_func ("/plan-shares/norms", test_norms);
  g_test_add_func ("/plan-shares/normalise", test_normalise);
  g_test_add_func ("/plan-shares/file", test_file);
  return g_test_run ();
}
