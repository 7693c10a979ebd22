/* test-plan.c: ratios, floors, rounding, what is chosen by hand, and undo */
#include "config.h"

#include <math.h>

#include "base/rng.h"
#include "net/cut.h"
#include "prune/plan.h"

#include "prune-common.h"

/* Scores that rise with the channel's number, in every layer. */
static EspScores *
rising_scores (EspNetwork *network, const char *criterion)
{
  EspScores *scores = esp_scores_new (network, criterion, "rising");

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    for (guint i = 0; esp_scores_get (scores, l, NULL) != NULL && i < (guint) esp_network_get_layer (network, l)->out.c; i++)
      esp_scores_get (scores, l, NULL)[i] = i;
  return scores;
}

static guint
kept (EspPlan *plan, guint layer)
{
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);

  return esp_mask_count_kept (mask, layer);
}

static gboolean
keeps (EspPlan *plan, guint layer, guint channel)
{
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);

  return esp_mask_keeps (mask, layer, channel);
}

static EspHash
hash_of (EspPlan *plan)
{
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);

  return esp_mask_get_hash (mask);
}

/* Of the mask and of all that is said. */
static EspHash
whole_hash_of (EspPlan *plan)
{
  g_autoptr (EspPlanState) state = esp_plan_get_state (plan);

  return esp_hash_combine (hash_of (plan), esp_plan_state_get_hash (state));
}

static void
test_ratio (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 1);
  g_autoptr (EspScores) scores = rising_scores (network, "l1");
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  const int group = esp_plan_find_group (plan, "2×2 backbone");

  g_assert_cmpint (group, >=, 0);
  g_assert_cmpint (esp_plan_group_of_layer (plan, 12), ==, group);
  g_assert_cmpint (esp_plan_group_of_layer (plan, 22), ==, -1);
  esp_plan_set_ratio (plan, (guint) group, .29);
  g_assert_cmpuint (kept (plan, 10), ==, 512 - 148);
  g_assert_cmpuint (kept (plan, 12), ==, 1024 - 296);
  g_assert_cmpuint (esp_plan_count_kept (plan, (guint) group), ==, 1536 - 148 - 296);
  g_assert_false (keeps (plan, 10, 147));
  g_assert_true (keeps (plan, 10, 148));
  g_assert_cmpuint (kept (plan, 8), ==, 256);
  esp_plan_set_ratio (plan, (guint) group, 7); /* clamped */
  g_assert_cmpfloat (esp_plan_get_ratio (plan, (guint) group), ==, 1);
  g_assert_cmpuint (kept (plan, 10), ==, 8); /* the floor */
  esp_plan_set_floor (plan, 0);
  g_assert_cmpuint (kept (plan, 10), ==, 0);
}

/* What binary makes of r * n must not cost a channel: .1 steps of 10, .01 steps of 100, and so on, for widths that occur. */
static void
test_exact_ratio (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 1);
  g_autoptr (EspScores) scores = rising_scores (network, "l1");
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  const guint group = (guint) esp_plan_group_of_layer (plan, 12);

  for (guint i = 0; i <= 1016; i++)
    {
      esp_plan_set_ratio (plan, group, i / 1024.);
      g_assert_cmpuint (kept (plan, 12), ==, 1024 - i);
      esp_plan_set_ratio (plan, group, (i / 1000.) * 1000 / 1024.);
      g_assert_cmpuint (kept (plan, 12), ==, 1024 - i);
    }
}

/* Equal scores: the lower channel goes first. */
static void
test_ties (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 1);
  g_autoptr (EspScores) scores = esp_scores_new (network, "l1", NULL);
  g_autoptr (EspPlan) plan = plan_of (network, scores);

  esp_plan_set_ratio (plan, (guint) esp_plan_group_of_layer (plan, 8), .25);
  for (guint c = 0; c < 256; c++)
    g_assert_cmpint (keeps (plan, 8, c), ==, c >= 64);
}

