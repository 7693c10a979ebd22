/* test-cost.c: parameters and BFLOPs against published counts, whole and pruned */
#include "config.h"

#include "net/cost.h"

#include "base/error.h"
#include "net-common.h"
#include "net-plans.h"
#include "net-tiny.h"
#include "net/cut.h"

static double
convolution_bflops (const EspNetwork *network)
{
  double sum = 0;

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    if (esp_network_get_layer (network, i)->kind == ESP_LAYER_CONVOLUTIONAL)
      sum += esp_cost_of_layer (network, i).bflops;
  return sum;
}

/* 5.565 is the sum of what stock darknet prints for each layer, 5.571 AlexeyAB's total. */
static void
test_tiny (void)
{
  g_autofree char *text = tiny_text (tiny_widths, 416, 80);
  g_autoptr (EspNetwork) network = network_of (text, NULL);
  const EspCost cost = esp_cost_of (network, NULL);

  g_assert_cmpuint (cost.params, ==, 8858734); /* of 35434956 bytes: yolov3-tiny.weights */
  g_assert_cmpuint (cost.file_bytes, ==, 35434956);
  g_assert_cmpfloat_with_epsilon (cost.bflops, 5.571, .0005);
  g_assert_cmpfloat_with_epsilon (convolution_bflops (network), 5.565, .0005);
}

/* Shi, Li and Yamaguchi's released variants at 512 with one class: shares cut, million parameters, 2 * MAC in G. */
static const struct
{
  double cut[11];
  double params, bflops;
} variants[] = {
  { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 8.676, 8.24 },
  { { 0, 0, 0, .4, .4, .5, .7, .6, .8, .8, .6 }, 1.544, 2.974 },
  { { 0, 0, 0, .5, .5, .5, .75, .5, .75, .75, .75 }, 1.303, 2.627 },
  { { .2, 0, 0, .5, .5, .5, .75, .6, .75, .75, .75 }, 1.266, 2.453 },
  { { 0, 0, 0, .5, .5, .5, .75, .75, .75, .875, .875 }, 1.126, 2.465 },
};

static void
test_variants (void)
{
  g_autofree char *text = tiny_text (tiny_widths, 512, 1);
  g_autoptr (EspNetwork) network = network_of (text, NULL);

  for (guint v = 0; v < G_N_ELEMENTS (variants); v++)
    {
      guint widths[11];
      guint8 *keep[24] = { NULL };
      g_autoptr (EspMask) mask = NULL;
      g_autofree char *small = NULL;
      g_autoptr (EspNetwork) expected = NULL;
      EspCost cost;

      for (guint i = 0; i < 11; i++)
        {
          const guint cut = (guint) (tiny_widths[i] * variants[v].cut[i]);

          widths[i] = tiny_widths[i] - cut;
          keep[tiny_layers[i]] = g_malloc (tiny_widths[i]);
          for (guint c = 0; c < tiny_widths[i]; c++)
            keep[tiny_layers[i]][c] = c >= cut;
        }
      mask = esp_mask_new (network, keep);
      cost = esp_cost_of (network, mask);
      small = tiny_text (widths, 512, 1);
      expected = network_of (small, NULL);
      g_assert_cmpuint (cost.params, ==, esp_cost_of (expected, NULL).params);
      g_assert_cmpfloat (cost.bflops, ==, esp_cost_of (expected, NULL).bflops);
      g_assert_cmpfloat_with_epsilon ((double) cost.params / 1e6, variants[v].params, .0005);
      g_assert_cmpfloat_with_epsilon (convolution_bflops (expected), variants[v].bflops, v == 0 ? .005 : .0005);
      for (guint i = 0; i < 24; i++)
        g_free (keep[i]);
    }
}

