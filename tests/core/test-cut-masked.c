/* test-cut-masked.c: plans by lot: the cut network gives what the masked one gives, every layer, in double and in float */
#include "config.h"

#include "prune/cut-check.h"

#include "prune-common.h"

#include <math.h>

#define DOUBLE_BOUND 1e-12
#define FLOAT_BOUND  1e-5

static gboolean
all_wanted (void)
{
  return g_getenv ("ESP_TEST_ALL") != NULL;
}

/* The same network over a smaller picture: the quick run. */
static EspNetwork *
shrink (EspNetwork *network, const char *side)
{
  EspCfg *cfg = esp_cfg_copy (esp_network_get_cfg (network));
  g_autoptr (GError) error = NULL;
  EspNetwork *small;

  esp_cfg_set (cfg, 0, "width", side);
  esp_cfg_set (cfg, 0, "height", side);
  small = esp_network_new (cfg, &error);
  g_assert_no_error (error);
  return small;
}

static double
check (EspNetwork *network, EspWeights *weights, EspMask *mask, EspBackendKind backend, guint64 seed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCut) cut = esp_cut_new (network, weights, mask, NULL, &error);
  EspCutCheck result = { 0, 0 };

  g_assert_no_error (error);
  esp_cut_check (network, weights, mask, esp_cut_get_network (cut), esp_cut_get_weights (cut), cut, backend, ESP_BN_ALEXEY, seed, &result,
                 NULL, &error);
  g_assert_no_error (error);
  return result.difference;
}

static void
check_plans (EspNetwork *network, EspWeights *weights, guint n)
{
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  double worst_double = 0, worst_float = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (EspScores) scores = random_scores (network, i % 2 ? "bn-gamma" : "l1", i);
      g_autoptr (EspPlan) plan = esp_plan_new (network, coupling, scores);
      g_autoptr (GRand) stream = esp_rng_new (i, 'm', 0);
      g_autoptr (EspMask) mask = NULL;

      for (guint j = 0; j < 6; j++)
        act_by_lot (plan, stream);
      for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
        esp_plan_set_ratio (plan, g, g_rand_double_range (stream, 0, i % 4 == 3 ? 1 : .7));
      mask = esp_plan_get_mask (plan);
      worst_double = MAX (worst_double, check (network, weights, mask, ESP_BACKEND_REFERENCE_DOUBLE, i));
      worst_float = MAX (worst_float, check (network, weights, mask, ESP_BACKEND_ONEDNN, i));
    }
  g_test_message ("%u plans: double %.2g, float %.2g of a layer's maximum", n, worst_double, worst_float);
  g_assert_cmpfloat (worst_double, <=, DOUBLE_BOUND);
  g_assert_cmpfloat (worst_float, <=, FLOAT_BOUND);
}

static void
test_real (gconstpointer name)
{
  g_autofree char *cfg = g_strdup_printf ("models/%s/%s.cfg", (const char *) name, (const char *) name);
  g_autofree char *numbers = g_strdup_printf ("models/%s/%s.weights", (const char *) name, (const char *) name);
  g_autofree char *cfg_path = shared_file (cfg), *weights_path = cfg_path != NULL ? shared_file (numbers) : NULL;
  g_autoptr (EspNetwork) whole = NULL, network = NULL;
  g_autoptr (EspWeights) weights = NULL;
  g_autoptr (GError) error = NULL;

  if (weights_path == NULL)
    return;
  whole = esp_network_load (cfg_path, &error);
  g_assert_no_error (error);
  network = all_wanted () ? esp_network_ref (whole) : shrink (whole, "96");
  weights = esp_weights_load (network, weights_path, &error);
  g_assert_no_error (error);
  check_plans (network, weights, all_wanted () ? 20 : 1);
}

static void
test_tiny (void)
{
  g_autoptr (EspNetwork) network = all_wanted () ? tiny_network (96, 1) : tiny_network (64, 4);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1);

  check_plans (network, weights, all_wanted () ? 20 : 6);
}

static void
test_fastest (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 2);

  check_plans (network, weights, all_wanted () ? 20 : 6);
}

