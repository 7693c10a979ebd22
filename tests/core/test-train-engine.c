/* test-train-engine.c: training steps of whole networks against finite differences, in parts, of other sizes, and as inference sees them */
#include "config.h"

#include "train-rig.h"

#define STEP (1.0 / 8192) /* exact in float beside what is rounded to 1 / 4096 */

/* Central differences of two steps, extrapolated: what is left is of the fourth order. */
static double
difference (Rig *rig, float *number)
{
  const float was = *number;
  double slope[2];

  for (int k = 0; k < 2; k++)
    {
      const double step = STEP * (k + 1);
      double up, down;

      *number = (float) ((double) was + step);
      up = rig_target (rig);
      *number = (float) ((double) was - step);
      down = rig_target (rig);
      slope[k] = (up - down) / (2 * step);
    }
  *number = was;
  return (4 * slope[0] - slope[1]) / 3;
}

/* The gradients are rounded to float; the largest of the layer's is what an error is measured by. */
static void
test_differences (void)
{
  Rig rig;
  g_autofree float *gradients = NULL;
  const EspParameterSlot *slots;
  guint n, compared = 0;
  double most = 0;

  rig_init (&rig, every, every_open, 3, ESP_BACKEND_REFERENCE_DOUBLE);
  gradients = rig_gradients (&rig);
  slots = esp_parameter_vector_get_slots (rig.vector, &n);
  for (guint s = 0; s < n; s++)
    {
      float *numbers = esp_parameter_vector_get_parameters (rig.vector) + slots[s].at;
      double scale = 0;

      for (gsize i = 0; i < slots[s].n; i++)
        scale = MAX (scale, fabs ((double) gradients[slots[s].at + i]));
      if (!(scale > 1e-4))
        g_error ("layer %u, parameter %d: no gradient is above %g", slots[s].layer, slots[s].parameter, scale);
      for (gsize i = 0; i < slots[s].n; i += slots[s].n / 4 | 1, compared++)
        {
          const double error = fabs (difference (&rig, &numbers[i]) - (double) gradients[slots[s].at + i]) / scale;

          most = MAX (most, error);
          if (error > 2e-7)
            g_error ("layer %u, parameter %d, number %" G_GSIZE_FORMAT ": off by %g of %g", slots[s].layer, slots[s].parameter, i, error,
                     scale);
        }
    }
  g_test_message ("%u numbers of %u slots, off by at most %.2e", compared, n, most);
  g_assert_cmpuint (compared, >, 70);
  rig_clear (&rig);
}

static void
check_backend (const char *text, const guint *open, EspBackendKind backend, double limit)
{
  Rig exact, fast;
  g_autofree float *a = NULL, *b = NULL;
  double worst;

  rig_init (&exact, text, open, 3, ESP_BACKEND_REFERENCE_DOUBLE);
  rig_init (&fast, text, open, 3, backend);
  a = rig_gradients (&fast);
  b = rig_gradients (&exact);
  worst = compare (&exact, a, b);
  g_test_message ("backend %d is off by %.2e", backend, worst);
  g_assert_cmpfloat (worst, <=, limit);
  for (gsize i = 0; i < esp_parameter_vector_get_n_statistics (exact.vector); i++)
    g_assert_cmpfloat_with_epsilon (esp_parameter_vector_get_statistics (exact.vector)[i],
                                    esp_parameter_vector_get_statistics (fast.vector)[i], 2e-6);
  rig_clear (&exact);
  rig_clear (&fast);
}

static void
test_backends (void)
{
  check_backend (every, every_open, ESP_BACKEND_ONEDNN, 2e-5);
  check_backend (every, every_open, ESP_BACKEND_REFERENCE, 2e-5);
  check_backend (plain, plain_open, ESP_BACKEND_ONEDNN, 2e-4);
  check_backend (plain, plain_open, ESP_BACKEND_REFERENCE, 2e-4);
}

/* The same bits from run to run, and as many as there are. */
static void
test_repeats (void)
{
  Rig rig;
  g_autofree float *first = NULL, *second = NULL;

  rig_init (&rig, plain, plain_open, 3, ESP_BACKEND_ONEDNN);
  first = rig_gradients (&rig);
  second = rig_gradients (&rig);
  g_assert_cmpmem (first, esp_parameter_vector_get_n (rig.vector) * sizeof (float), second,
                   esp_parameter_vector_get_n (rig.vector) * sizeof (float));
  rig_clear (&rig);
}