static void
test_kinds (void)
{
  g_autoptr (EspNetwork) network = network_of ("[net]\nwidth=6\nheight=4\nchannels=3\n"
                                               "[conv]\nbatch_normalize=1\nfilters=8\nsize=3\npad=1\n" /* 216 + 32; 2 * 216 * 24 */
                                               "[conv]\nfilters=8\ngroups=8\nsize=3\npad=1\n"          /* 72 + 8; 2 * 72 * 24 */
                                               "[conv]\nfilters=8\ngroups=2\nsize=1\n"                 /* 32 + 8; 2 * 32 * 24 */
                                               "[shortcut]\nfrom=-2\n[maxpool]\nstride=2\n[upsample]\n[route]\nlayers=-1,0\n[dropout]\n",
                                               NULL);
  const guint64 params[] = { 248, 80, 40, 0, 0, 0, 0, 0 };
  const double flops[] = { 2. * 216 * 24, 2. * 72 * 24, 2. * 32 * 24, 8 * 24, 4 * 8 * 6, 0, 0, 0 };

  for (guint i = 0; i < 8; i++)
    {
      g_assert_cmpuint (esp_cost_of_layer (network, i).params, ==, params[i]);
      g_assert_cmpfloat_with_epsilon (esp_cost_of_layer (network, i).bflops * 1e9, flops[i], 1e-6);
    }
  g_assert_cmpuint (esp_cost_of (network, NULL).file_bytes, ==, 20 + 4 * 368);
}

/* AlexeyAB's total counts windows, whatever they take, but neither means of all a map nor connected layers. */
static void
test_classifier (void)
{
  g_autoptr (EspNetwork) network = network_of ("[net]\nwidth=6\nheight=4\nchannels=3\n"
                                               "[conv]\nfilters=8\nsize=3\npad=1\nstride_x=2\n" /* 216 + 8; 2 * 216 * 12 */
                                               "[local_avgpool]\nsize=3\nstride=1\n"            /* 9 * 8 * 12 */
                                               "[connected]\noutput=10\nbatch_normalize=1\n"    /* 8 * 12 * 10 + 40 */
                                               "[connected]\noutput=5\n[avgpool]\n",            /* 50 + 5 */
                                               NULL);
  const guint64 params[] = { 224, 0, 1000, 55, 0 };
  const double flops[] = { 2. * 216 * 12, 9 * 8 * 12, 0, 0, 0 };

  for (guint i = 0; i < 5; i++)
    {
      g_assert_cmpuint (esp_cost_of_layer (network, i).params, ==, params[i]);
      g_assert_cmpfloat_with_epsilon (esp_cost_of_layer (network, i).bflops * 1e9, flops[i], 1e-6);
    }
}

static void
check_fast (const char *name, guint64 params, guint64 bytes)
{
  g_autofree char *path = shared_file (name);
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (GRand) rng = esp_rng_new (1, 0, 0);
  g_autoptr (EspMask) mask = NULL;
  EspCost cost;
  gint64 begun;
  double micro;

  if (path == NULL)
    return;
  network = esp_network_load (path, NULL);
  cost = esp_cost_of (network, NULL);
  g_assert_cmpuint (cost.params, ==, params);
  g_assert_cmpuint (cost.file_bytes, ==, bytes);
  mask = plans_draw (network, rng, .4);
  begun = g_get_monotonic_time ();
  for (int i = 0; i < 1000; i++)
    cost = esp_cost_of (network, mask);
  micro = (double) (g_get_monotonic_time () - begun) / 1000;
  g_test_message ("masked cost: %.1f µs", micro);
  g_assert_cmpfloat (micro, <, 5000); /* a frame is 16 ms; sanitizers and a busy machine included */
  g_assert_cmpuint (cost.params, <, params);
}

static void
test_yolo_fastest (void)
{
  check_fast ("models/yolo-fastest-1.1/yolo-fastest-1.1.cfg", 346062, 20 + 4 * 346062);
  check_fast ("models/yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg", 923486, 20 + 4 * 923486);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/cost/tiny", test_tiny);
  g_test_add_func ("/net/cost/variants", test_variants);
  g_test_add_func ("/net/cost/kinds", test_kinds);
  g_test_add_func ("/net/cost/classifier", test_classifier);
  g_test_add_func ("/net/cost/yolo-fastest", test_yolo_fastest);
  return g_test_run ();
}