/* (transfer full): of each group two fifths gone. */
static EspMask *
thin (EspNetwork *network)
{
  g_autoptr (EspScores) scores = random_scores (network, "l1", 1);
  g_autoptr (EspPlan) plan = plan_of (network, scores);

  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, .4);
  return esp_plan_get_mask (plan);
}

/* One weight of the cut network moved: the check sees it. */
static void
test_sees (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 2);
  g_autoptr (EspMask) mask = thin (network);
  g_autoptr (EspCut) cut = esp_cut_new (network, weights, mask, NULL, NULL);
  EspCutCheck result = { 0, 0 };

  esp_weights_get (esp_cut_get_weights (cut), 11)->weights[5] += 1e-3f;
  g_assert_true (esp_cut_check (network, weights, mask, esp_cut_get_network (cut), esp_cut_get_weights (cut), cut,
                                ESP_BACKEND_REFERENCE_DOUBLE, ESP_BN_ALEXEY, 1, &result, NULL, NULL));
  g_assert_cmpfloat (result.difference, >, 1e-6);
  g_assert_cmpuint (result.layer, >=, 11);
}

#define STEEP 4 /* the logistic layer of steep_network() */

/* Convolutions that make large numbers, which a logistic reads. */
static EspNetwork *
steep_network (void)
{
  g_autoptr (GString) cfg = g_string_new ("[net]\nbatch=1\nwidth=32\nheight=32\nchannels=3\n\n");
  g_autoptr (GError) error = NULL;
  EspNetwork *network;

  append_conv (cfg, 48, 3, 2, "mish", BN);
  append_conv (cfg, 96, 3, 1, "mish", BN);
  append_conv (cfg, 96, 3, 1, "leaky", BN);
  append_conv (cfg, 96, 3, 2, "leaky", BN);
  append_conv (cfg, 64, 1, 1, "logistic", BN);
  append_conv (cfg, 21, 1, 1, "linear", "");
  append_yolo (cfg, "0,1,2", 2);
  network = network_of (cfg->str, &error);
  g_assert_no_error (error);
  return network;
}

/* Random, and what the logistic reads so large that the rounding of a float is more than the bound behind it. */
static EspWeights *
steep_weights (EspNetwork *network)
{
  EspWeights *weights = esp_weights_new_random (network, 3);
  const EspParams *params = esp_weights_get (weights, STEEP - 1);

  for (guint f = 0; f < params->filters; f++)
    params->scales[f] *= 3000;
  return weights;
}

/* What @backend makes of noise at @layer of the masked network. */
static double *
run_layer (EspNetwork *network, EspWeights *weights, EspMask *mask, EspBackendKind backend, guint layer)
{
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = backend, .batch = 1, .mask = mask, .keep_all = TRUE };
  const gsize n = esp_shape_count (esp_network_get_input (network));
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = esp_engine_new (network, weights, &options, NULL, &error);
  g_autoptr (GRand) stream = esp_rng_new (1, 'i', 0);
  g_autofree float *input = g_new (float, n);
  double *values = g_new (double, esp_shape_count (esp_network_get_layer (network, layer)->out));

  for (gsize i = 0; i < n; i++)
    input[i] = (float) g_rand_double (stream);
  g_assert_true (esp_engine_forward (engine, input, NULL, &error));
  g_assert_true (esp_engine_read_double (engine, layer, ESP_AT_OUT, values, &error));
  return values;
}

/* How far float32 by oneDNN is from double at @layer of the masked network, in parts of its maximum. */
static double
rounding (EspNetwork *network, EspWeights *weights, EspMask *mask, guint layer)
{
  const gsize n = esp_shape_count (esp_network_get_layer (network, layer)->out);
  g_autofree double *exact = run_layer (network, weights, mask, ESP_BACKEND_REFERENCE_DOUBLE, layer);
  g_autofree double *rounded = run_layer (network, weights, mask, ESP_BACKEND_ONEDNN, layer);
  double most = 0, worst = 0;

  for (gsize i = 0; i < n; i++)
    {
      most = MAX (most, fabs (exact[i]));
      worst = MAX (worst, fabs (rounded[i] - exact[i]));
    }
  return worst / most;
}

