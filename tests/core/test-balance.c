/* test-balance.c: plans over groups that must keep equal counts: which channels go, and that every such plan can be cut out exactly */
#include "config.h"

#include <glib/gstdio.h>

#include "prune/cut-check.h"

#include "prune-common.h"

#define GROUPS(N) "groups=" #N "\n"

/* A stem, a CSP route over half of it, a grouped convolution between 1 x 1 ones (ResNeXt), a shortcut, and groups over two layers. */
static EspNetwork *
grouped_network (void)
{
  g_autoptr (GString) cfg = g_string_new ("[net]\nbatch=1\nwidth=16\nheight=16\nchannels=3\n\n");
  g_autoptr (GError) error = NULL;
  EspNetwork *network;

  append_conv (cfg, 16, 3, 1, "leaky", BN);                                /* 0 */
  g_string_append (cfg, "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n\n");   /* 1: 8..15 of 0 */
  append_conv (cfg, 16, 1, 1, "leaky", BN);                                /* 2 */
  append_conv (cfg, 24, 3, 1, "mish", BN GROUPS (4));                      /* 3: 4 of 4 to 6 */
  append_conv (cfg, 16, 1, 1, "linear", BN);                               /* 4 */
  g_string_append (cfg, "[shortcut]\nfrom=0\nactivation=relu\n\n");        /* 5: 4 + 0 */
  append_conv (cfg, 8, 1, 1, "leaky", BN);                                 /* 6 */
  g_string_append (cfg, "[route]\nlayers=-1,-2\n\n");                      /* 7: 8 of 6, 16 of 5 */
  append_conv (cfg, 12, 3, 1, "leaky", BN GROUPS (3));                     /* 8: 8 of 8 to 4 */
  append_conv (cfg, 24, 3, 1, "leaky", BN GROUPS (12));                    /* 9: each its own two */
  g_string_append (cfg, "[route]\nlayers=-1,3\ngroups=2\ngroup_id=0\n\n"); /* 10: 0..11 of 9, 0..11 of 3 */
  append_conv (cfg, 21, 1, 1, "linear", "");                               /* 11 */
  append_yolo (cfg, "0,1,2", 2);
  network = network_of (cfg->str, &error);
  g_assert_no_error (error);
  return network;
}

static void
assert_kept (EspMask *mask, guint layer, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint n = 0;
  const guint8 *bits = esp_mask_get_bits (mask, layer, &n);

  for (guint c = 0; c < n; c++)
    g_string_append_c (text, bits[c] ? '1' : '0');
  g_assert_cmpstr (text->str, ==, expected);
}

/* Two halves of four, scores 0 1 2 3 and 4 5 6 7: by rank alone all of the first would go before any of the second. */
static EspPlan *
halves (void)
{
  g_autoptr (EspNetwork) network = network_of ("[net]\nwidth=8\nheight=8\nchannels=3\n[convolutional]\nfilters=8\nactivation=linear\n"
                                               "[route]\nlayers=-1\ngroups=2\ngroup_id=0\n[convolutional]\nfilters=6\nactivation=linear\n"
                                               "[yolo]\nmask=0\nanchors=1,1\nclasses=1\nnum=1\n",
                                               NULL);
  g_autoptr (EspScores) scores = esp_scores_new (network, "l1", "by hand");
  EspPlan *plan;

  for (guint c = 0; c < 8; c++)
    esp_scores_get (scores, 0, NULL)[c] = c;
  plan = plan_of (network, scores);
  esp_plan_set_floor (plan, 2);
  return plan;
}

static void
assert_halves (EspPlan *plan, const char *expected)
{
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);

  assert_kept (mask, 0, expected);
}

/* As many go in all as were asked for, or one fewer where the halves would be uneven; of each half the lowest. */
static void
test_shares (void)
{
  g_autoptr (EspPlan) plan = halves ();

  esp_plan_set_ratio (plan, 0, .125);
  assert_halves (plan, "11111111");
  esp_plan_set_ratio (plan, 0, .25);
  assert_halves (plan, "01110111");
  esp_plan_set_ratio (plan, 0, .5);
  assert_halves (plan, "00110011");
  esp_plan_set_ratio (plan, 0, .7);
  assert_halves (plan, "00110011");
  esp_plan_set_ratio (plan, 0, 1);
  assert_halves (plan, "00010001"); /* the floor */
  esp_plan_set_ratio (plan, 0, 0);
  esp_plan_set_threshold (plan, 0, 4); /* all of the first half score less */
  assert_halves (plan, "00110011");
}

