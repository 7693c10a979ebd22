/* test-train-limits.c: training with masks, dropout, watched layers and little memory, and what is refused */
#include "config.h"

#include "train-rig.h"

/* Filters that are cut give 0 after the activation and learn nothing; what is left learns what the double says. */
static void
test_channels (void)
{
  guint8 first[16], second[20];
  guint8 *keep[15] = { first, NULL, second };
  Rig rig, exact;
  g_autofree float *gradients = NULL, *doubles = NULL, *before = NULL;
  g_autoptr (EspMask) mask = NULL;
  const EspParameterSlot *scales;
  const guint8 *kept;
  gsize statistics;

  memset (first, 1, sizeof first);
  memset (second, 1, sizeof second);
  first[3] = first[15] = second[0] = second[17] = 0;
  rig_init (&rig, plain, plain_open, 2, ESP_BACKEND_ONEDNN);
  rig_init (&exact, plain, plain_open, 2, ESP_BACKEND_REFERENCE_DOUBLE);
  mask = esp_mask_new (rig.network, keep);
  g_free (rig_gradients (&rig)); /* the mask comes while an engine runs */
  before
      = g_memdup2 (esp_parameter_vector_get_statistics (rig.vector), esp_parameter_vector_get_n_statistics (rig.vector) * sizeof (float));
  esp_parameter_vector_set_keep (rig.vector, mask, NULL);
  esp_parameter_vector_set_keep (exact.vector, mask, NULL);
  gradients = rig_gradients (&rig);
  doubles = rig_gradients (&exact);
  g_assert_cmpfloat (compare (&rig, gradients, doubles), <=, 2e-4);
  kept = esp_parameter_vector_get_keep (rig.vector);
  for (gsize i = 0; i < esp_parameter_vector_get_n (rig.vector); i++)
    g_assert_true (kept[i] || gradients[i] == 0);
  /* what reads the cut filters learns nothing of them */
  for (gsize i = 0; i < 9; i++)
    g_assert_cmpfloat (gradients[esp_parameter_vector_find (rig.vector, 2, ESP_PARAMETER_WEIGHTS)->at + 9 * (16 + 3) + i], ==, 0);
  scales = esp_parameter_vector_find (rig.vector, 0, ESP_PARAMETER_SCALES);
  g_assert_cmpfloat (gradients[scales->at + 3], ==, 0);
  g_assert_cmpfloat (gradients[scales->at + 4], !=, 0);
  statistics = esp_parameter_vector_find_statistics (rig.vector, 0);
  g_assert_cmpfloat (before[statistics + 3], ==, esp_parameter_vector_get_statistics (rig.vector)[statistics + 3]);
  g_assert_cmpfloat (before[statistics + 4], !=, esp_parameter_vector_get_statistics (rig.vector)[statistics + 4]);
  rig_clear (&rig);
  rig_clear (&exact);
}

/* The masked network computes in training what the network computes whose filters are gone. */
static void
test_masked_output (void)
{
  static const char text[] = "[net]\nwidth=8\nheight=8\nchannels=3\n"
                             "[convolutional]\nbatch_normalize=1\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=logistic\n"
                             "[convolutional]\nfilters=5\nsize=1\nstride=1\nactivation=linear\n"
                             "[convolutional]\nfilters=4\nsize=1\nstride=1\nactivation=linear\n";
  static const guint open[] = { 2, 2 };
  guint8 bits[6] = { 1, 1, 0, 1, 0, 1 };
  guint8 *keep[3] = { bits };
  Rig rig;
  g_autoptr (EspMask) mask = NULL;
  float *weights;
  double masked, zeroed;

  rig_init (&rig, text, open, 2, ESP_BACKEND_REFERENCE_DOUBLE);
  mask = esp_mask_new (rig.network, keep);
  esp_parameter_vector_set_keep (rig.vector, mask, NULL);
  masked = rig_target (&rig);
  esp_parameter_vector_set_keep (rig.vector, NULL, NULL);
  weights = esp_parameter_vector_get_parameters (rig.vector) + esp_parameter_vector_find (rig.vector, 1, ESP_PARAMETER_WEIGHTS)->at;
  for (int f = 0; f < 5; f++)
    weights[6 * f + 2] = weights[6 * f + 4] = 0; /* nobody reads them */
  zeroed = rig_target (&rig);
  g_assert_cmpfloat_with_epsilon (masked, zeroed, 1e-12);
  rig_clear (&rig);
}