/* Coupled layers lose the same channels, chosen by the sum over members. */
static void
test_coupled (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspScores) scores = rising_scores (network, "l1");
  g_autoptr (EspPlan) plan = NULL;
  double *first = esp_scores_get (scores, 3, NULL), *second = esp_scores_get (scores, 6, NULL);

  for (guint c = 0; c < 12; c++)
    {
      first[c] = c;
      second[c] = c == 0 ? 100 : 0; /* channel 0 is the lowest of layer 3, but dear to layer 6 */
    }
  plan = plan_of (network, scores);
  esp_plan_set_ratio (plan, (guint) esp_plan_group_of_layer (plan, 3), .25); /* 3 of 12 each */
  g_assert_cmpuint (kept (plan, 3), ==, 9);
  g_assert_cmpuint (kept (plan, 6), ==, 9);
  g_assert_cmpuint (kept (plan, 1), ==, 12);
  g_assert_cmpuint (kept (plan, 2), ==, 12);
  g_assert_true (keeps (plan, 3, 0));
  for (guint c = 1; c < 4; c++)
    g_assert_false (keeps (plan, 3, c) || keeps (plan, 6, c));
}

/* Pooled: one threshold over the group's layers; the reduction of bn-gamma is the maximum. */
static void
test_pooled (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 1);
  g_autoptr (EspScores) scores = rising_scores (network, "bn-gamma");
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  const guint group = (guint) esp_plan_group_of_layer (plan, 12);
  g_autoptr (GPtrArray) ranking = NULL;
  const EspRanking *run;

  esp_plan_set_ratio (plan, group, .5); /* 768 of 1536: channels 0 .. 383 of both layers */
  g_assert_true (esp_plan_is_pooled (plan));
  g_assert_cmpuint (kept (plan, 10), ==, 128);
  g_assert_cmpuint (kept (plan, 12), ==, 640);
  ranking = esp_plan_get_ranking (plan, group);
  g_assert_cmpuint (ranking->len, ==, 1);
  run = g_ptr_array_index (ranking, 0);
  g_assert_cmpuint (run->layer, ==, G_MAXUINT);
  g_assert_cmpuint (run->n, ==, 1536);
  g_assert_cmpuint (run->n_cut, ==, 768);
  g_assert_cmpfloat (run->values[767], ==, 383);
  g_assert_cmpfloat (run->values[768], ==, 384);
}

static void
test_ranking (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspScores) scores = random_scores (network, "l1", 8);
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  const guint group = (guint) esp_plan_group_of_layer (plan, 12);
  g_autoptr (GPtrArray) ranking = NULL;
  guint total = 0, cut = 0;

  esp_plan_set_floor (plan, 1);
  esp_plan_set_ratio (plan, group, .4);
  ranking = esp_plan_get_ranking (plan, group);
  for (guint r = 0; r < ranking->len; r++)
    {
      const EspRanking *run = g_ptr_array_index (ranking, r);

      for (guint i = 1; i < run->n; i++)
        g_assert_cmpfloat (run->values[i - 1], <=, run->values[i]);
      g_assert_cmpint (esp_plan_group_of_layer (plan, run->layer), ==, group);
      total += run->n;
      cut += run->n_cut;
    }
  g_assert_cmpuint (total, ==, esp_plan_get_group (plan, group)->n_channels);
  g_assert_cmpuint (cut, ==, total - esp_plan_count_kept (plan, group));
}

