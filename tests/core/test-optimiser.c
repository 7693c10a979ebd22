/* test-optimiser.c: updates against float64 and, by tests/witness/training64.py, PyTorch; masks, threads, bad gradients, state */
#include "config.h"

#include "train/optimiser.h"

#include <math.h>
#include <omp.h>

#include "base/rng.h"
#include "train-common.h"

#define UPDATES 6
#define IMAGES  4

/* 54 weights, 2 gammas, 2 betas; 6 weights, 3 biases. */
static const char small[] = "[net]\nwidth=4\nheight=4\nchannels=3\n"
                            "[convolutional]\nbatch_normalize=1\nfilters=2\nsize=3\npad=1\nactivation=leaky\n"
                            "[convolutional]\nfilters=3\nsize=1\nactivation=linear\n";

static EspParameterVector *
vector_of (const char *text)
{
  g_autoptr (EspNetwork) network = network_of (text, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 3);

  return esp_parameter_vector_new (network, weights);
}

/* The formulas of training64.py: all exact in float. */
static void
put_statistics (EspParameterVector *vector, int update)
{
  float *statistics = esp_parameter_vector_get_statistics (vector);

  for (int k = 0; k < (int) esp_parameter_vector_get_n_statistics (vector); k++)
    statistics[k] = (float) ((17 * k + 5 * update) % 32) / 8;
}

static void
put_gradients (EspParameterVector *vector, int update)
{
  float *gradients = esp_parameter_vector_get_gradients (vector);
  const guint8 *keep = esp_parameter_vector_get_keep (vector);

  for (int i = 0; i < (int) esp_parameter_vector_get_n (vector); i++)
    gradients[i] = keep == NULL || keep[i] ? (float) ((53 * i + 29 * update) % 128 - 64) / 16 : 0;
}

static EspParameterVector *
start (int masked)
{
  EspParameterVector *vector = vector_of (small);
  float *parameters = esp_parameter_vector_get_parameters (vector);
  const gsize n = esp_parameter_vector_get_n (vector);
  guint8 keep[67];

  g_assert_cmpuint (n, ==, G_N_ELEMENTS (keep));
  g_assert_cmpuint (esp_parameter_vector_get_n_statistics (vector), ==, 4);
  for (int i = 0; i < (int) n; i++)
    {
      parameters[i] = (float) ((37 * i + 11) % 64 - 32) / 32;
      keep[i] = masked == 0 || i % masked != 0;
    }
  if (masked != 0)
    esp_parameter_vector_set_keep (vector, NULL, keep);
  put_statistics (vector, 0);
  return vector;
}

/* @rules: room for two. */
static EspOptimiserOptions
options_of (JsonObject *row, EspLayerRule *rules)
{
  EspOptimiserOptions options = { .kind = (EspOptimiserKind) train_number (row, "kind", 0),
                                  .momentum = train_number (row, "momentum", 0),
                                  .nesterov = train_number (row, "nesterov", 0) != 0,
                                  .b1 = train_number (row, "b1", 0),
                                  .b2 = train_number (row, "b2", 0),
                                  .epsilon = train_number (row, "epsilon", 0),
                                  .decay = train_number (row, "decay", 0),
                                  .clip_norm = train_number (row, "clip_norm", 0),
                                  .clip_value = train_number (row, "clip_value", 0),
                                  .average = train_number (row, "average", 0),
                                  .average_from = (guint64) train_number (row, "average_from", 0),
                                  .average_warm = train_number (row, "average_warm", 0) != 0,
                                  .first_layer = (guint) train_number (row, "first_layer", 0),
                                  .rules = rules };

  if (json_object_has_member (row, "rules"))
    {
      JsonArray *list = json_object_get_array_member (row, "rules");

      for (; options.n_rules < json_array_get_length (list); options.n_rules++)
        {
          JsonArray *rule = json_array_get_array_element (list, options.n_rules);

          rules[options.n_rules] = (EspLayerRule){ json_array_get_double_element (rule, 0), (guint64) json_array_get_int_element (rule, 1),
                                                   json_array_get_int_element (rule, 2) != 0 };
        }
    }
  return options;
}

