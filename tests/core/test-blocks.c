/* test-blocks.c: networks without whole shortcut blocks against those whose blocks are multiplied by 0 */
#include "config.h"

#include "search/blocks-effect.h"

#include <math.h>
#include <string.h>

#include "net/weights-copy.h"
#include "prune-common.h"

static void
check (EspNetwork *network, const guint *shortcuts, guint n)
{
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 3), rest_weights = NULL, spoilt = NULL;
  g_autoptr (EspNetwork) rest = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree int *map = NULL;
  const EspCost before = esp_cost_of (network, NULL);
  g_autoptr (GArray) blocks = esp_blocks_find (network);
  guint64 params = 0;
  double difference = NAN;

  esp_blocks_remove (network, weights, shortcuts, n, &rest, &rest_weights, &map, &error);
  g_assert_no_error (error);
  esp_blocks_check (network, weights, shortcuts, n, rest, rest_weights, map, ESP_BN_ALEXEY, 1, &difference, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (difference, <=, 1e-12);
  for (guint i = 0; i < blocks->len; i++)
    for (guint k = 0; k < n; k++)
      if (g_array_index (blocks, EspBlock, i).last == shortcuts[k])
        params += g_array_index (blocks, EspBlock, i).saved.params;
  g_assert_cmpuint (esp_cost_of (rest, NULL).params + params, ==, before.params);
  g_assert_cmpuint (esp_network_get_n_layers (rest), <, esp_network_get_n_layers (network));
  spoilt = esp_weights_copy (rest, rest_weights);
  esp_weights_set (spoilt, 0, esp_params_copy (esp_weights_get (rest_weights, 0)));
  esp_weights_get (spoilt, 0)->biases[0] += .5f; /* the check sees it */
  g_assert_true (esp_blocks_check (network, weights, shortcuts, n, rest, spoilt, map, ESP_BN_ALEXEY, 1, &difference, NULL, NULL));
  g_assert_cmpfloat (difference, >, 1e-6);
}

static void
test_fastest (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (GArray) blocks = esp_blocks_find (network);
  const guint both[] = { 8, 16 };

  g_assert_cmpuint (blocks->len, ==, 2);
  g_assert_cmpuint (g_array_index (blocks, EspBlock, 0).first, ==, 4);
  g_assert_cmpuint (g_array_index (blocks, EspBlock, 0).last, ==, 8);
  g_assert_cmpint (g_array_index (blocks, EspBlock, 0).source, ==, 3);
  g_assert_cmpuint (g_array_index (blocks, EspBlock, 1).first, ==, 12);
  check (network, both, 1);
  check (network, both + 1, 1);
  check (network, both, 2);
}

#define CONV(n, more) "[convolutional]\nbatch_normalize=1\nfilters=" #n "\nsize=1\nstride=1\nactivation=leaky\n" more "\n"
#define TAIL          "[convolutional]\nfilters=14\nsize=1\nactivation=linear\n\n[yolo]\nmask=0,1\nanchors=4,5, 9,8\nclasses=2\nnum=2\n\n"

/* Two blocks one behind the other, the second of the first's sum: both at once. */
static void
test_chain (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network
      = network_of ("[net]\nwidth=8\nheight=8\nchannels=3\n\n" CONV (6, "") CONV (4, "") CONV (6, "") "[shortcut]\nfrom=-3\n\n" CONV (4, "")
                        CONV (6, "") "[shortcut]\nfrom=-3\n\n" TAIL,
                    &error);
  const guint both[] = { 6, 3 };

  g_assert_no_error (error);
  check (network, both, 1);
  check (network, both + 1, 1);
  check (network, both, 2);
}

