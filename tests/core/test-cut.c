/* test-cut.c: what a cut keeps of text and numbers, what it shares, and what it refuses */
#include "config.h"

#include "net/cut.h"

#include "base/error.h"
#include "net-common.h"
#include "net-plans.h"
#include "net-tiny.h"
#include "net/cost.h"

/* 0 conv 4, 1 depthwise, 2 conv 4, 3 shortcut of 2 and 0, 4 route of 3 and 0, 5 grouped conv 4, 6 conv 6, 7 yolo */
static const char text[]
    = "[net]\nwidth=8\nheight=8\nchannels=3\n\n# the stem\n[conv]\nbatch_normalize=1\nfilters = 4 # wide\nsize=3\npad=1\n"
      "[conv]\ngroups=4\nfilters=4\nsize=3\npad=1\n[conv]\nfilters=4\nunknown=1\n[shortcut]\nfrom=0\n[route]\nlayers=3,0\n"
      "[conv]\ngroups=2\nfilters=4\nsize=1\n[conv]\nfilters=6\nactivation=linear\n[yolo]\nnum=1\nanchors=1,2\nclasses=1\n";

static EspCut *
cut_of (EspNetwork *network, EspWeights *weights, guint8 *const keep[8], GError **error)
{
  g_autoptr (EspMask) mask = esp_mask_new (network, keep);

  return esp_cut_new (network, weights, mask, NULL, error);
}

static void
test_text (void)
{
  g_autoptr (EspNetwork) network = network_of (text, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1);
  g_autoptr (GError) error = NULL;
  guint8 half[] = { 1, 0, 1, 0 }, pair[] = { 0, 1, 0, 1 };
  g_autoptr (EspCut) cut = cut_of (network, weights, (guint8 *[8]){ half, half, half, NULL, NULL, pair }, &error);
  g_autofree char *small = NULL;
  const guint *kept;
  guint n;

  g_assert_no_error (error);
  small = esp_cfg_to_text (esp_network_get_cfg (esp_cut_get_network (cut)), NULL);
  g_assert_cmpstr (small, ==,
                   "[net]\nwidth=8\nheight=8\nchannels=3\n\n# the stem\n[conv]\nbatch_normalize=1\nfilters = 2 # wide\nsize=3\npad=1\n"
                   "[conv]\ngroups=2\nfilters=2\nsize=3\npad=1\n[conv]\nfilters=2\nunknown=1\n[shortcut]\nfrom=0\n[route]\nlayers=3,0\n"
                   "[conv]\ngroups=2\nfilters=2\nsize=1\n[conv]\nfilters=6\nactivation=linear\n[yolo]\nnum=1\nanchors=1,2\nclasses=1\n");
  kept = esp_cut_get_kept (cut, 4, &n);
  g_assert_cmpuint (n, ==, 4);
  g_assert_cmpuint (kept[1], ==, 2);
  g_assert_cmpuint (kept[2], ==, 4);
  g_assert_cmpuint (kept[3], ==, 6);
}

static void
test_sharing (void)
{
  g_autoptr (EspNetwork) network = network_of (text, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1);
  guint8 half[] = { 1, 0, 1, 0 }, pair[] = { 0, 1, 0, 1 };
  g_autoptr (EspMask) mask = esp_mask_new (network, (guint8 *[8]){ half, half, half, NULL, NULL, NULL });
  g_autoptr (EspMask) next = esp_mask_new (network, (guint8 *[8]){ half, half, half, NULL, NULL, pair });
  g_autoptr (EspCut) first = esp_cut_new (network, weights, mask, NULL, NULL);
  g_autoptr (EspCut) second = esp_cut_new (network, weights, next, first, NULL);
  g_autoptr (EspCut) third = NULL;
  g_autoptr (EspMask) full = esp_mask_new_full (network);
  EspWeights *a = esp_cut_get_weights (first), *b = esp_cut_get_weights (second);

  for (guint i = 0; i < 3; i++)
    g_assert_true (esp_weights_get (a, i) == esp_weights_get (b, i) && esp_weights_get (a, i) != esp_weights_get (weights, i));
  g_assert_true (esp_weights_get (a, 5) != esp_weights_get (b, 5));
  g_assert_true (esp_weights_get (a, 6) == esp_weights_get (weights, 6)); /* nothing of it was cut */
  g_assert_true (esp_weights_get (a, 6) != esp_weights_get (b, 6));
  third = esp_cut_new (network, weights, full, second, NULL);
  for (guint i = 0; i < 8; i++)
    g_assert_true (esp_weights_get (esp_cut_get_weights (third), i) == esp_weights_get (weights, i));
}

