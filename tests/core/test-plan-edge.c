/* test-plan-edge.c: the channels just below and just above a group's line */
#include "config.h"

#include <math.h>

#include "base/rng.h"
#include "prune/plan.h"

#include "prune-common.h"

#define MOST 4

static EspScores *
scores_of (EspNetwork *network, const char *criterion, guint64 seed)
{
  EspScores *scores = esp_scores_new (network, criterion, "by lot");
  g_autoptr (GRand) stream = esp_rng_new (seed, 'e', 0);

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      guint n = 0;
      double *values = esp_scores_get (scores, l, &n);

      for (guint i = 0; values != NULL && i < n; i++)
        values[i] = seed == 0 ? i : g_rand_double (stream);
    }
  return scores;
}

static void
assert_edge (EspPlan *plan, guint group, gboolean goes, const EspChannel *expected)
{
  g_autoptr (GArray) edge = esp_plan_get_edge (plan, group, -1, goes, MOST);

  g_assert_cmpuint (edge->len, ==, MOST);
  for (guint i = 0; i < MOST; i++)
    {
      g_assert_cmpuint (g_array_index (edge, EspChannel, i).layer, ==, expected[i].layer);
      g_assert_cmpuint (g_array_index (edge, EspChannel, i).channel, ==, expected[i].channel);
    }
}

/* By hand: .29 takes 148 of 512 and 296 of 1024; scores rise with the number. 297/1024 is the least ratio at which another goes, then
 * 149/512 and 298/1024, which are one number. */
static void
test_by_hand (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 1);
  g_autoptr (EspScores) scores = scores_of (network, "l1", 0);
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  const guint group = (guint) esp_plan_find_group (plan, "2×2 backbone");
  g_autoptr (GArray) none = NULL;

  esp_plan_set_ratio (plan, group, .29);
  assert_edge (plan, group, FALSE, (const EspChannel[]){ { 12, 296 }, { 10, 148 }, { 12, 297 }, { 12, 298 } });
  assert_edge (plan, group, TRUE, (const EspChannel[]){ { 10, 147 }, { 12, 295 }, { 12, 294 }, { 10, 146 } });
  esp_plan_set_layer_share (plan, 12, (EspShare){ ESP_SHARE_COUNT, 1024 - 100 });
  assert_edge (plan, group, FALSE, (const EspChannel[]){ { 12, 100 }, { 10, 148 }, { 12, 101 }, { 12, 102 } });
  esp_plan_set_ratio (plan, group, 0);
  esp_plan_set_layer_share (plan, 12, (EspShare){ ESP_SHARE_GROUP, 0 });
  none = esp_plan_get_edge (plan, group, -1, TRUE, MOST);
  g_assert_cmpuint (none->len, ==, 0);
}

static gboolean
keeps (EspPlan *plan, EspChannel channel)
{
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);

  return esp_mask_keeps (mask, channel.layer, channel.channel);
}

/* Whatever decides, what goes last is cut and what goes next is kept, each unit once; and the first change of the mask that a growing share
 * brings takes the first of those that go next. */
static void
check_group (EspPlan *plan, guint group, gboolean by_score)
{
  EspCoupling *coupling = esp_plan_get_coupling (plan);
  g_autoptr (GArray) last = esp_plan_get_edge (plan, group, -1, TRUE, MOST);
  g_autoptr (GArray) next = esp_plan_get_edge (plan, group, -1, FALSE, MOST);
  g_autoptr (GHashTable) met = g_hash_table_new (NULL, NULL);
  g_autoptr (EspMask) before = esp_plan_get_mask (plan);

  for (guint i = 0; i < last->len + next->len; i++)
    {
      const EspChannel c = i < last->len ? g_array_index (last, EspChannel, i) : g_array_index (next, EspChannel, i - last->len);

      g_assert_cmpint (esp_plan_group_of_layer (plan, c.layer), ==, (int) group);
      g_assert_cmpint (keeps (plan, c), ==, i >= last->len);
      g_assert_true (g_hash_table_add (met, GUINT_TO_POINTER (esp_coupling_get_unit (coupling, c.layer, c.channel) + 1)));
    }
  g_assert_cmpuint (last->len + next->len, >, 0);
  if (next->len == 0 || by_score)
    return;
  for (double ratio = esp_plan_get_ratio (plan, group); ratio <= 1; ratio += 1. / 8192)
    {
      g_autoptr (EspMask) after = NULL;

      esp_plan_set_ratio (plan, group, ratio);
      after = esp_plan_get_mask (plan);
      if (esp_hash_equal (esp_mask_get_hash (before), esp_mask_get_hash (after)))
        continue;
      g_assert_false (keeps (plan, g_array_index (next, EspChannel, 0)));
      return;
    }
  g_assert_not_reached ();
}

static void
check_network (EspNetwork *network, const char *criterion)
{
  g_autoptr (GRand) stream = esp_rng_new (7, 'g', 0);

  for (guint64 seed = 1; seed <= 4; seed++)
    {
      g_autoptr (EspScores) scores = scores_of (network, criterion, seed);
      g_autoptr (EspPlan) plan = plan_of (network, scores);

      esp_plan_set_floor (plan, 0);
      for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
        {
          esp_plan_set_ratio (plan, g, g_rand_double_range (stream, .1, .9));
          check_group (plan, g, FALSE);
          esp_plan_set_share_by_score (plan, g, g_rand_double_range (stream, .2, .8));
          check_group (plan, g, TRUE);
        }
      esp_plan_set_overall (plan, .4);
      for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
        check_group (plan, g, TRUE);
    }
}

static void
test_by_lot (void)
{
  g_autoptr (EspNetwork) plain = tiny_network (64, 4), coupled = fastest_network ();

  check_network (plain, "l1");
  check_network (coupled, "l1");
  check_network (coupled, "bn-gamma");
}

/* Of what goes together, the layer that is looked at has its own shown. */
static void
test_layer (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspScores) scores = scores_of (network, "l1", 3);
  g_autoptr (EspPlan) plan = plan_of (network, scores);
  const guint group = (guint) esp_plan_group_of_layer (plan, 14);
  g_autoptr (GArray) first = NULL, looked = NULL;
  guint n_looked = 0;

  esp_plan_set_ratio (plan, group, .5);
  first = esp_plan_get_edge (plan, group, -1, FALSE, 40);
  looked = esp_plan_get_edge (plan, group, 14, FALSE, 40);
  g_assert_cmpuint (first->len, ==, looked->len);
  for (guint i = 0; i < first->len; i++)
    {
      const EspChannel a = g_array_index (first, EspChannel, i), b = g_array_index (looked, EspChannel, i);
      EspCoupling *coupling = esp_plan_get_coupling (plan);

      g_assert_cmpuint (esp_coupling_get_unit (coupling, a.layer, a.channel), ==, esp_coupling_get_unit (coupling, b.layer, b.channel));
      g_assert_cmpuint (a.layer, !=, 14); /* 11 comes first: shortcut 16 adds it */
      n_looked += b.layer == 14;
    }
  g_assert_cmpuint (n_looked, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan-edge/by-hand", test_by_hand);
  g_test_add_func ("/plan-edge/by-lot", test_by_lot);
  g_test_add_func ("/plan-edge/layer", test_layer);
  return g_test_run ();
}
