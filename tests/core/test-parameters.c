/* test-parameters.c: gradients of weights, biases and scales against finite differences and the double reference */
#include "config.h"

#include "net/engine.h"

#include "base/error.h"
#include "base/rng.h"
#include "kernels/kernel.h"

#include <math.h>
#include <string.h>

#define STEP (1.0 / 1024) /* exact in float beside what is rounded to 1 / 4096 */

/* Smooth activations only, so that differences converge; every shape of convolution, a value read twice. */
static const char smooth[]
    = "[net]\nwidth=9\nheight=7\nchannels=3\n"
      "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=2\npad=1\nactivation=logistic\n"           /* 0 */
      "[convolutional]\nbatch_normalize=1\nfilters=8\ngroups=8\nsize=3\nstride=1\npad=1\nactivation=logistic\n" /* 1 */
      "[convolutional]\nfilters=6\ngroups=2\nsize=3\nstride=1\npad=1\nactivation=linear\n"                      /* 2 */
      "[convolutional]\nbatch_normalize=1\nfilters=6\nsize=1\nstride=1\npad=0\nactivation=linear\n"             /* 3 */
      "[shortcut]\nfrom=-2\nactivation=logistic\n"                                                              /* 4 */
      "[shortcut]\nfrom=-2,-3\nweights_type=per_channel\nweights_normalization=softmax\nactivation=logistic\n"  /* 5 */
      "[shortcut]\nfrom=1,-2\nweights_type=per_feature\nweights_normalization=relu\n"                           /* 6 */
      "[shortcut]\nfrom=0\nweights_type=per_channel\n"                                                          /* 7 */
      "[upsample]\nstride=2\n"                                                                                  /* 8 */
      "[convolutional]\nfilters=5\nsize=1\nstride=1\npad=0\nactivation=linear\n"                                /* 9 */
      "[connected]\nbatch_normalize=1\noutput=4\nactivation=mish\n";                                            /* 10 */

typedef struct
{
  const char *name;
  EspShape in, out;
  int groups, size, stride, pad, dilation;
} Case;

static const Case cases[] = {
  { "3 x 3", { 2, 19, 7, 5 }, { 2, 21, 7, 5 }, 1, 3, 1, 1, 1 },
  { "3 x 3 wide", { 1, 32, 13, 13 }, { 1, 48, 13, 13 }, 1, 3, 1, 1, 1 },
  { "3 x 3 of stride 2", { 2, 16, 9, 11 }, { 2, 33, 5, 6 }, 1, 3, 2, 1, 1 },
  { "1 x 1", { 2, 37, 3, 5 }, { 2, 18, 3, 5 }, 1, 1, 1, 0, 1 },
  { "image", { 2, 3, 17, 14 }, { 2, 13, 17, 14 }, 1, 3, 1, 1, 1 },
  { "depthwise", { 2, 24, 6, 7 }, { 2, 24, 6, 7 }, 24, 3, 1, 1, 1 },
  { "groups", { 1, 12, 6, 7 }, { 1, 18, 6, 7 }, 3, 3, 1, 1, 1 },
  { "5 x 5", { 1, 7, 9, 8 }, { 1, 10, 5, 4 }, 1, 5, 1, 0, 1 },
  { "whole input", { 2, 19, 4, 4 }, { 2, 21, 1, 1 }, 1, 4, 1, 0, 1 },
  { "dilated", { 2, 17, 9, 8 }, { 2, 20, 9, 8 }, 1, 3, 1, 2, 2 },
};

static float *
random_floats (gsize n, guint64 stream)
{
  g_autoptr (GRand) rng = esp_rng_new (3, stream, n);
  float *all = g_new (float, MAX (n, 1));

  for (gsize i = 0; i < n; i++)
    all[i] = (float) (g_rand_double (rng) * 2 - 1);
  return all;
}

static void *
packed_random (const EspLayout *layout, guint64 stream)
{
  g_autofree float *plain = random_floats (esp_shape_count (layout->shape), stream);
  void *native = g_aligned_alloc0 (esp_layout_get_bytes (layout), 1, 64);

  esp_layout_pack (layout, plain, native);
  return native;
}