/* Three sub-batches add up: each is normalised by itself, so the sum is that of three engines' gradients. */
static void
check_sums (EspBackendKind backend)
{
  Rig rig;
  g_autofree double *sums = NULL;
  gsize n, image;

  rig_init (&rig, plain, plain_open, 2, backend);
  n = esp_parameter_vector_get_n (rig.vector);
  image = 2 * esp_shape_count (esp_network_get_input (rig.network));
  sums = g_new0 (double, n);
  for (guint part = 0; part < 3; part++)
    {
      g_autofree float *input = random_floats (image, 20 + part), *gradients = NULL;

      memcpy (rig.input, input, image * sizeof (float));
      gradients = rig_gradients (&rig);
      for (gsize i = 0; i < n; i++)
        sums[i] += (double) gradients[i];
    }
  esp_parameter_vector_clear_gradients (rig.vector);
  for (guint part = 0; part < 3; part++)
    {
      g_autofree float *input = random_floats (image, 20 + part);

      memcpy (rig.input, input, image * sizeof (float));
      rig_step (&rig);
    }
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (esp_parameter_vector_get_gradients (rig.vector)[i], sums[i], 1e-5 * (1 + fabs (sums[i])));
  rig_clear (&rig);
}

static void
test_sums (void)
{
  check_sums (ESP_BACKEND_ONEDNN);
  check_sums (ESP_BACKEND_REFERENCE);
  check_sums (ESP_BACKEND_REFERENCE_DOUBLE);
}

/* Below @stop nothing is learned, from there on the same. */
static void
test_stop (void)
{
  Rig rig;
  g_autofree float *all = NULL;
  const float *some;
  gsize first;

  rig_init (&rig, plain, plain_open, 2, ESP_BACKEND_ONEDNN);
  all = rig_gradients (&rig);
  first = esp_parameter_vector_find (rig.vector, 5, ESP_PARAMETER_WEIGHTS)->at;
  esp_parameter_vector_clear_gradients (rig.vector);
  rig_target (&rig);
  rig_back (&rig, 5);
  some = esp_parameter_vector_get_gradients (rig.vector);
  for (gsize i = 0; i < esp_parameter_vector_get_n (rig.vector); i++)
    g_assert_cmpfloat (some[i], ==, i < first ? 0 : all[i]);
  rig_clear (&rig);
}

/* Engines of two sizes and batches take turns on one vector. */
static void
test_sizes (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) larger = NULL;
  g_autofree float *one = NULL;
  Rig rig, other;
  gsize n;

  rig_init (&rig, plain, plain_open, 2, ESP_BACKEND_ONEDNN);
  n = esp_parameter_vector_get_n (rig.vector);
  larger = esp_network_resized (rig.network, 64, 32, &error);
  g_assert_no_error (error);
  other = (Rig){ .batch = 1, .open = plain_open, .network = larger, .vector = rig.vector };
  other.input = random_floats (3 * 64 * 32, 30);
  for (guint k = 0; k < 2; k++)
    other.seeds[k] = random_floats (count_out (&other, k), 31 + k);
  rig_compile (&other, ESP_BACKEND_ONEDNN, 0);
  one = rig_gradients (&rig);
  rig_step (&other);
  esp_parameter_vector_clear_gradients (rig.vector);
  rig_step (&other);
  rig_step (&rig);
  for (gsize i = 0; i < n; i++)
    esp_parameter_vector_get_gradients (rig.vector)[i] -= one[i];
  {
    g_autofree float *rest = g_memdup2 (esp_parameter_vector_get_gradients (rig.vector), n * sizeof (float));
    g_autofree float *alone = rig_gradients (&other);

    g_assert_cmpfloat (compare (&rig, rest, alone), <=, 1e-4);
  }
  esp_engine_unref (other.engine);
  g_free (other.input);
  g_free (other.seeds[0]);
  g_free (other.seeds[1]);
  rig_clear (&rig);
}

/* Running variances are the unbiased ones; the batch is normalised by its own. */
static void
make_biased (Rig *rig)
{
  for (guint i = 0; i < esp_network_get_n_layers (rig->network); i++)
    {
      const EspParameterSlot *scales = esp_parameter_vector_find (rig->vector, i, ESP_PARAMETER_SCALES);
      const EspShape s = esp_network_get_layer (rig->network, i)->out;
      const double m = (double) rig->batch * s.h * s.w;

      for (gsize c = 0; scales != NULL && c < scales->n; c++)
        esp_parameter_vector_get_statistics (rig->vector)[esp_parameter_vector_find_statistics (rig->vector, i) + scales->n + c]
            *= (float) ((m - 1) / m);
    }
}

