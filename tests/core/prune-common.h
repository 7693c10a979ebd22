/* prune-common.h: what the tests of pruning share: two small detectors of the two shapes that matter, and scores by lot */
#pragma once

#include "base/error.h"
#include "base/rng.h"
#include "prune/plan.h"

#include "net-common.h"

static inline void
append_conv (GString *cfg, int filters, int size, int stride, const char *activation, const char *more)
{
  g_string_append_printf (cfg, "[convolutional]\n%sfilters=%d\nsize=%d\nstride=%d\npad=1\nactivation=%s\n\n", more, filters, size, stride,
                          activation);
}

static inline void
append_yolo (GString *cfg, const char *mask, int classes)
{
  g_string_append_printf (cfg, "[yolo]\nmask=%s\nanchors=10,14, 23,27, 37,58, 81,82, 135,169, 344,319\nclasses=%d\nnum=6\n\n", mask,
                          classes);
}

#define BN "batch_normalize=1\n"

/* yolov3-tiny, its widths divided: convolutions 0 2 4 6 8 10 12 13 14 15 18 21 22, heads 16 and 23. */
static inline EspNetwork *
tiny_network (int side, int divisor)
{
  const int widths[] = { 16, 32, 64, 128, 256, 512 };
  g_autoptr (GString) cfg = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  EspNetwork *network;

  g_string_printf (cfg, "[net]\nbatch=1\nwidth=%d\nheight=%d\nchannels=3\n\n", side, side);
  for (int i = 0; i < 6; i++)
    {
      append_conv (cfg, widths[i] / divisor, 3, 1, "leaky", BN);
      g_string_append_printf (cfg, "[maxpool]\nsize=2\nstride=%d\n\n", i < 5 ? 2 : 1);
    }
  append_conv (cfg, 1024 / divisor, 3, 1, "leaky", BN);
  append_conv (cfg, 256 / divisor, 1, 1, "leaky", BN);
  append_conv (cfg, 512 / divisor, 3, 1, "leaky", BN);
  append_conv (cfg, 21, 1, 1, "linear", "");
  append_yolo (cfg, "3,4,5", 2);
  g_string_append (cfg, "[route]\nlayers=-4\n\n");
  append_conv (cfg, 128 / divisor, 1, 1, "leaky", BN);
  g_string_append (cfg, "[upsample]\nstride=2\n\n[route]\nlayers=-1,8\n\n");
  append_conv (cfg, 256 / divisor, 3, 1, "leaky", BN);
  append_conv (cfg, 21, 1, 1, "linear", "");
  append_yolo (cfg, "0,1,2", 2);
  network = network_of (cfg->str, &error);
  g_assert_no_error (error);
  return network;
}