/* Weights, then biases: what the set makes of the case, in double. */
static double *
run_case (const EspKernelSet *set, const Case *row, gsize *n)
{
  const EspLayout in[] = { esp_kernels_layout (set, row->in, row->in.c == 3), esp_kernels_layout (set, row->out, FALSE) };
  const EspShape shape = { row->out.c, row->in.c / row->groups, row->size, row->size };
  const EspSpec spec = { .op = ESP_OP_CONVOLUTION_WEIGHTS,
                         .n_in = 2,
                         .in = in,
                         .out = { shape, 1, in[0].size },
                         .geometry = { .groups = row->groups,
                                       .size_h = row->size,
                                       .size_w = row->size,
                                       .stride_h = row->stride,
                                       .stride_w = row->stride,
                                       .pad = row->pad,
                                       .dilation = row->dilation } };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspKernel) kernel = esp_kernel_new (set, &spec, &error);
  void *const values[] = { packed_random (&in[0], 1), packed_random (&in[1], 2) };
  void *scratch = NULL, *made;
  EspCallValues to;
  double *all;
  EspCall *call;

  g_assert_no_error (error);
  *n = esp_shape_count (shape) + (gsize) shape.n;
  scratch = g_aligned_alloc0 (MAX (esp_kernel_get_scratch (kernel), 64), 1, 64);
  made = g_aligned_alloc0 (*n, sizeof (double), 64);
  to = (EspCallValues){ (const void *const *) values, made, NULL, scratch };
  call = esp_call_new_forward (kernel, &to);
  g_assert_true (esp_call_run (call, FALSE));
  g_test_message ("%s", esp_kernel_get_name (kernel));
  all = g_new (double, *n);
  for (gsize i = 0; i < *n; i++)
    all[i] = in[0].size == sizeof (double) ? ((double *) made)[i] : (double) ((float *) made)[i];
  esp_call_free (call);
  for (guint k = 0; k < 2; k++)
    g_aligned_free (values[k]);
  g_aligned_free (scratch);
  g_aligned_free (made);
  return all;
}

static void
test_against_reference (gconstpointer data)
{
  const EspKernelSet *const sets[] = { esp_kernels_onednn (), esp_kernels_reference () };
  gsize n;
  g_autofree double *exact = run_case (esp_kernels_reference_double (), data, &n);

  for (guint s = 0; s < G_N_ELEMENTS (sets); s++)
    {
      g_autofree double *made = run_case (sets[s], data, &n);
      double most = 0, scale = 0;

      for (gsize i = 0; i < n; i++)
        {
          g_assert_true (isfinite (made[i]));
          most = MAX (most, fabs (made[i] - exact[i]));
          scale = MAX (scale, fabs (exact[i]));
        }
      g_test_message ("%.2e of %.3g", most, scale);
      g_assert_cmpfloat (most, <=, 1e-5 * scale);
    }
}

/* A network, its numbers rounded so that STEP is added exactly, and two images. */
typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  float *input, *seed;
  guint last;
} Rig;

static void
rig_init (Rig *rig)
{
  g_autoptr (GError) error = NULL;
  EspCfg *cfg = esp_cfg_parse (smooth, strlen (smooth), "smooth.cfg", &error);

  rig->network = esp_network_new (cfg, &error);
  g_assert_no_error (error);
  rig->last = esp_network_get_n_layers (rig->network) - 1;
  rig->weights = esp_weights_new_random (rig->network, 5);
  rig->input = random_floats (2 * esp_shape_count (esp_network_get_input (rig->network)), 7);
  rig->seed = random_floats (2 * esp_shape_count (esp_network_get_layer (rig->network, rig->last)->out), 8);
  for (guint l = 0; l <= rig->last; l++)
    {
      const EspParams *params = esp_weights_get (rig->weights, l);

      for (gsize i = 0; params != NULL && i < params->n_weights; i++)
        params->weights[i] = roundf (params->weights[i] * 4096) / 4096;
      for (gsize i = 0; params != NULL && i < params->filters; i++)
        {
          params->biases[i] = roundf (params->biases[i] * 4096) / 4096;
          if (params->scales != NULL)
            params->scales[i] = roundf (params->scales[i] * 4096) / 4096;
        }
    }
}

static void
rig_clear (Rig *rig)
{
  esp_network_unref (rig->network);
  esp_weights_unref (rig->weights);
  g_free (rig->input);
  g_free (rig->seed);
}

