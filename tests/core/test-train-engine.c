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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train-engine/differences", test_differences);
  g_test_add_func ("/train-engine/backends", test_backends);
  return g_test_run ();
}