static void
test_by_hand (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspScores) scores = rising_scores (network, "l1");
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  const guint group = (guint) esp_plan_group_of_layer (plan, 3);
  const EspChannel cut = { 6, 11 }, kept_one = { 3, 1 }, fixed = { 27, 0 };
  EspChannel all[12];

  esp_plan_set_rules (plan, &cut, 1, ESP_CHANNEL_CUT);
  g_assert_false (keeps (plan, 3, 11) || keeps (plan, 6, 11)); /* the partner follows */
  g_assert_cmpint (esp_plan_get_rule (plan, 3, 11), ==, ESP_CHANNEL_CUT);
  esp_plan_set_rules (plan, &kept_one, 1, ESP_CHANNEL_PROTECTED);
  esp_plan_set_ratio (plan, group, .25); /* 0, 1, 2 by rank */
  g_assert_true (keeps (plan, 3, 1) && keeps (plan, 6, 1));
  g_assert_false (keeps (plan, 3, 0) || keeps (plan, 3, 2));
  g_assert_cmpuint (kept (plan, 3), ==, 9);
  esp_plan_set_rules (plan, &fixed, 1, ESP_CHANNEL_CUT);
  g_assert_true (keeps (plan, 27, 0));
  for (guint c = 0; c < 12; c++)
    all[c] = (EspChannel){ 3, c };
  esp_plan_set_rules (plan, all, 12, ESP_CHANNEL_CUT); /* below the floor, but the last one stays */
  g_assert_cmpuint (kept (plan, 3), ==, 1);
  g_assert_cmpuint (kept (plan, 6), ==, 1);
}

static void
test_round (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspScores) scores = random_scores (network, "l1", 4);
  g_autoptr (EspPlan) plan = plan_of (network, scores);

  esp_plan_set_floor (plan, 1);
  esp_plan_set_round (plan, 4);
  for (double ratio = 0; ratio <= 1; ratio += .05)
    {
      for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
        esp_plan_set_ratio (plan, g, ratio);
      for (guint l = 0; l < esp_network_get_n_layers (network); l++)
        if (esp_plan_group_of_layer (plan, l) >= 0)
          g_assert_cmpuint (kept (plan, l) % 4, ==, 0); /* all widths are multiples of 4 */
    }
}

/* A larger ratio cuts a superset, rounding and floors included. */
static void
test_nested (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspScores) scores = random_scores (network, "bn-gamma", 6);
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  g_autoptr (EspMask) before = esp_plan_get_mask (plan);

  for (guint i = 1; i <= 100; i++)
    {
      EspMask *mask;

      for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
        esp_plan_set_ratio (plan, g, i / 100.);
      mask = esp_plan_get_mask (plan);
      for (guint l = 0; l < esp_network_get_n_layers (network); l++)
        for (guint c = 0; esp_plan_group_of_layer (plan, l) >= 0 && c < (guint) esp_network_get_layer (network, l)->out.c; c++)
          g_assert_true (esp_mask_keeps (before, l, c) || !esp_mask_keeps (mask, l, c));
      esp_mask_unref (before);
      before = mask;
    }
}

static void
assert_couplings (EspNetwork *network, const char *criterion, guint64 seed, guint n)
{
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, seed);
  g_autoptr (EspScores) scores = random_scores (network, criterion, seed);
  g_autoptr (EspPlan) plan = esp_plan_new (network, coupling, scores);
  g_autoptr (GRand) stream = esp_rng_new (seed, 'p', 0);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (EspMask) mask = NULL;
      g_autoptr (EspCut) cut = NULL;
      g_autoptr (GError) error = NULL;

      act_by_lot (plan, stream);
      mask = esp_plan_get_mask (plan);
      assert_mask_fits (network, coupling, mask);
      cut = esp_cut_new (network, weights, mask, NULL, &error);
      g_assert_no_error (error);
      g_assert_nonnull (cut);
    }
}

static void
test_couplings (void)
{
  g_autoptr (EspNetwork) tiny = tiny_network (64, 4), fastest = fastest_network ();

  assert_couplings (tiny, "l1", 1, 200);
  assert_couplings (tiny, "bn-gamma", 2, 200);
  assert_couplings (fastest, "l1", 3, 300);
  assert_couplings (fastest, "bn-gamma", 4, 300);
}

static void
assert_label (EspPlan *plan, const char *expected)
{
  g_autofree char *label = NULL;

  g_object_get (plan, "undo-label", &label, NULL);
  g_assert_cmpstr (label, ==, expected);
}

static void
count_up (EspPlan *plan, guint *n)
{
  ++*n;
}