/* A yolo-fastest in small: inverted residuals, pyramid pooling, and a depthwise convolution over a route. */
static inline EspNetwork *
fastest_network (void)
{
  g_autoptr (GString) cfg = g_string_new ("[net]\nbatch=1\nwidth=64\nheight=48\nchannels=3\n\n");
  g_autoptr (GError) error = NULL;
  EspNetwork *network;

  append_conv (cfg, 16, 3, 2, "leaky", BN);                                                         /* 0 */
  append_conv (cfg, 16, 1, 1, "leaky", BN);                                                         /* 1 */
  append_conv (cfg, 16, 3, 1, "leaky", BN "groups=16\n");                                           /* 2 */
  append_conv (cfg, 12, 1, 1, "linear", BN);                                                        /* 3 */
  append_conv (cfg, 24, 1, 1, "leaky", BN);                                                         /* 4 */
  append_conv (cfg, 24, 3, 1, "leaky", BN "groups=24\n");                                           /* 5 */
  append_conv (cfg, 12, 1, 1, "linear", BN);                                                        /* 6 */
  g_string_append (cfg, "[dropout]\nprobability=.2\n\n[shortcut]\nfrom=-5\nactivation=linear\n\n"); /* 7, 8: 3 + 6 */
  append_conv (cfg, 32, 1, 1, "leaky", BN);                                                         /* 9 */
  append_conv (cfg, 32, 3, 2, "leaky", BN "groups=32\n");                                           /* 10 */
  append_conv (cfg, 16, 1, 1, "linear", BN);                                                        /* 11 */
  append_conv (cfg, 32, 1, 1, "leaky", BN);                                                         /* 12 */
  append_conv (cfg, 32, 3, 1, "leaky", BN "groups=32\n");                                           /* 13 */
  append_conv (cfg, 16, 1, 1, "linear", BN);                                                        /* 14 */
  g_string_append (cfg, "[dropout]\nprobability=.2\n\n[shortcut]\nfrom=-5\nactivation=linear\n\n"); /* 15, 16: 11 + 14 */
  append_conv (cfg, 40, 1, 1, "leaky", BN);                                                         /* 17 */
  append_conv (cfg, 40, 3, 2, "leaky", BN "groups=40\n");                                           /* 18 */
  append_conv (cfg, 24, 1, 1, "linear", BN);                                                        /* 19 */
  g_string_append (cfg, "[maxpool]\nstride=1\nsize=3\n\n[route]\nlayers=-2\n\n[maxpool]\nstride=1\nsize=5\n\n"
                        "[route]\nlayers=-1,-3,19\n\n");                                            /* 20 .. 23 */
  append_conv (cfg, 24, 1, 1, "leaky", BN);                                                         /* 24 */
  append_conv (cfg, 24, 5, 1, "leaky", BN "groups=24\n");                                           /* 25 */
  append_conv (cfg, 24, 1, 1, "relu", BN);                                                          /* 26 */
  append_conv (cfg, 21, 1, 1, "linear", "");                                                        /* 27 */
  append_yolo (cfg, "3,4,5", 2);                                                                    /* 28 */
  g_string_append (cfg, "[route]\nlayers=24\n\n[upsample]\nstride=2\n\n[route]\nlayers=-1,16\n\n"); /* 29 .. 31 */
  append_conv (cfg, 40, 3, 1, "leaky", BN "groups=40\n");                                           /* 32: 24 of 24, 16 of 16 */
  append_conv (cfg, 32, 1, 1, "logistic", BN);                                                      /* 33 */
  append_conv (cfg, 21, 1, 1, "linear", "");                                                        /* 34 */
  append_yolo (cfg, "0,1,2", 2);                                                                    /* 35 */
  network = network_of (cfg->str, &error);
  g_assert_no_error (error);
  return network;
}

/* Standard normal scores; every third is 0, so that there are ties. */
static inline EspScores *
random_scores (EspNetwork *network, const char *criterion, guint64 seed)
{
  EspScores *scores = esp_scores_new (network, criterion, "by lot");
  g_autoptr (GRand) stream = esp_rng_new (seed, 's', 0);

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      guint n = 0;
      double *values = esp_scores_get (scores, l, &n);

      for (guint i = 0; values != NULL && i < n; i++)
        values[i] = g_rand_int_range (stream, 0, 3) == 0 ? 0 : esp_rng_normal (stream);
    }
  return scores;
}

static inline EspPlan *
plan_of (EspNetwork *network, EspScores *scores)
{
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);

  return esp_plan_new (network, coupling, scores);
}

/* A share of one layer, a floor of its own, the whole of it protected. */
static inline void
layer_by_lot (EspPlan *plan, guint layer, GRand *stream)
{
  const int what = g_rand_int_range (stream, 0, 6);
  const EspShare shares[] = {
    { ESP_SHARE_RATIO, g_rand_double (stream) },
    { ESP_SHARE_COUNT, g_rand_int_range (stream, 1, 40) },
    { ESP_SHARE_THRESHOLD, esp_rng_normal (stream) },
    { ESP_SHARE_GROUP, 0 },
  };

  if (what < 4)
    esp_plan_set_layer_share (plan, layer, shares[what]);
  else if (what == 4)
    esp_plan_set_layer_floor (plan, layer, g_rand_int_range (stream, -1, 12));
  else
    esp_plan_set_layer_rule (plan, layer, g_rand_boolean (stream) ? ESP_CHANNEL_PROTECTED : ESP_CHANNEL_BY_RANK);
}

/* A share of one group, or of all together. */
static inline void
group_by_lot (EspPlan *plan, guint group, GRand *stream)
{
  const int what = g_rand_int_range (stream, 0, 12);

  if (what < 6)
    esp_plan_set_ratio (plan, group, g_rand_double_range (stream, 0, 1));
  else if (what == 6)
    esp_plan_set_threshold (plan, group, esp_rng_normal (stream));
  else if (what == 7)
    esp_plan_set_share_by_score (plan, group, g_rand_double (stream));
  else if (what == 8)
    esp_plan_set_count (plan, group, (guint) g_rand_int_range (stream, 1, 80));
  else if (what == 9)
    esp_plan_set_overall (plan, g_rand_double (stream));
  else if (what == 10)
    esp_plan_join_overall (plan, group);
  else
    esp_plan_set_norm (plan, (EspNorm) g_rand_int_range (stream, 0, ESP_N_NORMS));
}