/* One block within another: each can go alone, both cannot, and nobody asks for both unless told to. */
static void
test_nested (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of ("[net]\nwidth=8\nheight=8\nchannels=3\n\n" CONV (6, "") CONV (6, "") CONV (4, "")
                                                   CONV (6, "") "[shortcut]\nfrom=-3\n\n" CONV (6, "") "[shortcut]\nfrom=-6\n\n" TAIL,
                                               &error);
  g_autoptr (EspWeights) weights = NULL;
  const guint both[] = { 4, 6 };
  EspBlocksInput input = { 0 };
  EspEvaluateOptions options;
  EspBlocksEffect *effects;

  g_assert_no_error (error);
  weights = esp_weights_new_random (network, 1);
  check (network, both, 1);
  check (network, both + 1, 1);
  esp_evaluate_options_init (&options, network);
  input.network = network;
  input.weights = weights;
  input.options = &options;
  effects = esp_blocks_effects (&input, both, 2, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (effects[1].cost.params, >, effects[2].cost.params);
  g_assert_cmpuint (effects[3].cost.params, ==, 0);
  g_free (effects);
  input.together = TRUE;
  g_assert_null (esp_blocks_effects (&input, both, 2, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
}

static void
assert_stays (const char *text, guint layer, const char *because)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *whole = g_strconcat ("[net]\nwidth=8\nheight=8\nchannels=3\n\n", text, NULL);
  g_autoptr (EspNetwork) network = network_of (whole, &error), rest = NULL;
  g_autoptr (EspWeights) weights = NULL, rest_weights = NULL;
  g_autofree char *why = NULL;
  g_autofree int *map = NULL;

  g_assert_no_error (error);
  why = esp_blocks_why (network, layer);
  g_assert_nonnull (why);
  if (strstr (why, because) == NULL)
    g_error ("“%s” does not say “%s”", why, because);
  weights = esp_weights_new_random (network, 1);
  g_assert_false (esp_blocks_remove (network, weights, &layer, 1, &rest, &rest_weights, &map, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, because));
  g_assert_nonnull (strstr (error->message, "expected none"));
}

static void
test_stays (void)
{
  assert_stays (CONV (6, "") CONV (6, "") "[shortcut]\nfrom=-2\nactivation=leaky\n\n" TAIL, 2, "leaky");
  assert_stays (CONV (6, "") CONV (6, "") "[shortcut]\nfrom=-2\nweights_type=per_feature\n\n" TAIL, 2, "weighs");
  assert_stays (CONV (6, "") CONV (6, "") "[shortcut]\nfrom=-2\n\n[route]\nlayers=-1,1\n\n" TAIL, 2, "layer 3 reads layer 1");
  assert_stays (CONV (6, "") CONV (6, "") CONV (6, "") "[route]\nlayers=-1,0\n\n" CONV (6, "") "[shortcut]\nfrom=1\n\n" TAIL, 5,
                "reads layer 0");
  assert_stays (CONV (6, "") CONV (4, "") "[shortcut]\nfrom=-2\n\n" TAIL, 2, "unequal");
  assert_stays (CONV (6, "") CONV (6, "") CONV (6, "") "[shortcut]\nfrom=-2,-3\n\n" TAIL, 3, "3 layers");
  assert_stays (CONV (6, "") CONV (6, "") TAIL, 1, "no shortcut");
  assert_stays (CONV (6, "") CONV (6, "") TAIL, 99, "layers 0 to");
}

/* Of every shortcut it is said whether it can go, and those that can do. */
static void
test_real (gconstpointer name)
{
  g_autofree char *path = shared_file (name);
  g_autoptr (EspNetwork) network = NULL, small = NULL;
  g_autoptr (GArray) blocks = NULL;
  g_autoptr (GError) error = NULL;
  guint last;

  if (path == NULL)
    return;
  network = esp_network_load (path, &error);
  g_assert_no_error (error);
  small = esp_network_resized (network, 64, 64, &error);
  g_assert_no_error (error);
  blocks = esp_blocks_find (small);
  g_assert_cmpuint (blocks->len, >, 0);
  for (guint l = 0; l < esp_network_get_n_layers (small); l++)
    {
      g_autofree char *why = esp_blocks_why (small, l);
      gboolean found = FALSE;

      for (guint i = 0; i < blocks->len; i++)
        found = found || g_array_index (blocks, EspBlock, i).last == l;
      g_assert_cmpint (found, ==, why == NULL);
    }
  g_test_message ("%u blocks", blocks->len);
  last = g_array_index (blocks, EspBlock, blocks->len / 2).last;
  check (small, &last, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/blocks/nested", test_nested);
  g_test_add_func ("/blocks/fastest", test_fastest);
  g_test_add_func ("/blocks/chain", test_chain);
  g_test_add_func ("/blocks/stays", test_stays);
  g_test_add_data_func ("/blocks/yolo-fastest", "models/yolo-fastest-1.1/yolo-fastest-1.1.cfg", test_real);
  g_test_add_data_func ("/blocks/yolov4", "cfg/yolov4.cfg", test_real);
  return g_test_run ();
}