static void
test_hand (void)
{
  g_autoptr (EspPlan) plan = halves ();
  const EspChannel last = { 0, 7 }, third = { 0, 2 }, whole[] = { { 0, 0 }, { 0, 1 }, { 0, 2 }, { 0, 3 } };

  esp_plan_set_rules (plan, &last, 1, ESP_CHANNEL_CUT);
  assert_halves (plan, "01111110"); /* the lowest of the other half goes with it */
  esp_plan_set_rules (plan, &third, 1, ESP_CHANNEL_CUT);
  assert_halves (plan, "11011110");
  esp_plan_set_rules (plan, whole, 4, ESP_CHANNEL_PROTECTED);
  assert_halves (plan, "11111111"); /* protection wins */
  esp_plan_set_rules (plan, whole, 4, ESP_CHANNEL_CUT);
  assert_halves (plan, "00010010"); /* one a group stays, whatever the hand says: the highest; 7 is still cut */
}

static void
test_round (void)
{
  g_autoptr (EspPlan) plan = halves ();

  esp_plan_set_ratio (plan, 0, .25);
  esp_plan_set_round (plan, 4);
  assert_halves (plan, "11111111");
  esp_plan_set_ratio (plan, 0, .5);
  assert_halves (plan, "00110011");
}

/* Every plan by lot can be cut out, and gives what the masked network gives; the same from its file. */
static void
test_lot (void)
{
  g_autoptr (EspNetwork) network = grouped_network ();
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 3);
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  const guint n = g_getenv ("ESP_TEST_ALL") != NULL ? 400 : 60;
  g_autofree char *folder = g_dir_make_tmp ("esp-balance-XXXXXX", NULL), *path = g_build_filename (folder, "plan.json", NULL);
  guint n_cut = 0;
  double worst = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (EspScores) scores = random_scores (network, i % 2 ? "bn-gamma" : "l1", i);
      g_autoptr (EspPlan) plan = esp_plan_new (network, coupling, scores), again = esp_plan_new (network, coupling, NULL);
      g_autoptr (GRand) stream = esp_rng_new (i, 'm', 0);
      g_autoptr (EspMask) mask = NULL, read = NULL, loaded = NULL;
      g_autoptr (EspCut) cut = NULL;
      g_autoptr (GError) error = NULL;
      EspCutCheck check = { 0 };

      for (guint j = 0; j < 12; j++)
        act_by_lot (plan, stream);
      mask = esp_plan_get_mask (plan);
      assert_mask_fits (network, coupling, mask);
      g_assert_true (esp_coupling_check (coupling, mask, &error));
      cut = esp_cut_new (network, weights, mask, NULL, &error);
      g_assert_no_error (error);
      n_cut += esp_mask_count_kept (mask, 3) < 24;
      g_assert_true (esp_cut_check (network, weights, mask, esp_cut_get_network (cut), esp_cut_get_weights (cut), cut,
                                    ESP_BACKEND_REFERENCE_DOUBLE, ESP_BN_ALEXEY, i, &check, NULL, &error));
      worst = MAX (worst, check.difference);
      g_assert_true (esp_plan_save (plan, NULL, NULL, path, &error));
      read = esp_plan_read_mask (network, path, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (esp_plan_load (again, path, &error));
      loaded = esp_plan_get_mask (again);
      g_assert_true (esp_hash_equal (esp_mask_get_hash (read), esp_mask_get_hash (mask)));
      g_assert_true (esp_hash_equal (esp_mask_get_hash (loaded), esp_mask_get_hash (mask)));
    }
  g_test_message ("%u plans, %u of which cut the grouped convolution: %.2g of a layer's maximum", n, n_cut, worst);
  g_assert_cmpfloat (worst, <=, 1e-12);
  g_assert_cmpuint (n_cut, >, n / 4);
  g_remove (path);
  g_rmdir (folder);
}

/* A larger ratio cuts all that a smaller one does. */
static void
test_superset (void)
{
  g_autoptr (EspNetwork) network = grouped_network ();

  for (guint seed = 0; seed < 8; seed++)
    {
      g_autoptr (EspScores) scores = random_scores (network, "l1", seed);
      g_autoptr (EspPlan) plan = plan_of (network, scores);
      g_autoptr (EspMask) before = esp_plan_get_mask (plan);

      for (guint step = 1; step <= 40; step++)
        {
          g_autoptr (EspMask) mask = NULL;

          esp_plan_begin (plan);
          for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
            esp_plan_set_ratio (plan, g, step / 40.);
          esp_plan_end (plan);
          mask = esp_plan_get_mask (plan);
          for (guint c = 0; c < 24; c++) /* of layer 3, alone in its unit */
            g_assert_true (esp_mask_keeps (before, 3, c) || !esp_mask_keeps (mask, 3, c));
          esp_mask_unref (before);
          before = g_steal_pointer (&mask);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/balance/shares", test_shares);
  g_test_add_func ("/balance/hand", test_hand);
  g_test_add_func ("/balance/round", test_round);
  g_test_add_func ("/balance/lot", test_lot);
  g_test_add_func ("/balance/superset", test_superset);
  return g_test_run ();
}
