/* test-zoo.c: every cfg of Debian's darknet, and some of AlexeyAB's: plans by lot, and that the cut network gives what the masked one gives
 *
 * Random weights, the smallest picture that the cfg allows from 8 on. In double each layer agrees to 1e-12 of its maximum, in float to
 * 1e-5, and what is written and read again is written as the same bytes. Three plans, 30 with ESP_TEST_ALL; of large networks not all of
 * them in double. Under the address sanitizer and valgrind one plan, and of large networks none. */
#include "config.h"

#include "net/cost.h"
#include "prune/cut-check.h"

#include "prune-common.h"

#include <math.h>

#define DEBIANS      "/usr/share/darknet/cfg"
#define DOUBLE_BOUND 1e-12
#define FLOAT_BOUND  1e-5
#define LEAST_SIDE   8
#define MOST_SIDE    256
#define MANY         20000000u /* parameters of a large network: only every third plan is checked in double */

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED TRUE
#else
#define SANITIZED FALSE
#endif

/* Memory is watched: what each plan reads and writes is alike. */
static gboolean
is_watched (void)
{
  return SANITIZED || g_getenv ("ESP_VALGRIND") != NULL;
}

static guint
count_plans (void)
{
  return is_watched () ? 1 : g_getenv ("ESP_TEST_ALL") != NULL ? 30 : 3;
}

/* (transfer full): the cfg over the smallest square picture from LEAST_SIDE on that it can be read for. */
static EspNetwork *
smallest (EspNetwork *network)
{
  for (int side = LEAST_SIDE; side <= MOST_SIDE; side++)
    {
      EspNetwork *small = esp_network_resized (network, side, side, NULL);

      if (small != NULL)
        return small;
    }
  return esp_network_ref (network);
}

/* Uniform in ±1, of a Weyl sequence that is mixed: a number a nanosecond. */
static inline float
next_number (guint64 *state)
{
  guint64 x = *state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  x = (x ^ (x >> 32)) * G_GUINT64_CONSTANT (0xd6e8feb86659fd93);
  return (float) (gint32) (x >> 32) * 0x1p-31f;
}

static void
fill (float *values, gsize n, float middle, float reach, guint64 *state)
{
  for (gsize i = 0; values != NULL && i < n; i++)
    values[i] = middle + reach * next_number (state);
}

/* Weights of He's variance, as esp_weights_new_random() draws them but faster. */
static EspWeights *
draw_weights (EspNetwork *network, guint64 seed)
{
  EspWeights *weights = esp_weights_new_zero (network);
  guint64 state = seed;

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      const EspParams *params = esp_weights_get (weights, l);

      if (params == NULL)
        continue;
      fill (params->weights, params->n_weights, 0,
            params->filters > 0 ? sqrtf (6.f * (float) params->filters / (float) params->n_weights) : 1, &state);
      fill (params->biases, params->filters, 0, .2f, &state);
      fill (params->scales, params->filters, 1, .5f, &state);
      fill (params->means, params->filters, 0, .2f, &state);
      fill (params->variances, params->filters, 1, .5f, &state);
    }
  return weights;
}

static EspMask *
draw_mask (EspNetwork *network, EspCoupling *coupling, guint i)
{
  g_autoptr (EspScores) scores = random_scores (network, i % 2 ? "bn-gamma" : "l1", i);
  g_autoptr (EspPlan) plan = esp_plan_new (network, coupling, scores);
  g_autoptr (GRand) stream = esp_rng_new (i, 'z', 0);

  if (esp_plan_get_n_groups (plan) == 0)
    return esp_plan_get_mask (plan);
  for (guint j = 0; j < 6; j++)
    act_by_lot (plan, stream);
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, g_rand_double_range (stream, .2, i % 4 == 3 ? 1 : .8));
  return esp_plan_get_mask (plan);
}

static double
check (EspNetwork *network, EspWeights *weights, EspMask *mask, EspCut *cut, EspBackendKind backend, guint seed)
{
  EspCutCheck result = { 0 };
  g_autoptr (GError) error = NULL;

  esp_cut_check (network, weights, mask, esp_cut_get_network (cut), esp_cut_get_weights (cut), cut, backend, ESP_BN_ALEXEY, seed, &result,
                 NULL, &error);
  g_assert_no_error (error);
  return result.difference;
}