static void
assert_close (const char *name, const char *what, JsonArray *expected, const float *found, gsize n)
{
  g_assert_cmpuint (json_array_get_length (expected), ==, n);
  for (guint i = 0; i < n; i++)
    {
      const double e = json_array_get_double_element (expected, i);

      if (!(fabs (found[i] - e) <= 2e-6 * MAX (1, fabs (e))))
        g_error ("%s, %s %u: %.9g found, %.9g expected", name, what, i, (double) found[i], e);
    }
}

static void
assert_average (JsonObject *row, EspOptimiser *optimiser, EspParameterVector *vector)
{
  g_autoptr (EspWeights) average = esp_optimiser_average (optimiser);
  g_autoptr (EspParameterVector) other = NULL;
  g_autofree float *numbers = NULL;
  const gsize n = esp_parameter_vector_get_n (vector), m = esp_parameter_vector_get_n_statistics (vector);

  if (json_object_get_null_member (row, "average"))
    {
      g_assert_null (average);
      return;
    }
  g_assert_nonnull (average);
  other = vector_of (small);
  esp_parameter_vector_set_weights (other, average);
  numbers = g_new (float, n + m);
  memcpy (numbers, esp_parameter_vector_get_parameters (other), n * sizeof (float));
  memcpy (numbers + n, esp_parameter_vector_get_statistics (other), m * sizeof (float));
  assert_close (json_object_get_string_member (row, "name"), "average", json_object_get_array_member (row, "average"), numbers, n + m);
}

static void
test_updates (void)
{
  g_autoptr (JsonArray) rows = train_rows ("updates.json");

  g_assert_cmpuint (json_array_get_length (rows), >, 15);
  for (guint r = 0; r < json_array_get_length (rows); r++)
    {
      JsonObject *row = json_array_get_object_element (rows, r), *asked = json_object_get_object_member (row, "options");
      const char *name = json_object_get_string_member (row, "name");
      EspLayerRule rules[2];
      const EspOptimiserOptions options = options_of (asked, rules);
      g_autoptr (EspParameterVector) vector = start ((int) train_number (asked, "masked", 0));
      g_autoptr (EspOptimiser) optimiser = esp_optimiser_new (vector, &options);

      for (int t = 1; t <= UPDATES; t++)
        {
          put_statistics (vector, t);
          put_gradients (vector, t);
          g_assert_true (esp_optimiser_step (optimiser, json_object_get_double_member (asked, "rate") / t, 1. / IMAGES));
        }
      g_assert_cmpuint (esp_optimiser_get_n_steps (optimiser), ==, UPDATES);
      assert_close (name, "parameter", json_object_get_array_member (row, "parameters"), esp_parameter_vector_get_parameters (vector),
                    esp_parameter_vector_get_n (vector));
      g_assert_cmpfloat_with_epsilon (esp_optimiser_get_norm (optimiser), json_object_get_double_member (row, "norm"), 1e-9);
      assert_average (row, optimiser, vector);
    }
}

/* Worked by hand: two images, rate 1/2, momentum 1/2, decay 1/4; one weight of 2 with gradients 4 then 0, a bias that does not decay. */
static void
test_by_hand (void)
{
  const EspOptimiserOptions options = { .momentum = .5, .decay = .25 };
  g_autoptr (EspParameterVector) vector = vector_of ("[net]\nwidth=1\nheight=1\nchannels=1\n[convolutional]\nfilters=1\nsize=1\n"
                                                     "activation=linear\n");
  g_autoptr (EspOptimiser) optimiser = esp_optimiser_new (vector, &options);
  float *w = esp_parameter_vector_get_parameters (vector), *g = esp_parameter_vector_get_gradients (vector);

  g_assert_cmpuint (esp_parameter_vector_get_n (vector), ==, 2);
  w[0] = 2, w[1] = 2, g[0] = 4, g[1] = 4;
  g_assert_true (esp_optimiser_step (optimiser, .5, .5));
  g_assert_cmpfloat (w[0], ==, .75f); /* v = 4 / 2 + 2 / 4 = 2.5; 2 - 1.25 */
  g_assert_cmpfloat (w[1], ==, 1);    /* v = 2; 2 - 1 */
  g[0] = g[1] = 0;
  g_assert_true (esp_optimiser_step (optimiser, .5, .5));
  g_assert_cmpfloat (w[0], ==, .03125f); /* v = 1.25 + .1875; .75 - .71875 */
  g_assert_cmpfloat (w[1], ==, .5f);
}