static void
test_acts (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspScores) scores = rising_scores (network, "l1");
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  const EspChannel three[] = { { 12, 1 }, { 12, 2 }, { 12, 3 } }, two[] = { { 0, 1 }, { 12, 9 } };
  guint n_changed = 0;
  gboolean can_undo = TRUE, can_redo = TRUE;

  g_signal_connect (plan, "changed", G_CALLBACK (count_up), &n_changed);
  assert_label (plan, NULL);
  g_object_get (plan, "can-undo", &can_undo, "can-redo", &can_redo, NULL);
  g_assert_false (can_undo || can_redo);
  esp_plan_set_ratio (plan, 0, 0);
  g_assert_cmpuint (n_changed, ==, 0); /* nothing differs */
  esp_plan_begin (plan);
  for (guint i = 0; i <= 40; i++)
    esp_plan_set_ratio (plan, 1, i / 100.);
  esp_plan_end (plan);
  g_assert_cmpuint (n_changed, ==, 40); /* live, and the first is no change */
  assert_label (plan, "12×16 backbone to 40 %");
  esp_plan_set_rules (plan, three, 1, ESP_CHANNEL_CUT);
  assert_label (plan, "Cut channel 1 of layer 12");
  esp_plan_set_rules (plan, three, 3, ESP_CHANNEL_PROTECTED);
  assert_label (plan, "Protect 3 channels of layer 12");
  esp_plan_set_rules (plan, two, 2, ESP_CHANNEL_CUT);
  assert_label (plan, "Cut 2 channels");
  esp_plan_set_rules (plan, two, 1, ESP_CHANNEL_BY_RANK);
  assert_label (plan, "Restore channel 1 of layer 0");
  esp_plan_set_round (plan, 16);
  assert_label (plan, "Round to 16 channels");
  esp_plan_begin (plan);
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, .125);
  esp_plan_end (plan);
  assert_label (plan, "All groups to 12.5 %");
  esp_plan_begin (plan);
  esp_plan_set_ratio (plan, 0, .5);
  esp_plan_set_ratio (plan, 0, .125); /* back to where it was: no act */
  esp_plan_end (plan);
  assert_label (plan, "All groups to 12.5 %");
  esp_plan_reset (plan);
  assert_label (plan, "Keep everything");
  esp_plan_undo (plan);
  assert_label (plan, "All groups to 12.5 %");
  g_object_get (plan, "can-redo", &can_redo, NULL);
  g_assert_true (can_redo);
  esp_plan_set_ratio (plan, 0, .9); /* a new act: nothing to redo */
  g_object_get (plan, "can-redo", &can_redo, NULL);
  g_assert_false (can_redo);
}

/* 1,000 acts by lot; taken back one by one, done again, taken back: the mask and all that was said at every step come back. */
static void
undo_all (EspNetwork *network, const char *criterion, guint64 seed)
{
  g_autoptr (EspScores) scores = random_scores (network, criterion, 12);
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  g_autoptr (GRand) stream = esp_rng_new (seed, 'u', 0);
  g_autofree EspHash *hashes = g_new0 (EspHash, 2001);
  g_autofree char *label = NULL;
  guint n = 0;
  gboolean more = TRUE;

  hashes[0] = whole_hash_of (plan);
  for (guint i = 0; i < 1000; i++)
    act_by_lot (plan, stream);
  while (g_object_get (plan, "can-undo", &more, NULL), more)
    {
      hashes[++n] = whole_hash_of (plan); /* from the last act back */
      g_object_get (plan, "undo-label", &label, NULL);
      g_assert_true (label != NULL && *label != '\0' && g_utf8_validate (label, -1, NULL));
      g_clear_pointer (&label, g_free);
      esp_plan_undo (plan);
      g_assert_cmpuint (n, <, 2001);
    }
  g_assert_cmpuint (n, >, 600); /* the others changed nothing */
  g_assert_true (esp_hash_equal (whole_hash_of (plan), hashes[0]));
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    g_assert_cmpfloat (esp_plan_get_ratio (plan, g), ==, 0);
  g_assert_cmpuint (esp_plan_get_floor (plan), ==, 8);
  g_assert_cmpuint (esp_plan_get_round (plan), ==, 1);
  for (guint i = n; i > 0; i--)
    {
      esp_plan_redo (plan);
      g_assert_true (esp_hash_equal (whole_hash_of (plan), hashes[i]));
    }
  for (guint i = 1; i <= n; i++)
    {
      g_assert_true (esp_hash_equal (whole_hash_of (plan), hashes[i]));
      esp_plan_undo (plan);
    }
  g_assert_true (esp_hash_equal (whole_hash_of (plan), hashes[0]));
}