static void
refuse (guint8 *const keep[8], const char *message)
{
  g_autoptr (EspNetwork) network = network_of (text, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_zero (network);
  g_autoptr (GError) error = NULL;

  g_assert_null (cut_of (network, weights, keep, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
}

static void
test_refused (void)
{
  guint8 half[] = { 1, 0, 1, 0 }, third[] = { 1, 1, 1, 0 }, none[4] = { 0 }, head[] = { 1, 1, 1, 0, 1, 1 }, front[] = { 1, 1, 0, 0 };

  refuse ((guint8 *[8]){ half },
          "layer 1 [convolutional] is depthwise: channel 1 is kept in it and channel 1 is cut in layer 0 that it reads");
  refuse ((guint8 *[8]){ NULL, half }, "layer 1 [convolutional] is depthwise: channel 1 is cut in it and channel 1 is kept in layer 0");
  refuse ((guint8 *[8]){ half, half, third }, "layer 3 [shortcut] adds layers 2 and 0: channel 1 is cut in layer 0 only");
  refuse ((guint8 *[8]){ NULL, NULL, third }, "layer 3 [shortcut] adds layers 2 and 0: channel 3 is cut in layer 2 only");
  refuse ((guint8 *[8]){ none, none, none }, "layer 0 [convolutional]: all 4 channels are cut");
  refuse ((guint8 *[8]){ NULL, NULL, NULL, NULL, NULL, third },
          "layer 5 [convolutional] has 2 groups: of the channels that go out, 2 are kept in group 0 and 1 in group 1");
  refuse ((guint8 *[8]){ NULL, NULL, NULL, NULL, NULL, front }, "2 are kept in group 0 and 0 in group 1");
  refuse ((guint8 *[8]){ NULL, NULL, NULL, NULL, NULL, NULL, head }, "layer 7 [yolo] is a head: channel 3 of layer 6 that it reads is cut");
}

/* Every number of the cut layer is the one of its original filter and column. */
static void
assert_layer (const EspNetwork *network, const EspWeights *weights, EspCut *cut, guint index)
{
  const EspLayer *layer = esp_network_get_layer (network, index), *small = esp_network_get_layer (esp_cut_get_network (cut), index);
  const EspParams *from = esp_weights_get (weights, index), *to = esp_weights_get (esp_cut_get_weights (cut), index);
  const gsize area = (gsize) (layer->conv.size * layer->conv.size);
  const guint per_in = (guint) (layer->in.c / layer->conv.groups), small_in = (guint) (small->in.c / small->conv.groups);
  const guint per_out = (guint) (layer->out.c / layer->conv.groups), small_out = (guint) (small->out.c / small->conv.groups);
  guint n_in = 0, n_out;
  const guint *in = layer->inputs[0] >= 0 ? esp_cut_get_kept (cut, (guint) layer->inputs[0], &n_in) : NULL;
  const guint *out = esp_cut_get_kept (cut, index, &n_out);

  g_assert_cmpuint (n_out, ==, (guint) small->conv.filters);
  g_assert_cmpuint (to->n_weights, ==, n_out * small_in * area);
  for (guint o = 0; o < n_out; o++)
    {
      g_assert_cmpfloat (to->biases[o], ==, from->biases[out[o]]);
      g_assert_true (
          to->scales == NULL
          || (to->scales[o] == from->scales[out[o]] && to->means[o] == from->means[out[o]] && to->variances[o] == from->variances[out[o]]));
      for (guint i = 0; i < small_in; i++)
        {
          const guint channel = o / small_out * small_in + i;
          const guint original = (in != NULL ? in[channel] : channel) - out[o] / per_out * per_in;

          for (gsize k = 0; k < area; k++)
            g_assert_cmpfloat (to->weights[(o * small_in + i) * area + k], ==, from->weights[(out[o] * per_in + original) * area + k]);
        }
    }
}

static void
assert_cut (EspNetwork *network, EspWeights *weights, EspMask *mask, EspCut *cut)
{
  const EspCost cost = esp_cost_of (network, mask), real = esp_cost_of (esp_cut_get_network (cut), NULL);
  g_autoptr (GBytes) bytes = esp_weights_to_bytes (esp_cut_get_network (cut), esp_cut_get_weights (cut));

  g_assert_cmpuint (cost.params, ==, real.params);
  g_assert_cmpfloat (cost.bflops, ==, real.bflops);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, cost.file_bytes);
  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    if (esp_network_get_layer (network, i)->kind == ESP_LAYER_CONVOLUTIONAL)
      assert_layer (network, weights, cut, i);
}

static void
test_numbers (void)
{
  g_autoptr (EspNetwork) network = network_of (text, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1);
  guint8 half[] = { 1, 0, 1, 0 }, pair[] = { 0, 1, 0, 1 };
  g_autoptr (EspMask) mask = esp_mask_new (network, (guint8 *[8]){ half, half, half, NULL, NULL, pair });
  g_autoptr (EspCut) cut = esp_cut_new (network, weights, mask, NULL, NULL);

  assert_cut (network, weights, mask, cut);
}

/* Routes and an upsampling, without the shared data: twenty plans by lot on a narrow YOLOv3-tiny. */
static void
test_tiny (void)
{
  const guint widths[11] = { 4, 8, 8, 12, 16, 20, 24, 12, 8, 16, 12 };
  g_autofree char *cfg = tiny_text (widths, 64, 2);
  g_autoptr (EspNetwork) network = network_of (cfg, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1);
  g_autoptr (GRand) rng = esp_rng_new (2, 0, 0);

  for (int i = 0; i < 20; i++)
    {
      g_autoptr (EspMask) mask = plans_draw (network, rng, i / 20.0);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspCut) cut = esp_cut_new (network, weights, mask, NULL, &error);

      g_assert_no_error (error);
      assert_cut (network, weights, mask, cut);
    }
}

/* Masks that respect nothing: refused with a reason, or cut as counted; never a crash. */
static void
test_wild (void)
{
  g_autoptr (EspNetwork) network = network_of (text, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1);
  g_autoptr (GRand) rng = esp_rng_new (3, 0, 0);
  guint refused = 0, accepted = 0;

  for (int i = 0; i < 3000; i++)
    {
      guint8 bits[8][6], *keep[8];
      g_autoptr (EspMask) mask = NULL;
      g_autoptr (EspCut) cut = NULL;
      g_autoptr (GError) error = NULL;

      for (guint l = 0; l < 8; l++)
        {
          for (guint c = 0; c < 6; c++)
            bits[l][c] = l > 5 || g_rand_double (rng) < .8;
          keep[l] = g_rand_boolean (rng) ? bits[l] : NULL;
        }
      mask = esp_mask_new (network, keep);
      cut = esp_cut_new (network, weights, mask, NULL, &error);
      g_assert_true ((cut == NULL) == (error != NULL));
      if (cut != NULL)
        assert_cut (network, weights, mask, cut);
      *(cut == NULL ? &refused : &accepted) += 1;
    }
  g_assert_cmpuint (refused, >, 500);
  g_assert_cmpuint (accepted, >, 100);
}

static void
check_real (const char *name)
{
  g_autofree char *stem = g_strdup_printf ("models/%s/%s.cfg", name, name), *path = shared_file (stem);
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspWeights) weights = NULL;
  g_autoptr (EspCut) previous = NULL;
  g_autoptr (GRand) rng = esp_rng_new (1, 0, 0);
  gint64 spent = 0;

  if (path == NULL)
    return;
  network = esp_network_load (path, NULL);
  weights = esp_weights_new_random (network, 1);
  for (int i = 0; i < 20; i++)
    {
      g_autoptr (EspMask) mask = plans_draw (network, rng, i / 20.0);
      g_autoptr (GError) error = NULL;
      const gint64 begun = g_get_monotonic_time ();
      EspCut *cut = esp_cut_new (network, weights, mask, previous, &error);

      spent += g_get_monotonic_time () - begun;
      g_assert_no_error (error);
      assert_cut (network, weights, mask, cut);
      g_clear_pointer (&previous, esp_cut_unref);
      previous = cut;
    }
  g_test_message ("%s: a cut takes %.2f ms", name, (double) spent / 20000);
}

static void
test_yolo_fastest (void)
{
  check_real ("yolo-fastest-1.1");
  check_real ("yolo-fastest-1.1-xl");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/cut/text", test_text);
  g_test_add_func ("/net/cut/sharing", test_sharing);
  g_test_add_func ("/net/cut/refused", test_refused);
  g_test_add_func ("/net/cut/numbers", test_numbers);
  g_test_add_func ("/net/cut/tiny", test_tiny);
  g_test_add_func ("/net/cut/wild", test_wild);
  g_test_add_func ("/net/cut/yolo-fastest", test_yolo_fastest);
  return g_test_run ();
}