static GBytes *
state_of (EspOptimiser *optimiser)
{
  const gsize n = esp_optimiser_state_bytes (optimiser);
  guint8 *bytes = g_malloc (n);

  esp_optimiser_save (optimiser, bytes);
  return g_bytes_new_take (bytes, n);
}

static void
test_not_finite (void)
{
  const EspOptimiserOptions kinds[] = { { .momentum = .9, .decay = .01, .average = .9 },
                                        { .kind = ESP_OPTIMISER_ADAM, .b1 = .9, .b2 = .999, .epsilon = 1e-6, .average = .9 } };
  const float bad[] = { NAN, INFINITY, -INFINITY };

  for (guint c = 0; c < G_N_ELEMENTS (kinds) * G_N_ELEMENTS (bad); c++)
    {
      g_autoptr (EspParameterVector) vector = start (0);
      g_autoptr (EspOptimiser) optimiser = esp_optimiser_new (vector, &kinds[c % 2]);
      const gsize n = esp_parameter_vector_get_n (vector) * sizeof (float);
      g_autoptr (GBytes) before = NULL, after = NULL;
      g_autofree float *parameters = NULL;

      put_gradients (vector, 1);
      g_assert_true (esp_optimiser_step (optimiser, .1, 1));
      before = state_of (optimiser);
      parameters = g_memdup2 (esp_parameter_vector_get_parameters (vector), n);
      esp_parameter_vector_get_gradients (vector)[c % 3 == 0 ? 0 : 66] = bad[c / 2];
      g_assert_false (esp_optimiser_step (optimiser, .1, 1));
      after = state_of (optimiser);
      g_assert_true (g_bytes_equal (before, after));
      g_assert_cmpmem (parameters, n, esp_parameter_vector_get_parameters (vector), n);
    }
}

/* What is masked or frozen does not count: not even where it is not finite. */
static void
test_masked_not_finite (void)
{
  const EspOptimiserOptions options = { .momentum = .9, .first_layer = 1 };
  g_autoptr (EspParameterVector) vector = start (5);
  g_autoptr (EspOptimiser) optimiser = esp_optimiser_new (vector, &options);
  float *parameters = esp_parameter_vector_get_parameters (vector);
  const float frozen = parameters[1];

  put_gradients (vector, 1);
  esp_parameter_vector_get_gradients (vector)[1] = NAN;  /* frozen */
  esp_parameter_vector_get_gradients (vector)[60] = NAN; /* masked */
  g_assert_true (esp_optimiser_step (optimiser, .1, 1));
  g_assert_cmpfloat (parameters[60], ==, 0);
  g_assert_cmpfloat (parameters[1], ==, frozen);
  for (guint i = 0; i < 67; i++)
    g_assert_true (isfinite (parameters[i]));
}