static EspCutCheck
compare_with (EspNetwork *network, EspWeights *weights, EspMask *mask, EspCut *cut, EspBackendKind backend)
{
  EspCutCheck result = { 0, 0 };
  g_autoptr (GError) error = NULL;

  esp_cut_check (network, weights, mask, esp_cut_get_network (cut), esp_cut_get_weights (cut), cut, backend, ESP_BN_ALEXEY, 1, &result,
                 NULL, &error);
  g_assert_no_error (error);
  return result;
}

/* Where float32 rounds by more than the bound, cut and masked still agree within it, for both sum in one order; and one weight of each
 * filter that is off by one unit in its last place is a wrong cut there, as double sees. */
static void
test_steep (void)
{
  g_autoptr (EspNetwork) network = steep_network ();
  g_autoptr (EspWeights) weights = steep_weights (network);
  g_autoptr (EspMask) mask = thin (network);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCut) cut = esp_cut_new (network, weights, mask, NULL, &error);
  const double rounds = rounding (network, weights, mask, STEEP);
  const EspParams *params;
  EspCutCheck result;

  g_assert_no_error (error);
  g_assert_cmpfloat (rounds, >, 2 * FLOAT_BOUND);
  result = compare_with (network, weights, mask, cut, ESP_BACKEND_ONEDNN);
  g_test_message ("float32 is off by %.2g of the maximum there, cut and masked differ by %.2g", rounds, result.difference);
  g_assert_cmpfloat (result.difference, <=, FLOAT_BOUND);
  result = compare_with (network, weights, mask, cut, ESP_BACKEND_REFERENCE_DOUBLE);
  g_assert_true (esp_cut_check_accept (&result, DOUBLE_BOUND, FLOAT_BOUND, &error));
  params = esp_weights_get (esp_cut_get_weights (cut), STEEP);
  for (gsize f = 0; f < params->filters; f++)
    {
      float *moved = params->weights + f * params->n_weights / params->filters + 5;

      *moved = nextafterf (*moved, INFINITY);
    }
  result = compare_with (network, weights, mask, cut, ESP_BACKEND_REFERENCE_DOUBLE);
  g_assert_cmpfloat (result.difference, >, 1e3 * DOUBLE_BOUND);
  g_assert_false (esp_cut_check_accept (&result, DOUBLE_BOUND, FLOAT_BOUND, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
}

#define SIDES "[net]\nwidth=128\nheight=128\nchannels=3\n\n[convolutional]\nfilters=8\nsize=3\nstride=8\npad=1\n\n"

/* What would take long is compared over a smaller input, where its weights mean the same there. */
static void
test_size (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) free_size = network_of (SIDES "[avgpool]\n\n[connected]\noutput=4\n", &error);
  g_autoptr (EspNetwork) tied = network_of (SIDES "[connected]\noutput=4\n", &error);
  g_autoptr (EspNetwork) small = esp_cut_check_network (free_size, 100);
  g_autoptr (EspNetwork) whole = esp_cut_check_network (free_size, .1);
  g_autoptr (EspNetwork) same = esp_cut_check_network (tied, 100);

  g_assert_no_error (error);
  g_assert_cmpint (esp_network_get_input (small).w, ==, 96);
  g_assert_true (whole == free_size);
  g_assert_true (same == tied);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cut-masked/sees", test_sees);
  g_test_add_func ("/cut-masked/steep", test_steep);
  g_test_add_func ("/cut-masked/size", test_size);
  g_test_add_func ("/cut-masked/fastest", test_fastest);
  g_test_add_func ("/cut-masked/tiny", test_tiny);
  g_test_add_data_func ("/cut-masked/yolo-fastest", "yolo-fastest-1.1", test_real);
  g_test_add_data_func ("/cut-masked/yolo-fastest-xl", "yolo-fastest-1.1-xl", test_real);
  return g_test_run ();
}