/* What the open layers hold is what inference computes with the weights as they are. */
static void
assert_as_inferred (const Rig *rig)
{
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = ESP_BACKEND_REFERENCE_DOUBLE, .batch = rig->batch };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspWeights) weights = esp_parameter_vector_to_weights (rig->vector);
  EspEngine *infer = esp_engine_new (rig->network, weights, &options, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (esp_engine_forward (infer, rig->input, NULL, &error));
  for (guint k = 0; k < 2; k++)
    {
      const gsize n = count_out (rig, k);
      g_autofree double *a = g_new (double, n), *b = g_new (double, n);
      double most = 0, scale = 0;

      g_assert_true (esp_engine_read_double (rig->engine, rig->open[k], ESP_AT_OUT, a, &error));
      g_assert_true (esp_engine_read_double (infer, rig->open[k], ESP_AT_OUT, b, &error));
      for (gsize i = 0; i < n; i++)
        {
          most = MAX (most, fabs (a[i] - b[i]));
          scale = MAX (scale, fabs (a[i]));
        }
      g_test_message ("off by %.2e of %.3g", most, scale);
      g_assert_cmpfloat (most, <=, 1e-5 * scale);
    }
  esp_engine_unref (infer);
}

/* Running statistics that followed one batch for long are that batch's, so inference computes on it what training did. */
static void
test_snapshot (void)
{
  Rig rig;

  rig_init (&rig, plain, plain_open, 3, ESP_BACKEND_REFERENCE_DOUBLE);
  for (guint i = 0; i < 200; i++)
    rig_target (&rig);
  make_biased (&rig);
  assert_as_inferred (&rig);
  rig_clear (&rig);
}

/* All but the last layer: what comes out is inference's, and no statistic moves; where some are, only theirs stay. */
static void
test_frozen (void)
{
  static const EspBackendKind backends[] = { ESP_BACKEND_REFERENCE_DOUBLE, ESP_BACKEND_REFERENCE, ESP_BACKEND_ONEDNN };

  for (guint b = 0; b < G_N_ELEMENTS (backends); b++)
    {
      Rig rig;
      gsize n, border;
      g_autofree float *was = NULL;
      const float *is;

      rig_init (&rig, plain, plain_open, 3, backends[b]);
      n = esp_parameter_vector_get_n_statistics (rig.vector);
      is = esp_parameter_vector_get_statistics (rig.vector);
      was = g_memdup2 (is, n * sizeof (float));
      rig.freeze = 13;
      rig_compile (&rig, backends[b], 0);
      rig_target (&rig);
      assert_as_inferred (&rig);
      g_assert_cmpmem (was, n * sizeof (float), is, n * sizeof (float));
      rig.freeze = 5;
      rig_compile (&rig, backends[b], 0);
      rig_target (&rig);
      border = esp_parameter_vector_find_statistics (rig.vector, 5);
      g_assert_cmpmem (was, border * sizeof (float), is, border * sizeof (float));
      for (gsize i = border; i < n; i++)
        g_assert_cmpfloat (was[i], !=, is[i]);
      rig_clear (&rig);
    }
}

/* mean: 0.9 old + 0.1 batch, of the variance the unbiased one. */
static void
test_statistics (void)
{
  static const char text[] = "[net]\nwidth=3\nheight=2\nchannels=1\n"
                             "[convolutional]\nbatch_normalize=1\nfilters=1\nsize=1\nstride=1\nactivation=linear\n";
  static const guint open[] = { 0, 0 };
  static const float input[] = { 1, 2, 3, 4, 5, 9 };
  Rig rig;
  const float *running;
  double before[2];

  rig_init (&rig, text, open, 1, ESP_BACKEND_ONEDNN);
  running = esp_parameter_vector_get_statistics (rig.vector);
  esp_parameter_vector_get_parameters (rig.vector)[0] = 2;
  memcpy (rig.input, input, sizeof input);
  before[0] = (double) running[0];
  before[1] = (double) running[1];
  rig_target (&rig);
  g_assert_cmpfloat_with_epsilon (running[0], 0.9 * before[0] + 0.1 * 8, 1e-6);
  g_assert_cmpfloat_with_epsilon (running[1], 0.9 * before[1] + 0.1 * 4 * 8, 1e-5); /* of the input: 40 / 5 */
  rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train-engine/differences", test_differences);
  g_test_add_func ("/train-engine/backends", test_backends);
  g_test_add_func ("/train-engine/repeats", test_repeats);
  g_test_add_func ("/train-engine/sums", test_sums);
  g_test_add_func ("/train-engine/stop", test_stop);
  g_test_add_func ("/train-engine/sizes", test_sizes);
  g_test_add_func ("/train-engine/snapshot", test_snapshot);
  g_test_add_func ("/train-engine/frozen", test_frozen);
  g_test_add_func ("/train-engine/statistics", test_statistics);
  return g_test_run ();
}