/* A channel that a mask takes out in mid-training keeps its numbers, and starts without momentum when it comes back. */
static void
test_channel_mask (void)
{
  const EspOptimiserOptions options = { .momentum = .9, .decay = .1, .average = .5 };
  g_autoptr (EspParameterVector) vector = start (0);
  g_autoptr (EspOptimiser) optimiser = esp_optimiser_new (vector, &options);
  EspNetwork *network = esp_parameter_vector_get_network (vector);
  guint8 bits[2] = { 0, 1 };
  guint8 *keep[2] = { bits, NULL };
  g_autoptr (EspMask) mask = esp_mask_new (network, keep);
  const float *parameters = esp_parameter_vector_get_parameters (vector);
  float held[67];

  put_gradients (vector, 1);
  g_assert_true (esp_optimiser_step (optimiser, .1, 1));
  memcpy (held, parameters, sizeof held);
  esp_parameter_vector_set_keep (vector, mask, NULL);
  for (int t = 2; t < 5; t++)
    {
      put_gradients (vector, t);
      g_assert_true (esp_optimiser_step (optimiser, .1, 1));
    }
  for (guint i = 0; i < 58; i++)
    g_assert_true ((parameters[i] == held[i]) == (i < 27 || i == 54 || i == 56));
  {
    g_autoptr (EspWeights) average = esp_optimiser_average (optimiser);

    g_assert_cmpfloat (esp_weights_get (average, 0)->weights[3], ==, held[3]);
    g_assert_cmpfloat (esp_weights_get (average, 0)->weights[30], !=, parameters[30]);
  }
  esp_parameter_vector_set_keep (vector, NULL, NULL);
  memset (esp_parameter_vector_get_gradients (vector), 0, sizeof held);
  g_assert_true (esp_optimiser_step (optimiser, .1, 1));
  g_assert_cmpfloat_with_epsilon (parameters[3], held[3] * (1 - .1 * .1), 1e-6); /* decay alone */
}

/* Many pieces, so that threads share them. */
static const char wide[] = "[net]\nwidth=4\nheight=4\nchannels=3\n"
                           "[convolutional]\nbatch_normalize=1\nfilters=100\nsize=3\npad=1\nactivation=leaky\n"
                           "[convolutional]\nbatch_normalize=1\nfilters=77\nsize=3\npad=1\nactivation=leaky\n"
                           "[convolutional]\nfilters=3\nsize=1\nactivation=linear\n";

static void
run_wide (EspParameterVector *vector, EspOptimiser *optimiser, int first, int last)
{
  float *gradients = esp_parameter_vector_get_gradients (vector);

  for (int t = first; t <= last; t++)
    {
      g_autoptr (GRand) rng = esp_rng_new (9, (guint64) t, 0);

      for (gsize i = 0; i < esp_parameter_vector_get_n (vector); i++)
        gradients[i] = (float) g_rand_double_range (rng, -1, 1);
      g_assert_true (esp_optimiser_step (optimiser, .05, .25));
    }
}

static const EspOptimiserOptions both[] = {
  { .momentum = .9, .decay = .0005, .clip_norm = 1, .average = .99, .average_warm = TRUE },
  { .kind = ESP_OPTIMISER_ADAM, .b1 = .9, .b2 = .999, .epsilon = 1e-6, .decay = .0005, .clip_norm = 1, .average = .99, .average_from = 2 },
};

static void
test_threads (void)
{
  const int before = omp_get_max_threads ();

  for (guint kind = 0; kind < G_N_ELEMENTS (both); kind++)
    {
      g_autoptr (GBytes) first = NULL;

      for (int threads = 1; threads <= 3; threads++)
        {
          g_autoptr (EspParameterVector) vector = vector_of (wide);
          g_autoptr (EspOptimiser) optimiser = esp_optimiser_new (vector, &both[kind]);
          g_autoptr (GByteArray) found = g_byte_array_new ();
          g_autoptr (GBytes) state = NULL, all = NULL;

          omp_set_num_threads (threads);
          run_wide (vector, optimiser, 1, 5);
          state = state_of (optimiser);
          g_byte_array_append (found, g_bytes_get_data (state, NULL), (guint) g_bytes_get_size (state));
          g_byte_array_append (found, (const guint8 *) esp_parameter_vector_get_parameters (vector),
                               (guint) (esp_parameter_vector_get_n (vector) * sizeof (float)));
          all = g_byte_array_free_to_bytes (g_steal_pointer (&found));
          if (first == NULL)
            first = g_bytes_ref (all);
          g_assert_true (g_bytes_equal (first, all));
        }
    }
  omp_set_num_threads (before);
}

