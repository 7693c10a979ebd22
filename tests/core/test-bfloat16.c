/* test-bfloat16.c: convolutions in bfloat16 against the double reference, and what they are refused for */
#include "config.h"

#include "net/engine.h"

#include "base/error.h"
#include "base/rng.h"
#include "kernels/kernel.h"

#include <math.h>
#include <string.h>

/* Convolutions in a row, so that values lie in halves, but for one whose activation follows it; a shortcut and a pool, so that others do
 * not. */
static const char small[] = "[net]\nwidth=26\nheight=22\nchannels=3\n"
                            "[convolutional]\nbatch_normalize=1\nfilters=19\nsize=3\nstride=2\npad=1\nactivation=leaky\n"           /* 0 */
                            "[convolutional]\nbatch_normalize=1\nfilters=32\nsize=1\nactivation=gelu\n"                             /* 1 */
                            "[convolutional]\nbatch_normalize=1\nfilters=32\ngroups=32\nsize=3\nstride=1\npad=1\nactivation=mish\n" /* 2 */
                            "[convolutional]\nbatch_normalize=1\nfilters=32\nsize=1\nactivation=linear\n"                           /* 3 */
                            "[shortcut]\nfrom=-3\nactivation=linear\n"                                                              /* 4 */
                            "[maxpool]\nsize=2\nstride=2\n"                                                                         /* 5 */
                            "[convolutional]\nfilters=14\nsize=1\nactivation=linear\n";                                             /* 6 */

typedef struct
{
  const char *name;
  EspShape in, out;
  int groups, size, stride, pad;
  gboolean between; /* the output lies in halves, too */
} Case;

static const Case cases[] = {
  { "3 x 3", { 2, 19, 9, 7 }, { 2, 37, 9, 7 }, 1, 3, 1, 1, FALSE },
  { "3 x 3 of stride 2", { 1, 32, 9, 7 }, { 1, 21, 5, 4 }, 1, 3, 2, 1, FALSE },
  { "1 x 1", { 2, 40, 5, 3 }, { 2, 18, 5, 3 }, 1, 1, 1, 0, FALSE },
  { "depthwise", { 2, 24, 6, 7 }, { 2, 24, 6, 7 }, 24, 3, 1, 1, FALSE },
  { "image", { 1, 3, 17, 14 }, { 1, 13, 17, 14 }, 1, 3, 1, 1, FALSE },
  { "to halves", { 2, 19, 9, 7 }, { 2, 37, 9, 7 }, 1, 3, 1, 1, TRUE },
};

/* Multiples of 1 / 64 below 2 in magnitude: 8 significant bits hold them. */
static float *
short_floats (gsize n, guint64 stream)
{
  g_autoptr (GRand) rng = esp_rng_new (4, stream, n);
  float *all = g_new (float, MAX (n, 1));

  for (gsize i = 0; i < n; i++)
    all[i] = (float) g_rand_int_range (rng, -127, 128) / 64;
  return all;
}

static void
test_rounding (void)
{
  static const float given[] = { 1, -2.5f, 1 + 1.0f / 256, 1 + 3.0f / 256, 1 + 1.5f / 256, 0, 3e38f, 1e-20f };
  static const float wanted[] = { 1, -2.5f, 1, 1 + 1.0f / 64, 1 + 1.0f / 128, 0 };
  const EspLayout layout = { { 1, 8, 1, 1 }, 16, sizeof (guint16) };
  guint16 native[16];
  float back[8];

  esp_layout_pack (&layout, given, native);
  esp_layout_unpack (&layout, native, back);
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    g_assert_cmpfloat (back[i], ==, wanted[i]);
  for (guint i = 0; i < G_N_ELEMENTS (given); i++)
    g_assert_cmpfloat (fabsf (back[i] - given[i]), <=, fabsf (given[i]) / 256);
  for (guint i = 8; i < 16; i++)
    g_assert_cmpuint (native[i], ==, 0);
}