static void
test_elements (void)
{
  Rig rig;
  g_autofree guint8 *elements = NULL;
  g_autofree float *gradients = NULL;
  gsize n;

  rig_init (&rig, plain, plain_open, 2, ESP_BACKEND_ONEDNN);
  n = esp_parameter_vector_get_n (rig.vector);
  elements = g_malloc (n);
  for (gsize i = 0; i < n; i++)
    elements[i] = i % 3 != 0;
  esp_parameter_vector_set_keep (rig.vector, NULL, elements);
  gradients = rig_gradients (&rig);
  for (gsize i = 0; i < n; i++)
    g_assert_true (elements[i] || (gradients[i] == 0 && esp_parameter_vector_get_parameters (rig.vector)[i] == 0));
  rig_clear (&rig);
}

/* Less memory, the same bits; below the least an error that names it. */
static void
check_memory (const char *text, const guint *open, EspBackendKind backend)
{
  Rig rig;
  g_autofree float *all = NULL;
  g_autofree float *running = NULL;
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr (GError) error = NULL;
  gsize n, most, least;

  rig_init (&rig, text, open, 3, backend);
  n = esp_parameter_vector_get_n (rig.vector) * sizeof (float);
  all = rig_gradients (&rig);
  running
      = g_memdup2 (esp_parameter_vector_get_statistics (rig.vector), esp_parameter_vector_get_n_statistics (rig.vector) * sizeof (float));
  most = esp_engine_get_bytes (rig.engine);
  before = esp_engine_describe_memory (rig.engine);
  g_assert_nonnull (strstr (before, ", 0 operations run again\n"));
  {
    const EspEngineOptions none = { .mode = ESP_MODE_TRAIN, .backend = backend, .batch = 3, .vector = rig.vector, .memory = 1 };

    g_assert_null (esp_engine_new (rig.network, NULL, &none, NULL, &error));
    g_assert_error (error, ESP_ERROR, ESP_ERROR_LIMIT);
    g_assert_nonnull (strstr (error->message, "expected at least"));
    least = g_ascii_strtoull (strrchr (error->message, '(') + 1, NULL, 10);
  }
  g_assert_cmpuint (least, <, most * 9 / 10);
  for (guint k = 0; k < 5; k++)
    {
      const gsize budget = least + (most - least) * k / 4;
      g_autofree float *some = NULL;

      esp_parameter_vector_set_weights (rig.vector, rig.weights);
      for (gsize i = 0; i < n / sizeof (float); i++)
        esp_parameter_vector_get_parameters (rig.vector)[i] = roundf (esp_parameter_vector_get_parameters (rig.vector)[i] * 4096) / 4096;
      rig_compile (&rig, backend, budget);
      g_assert_cmpuint (esp_engine_get_bytes (rig.engine), <=, budget);
      some = rig_gradients (&rig);
      g_assert_cmpmem (some, n, all, n);
      g_assert_cmpmem (esp_parameter_vector_get_statistics (rig.vector),
                       esp_parameter_vector_get_n_statistics (rig.vector) * sizeof (float), running,
                       esp_parameter_vector_get_n_statistics (rig.vector) * sizeof (float));
      g_clear_pointer (&after, g_free);
      after = esp_engine_describe_memory (rig.engine);
      g_test_message ("%" G_GSIZE_FORMAT " bytes of %" G_GSIZE_FORMAT ": %s", budget, most, after);
      g_assert_true ((strstr (after, ", 0 operations run again\n") != NULL) == (k == 4));
    }
  rig_clear (&rig);
}