/* Which classes an export has: all, one of them, or one made of the first two. */
static inline void
classes_by_lot (EspPlan *plan, GRand *stream)
{
  static const char *const words[] = { NULL, "0", "1", "both=0+1" };
  const char *text = words[g_rand_int_range (stream, 0, G_N_ELEMENTS (words))];
  const int n = esp_network_get_classes (esp_plan_get_network (plan));
  g_autoptr (EspKeepClasses) keep = text != NULL && n > 1 ? esp_keep_classes_parse (text, NULL, (guint) n, NULL) : NULL;

  esp_plan_set_keep_classes (plan, keep);
}

/* One act by lot: shares of groups and layers, channels by hand, whole layers protected, floors, rounding, keeping everything, an earlier
 * state, several in one; @ruled: the rule for what is coupled and classes, too. */
static inline void
act_by_lot_of (EspPlan *plan, GRand *stream, gboolean ruled)
{
  EspNetwork *network = esp_plan_get_network (plan);
  const guint n_groups = esp_plan_get_n_groups (plan);
  EspChannel channels[5];
  const guint n = (guint) g_rand_int_range (stream, 1, 6);
  const int what = g_rand_int_range (stream, 0, ruled ? 29 : 26);

  for (guint i = 0; i < n; i++)
    {
      const EspGroup *group = esp_plan_get_group (plan, (guint) g_rand_int_range (stream, 0, (int) n_groups));

      channels[i].layer = group->layers[g_rand_int_range (stream, 0, (int) group->n_layers)];
      channels[i].channel = (guint) g_rand_int_range (stream, 0, esp_network_get_layer (network, channels[i].layer)->out.c);
    }
  if (what < 10)
    group_by_lot (plan, (guint) g_rand_int_range (stream, 0, (int) n_groups), stream);
  else if (what < 16)
    esp_plan_set_rules (plan, channels, n, (EspChannelRule) g_rand_int_range (stream, 0, 3));
  else if (what == 16)
    esp_plan_set_floor (plan, (guint) g_rand_int_range (stream, 1, 12));
  else if (what == 17)
    esp_plan_set_round (plan, (guint) g_rand_int_range (stream, 0, 9));
  else if (what == 18)
    esp_plan_reset (plan);
  else if (what < 24)
    layer_by_lot (plan, channels[0].layer, stream);
  else if (what == 24)
    {
      g_autoptr (EspPlanState) state = esp_plan_get_state (plan);

      act_by_lot_of (plan, stream, ruled);
      esp_plan_set_state (plan, state, "Back");
    }
  else if (ruled && what < 27)
    esp_plan_set_merge (plan, (EspMerge) g_rand_int_range (stream, 0, ESP_N_MERGES));
  else if (ruled && what == 27)
    classes_by_lot (plan, stream);
  else
    {
      esp_plan_begin (plan);
      act_by_lot_of (plan, stream, ruled);
      act_by_lot_of (plan, stream, ruled);
      esp_plan_end (plan);
    }
}

/* One act by lot, of every sort. */
static inline void
act_by_lot (EspPlan *plan, GRand *stream)
{
  act_by_lot_of (plan, stream, TRUE);
}

/* Every unit is kept or cut whole, what is fixed is kept, and no layer is empty: what a cut asks. */
static inline void
assert_mask_fits (EspNetwork *network, EspCoupling *coupling, EspMask *mask)
{
  for (guint u = 0; u < esp_coupling_get_n_units (coupling); u++)
    {
      guint n = 0;
      const EspChannel *members = esp_coupling_get_members (coupling, u, &n);

      for (guint i = 0; i < n; i++)
        {
          g_assert_cmpint (esp_mask_keeps (mask, members[i].layer, members[i].channel), ==,
                           esp_mask_keeps (mask, members[0].layer, members[0].channel));
          if (!esp_coupling_is_prunable (coupling, members[i].layer))
            g_assert_true (esp_mask_keeps (mask, members[i].layer, members[i].channel));
        }
    }
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    if (esp_network_get_layer (network, l)->kind == ESP_LAYER_CONVOLUTIONAL)
      g_assert_cmpuint (esp_mask_count_kept (mask, l), >=, 1);
}