static double *
run_case (const EspKernelSet *set, const Case *row, gboolean between)
{
  const EspLayout in = esp_kernels_layout (set, row->in, row->in.c == 3);
  const EspLayout out
      = between ? esp_kernels_layout_between (set, row->out, ESP_ACTIVATION_LEAKY) : esp_kernels_layout (set, row->out, FALSE);
  const gsize n_weights = (gsize) row->out.c * (gsize) (row->in.c / row->groups) * (gsize) (row->size * row->size);
  g_autofree float *plain = short_floats (esp_shape_count (row->in), 1), *weights = short_floats (n_weights, 2);
  g_autofree double *bias = g_new0 (double, (gsize) row->out.c);
  const EspSpec spec = { .op = ESP_OP_CONVOLUTION,
                         .n_in = 1,
                         .in = &in,
                         .out = out,
                         .activation = ESP_ACTIVATION_LEAKY,
                         .geometry = { .groups = row->groups,
                                       .size_h = row->size,
                                       .size_w = row->size,
                                       .stride_h = row->stride,
                                       .stride_w = row->stride,
                                       .pad = row->pad,
                                       .dilation = 1 },
                         .weights = weights,
                         .bias = bias };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspKernel) kernel = esp_kernel_new (set, &spec, &error);
  void *value = g_aligned_alloc0 (esp_layout_get_bytes (&in), 1, 64), *made = g_aligned_alloc0 (esp_layout_get_bytes (&out), 1, 64),
       *scratch;
  const void *const values[] = { value };
  double *all = g_new (double, esp_shape_count (row->out));
  EspCallValues to;
  EspCall *call;

  g_assert_no_error (error);
  scratch = g_aligned_alloc0 (MAX (esp_kernel_get_scratch (kernel), 64), 1, 64);
  esp_layout_pack (&in, plain, value);
  to = (EspCallValues){ values, made, NULL, scratch };
  call = esp_call_new_forward (kernel, &to);
  g_assert_true (esp_call_run (call, FALSE));
  g_test_message ("%s", esp_kernel_get_name (kernel));
  esp_layout_unpack_double (&out, made, all);
  esp_call_free (call);
  g_aligned_free (value);
  g_aligned_free (made);
  g_aligned_free (scratch);
  return all;
}

/* Numbers that bfloat16 holds exactly: the products are exact, so the sums agree as floats do; a result in halves is rounded once. */
static void
test_against_reference (gconstpointer data)
{
  const Case *row = data;
  g_autofree double *exact = NULL, *made = NULL;
  double scale = 0;

  if (esp_kernels_bfloat16 () == NULL)
    {
      g_test_skip ("this processor has no instructions for bfloat16");
      return;
    }
  exact = run_case (esp_kernels_reference_double (), row, FALSE);
  made = run_case (esp_kernels_bfloat16 (), row, row->between);
  for (gsize i = 0; i < esp_shape_count (row->out); i++)
    scale = MAX (scale, fabs (exact[i]));
  for (gsize i = 0; i < esp_shape_count (row->out); i++)
    g_assert_cmpfloat_with_epsilon (made[i], exact[i], row->between ? fabs (exact[i]) / 256 + 1e-6 * scale : 1e-6 * scale);
}

static float *
run_network (EspBackendKind backend, guint batch, const float *input)
{
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_new (esp_cfg_parse (small, strlen (small), "small.cfg", &error), &error);
  EspWeights *weights = esp_weights_new_random (network, 5);
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = backend, .batch = batch };
  EspEngine *engine = esp_engine_new (network, weights, &options, NULL, &error);
  float *out;

  g_assert_no_error (error);
  g_assert_true (esp_engine_forward (engine, input, NULL, &error));
  out = g_new (float, esp_shape_count (esp_engine_get_shape (engine, 6)));
  g_assert_true (esp_engine_read (engine, 6, ESP_AT_OUT, out, &error));
  esp_engine_unref (engine);
  esp_weights_unref (weights);
  esp_network_unref (network);
  return out;
}

/* A whole network: near the float one, not equal to it, and the same bits from run to run. */
static void
test_network (void)
{
  g_autofree float *input = short_floats (3 * 3 * 22 * 26, 9), *exact = NULL, *made = NULL, *again = NULL;
  const gsize each = 14 * 5 * 6;
  double most = 0, scale = 0;

  if (!esp_backend_is_available (ESP_BACKEND_BFLOAT16))
    {
      g_test_skip ("this processor has no instructions for bfloat16");
      return;
    }
  exact = run_network (ESP_BACKEND_ONEDNN, 3, input);
  made = run_network (ESP_BACKEND_BFLOAT16, 3, input);
  for (gsize i = 0; i < 3 * each; i++)
    {
      most = MAX (most, fabs ((double) made[i] - (double) exact[i]));
      scale = MAX (scale, fabs ((double) exact[i]));
    }
  g_test_message ("%.2e of %.3g", most, scale);
  g_assert_cmpfloat (most, >, 0);
  g_assert_cmpfloat (most, <, .03 * scale);
  again = run_network (ESP_BACKEND_BFLOAT16, 3, input);
  g_assert_cmpmem (again, 3 * each * sizeof (float), made, 3 * each * sizeof (float));
}

static void
test_refused (void)
{
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_new (esp_cfg_parse (small, strlen (small), "small.cfg", &error), &error);
  EspWeights *weights = esp_weights_new_random (network, 5);
  const EspEngineOptions options = { .mode = ESP_MODE_EXPLAIN, .backend = ESP_BACKEND_BFLOAT16, .batch = 1 };

  g_assert_null (esp_engine_new (network, weights, &options, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  esp_weights_unref (weights);
  esp_network_unref (network);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bfloat16/rounding", test_rounding);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/bfloat16/reference/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_against_reference);
    }
  g_test_add_func ("/bfloat16/network", test_network);
  g_test_add_func ("/bfloat16/refused", test_refused);
  return g_test_run ();
}
