/* test-train-engine.c: training steps of whole networks against finite differences, in pieces, masked, and with little memory */
#include "config.h"

#include "net/parameter-vector.h"

#include "base/error.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

#include "net-common.h"

#define STEP (1.0 / 8192) /* exact in float beside what is rounded to 1 / 4096 */

/* Every kind that trains; smooth but for one max-pool, so that differences converge. */
static const char every[]
    = "[net]\nwidth=16\nheight=12\nchannels=3\n"
      "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=1\npad=1\nactivation=mish\n"               /* 0 */
      "[convolutional]\nbatch_normalize=1\nfilters=8\ngroups=8\nsize=3\nstride=1\npad=1\nactivation=logistic\n" /* 1 */
      "[convolutional]\nfilters=6\ngroups=2\nsize=3\nstride=1\npad=1\nactivation=swish\n"                       /* 2 */
      "[convolutional]\nfilters=8\nsize=1\nstride=1\nactivation=logistic\n"                                     /* 3 */
      "[shortcut]\nfrom=1\nweights_type=per_channel\nweights_normalization=softmax\nactivation=logistic\n"      /* 4 */
      "[maxpool]\nsize=2\nstride=2\n"                                                                           /* 5 */
      "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=1\npad=1\nactivation=mish\n"               /* 6 */
      "[route]\nlayers=-1,5\n"                                                                                  /* 7 */
      "[route]\nlayers=5,-2\ngroups=2\ngroup_id=1\n"                                                            /* 8 */
      "[avgpool]\n"                                                                                             /* 9 */
      "[convolutional]\nfilters=8\nsize=1\nstride=1\nactivation=logistic\n"                                     /* 10 */
      "[scale_channels]\nfrom=8\n"                                                                              /* 11 */
      "[convolutional]\nfilters=8\nsize=1\nstride=1\nactivation=logistic\n"                                     /* 12 */
      "[sam]\nfrom=11\n"                                                                                        /* 13 */
      "[dropout]\nprobability=.3\n"                                                                             /* 14 */
      "[shortcut]\nfrom=13\nactivation=linear\n"                                                                /* 15 */
      "[reorg]\nstride=2\n"                                                                                     /* 16 */
      "[convolutional]\nbatch_normalize=1\nfilters=6\nsize=1\nstride=1\nactivation=logistic\n"                  /* 17 */
      "[upsample]\nstride=2\n"                                                                                  /* 18 */
      "[route]\nlayers=-1,15\n"                                                                                 /* 19 */
      "[convolutional]\nfilters=12\nsize=1\nstride=1\nactivation=linear\n"                                      /* 20 */
      "[yolo]\nmask=0,1\nanchors=2,2, 4,4\nclasses=1\nnum=2\n"                                                  /* 21 */
      "[route]\nlayers=17\n"                                                                                    /* 22 */
      "[convolutional]\nfilters=6\nsize=1\nstride=1\nactivation=tanh\n"                                         /* 23 */
      "[shortcut]\nfrom=17\nweights_type=per_feature\nweights_normalization=relu\n"                             /* 24 */
      "[connected]\nbatch_normalize=1\noutput=5\nactivation=mish\n"                                             /* 25 */
      "[connected]\noutput=4\nactivation=linear\n"                                                              /* 26 */
      "[softmax]\n"                                                                                             /* 27 */
      "[cost]\ntype=sse\n";                                                                                     /* 28 */

/* The same shapes as detectors have them, with kinks: for floats. */
static const char plain[] = "[net]\nwidth=32\nheight=32\nchannels=3\n"
                            "[convolutional]\nbatch_normalize=1\nfilters=16\nsize=3\nstride=1\npad=1\nactivation=leaky\n" /* 0 */
                            "[maxpool]\nsize=2\nstride=2\n"                                                               /* 1 */
                            "[convolutional]\nbatch_normalize=1\nfilters=20\nsize=3\nstride=1\npad=1\nactivation=leaky\n" /* 2 */
                            "[convolutional]\nbatch_normalize=1\nfilters=20\nsize=1\nstride=1\nactivation=swish\n"        /* 3 */
                            "[shortcut]\nfrom=-2\nactivation=linear\n"                                                    /* 4 */
                            "[convolutional]\nbatch_normalize=1\nfilters=32\nsize=3\nstride=2\npad=1\nactivation=leaky\n" /* 5 */
                            "[convolutional]\nbatch_normalize=1\nfilters=32\nsize=3\nstride=1\npad=1\nactivation=leaky\n" /* 6 */
                            "[convolutional]\nfilters=12\nsize=1\nstride=1\nactivation=linear\n"                          /* 7 */
                            "[yolo]\nmask=0,1\nanchors=2,2, 4,4\nclasses=1\nnum=2\n"                                      /* 8 */
                            "[route]\nlayers=6\n"                                                                         /* 9 */
                            "[convolutional]\nbatch_normalize=1\nfilters=16\nsize=1\nstride=1\nactivation=leaky\n"        /* 10 */
                            "[upsample]\nstride=2\n"                                                                      /* 11 */
                            "[route]\nlayers=-1,4\n"                                                                      /* 12 */
                            "[convolutional]\nfilters=12\nsize=1\nstride=1\nactivation=linear\n"                          /* 13 */
                            "[yolo]\nmask=0,1\nanchors=2,2, 4,4\nclasses=1\nnum=2\n";                                     /* 14 */