static EspEngine *
rig_run (const Rig *rig, EspBackendKind backend)
{
  const EspEngineOptions options = { .mode = ESP_MODE_EXPLAIN, .backend = backend, .batch = 2, .parameters = TRUE };
  g_autoptr (GError) error = NULL;
  EspEngine *engine = esp_engine_new (rig->network, rig->weights, &options, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (esp_engine_forward (engine, rig->input, NULL, &error));
  return engine;
}

static double
rig_target (const Rig *rig)
{
  EspEngine *engine = rig_run (rig, ESP_BACKEND_REFERENCE_DOUBLE);
  gsize n = 2 * esp_shape_count (esp_network_get_layer (rig->network, rig->last)->out);
  g_autofree double *out = g_new (double, n);
  double total = 0;

  g_assert_true (esp_engine_read_double (engine, rig->last, ESP_AT_OUT, out, NULL));
  for (gsize i = 0; i < n; i++)
    total += out[i] * (double) rig->seed[i];
  esp_engine_unref (engine);
  return total;
}

static double *
rig_gradient (const Rig *rig, EspEngine *engine, guint layer, EspParameter parameter, gsize n)
{
  g_autoptr (GError) error = NULL;
  double *values = g_new (double, n);

  g_assert_true (esp_engine_set_seed (engine, rig->last, rig->seed, &error));
  g_assert_true (esp_engine_backward (engine, 0, NULL, &error));
  g_assert_true (esp_engine_read_parameter_gradient (engine, layer, parameter, values, &error));
  g_assert_no_error (error);
  return values;
}

/* The float that a derivative is taken of, and how many there are. */
static float *
numbers (const EspParams *params, EspParameter parameter, gsize *n)
{
  *n = parameter == ESP_PARAMETER_WEIGHTS ? params->n_weights : params->filters;
  return parameter == ESP_PARAMETER_WEIGHTS ? params->weights : parameter == ESP_PARAMETER_BIASES ? params->biases : params->scales;
}

/* Central differences of two steps, extrapolated: what is left is of the fourth order. */
static double
difference (const Rig *rig, float *number)
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

static void
test_differences (void)
{
  Rig rig;
  EspEngine *engine;
  guint compared = 0;

  rig_init (&rig);
  engine = rig_run (&rig, ESP_BACKEND_REFERENCE_DOUBLE);
  for (guint l = 0; l <= rig.last; l++)
    for (EspParameter p = ESP_PARAMETER_WEIGHTS; p <= ESP_PARAMETER_SCALES; p++)
      {
        const EspParams *params = esp_weights_get (rig.weights, l);
        gsize n = 0;
        float *all = params != NULL ? numbers (params, p, &n) : NULL;
        g_autofree double *gradient = n > 0 && all != NULL ? rig_gradient (&rig, engine, l, p, n) : NULL;

        for (gsize i = 0; all != NULL && i < n; i += n / 6 | 1, compared++)
          g_assert_cmpfloat_with_epsilon (difference (&rig, &all[i]), gradient[i], 1e-8);
      }
  g_assert_cmpuint (compared, >, 60);
  esp_engine_unref (engine);
  rig_clear (&rig);
}

static void
test_backends (void)
{
  Rig rig;
  EspEngine *exact, *fast;

  rig_init (&rig);
  exact = rig_run (&rig, ESP_BACKEND_REFERENCE_DOUBLE);
  fast = rig_run (&rig, ESP_BACKEND_ONEDNN);
  for (guint l = 0; l <= rig.last; l++)
    for (EspParameter p = ESP_PARAMETER_WEIGHTS; p <= ESP_PARAMETER_SCALES; p++)
      {
        const EspParams *params = esp_weights_get (rig.weights, l);
        gsize n = 0;
        float *all = params != NULL ? numbers (params, p, &n) : NULL;
        g_autofree double *a = n > 0 && all != NULL ? rig_gradient (&rig, exact, l, p, n) : NULL;
        g_autofree double *b = n > 0 && all != NULL ? rig_gradient (&rig, fast, l, p, n) : NULL;
        double scale = 0;

        for (gsize i = 0; all != NULL && i < n; i++)
          scale = MAX (scale, fabs (a[i]));
        for (gsize i = 0; all != NULL && i < n; i++)
          g_assert_cmpfloat_with_epsilon (a[i], b[i], 2e-5 * scale);
      }
  esp_engine_unref (exact);
  esp_engine_unref (fast);
  rig_clear (&rig);
}

static void
test_refused (void)
{
  g_autoptr (GError) error = NULL;
  double values[64];
  Rig rig;
  EspEngine *engine;

  rig_init (&rig);
  engine = rig_run (&rig, ESP_BACKEND_ONEDNN);
  g_assert_true (esp_engine_set_seed (engine, rig.last, rig.seed, &error));
  g_assert_true (esp_engine_backward (engine, 3, NULL, &error));
  g_assert_false (esp_engine_read_parameter_gradient (engine, 2, ESP_PARAMETER_BIASES, values, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  g_assert_false (esp_engine_read_parameter_gradient (engine, 4, ESP_PARAMETER_WEIGHTS, values, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  g_assert_false (esp_engine_read_parameter_gradient (engine, 9, ESP_PARAMETER_SCALES, values, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  g_assert_true (esp_engine_read_parameter_gradient (engine, 9, ESP_PARAMETER_WEIGHTS, values, &error));
  esp_engine_unref (engine);
  rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/parameters/reference/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_against_reference);
    }
  g_test_add_func ("/parameters/differences", test_differences);
  g_test_add_func ("/parameters/backends", test_backends);
  g_test_add_func ("/parameters/refused", test_refused);
  return g_test_run ();
}