/* Saved after three updates and taken up by another optimiser: the fifth is the one that would have come, bit for bit. */
static void
test_state (void)
{
  for (guint kind = 0; kind < G_N_ELEMENTS (both); kind++)
    {
      g_autoptr (EspParameterVector) whole = vector_of (wide), broken = vector_of (wide);
      g_autoptr (EspOptimiser) a = esp_optimiser_new (whole, &both[kind]), b = esp_optimiser_new (broken, &both[kind]), c = NULL;
      const gsize n = esp_parameter_vector_get_n (whole) * sizeof (float);
      g_autoptr (GBytes) middle = NULL, end = NULL, other = NULL;
      g_autoptr (GError) error = NULL;

      run_wide (whole, a, 1, 5);
      run_wide (broken, b, 1, 3);
      middle = state_of (b);
      c = esp_optimiser_new (broken, &both[kind]);
      g_assert_true (esp_optimiser_load (c, g_bytes_get_data (middle, NULL), g_bytes_get_size (middle), "x", &error));
      g_assert_no_error (error);
      run_wide (broken, c, 4, 5);
      end = state_of (a);
      other = state_of (c);
      g_assert_true (g_bytes_equal (end, other));
      g_assert_cmpmem (esp_parameter_vector_get_parameters (whole), n, esp_parameter_vector_get_parameters (broken), n);
    }
}

static void
assert_not_taken (EspOptimiser *optimiser, const guint8 *bytes, gsize n, const char *message)
{
  g_autoptr (GBytes) before = state_of (optimiser), after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (esp_optimiser_load (optimiser, bytes, n, "out/checkpoint", &error));
  g_assert_nonnull (error);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
  after = state_of (optimiser);
  g_assert_true (g_bytes_equal (before, after));
}

static void
test_bad_state (void)
{
  g_autoptr (EspParameterVector) vector = start (0), larger = vector_of (wide);
  g_autoptr (EspOptimiser) sgd = esp_optimiser_new (vector, &both[0]), adam = esp_optimiser_new (vector, &both[1]);
  g_autoptr (EspOptimiser) other = esp_optimiser_new (larger, &both[0]);
  const EspOptimiserOptions without = { .momentum = .9 };
  g_autoptr (EspOptimiser) plain = esp_optimiser_new (vector, &without);
  g_autoptr (GBytes) state = state_of (sgd);
  gsize n;
  const guint8 *bytes = g_bytes_get_data (state, &n);
  g_autofree guint8 *late = g_memdup2 (bytes, n);

  assert_not_taken (sgd, bytes, 20, "out/checkpoint: the optimiser's state has 20 bytes, at least 48 expected");
  assert_not_taken (sgd, bytes, n - 1, "bytes, ");
  assert_not_taken (adam, bytes, n, "bytes 0 to 7 of the optimiser's state, kind of optimiser: 0 found, 1 expected");
  assert_not_taken (other, bytes, n, "bytes 8 to 15 of the optimiser's state, parameters: 67 found");
  assert_not_taken (plain, bytes, n, "average: 1 found, 0 expected");
  late[32] = 200;
  assert_not_taken (sgd, late, n, "an average of 199 updates after 0");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/optimiser/updates", test_updates);
  g_test_add_func ("/optimiser/by-hand", test_by_hand);
  g_test_add_func ("/optimiser/not-finite", test_not_finite);
  g_test_add_func ("/optimiser/masked-not-finite", test_masked_not_finite);
  g_test_add_func ("/optimiser/channel-mask", test_channel_mask);
  g_test_add_func ("/optimiser/threads", test_threads);
  g_test_add_func ("/optimiser/state", test_state);
  g_test_add_func ("/optimiser/bad-state", test_bad_state);
  return g_test_run ();
}