static const guint every_open[] = { 20, 26 }, plain_open[] = { 7, 13 };

typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  EspParameterVector *vector;
  EspEngine *engine;
  guint batch;
  const guint *open; /* two layers that are seeded */
  float *input, *seeds[2];
} Rig;

static float *
random_floats (gsize n, guint64 stream)
{
  g_autoptr (GRand) rng = esp_rng_new (3, stream, n);
  float *all = g_new (float, MAX (n, 1));

  for (gsize i = 0; i < n; i++)
    all[i] = (float) (g_rand_double (rng) * 2 - 1);
  return all;
}

static gsize
count_out (const Rig *rig, guint k)
{
  return rig->batch * esp_shape_count (esp_network_get_layer (rig->network, rig->open[k])->out);
}

static void
rig_compile (Rig *rig, EspBackendKind backend, gsize memory)
{
  const EspEngineOptions options
      = { .mode = ESP_MODE_TRAIN, .backend = backend, .batch = rig->batch, .vector = rig->vector, .memory = memory };
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&rig->engine, esp_engine_unref);
  rig->engine = esp_engine_new (rig->network, NULL, &options, NULL, &error);
  g_assert_no_error (error);
  esp_engine_set_step (rig->engine, 5, 9);
}

static void
rig_init (Rig *rig, const char *text, const guint *open, guint batch, EspBackendKind backend)
{
  g_autoptr (GError) error = NULL;
  float *parameters;

  *rig = (Rig){ .batch = batch, .open = open };
  rig->network = network_of (text, &error);
  g_assert_no_error (error);
  rig->weights = esp_weights_new_random (rig->network, 5);
  rig->vector = esp_parameter_vector_new (rig->network, rig->weights);
  parameters = esp_parameter_vector_get_parameters (rig->vector);
  for (gsize i = 0; i < esp_parameter_vector_get_n (rig->vector); i++)
    parameters[i] = roundf (parameters[i] * 4096) / 4096;
  rig->input = random_floats (batch * esp_shape_count (esp_network_get_input (rig->network)), 7);
  for (guint k = 0; k < 2; k++)
    rig->seeds[k] = random_floats (count_out (rig, k), 8 + k);
  rig_compile (rig, backend, 0);
}

static void
rig_clear (Rig *rig)
{
  g_clear_pointer (&rig->engine, esp_engine_unref);
  esp_parameter_vector_unref (rig->vector);
  esp_weights_unref (rig->weights);
  esp_network_unref (rig->network);
  g_free (rig->input);
  g_free (rig->seeds[0]);
  g_free (rig->seeds[1]);
}

/* Sum of seed * output over what is open. */
static double
rig_target (Rig *rig)
{
  double total = 0;

  g_assert_true (esp_engine_forward (rig->engine, rig->input, NULL, NULL));
  for (guint k = 0; k < 2; k++)
    {
      const gsize n = count_out (rig, k);
      g_autofree double *out = g_new (double, n);

      g_assert_true (esp_engine_read_double (rig->engine, rig->open[k], ESP_AT_OUT, out, NULL));
      for (gsize i = 0; i < n; i++)
        total += out[i] * (double) rig->seeds[k][i];
    }
  return total;
}

static void
rig_back (Rig *rig, guint stop)
{
  g_autoptr (GError) error = NULL;

  for (guint k = 0; k < 2; k++)
    g_assert_true (esp_engine_set_seed (rig->engine, rig->open[k], rig->seeds[k], &error));
  g_assert_true (esp_engine_backward (rig->engine, stop, NULL, &error));
  g_assert_no_error (error);
}