static void
test_memory (void)
{
  check_memory (plain, plain_open, ESP_BACKEND_ONEDNN);
  check_memory (every, every_open, ESP_BACKEND_ONEDNN);
  check_memory (every, every_open, ESP_BACKEND_REFERENCE_DOUBLE);
}

/* What is dropped depends on seed, step, layer and image, not on kernels or layout; the rest is scaled. */
static void
test_dropout (void)
{
  static const char text[] = "[net]\nwidth=32\nheight=32\nchannels=20\n[dropout]\nprobability=.25\n"
                             "[convolutional]\nfilters=1\nsize=1\nstride=1\nactivation=linear\n";
  static const guint watch[] = { 0 }, open[] = { 1, 1 };
  const gsize image = 20 * 32 * 32;
  float *out[4];
  Rig rig;
  guint dropped = 0, alike = 0;

  rig_init (&rig, text, open, 2, ESP_BACKEND_ONEDNN);
  memcpy (rig.input + image, rig.input, image * sizeof (float));
  for (guint k = 0; k < 4; k++)
    {
      const EspEngineOptions options = { .mode = ESP_MODE_TRAIN,
                                         .backend = k == 1 ? ESP_BACKEND_REFERENCE_DOUBLE : ESP_BACKEND_ONEDNN,
                                         .batch = 2,
                                         .vector = rig.vector,
                                         .watch = watch,
                                         .n_watch = 1 };
      EspEngine *engine = esp_engine_new (rig.network, NULL, &options, NULL, NULL);

      out[k] = g_new (float, 2 * image);
      esp_engine_set_step (engine, k == 3 ? 6 : 5, k == 2 ? 10 : 9);
      g_assert_true (esp_engine_forward (engine, rig.input, NULL, NULL));
      g_assert_true (esp_engine_read (engine, 0, ESP_AT_OUT, out[k], NULL));
      esp_engine_unref (engine);
    }
  for (gsize i = 0; i < 2 * image; i++)
    {
      g_assert_true (out[0][i] == 0 || fabsf (out[0][i] - rig.input[i] / 0.75f) < 1e-6f);
      g_assert_cmpfloat_with_epsilon (out[0][i], out[1][i], 1e-6);
      dropped += out[0][i] == 0;
    }
  g_assert_cmpfloat_with_epsilon (dropped / (2.0 * (double) image), 0.25, 0.01);
  for (gsize i = 0; i < image; i++)
    {
      alike += (out[0][i] == 0) == (out[0][image + i] == 0);
      alike += (out[0][i] == 0) == (out[2][i] == 0);
      alike += (out[0][i] == 0) == (out[3][i] == 0);
    }
  g_assert_cmpfloat_with_epsilon (alike / (3.0 * (double) image), 0.75 * 0.75 + 0.25 * 0.25, 0.01);
  for (guint k = 0; k < 4; k++)
    g_free (out[k]);
  rig_clear (&rig);
}