static void
test_undo_all (void)
{
  g_autoptr (EspNetwork) fastest = fastest_network (), tiny = tiny_network (64, 8);

  undo_all (fastest, "l1", 7);
  undo_all (fastest, "bn-gamma", 8); /* pooled */
  undo_all (tiny, "l1", 9);
}

/* Other scores are no act: what was said stays, the mask follows. */
static void
test_scores (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 4);
  g_autoptr (EspScores) one = random_scores (network, "l1", 1), two = random_scores (network, "l1", 2);
  g_autoptr (EspPlan) plan = plan_of (network, one);
  EspHash first, second;

  esp_plan_set_ratio (plan, (guint) esp_plan_group_of_layer (plan, 12), .5);
  first = hash_of (plan);
  esp_plan_set_scores (plan, two);
  second = hash_of (plan);
  g_assert_false (esp_hash_equal (first, second));
  assert_label (plan, "2×2 backbone to 50 %");
  esp_plan_set_scores (plan, one);
  g_assert_true (esp_hash_equal (first, hash_of (plan)));
}

/* Units below a score go, in every layer alike; a ratio takes its place, and undo brings it back. */
static void
test_threshold (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 1);
  g_autoptr (EspScores) scores = rising_scores (network, "l1");
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  const guint group = (guint) esp_plan_find_group (plan, "2×2 backbone");
  g_autoptr (EspPlanState) state = NULL;
  double threshold = 0;

  g_assert_false (esp_plan_get_threshold (plan, group, NULL));
  esp_plan_set_threshold (plan, group, 300);
  g_assert_true (esp_plan_get_threshold (plan, group, &threshold));
  g_assert_cmpfloat (threshold, ==, 300);
  assert_label (plan, "2×2 backbone to scores from 300");
  g_assert_cmpuint (kept (plan, 10), ==, 512 - 300);
  g_assert_cmpuint (kept (plan, 12), ==, 1024 - 300);
  g_assert_true (keeps (plan, 10, 300)); /* not below */
  g_assert_false (keeps (plan, 10, 299));
  g_assert_cmpfloat (esp_plan_get_ratio (plan, group), ==, 600.0 / 1536);
  state = esp_plan_get_state (plan);

  esp_plan_set_ratio (plan, group, 600.0 / 1536); /* the same share, of each layer */
  g_assert_false (esp_plan_get_threshold (plan, group, NULL));
  g_assert_cmpuint (kept (plan, 10), ==, 512 - 200);
  g_assert_cmpuint (kept (plan, 12), ==, 1024 - 400);
  esp_plan_undo (plan);
  g_assert_true (esp_plan_get_threshold (plan, group, NULL));
  g_assert_cmpuint (kept (plan, 10), ==, 512 - 300);
  esp_plan_undo (plan);
  g_assert_false (esp_plan_get_threshold (plan, group, NULL));
  g_assert_cmpuint (kept (plan, 10), ==, 512);

  esp_plan_set_state (plan, state, "Back");
  g_assert_cmpuint (kept (plan, 10), ==, 512 - 300);
  esp_plan_reset (plan);
  g_assert_false (esp_plan_get_threshold (plan, group, NULL));
  g_assert_cmpuint (kept (plan, 12), ==, 1024);

  esp_plan_set_threshold (plan, group, 1e9);
  g_assert_cmpuint (kept (plan, 10), ==, 8); /* the floor */
  g_assert_cmpfloat (esp_plan_get_ratio (plan, group), ==, 1);
  esp_plan_set_threshold (plan, group, -1);
  g_assert_cmpuint (kept (plan, 10), ==, 512);
}