/* What is written is read as the same network and numbers, and written again as the same bytes. */
static void
assert_written (EspCut *cut)
{
  EspNetwork *network = esp_cut_get_network (cut);
  gsize n = 0, n_again = 0;
  g_autofree char *text = esp_cfg_to_text (esp_network_get_cfg (network), &n), *text_again = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCfg) cfg = esp_cfg_parse (text, n, "again.cfg", &error);
  g_autoptr (GBytes) bytes = esp_weights_to_bytes (network, esp_cut_get_weights (cut)), bytes_again = NULL;
  g_autoptr (EspWeights) weights = NULL;

  g_assert_no_error (error);
  text_again = esp_cfg_to_text (cfg, &n_again);
  g_assert_cmpmem (text, n, text_again, n_again);
  weights = esp_weights_parse (network, bytes, "again.weights", &error);
  g_assert_no_error (error);
  bytes_again = esp_weights_to_bytes (network, weights);
  g_assert_true (g_bytes_equal (bytes, bytes_again));
}

static void
test_cfg (gconstpointer path)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) whole = esp_network_load (path, &error), network = whole != NULL ? smallest (whole) : NULL;
  g_autoptr (EspWeights) weights = NULL;
  g_autoptr (EspCoupling) coupling = NULL;
  const guint n = count_plans ();
  double worst_double = 0, worst_float = 0, shares = 0;
  gint64 begun = g_get_monotonic_time ();

  if (network == NULL)
    {
      g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
      g_test_skip (error->message);
      return;
    }
  if (is_watched () && esp_cost_of (network, NULL).params >= MANY)
    {
      g_test_skip ("a large network, run where memory is not watched");
      return;
    }
  weights = draw_weights (network, 1);
  coupling = esp_coupling_new (network);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (EspMask) mask = draw_mask (network, coupling, i);
      g_autoptr (EspCut) cut = esp_cut_new (network, weights, mask, NULL, &error);
      const EspCost before = esp_cost_of (network, NULL), after = esp_cost_of (network, mask);
      const gboolean in_double = i % 3 == 0 || before.params < MANY;

      g_assert_no_error (error);
      g_assert_true (esp_coupling_check (coupling, mask, &error));
      g_assert_cmpuint (esp_cost_of (esp_cut_get_network (cut), NULL).params, ==, after.params);
      shares += (double) after.params / (double) before.params / n;
      if (in_double)
        worst_double = MAX (worst_double, check (network, weights, mask, cut, ESP_BACKEND_REFERENCE_DOUBLE, i));
      worst_float = MAX (worst_float, check (network, weights, mask, cut, ESP_BACKEND_ONEDNN, i));
      if (i == 0)
        assert_written (cut);
    }
  g_test_message ("%s at %d: %u plans that keep %.0f %% of the parameters: double %.2g, float %.2g of a layer's maximum; %.1f s", name,
                  esp_network_get_input (network).w, n, 100 * shares, worst_double, worst_float,
                  (double) (g_get_monotonic_time () - begun) / 1e6);
  g_assert_cmpfloat (worst_double, <=, DOUBLE_BOUND);
  g_assert_cmpfloat (worst_float, <=, FLOAT_BOUND);
}

/* A test for each cfg of @folder. */
static guint
add_folder (const char *folder, GPtrArray *paths)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    if (g_str_has_suffix (name, ".cfg"))
      {
        g_autofree char *test = g_strconcat ("/zoo/", name, NULL);

        g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
        g_test_add_data_func (test, g_ptr_array_index (paths, paths->len - 1), test_cfg);
        n++;
      }
  if (dir != NULL)
    g_dir_close (dir);
  return n;
}

static void
test_absent (void)
{
  g_test_skip ("neither Debian's darknet nor the shared data are here (ESP_SHARED_DATA)");
}

int
main (int argc, char **argv)
{
  const char *root = g_getenv ("ESP_SHARED_DATA");
  g_autofree char *data = root != NULL ? g_strdup (root) : g_build_filename (g_getenv ("ESP_SOURCE_ROOT"), "..", "shared", "data", NULL);
  const char *const folders[] = { "cfg", "models/yolo-fastest-1.1", "models/yolo-fastest-1.1-xl" };
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  guint n;

  g_test_init (&argc, &argv, NULL);
  n = add_folder (DEBIANS, paths);
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *folder = g_build_filename (data, folders[i], NULL);

      n += add_folder (folder, paths);
    }
  if (n == 0)
    g_test_add_func ("/zoo/absent", test_absent);
  return g_test_run ();
}