/* A watched layer is read after forward, and its seed adds to what comes from behind. */
static void
test_watch (void)
{
  static const guint watch[] = { 5 };
  g_autoptr (GError) error = NULL;
  g_autofree float *without = NULL, *with = NULL, *alone = NULL, *seed = NULL, *out = NULL;
  Rig rig;
  gsize n, many;

  rig_init (&rig, plain, plain_open, 2, ESP_BACKEND_ONEDNN);
  many = esp_parameter_vector_get_n (rig.vector);
  n = 2 * esp_shape_count (esp_network_get_layer (rig.network, 5)->out);
  seed = random_floats (n, 40);
  out = g_new (float, n);
  g_assert_true (esp_engine_forward (rig.engine, rig.input, NULL, NULL));
  g_assert_false (esp_engine_read (rig.engine, 5, ESP_AT_OUT, out, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  g_assert_false (esp_engine_set_seed (rig.engine, 5, seed, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  without = rig_gradients (&rig);
  esp_engine_unref (rig.engine);
  {
    const EspEngineOptions options = { .mode = ESP_MODE_TRAIN, .batch = 2, .vector = rig.vector, .watch = watch, .n_watch = 1 };

    rig.engine = esp_engine_new (rig.network, NULL, &options, NULL, &error);
    g_assert_no_error (error);
  }
  esp_parameter_vector_clear_gradients (rig.vector);
  g_assert_true (esp_engine_forward (rig.engine, rig.input, NULL, NULL));
  g_assert_true (esp_engine_read (rig.engine, 5, ESP_AT_OUT, out, NULL));
  g_assert_true (esp_engine_set_seed (rig.engine, 5, seed, &error));
  g_assert_true (esp_engine_backward (rig.engine, 0, NULL, &error));
  alone = g_memdup2 (esp_parameter_vector_get_gradients (rig.vector), many * sizeof (float));
  esp_parameter_vector_clear_gradients (rig.vector);
  rig_target (&rig);
  g_assert_true (esp_engine_set_seed (rig.engine, 5, seed, &error));
  rig_back (&rig, 0);
  with = g_memdup2 (esp_parameter_vector_get_gradients (rig.vector), many * sizeof (float));
  for (gsize i = 0; i < many; i++)
    without[i] += alone[i];
  g_assert_cmpfloat (compare (&rig, with, without), <=, 1e-4);
  rig_clear (&rig);
}

static void
test_refused (void)
{
  static const char blocks[] = "[net]\nwidth=4\nheight=4\nchannels=1\n[convolutional]\nfilters=1\nsize=1\nstride=1\nactivation=linear\n"
                               "[dropout]\ndropblock=1\n";
  static const guint watch[] = { 99 };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (blocks, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1);
  g_autoptr (EspParameterVector) vector = esp_parameter_vector_new (network, weights);
  g_autoptr (EspJob) job = esp_job_new ("train");
  EspEngineOptions options = { .mode = ESP_MODE_TRAIN, .batch = 1, .vector = vector };
  Rig rig;

  g_assert_null (esp_engine_new (network, NULL, &options, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "t.cfg:10: layer 1 [dropout]"));
  g_clear_error (&error);
  rig_init (&rig, plain, plain_open, 1, ESP_BACKEND_ONEDNN);
  g_assert_null (esp_engine_new (rig.network, NULL, &options, NULL, &error)); /* the other's vector */
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  options.vector = NULL;
  g_assert_null (esp_engine_new (rig.network, NULL, &options, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  options.vector = rig.vector;
  options.watch = watch;
  options.n_watch = 1;
  g_assert_null (esp_engine_new (rig.network, NULL, &options, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  g_assert_false (esp_engine_backward (rig.engine, 0, NULL, &error)); /* no forward */
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  rig_step (&rig);
  g_assert_false (esp_engine_backward (rig.engine, 0, NULL, &error)); /* none since the last */
  g_clear_error (&error);
  rig_target (&rig);
  esp_job_cancel (job);
  g_assert_false (esp_engine_backward (rig.engine, 0, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (esp_engine_forward (rig.engine, rig.input, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  rig_clear (&rig);
}
int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train-limits/channels", test_channels);
  g_test_add_func ("/train-limits/masked-output", test_masked_output);
  g_test_add_func ("/train-limits/elements", test_elements);
  g_test_add_func ("/train-limits/memory", test_memory);
  g_test_add_func ("/train-limits/dropout", test_dropout);
  g_test_add_func ("/train-limits/watch", test_watch);
  g_test_add_func ("/train-limits/refused", test_refused);
  return g_test_run ();
}