/* No two alike: equal scores go together or not at all. */
static EspScores *
distinct_scores (EspNetwork *network, guint64 seed)
{
  EspScores *scores = esp_scores_new (network, "l1", "by lot");
  g_autoptr (GRand) rng = esp_rng_new (seed, 'd', 0);

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    for (guint i = 0; esp_scores_get (scores, l, NULL) != NULL && i < (guint) esp_network_get_layer (network, l)->out.c; i++)
      esp_scores_get (scores, l, NULL)[i] = g_rand_double (rng);
  return scores;
}

/* A slider by score: so much of the group goes as is asked for, to the channel, whatever the layers' shares; and other scores keep the
 * share. */
static void
test_share_by_score (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 4);
  g_autoptr (EspScores) one = distinct_scores (network, 1), two = distinct_scores (network, 2);
  g_autoptr (EspPlan) plan = plan_of (network, one);
  const guint group = (guint) esp_plan_group_of_layer (plan, 12), total = esp_plan_get_group (plan, group)->n_channels;
  double before = 0, after = 0;

  esp_plan_set_floor (plan, 0);
  for (guint i = 0; i <= 10; i++)
    {
      esp_plan_set_share_by_score (plan, group, i / 10.0);
      g_assert_cmpuint (esp_plan_count_kept (plan, group), ==, total - (guint) floor (total * (i / 10.0) + 1e-9));
      g_assert_cmpfloat (esp_plan_get_ratio (plan, group), ==, i / 10.0);
    }
  esp_plan_set_share_by_score (plan, group, .4);
  g_assert_true (esp_plan_get_threshold (plan, group, &before));
  esp_plan_set_scores (plan, two);
  g_assert_true (esp_plan_get_threshold (plan, group, &after));
  g_assert_cmpfloat (before, !=, after);
  g_assert_cmpuint (esp_plan_count_kept (plan, group), ==, total - (guint) floor (total * .4 + 1e-9));
}

/* A mask for every frame of a drag: well under 2 ms for a network of 12,400 channels. */
static void
test_speed (void)
{
  g_autofree char *path = shared_file ("models/yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg");
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspScores) scores = NULL;
  g_autoptr (EspPlan) plan = NULL;
  gint64 begun;
  double ms;

  if (path == NULL)
    return;
  network = esp_network_load (path, NULL);
  scores = random_scores (network, "l1", 1);
  plan = plan_of (network, scores);
  g_assert_true (keeps (plan, 0, 0)); /* sorts */
  begun = g_get_monotonic_time ();
  for (guint i = 1; i <= 100; i++)
    {
      g_autoptr (EspMask) mask = NULL;

      esp_plan_set_ratio (plan, 2, i / 100.);
      mask = esp_plan_get_mask (plan);
    }
  ms = (double) (g_get_monotonic_time () - begun) / 100 / 1000;
  g_test_message ("%.3f ms a mask", ms);
  g_assert_cmpfloat (ms, <, 10); /* 2 on an idle machine; tests share theirs */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/ratio", test_ratio);
  g_test_add_func ("/plan/exact-ratio", test_exact_ratio);
  g_test_add_func ("/plan/ties", test_ties);
  g_test_add_func ("/plan/coupled", test_coupled);
  g_test_add_func ("/plan/pooled", test_pooled);
  g_test_add_func ("/plan/ranking", test_ranking);
  g_test_add_func ("/plan/by-hand", test_by_hand);
  g_test_add_func ("/plan/round", test_round);
  g_test_add_func ("/plan/nested", test_nested);
  g_test_add_func ("/plan/couplings", test_couplings);
  g_test_add_func ("/plan/acts", test_acts);
  g_test_add_func ("/plan/undo-all", test_undo_all);
  g_test_add_func ("/plan/scores", test_scores);
  g_test_add_func ("/plan/threshold", test_threshold);
  g_test_add_func ("/plan/share-by-score", test_share_by_score);
  g_test_add_func ("/plan/speed", test_speed);
  return g_test_run ();
}