static void
rig_step (Rig *rig)
{
  rig_target (rig);
  rig_back (rig, 0);
}

/* (transfer full): gradients of a step from clear ones. */
static float *
rig_gradients (Rig *rig)
{
  esp_parameter_vector_clear_gradients (rig->vector);
  rig_step (rig);
  return g_memdup2 (esp_parameter_vector_get_gradients (rig->vector), esp_parameter_vector_get_n (rig->vector) * sizeof (float));
}

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
      for (gsize i = 0; i < slots[s].n; i += slots[s].n / 2 | 1, compared++)
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

/* Of each slot, the largest difference as a part of the largest number. */
static double
compare (const Rig *rig, const float *a, const float *b)
{
  guint n;
  const EspParameterSlot *slots = esp_parameter_vector_get_slots (rig->vector, &n);
  double worst = 0;

  for (guint s = 0; s < n; s++)
    {
      double most = 0, scale = 0;

      for (gsize i = slots[s].at; i < slots[s].at + slots[s].n; i++)
        {
          most = MAX (most, fabs ((double) a[i] - (double) b[i]));
          scale = MAX (scale, fabs ((double) b[i]));
        }
      g_assert_cmpfloat (scale, >, 0);
      worst = MAX (worst, most / scale);
    }
  return worst;
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

/* Running statistics that followed one batch for long are that batch's, so inference computes on it what training did. */
static void
test_snapshot (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspWeights) weights = NULL;
  Rig rig;
  EspEngine *infer;
  EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = ESP_BACKEND_REFERENCE_DOUBLE, .batch = 3 };

  rig_init (&rig, plain, plain_open, 3, ESP_BACKEND_REFERENCE_DOUBLE);
  for (guint i = 0; i < 200; i++)
    rig_target (&rig);
  make_biased (&rig);
  weights = esp_parameter_vector_to_weights (rig.vector);
  infer = esp_engine_new (rig.network, weights, &options, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (esp_engine_forward (infer, rig.input, NULL, &error));
  for (guint k = 0; k < 2; k++)
    {
      const gsize n = count_out (&rig, k);
      g_autofree double *a = g_new (double, n), *b = g_new (double, n);
      double most = 0, scale = 0;

      g_assert_true (esp_engine_read_double (rig.engine, plain_open[k], ESP_AT_OUT, a, &error));
      g_assert_true (esp_engine_read_double (infer, plain_open[k], ESP_AT_OUT, b, &error));
      for (gsize i = 0; i < n; i++)
        {
          most = MAX (most, fabs (a[i] - b[i]));
          scale = MAX (scale, fabs (a[i]));
        }
      g_test_message ("off by %.2e of %.3g", most, scale);
      g_assert_cmpfloat (most, <=, 1e-5 * scale);
    }
  esp_engine_unref (infer);
  rig_clear (&rig);
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

/* What is dropped depends on seed, step, layer and image, not on kernels or layout; the rest is scaled. */
static void
test_dropout (void)
{
  static const char text[] = "[net]\nwidth=32\nheight=32\nchannels=20\n[dropout]\nprobability=.25\n"
                             "[convolutional]\nfilters=1\nsize=1\nstride=1\nactivation=linear\n";
  static const guint watch[] = { 0 }, open[] = { 1, 1 };
  const gsize image = 20 * 32 * 32;
  g_autofree float *out[4] = { 0 };
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
  g_test_add_func ("/train-engine/differences", test_differences);
  g_test_add_func ("/train-engine/backends", test_backends);
  g_test_add_func ("/train-engine/repeats", test_repeats);
  g_test_add_func ("/train-engine/sums", test_sums);
  g_test_add_func ("/train-engine/stop", test_stop);
  g_test_add_func ("/train-engine/channels", test_channels);
  g_test_add_func ("/train-engine/masked-output", test_masked_output);
  g_test_add_func ("/train-engine/elements", test_elements);
  g_test_add_func ("/train-engine/memory", test_memory);
  g_test_add_func ("/train-engine/sizes", test_sizes);
  g_test_add_func ("/train-engine/snapshot", test_snapshot);
  g_test_add_func ("/train-engine/statistics", test_statistics);
  g_test_add_func ("/train-engine/dropout", test_dropout);
  g_test_add_func ("/train-engine/watch", test_watch);
  g_test_add_func ("/train-engine/refused", test_refused);
  return g_test_run ();
}
