/* test-train-kernels.c: what training computes: learned convolutions, gradients of parameters, batch normalization
 *
 * Each set against the reference in double, that against finite differences; and the same bits from run to run. */
#include "config.h"

#include "kernels/kernel.h"

#include "base/rng.h"
#include "kernel-cases.h"

#include <math.h>
#include <omp.h>
#include <string.h>

static const EspKernelSet *
set_of (guint i)
{
  return i == 0 ? esp_kernels_reference_double () : i == 1 ? esp_kernels_reference () : esp_kernels_onednn ();
}

#define N_SETS 3

/* Beside those of kernel-cases.h: values of several tiles, weights between many blocks, each channel by itself. */
static const Case large[] = {
  { "3x3 of three tiles", ESP_OP_CONVOLUTION, { { 3, 21, 9, 131 } }, 1, { 3, 17, 9, 131 }, ESP_ACTIVATION_LEAKY, 1, 3, 1, 1, 0 },
  { "3x3 tall", ESP_OP_CONVOLUTION, { { 2, 7, 70, 8 } }, 1, { 2, 35, 70, 8 }, ESP_ACTIVATION_LINEAR, 1, 3, 1, 1, 0 },
  { "depthwise 5x5", ESP_OP_CONVOLUTION, { { 2, 35, 11, 13 } }, 1, { 2, 35, 11, 13 }, ESP_ACTIVATION_LEAKY, 35, 5, 1, 2, 0 },
  { "depthwise 5x5 stride 2", ESP_OP_CONVOLUTION, { { 2, 20, 9, 13 } }, 1, { 2, 20, 5, 7 }, ESP_ACTIVATION_LINEAR, 20, 5, 2, 2, 0 },
  { "depthwise 5x5 small", ESP_OP_CONVOLUTION, { { 3, 18, 2, 3 } }, 1, { 3, 18, 2, 3 }, ESP_ACTIVATION_LINEAR, 18, 5, 1, 2, 0 },
  { "depthwise of one pixel", ESP_OP_CONVOLUTION, { { 2, 16, 1, 1 } }, 1, { 2, 16, 1, 1 }, ESP_ACTIVATION_LINEAR, 16, 3, 1, 1, 0 },
  { "depthwise no pad", ESP_OP_CONVOLUTION, { { 2, 33, 19, 8 } }, 1, { 2, 33, 17, 6 }, ESP_ACTIVATION_LEAKY, 33, 3, 1, 0, 0 },
  { "1x1 of three tiles", ESP_OP_CONVOLUTION, { { 3, 150, 19, 14 } }, 1, { 3, 24, 19, 14 }, ESP_ACTIVATION_LEAKY, 1, 1, 1, 0, 0 },
  { "1x1 many outputs", ESP_OP_CONVOLUTION, { { 2, 8, 23, 31 } }, 1, { 2, 165, 23, 31 }, ESP_ACTIVATION_LINEAR, 1, 1, 1, 0, 0 },
  { "1x1 many blocks", ESP_OP_CONVOLUTION, { { 2, 500, 3, 5 } }, 1, { 2, 500, 3, 5 }, ESP_ACTIVATION_LINEAR, 1, 1, 1, 0, 0 },
  { "1x1 one block", ESP_OP_CONVOLUTION, { { 1, 13, 41, 37 } }, 1, { 1, 7, 41, 37 }, ESP_ACTIVATION_RELU, 1, 1, 1, 0, 0 },
  { "1x1 half a block", ESP_OP_CONVOLUTION, { { 9, 8, 2, 1 } }, 1, { 9, 16, 2, 1 }, ESP_ACTIVATION_LINEAR, 1, 1, 1, 0, 0 },
  { "3x3 many blocks", ESP_OP_CONVOLUTION, { { 3, 85, 7, 8 } }, 1, { 3, 100, 7, 8 }, ESP_ACTIVATION_LINEAR, 1, 3, 1, 1, 0 },
};

static void *
aligned (gsize bytes)
{
  return g_aligned_alloc0 (MAX (bytes, 64), 1, 64);
}

/* Random numbers of -1 to 1, the same for every set, in the order of @layout. */
static void *
value_new (const EspLayout *layout, guint64 stream)
{
  g_autoptr (GRand) rng = esp_rng_new (3, stream, 0);
  const gsize n = esp_shape_count (layout->shape);
  g_autofree float *plain = g_new (float, MAX (n, 1));
  void *native = aligned (esp_layout_get_bytes (layout));

  for (gsize i = 0; i < n; i++)
    plain[i] = (float) (g_rand_double (rng) * 2 - 1);
  esp_layout_pack (layout, plain, native);
  return native;
}

static void
assert_near (const EspLayout *la, const void *a, const EspLayout *lb, const void *b, double bound)
{
  const gsize n = esp_shape_count (la->shape);
  g_autofree double *x = g_new (double, n), *y = g_new (double, n);
  double most = 0, scale = 0;

  esp_layout_unpack_double (la, a, x);
  esp_layout_unpack_double (lb, b, y);
  for (gsize i = 0; i < n; i++)
    {
      g_assert_true (isfinite (x[i]));
      most = MAX (most, fabs (x[i] - y[i]));
      scale = MAX (scale, fabs (y[i]));
    }
  g_test_message ("%.2e of %.3g", most, scale);
  g_assert_cmpfloat (most, <=, bound * scale);
}

static void
assert_filling_is_zero (const EspLayout *layout, const float *native)
{
  const gsize bytes = esp_layout_get_bytes (layout);
  g_autofree float *plain = g_new (float, esp_shape_count (layout->shape));
  float *again = aligned (bytes);

  if (layout->size != sizeof (float))
    return;
  esp_layout_unpack (layout, native, plain);
  esp_layout_pack (layout, plain, again);
  for (gsize i = 0; i < bytes / sizeof (float); i++)
    g_assert_cmpfloat (native[i], ==, again[i]);
  g_aligned_free (again);
}

/* One operation with its values. */
typedef struct
{
  EspKernel *kernel;
  guint n_in;
  EspLayout in[3], out;
  void *value[3], *result, *kept, *scratch;
} Rig;

static void
rig_compile (Rig *rig, const EspKernelSet *set, EspSpec spec)
{
  g_autoptr (GError) error = NULL;

  spec.n_in = rig->n_in;
  spec.in = rig->in;
  spec.out = rig->out;
  spec.scale[0] = spec.scale[1] = 1;
  rig->kernel = esp_kernel_new (set, &spec, &error);
  g_assert_no_error (error);
  g_assert_true (esp_kernel_fits (rig->kernel, set, &spec));
  rig->result = value_new (&rig->out, 30);
  rig->scratch = aligned (esp_kernel_get_scratch (rig->kernel));
  rig->kept = aligned (esp_kernel_get_kept (rig->kernel));
  for (guint k = 0; k < rig->n_in; k++)
    if (rig->value[k] == NULL)
      rig->value[k] = value_new (&rig->in[k], k);
}

static EspCallValues
rig_values (const Rig *rig)
{
  return (EspCallValues){ (const void *const *) rig->value, rig->result, rig->kept, rig->scratch };
}

static void
run (EspCall *call, gboolean add)
{
  g_assert_nonnull (call);
  g_assert_true (esp_call_run (call, add));
  esp_call_free (call);
}

static void
rig_forward (const Rig *rig, gboolean add)
{
  const EspCallValues values = rig_values (rig);

  run (esp_call_new_forward (rig->kernel, &values), add);
}

static void
rig_clear (Rig *rig)
{
  esp_kernel_unref (rig->kernel);
  for (guint k = 0; k < rig->n_in; k++)
    g_aligned_free (rig->value[k]);
  g_aligned_free (rig->result);
  g_aligned_free (rig->kept);
  g_aligned_free (rig->scratch);
}

/* Convolutions ------------------------------------------------------------------------------------------------------------------------- */

static EspGeometry
geometry_of (const Case *row)
{
  return (EspGeometry){ .groups = row->groups,
                        .size_h = row->size,
                        .size_w = row->size_w > 0 ? row->size_w : row->size,
                        .stride_h = row->stride,
                        .stride_w = row->stride_w > 0 ? row->stride_w : row->stride,
                        .pad = row->pad,
                        .dilation = MAX (row->dilation, 1) };
}

static EspShape
weights_shape (const Case *row)
{
  return (EspShape){ row->out.c, row->in[0].c / row->groups, row->size, row->size_w > 0 ? row->size_w : row->size };
}

/* Reading an image, values may be plain. */
static void
convolution_init (Rig *rig, const EspKernelSet *set, const Case *row, gboolean bias, EspActivation activation)
{
  const EspSpec spec
      = { .op = ESP_OP_CONVOLUTION, .backward = TRUE, .activation = activation, .geometry = geometry_of (row), .learned = TRUE };

  *rig = (Rig){ .n_in = bias ? 3 : 2 };
  rig->in[0] = esp_kernels_layout (set, row->in[0], row->in[0].c == 3);
  rig->in[1] = esp_kernels_layout (set, weights_shape (row), TRUE);
  rig->in[2] = esp_kernels_layout (set, (EspShape){ 1, row->out.c, 1, 1 }, TRUE);
  rig->out = esp_kernels_layout (set, row->out, FALSE);
  rig_compile (rig, set, spec);
}

/* Of weights: in[0] and the gradient of the output. */
static void
weights_init (Rig *rig, const EspKernelSet *set, const Case *row)
{
  const EspSpec spec = { .op = ESP_OP_CONVOLUTION_WEIGHTS, .geometry = geometry_of (row), .learned = TRUE };

  *rig = (Rig){ .n_in = 2 };
  rig->in[0] = esp_kernels_layout (set, row->in[0], row->in[0].c == 3);
  rig->in[1] = esp_kernels_layout (set, row->out, FALSE);
  rig->out = esp_kernels_layout (set, weights_shape (row), TRUE);
  rig->value[1] = value_new (&rig->in[1], 40);
  rig_compile (rig, set, spec);
}

static void
sums_init (Rig *rig, const EspKernelSet *set, EspShape shape)
{
  *rig = (Rig){ .n_in = 1 };
  rig->in[0] = esp_kernels_layout (set, shape, FALSE);
  rig->out = esp_kernels_layout (set, (EspShape){ 1, shape.c, 1, 1 }, TRUE);
  rig->value[0] = value_new (&rig->in[0], 40);
  rig_compile (rig, set, (EspSpec){ .op = ESP_OP_CHANNEL_SUMS });
}

/* Stores, then adds: twice the gradient. */
static void *
convolution_back (const Rig *rig, gboolean twice)
{
  const EspCallValues values = rig_values (rig);
  void *grad_out = value_new (&rig->out, 40), *grad_in = value_new (&rig->in[0], 41);

  run (esp_call_new_backward (rig->kernel, 0, &values, grad_out, grad_in), FALSE);
  if (twice)
    run (esp_call_new_backward (rig->kernel, 0, &values, grad_out, grad_in), TRUE);
  g_aligned_free (grad_out);
  return grad_in;
}

/* Weights that change between two runs are read again. */
static void
test_convolution (gconstpointer data)
{
  const Case *row = data;

  for (int bias = 0; bias < 2; bias++)
    {
      Rig exact;
      void *wanted;

      convolution_init (&exact, set_of (0), row, bias, row->activation);
      rig_forward (&exact, FALSE);
      wanted = convolution_back (&exact, TRUE);
      for (guint i = 1; i < N_SETS; i++)
        {
          Rig rig;
          void *got, *weights;

          convolution_init (&rig, set_of (i), row, bias, row->activation);
          g_test_message ("%s", esp_kernel_get_name (rig.kernel));
          weights = g_memdup2 (rig.value[1], esp_layout_get_bytes (&rig.in[1]));
          memset (rig.value[1], 0, esp_layout_get_bytes (&rig.in[1]));
          rig_forward (&rig, FALSE);
          g_aligned_free (convolution_back (&rig, FALSE));
          memcpy (rig.value[1], weights, esp_layout_get_bytes (&rig.in[1]));
          rig_forward (&rig, FALSE);
          got = convolution_back (&rig, TRUE);
          assert_near (&rig.out, rig.result, &exact.out, exact.result, 1e-5);
          assert_near (&rig.in[0], got, &exact.in[0], wanted, 1e-5);
          assert_filling_is_zero (&rig.out, rig.result);
          assert_filling_is_zero (&rig.in[0], got);
          g_aligned_free (got);
          g_free (weights);
          rig_clear (&rig);
        }
      g_aligned_free (wanted);
      rig_clear (&exact);
    }
}

/* Learned weights that happen to be those of a plain convolution give what that gives. */
static void
test_as_compiled (gconstpointer data)
{
  const Case *row = data;

  for (guint i = 0; i < N_SETS; i++)
    {
      Rig rig, plain;
      const gsize filters = (gsize) row->out.c, n = esp_shape_count (weights_shape (row));
      g_autofree float *weights = g_new (float, n);
      g_autofree double *bias = g_new (double, filters);

      convolution_init (&rig, set_of (i), row, TRUE, row->activation);
      esp_layout_unpack (&rig.in[1], rig.value[1], weights);
      esp_layout_unpack_double (&rig.in[2], rig.value[2], bias);
      plain = (Rig){ .n_in = 1, .in = { rig.in[0] }, .out = rig.out };
      rig_compile (&plain, set_of (i),
                   (EspSpec){ .op = ESP_OP_CONVOLUTION,
                              .backward = TRUE,
                              .activation = row->activation,
                              .geometry = geometry_of (row),
                              .weights = weights,
                              .bias = bias });
      rig_forward (&rig, FALSE);
      rig_forward (&plain, FALSE);
      assert_near (&rig.out, rig.result, &plain.out, plain.result, i == 0 ? 1e-14 : 1e-5);
      rig_clear (&plain);
      rig_clear (&rig);
    }
}

/* The second run gives the bits of the first. */
static void
test_weights (gconstpointer data)
{
  const Case *row = data;
  Rig exact;

  weights_init (&exact, set_of (0), row);
  rig_forward (&exact, FALSE);
  rig_forward (&exact, TRUE);
  for (guint i = 1; i < N_SETS; i++)
    {
      Rig rig;
      g_autofree void *once = NULL;
      gsize bytes;

      weights_init (&rig, set_of (i), row);
      bytes = esp_layout_get_bytes (&rig.out);
      rig_forward (&rig, FALSE);
      once = g_memdup2 (rig.result, bytes);
      memset (rig.scratch, 0x55, esp_kernel_get_scratch (rig.kernel));
      rig_forward (&rig, FALSE);
      g_assert_cmpmem (rig.result, bytes, once, bytes);
      rig_forward (&rig, TRUE);
      g_test_message ("%s", esp_kernel_get_name (rig.kernel));
      assert_near (&rig.out, rig.result, &exact.out, exact.result, 1e-5);
      rig_clear (&rig);
    }
  rig_clear (&exact);
}

/* Compares @wanted, the gradients of sum (weight * result) by the numbers of one input, with differences. Returns: how many were looked
 * at. */
static gsize
assert_differences (Rig *rig, guint input, const double *weight, const double *wanted, double step, double bound)
{
  const gsize n = esp_shape_count (rig->in[input].shape), n_out = esp_shape_count (rig->out.shape);
  gsize count = 0;

  for (gsize i = 0; i < n; i += n / 100 | 1, count++)
    {
      double *x = (double *) rig->value[input] + i, was = *x, target[2] = { 0 };

      for (int up = 0; up < 2; up++)
        {
          *x = was + (up ? step : -step);
          rig_forward (rig, FALSE);
          for (gsize k = 0; k < n_out; k++)
            target[up] += weight[k] * ((double *) rig->result)[k];
        }
      *x = was;
      g_assert_cmpfloat_with_epsilon ((target[1] - target[0]) / (2 * step), wanted[i], bound);
    }
  return count;
}

/* By input, weights and bias. */
static void
test_convolution_differences (gconstpointer data)
{
  const Case *row = data;
  Rig rig, weights, sums;
  void *grad_in, *grad_out;

  convolution_init (&rig, set_of (0), row, TRUE, ESP_ACTIVATION_LINEAR);
  weights_init (&weights, set_of (0), row);
  sums_init (&sums, set_of (0), row->out);
  grad_in = convolution_back (&rig, FALSE);
  grad_out = value_new (&rig.out, 40);
  rig_forward (&weights, FALSE);
  rig_forward (&sums, FALSE);
  g_assert_cmpuint (assert_differences (&rig, 0, grad_out, grad_in, 1e-2, 1e-9), >, 0);
  g_assert_cmpuint (assert_differences (&rig, 1, grad_out, weights.result, 1e-2, 1e-9), >, 0);
  g_assert_cmpuint (assert_differences (&rig, 2, grad_out, sums.result, 1e-2, 1e-9), >, 0);
  g_aligned_free (grad_in);
  g_aligned_free (grad_out);
  rig_clear (&rig);
  rig_clear (&weights);
  rig_clear (&sums);
}

/* Channel sums
 * -------------------------------------------------------------------------------------------------------------------------- */

static void
test_sums (void)
{
  static const EspShape shapes[] = { { 3, 21, 7, 5 }, { 2, 16, 41, 43 }, { 1, 5, 1, 1 } };

  for (guint k = 0; k < G_N_ELEMENTS (shapes); k++)
    {
      Rig exact;

      sums_init (&exact, set_of (0), shapes[k]);
      rig_forward (&exact, FALSE);
      rig_forward (&exact, TRUE);
      for (guint i = 1; i < N_SETS; i++)
        {
          Rig rig;

          sums_init (&rig, set_of (i), shapes[k]);
          rig_forward (&rig, FALSE);
          rig_forward (&rig, TRUE);
          assert_near (&rig.out, rig.result, &exact.out, exact.result, 1e-6);
          rig_clear (&rig);
        }
      rig_clear (&exact);
    }
}

/* Batch normalization
 * ------------------------------------------------------------------------------------------------------------------- */

static const EspShape shapes[] = { { 2, 19, 5, 7 }, { 3, 32, 3, 3 }, { 1, 16, 37, 41 }, { 2, 5, 1, 1 }, { 1, 33, 40, 61 } };

static void
normalize_init (Rig *rig, const EspKernelSet *set, EspShape shape, EspActivation activation)
{
  const EspSpec spec = { .op = ESP_OP_NORMALIZE, .backward = TRUE, .activation = activation };

  *rig = (Rig){ .n_in = 2 };
  rig->in[0] = rig->out = esp_kernels_layout (set, shape, FALSE);
  rig->in[1] = esp_kernels_layout (set, (EspShape){ 1, 2 * shape.c, 1, 1 }, TRUE);
  rig_compile (rig, set, spec);
  g_assert_cmpuint (esp_kernel_get_kept (rig->kernel), ==, ESP_N_MOMENTS * (gsize) shape.c * sizeof (double));
}

static void *
normalize_back (const Rig *rig, gboolean in_place, gboolean twice)
{
  const EspCallValues values = rig_values (rig);
  void *grad_out = value_new (&rig->out, 40), *grad_in = in_place ? grad_out : value_new (&rig->in[0], 41);

  run (esp_call_new_backward (rig->kernel, 0, &values, grad_out, grad_in), FALSE);
  if (twice)
    run (esp_call_new_backward (rig->kernel, 0, &values, grad_out, grad_in), TRUE);
  if (!in_place)
    g_aligned_free (grad_out);
  return grad_in;
}

static void
assert_moments (const Rig *rig, const Rig *exact, double bound)
{
  const EspLayout all = { { ESP_N_MOMENTS, 1, 1, rig->out.shape.c }, 1, sizeof (double) };

  for (gsize k = 0; k < ESP_N_MOMENTS; k++)
    {
      const EspLayout one = { { 1, 1, 1, all.shape.w }, 1, sizeof (double) };

      assert_near (&one, (double *) rig->kept + k * (gsize) all.shape.w, &one, (double *) exact->kept + k * (gsize) all.shape.w, bound);
    }
}

static void
compare_normalize (const EspKernelSet *set, const Rig *exact, void *exact_grad, EspShape shape, EspActivation activation)
{
  Rig rig;
  void *grad, *placed;
  gsize bytes;

  normalize_init (&rig, set, shape, activation);
  bytes = esp_layout_get_bytes (&rig.out);
  rig_forward (&rig, FALSE);
  grad = normalize_back (&rig, FALSE, TRUE);
  assert_near (&rig.out, rig.result, &exact->out, exact->result, 1e-5);
  assert_near (&rig.in[0], grad, &exact->in[0], exact_grad, 1e-5);
  assert_moments (&rig, exact, 1e-5);
  assert_filling_is_zero (&rig.out, rig.result);
  assert_filling_is_zero (&rig.in[0], grad);
  g_aligned_free (grad);
  grad = normalize_back (&rig, FALSE, FALSE);
  placed = normalize_back (&rig, TRUE, FALSE);
  g_assert_cmpmem (grad, bytes, placed, bytes);
  g_aligned_free (grad);
  g_aligned_free (placed);
  rig_clear (&rig);
}

static void
test_normalize (void)
{
  for (guint k = 0; k < G_N_ELEMENTS (shapes); k++)
    for (EspActivation a = 0; a < (k == 0 ? ESP_N_ACTIVATIONS : ESP_ACTIVATION_SWISH); a++)
      {
        Rig exact;
        void *grad;

        normalize_init (&exact, set_of (0), shapes[k], a);
        rig_forward (&exact, FALSE);
        grad = normalize_back (&exact, FALSE, TRUE);
        for (guint i = 1; i < N_SETS; i++)
          {
            g_test_message ("%s", esp_activation_name (a));
            compare_normalize (set_of (i), &exact, grad, shapes[k], a);
          }
        g_aligned_free (grad);
        rig_clear (&exact);
      }
}

/* Whatever lies in the output, and without looking at the parameters of the statistics: the bits of forward. */
static void
test_again (void)
{
  for (guint i = 0; i < N_SETS; i++)
    for (EspActivation a = 0; a < ESP_ACTIVATION_SWISH; a++)
      {
        Rig rig;
        EspCallValues values;
        g_autofree void *first = NULL;
        gsize bytes;

        normalize_init (&rig, set_of (i), shapes[4], a);
        values = rig_values (&rig);
        bytes = esp_layout_get_bytes (&rig.out);
        rig_forward (&rig, FALSE);
        first = g_memdup2 (rig.result, bytes);
        memset (rig.result, 0x55, bytes);
        run (esp_call_new_again (rig.kernel, &values), FALSE);
        g_assert_cmpmem (rig.result, bytes, first, bytes);
        ((double *) rig.kept)[ESP_MOMENT_MEAN * 33] += 1;
        run (esp_call_new_again (rig.kernel, &values), FALSE);
        g_assert_cmpint (memcmp (rig.result, first, bytes), !=, 0);
        rig_clear (&rig);
      }
}

/* By hand: 1, 2, 3, 6 have mean 3, variance 3.5. */
static void
test_moments (void)
{
  for (guint i = 0; i < N_SETS; i++)
    {
      Rig rig;
      const float plain[] = { 1, 6, 2, 3 }, parameters[] = { 2, .5 };
      double out[4];

      normalize_init (&rig, set_of (i), (EspShape){ 2, 1, 1, 2 }, ESP_ACTIVATION_RELU);
      esp_layout_pack (&rig.in[0], plain, rig.value[0]);
      esp_layout_pack (&rig.in[1], parameters, rig.value[1]);
      rig_forward (&rig, FALSE);
      g_assert_cmpfloat_with_epsilon (((double *) rig.kept)[ESP_MOMENT_MEAN], 3, 1e-12);
      g_assert_cmpfloat_with_epsilon (((double *) rig.kept)[ESP_MOMENT_VARIANCE], 3.5, 1e-12);
      esp_layout_unpack_double (&rig.out, rig.result, out);
      g_assert_cmpfloat (out[0], ==, 0);
      g_assert_cmpfloat_with_epsilon (out[1], 2 * 3 / sqrt (3.5 + 1e-5) + .5, 1e-6);
      g_assert_cmpfloat_with_epsilon (out[3], .5, 1e-6);
      rig_clear (&rig);
    }
}

/* By input, gammas and betas. */
static void
test_normalize_differences (void)
{
  for (EspActivation a = 0; a < ESP_N_ACTIVATIONS; a++)
    {
      const int c = shapes[0].c;
      Rig rig;
      void *grad_out, *grad_in;
      g_autofree double *parameters = g_new (double, 2 * c);

      if (a == ESP_ACTIVATION_STAIR || a == ESP_ACTIVATION_LHTAN) /* darknet gives both slopes that are not theirs, at their steps */
        continue;
      normalize_init (&rig, set_of (0), shapes[0], a);
      grad_out = value_new (&rig.out, 40);
      rig_forward (&rig, FALSE);
      grad_in = normalize_back (&rig, FALSE, FALSE);
      memcpy (parameters, (double *) rig.kept + ESP_MOMENT_GAMMA * c, (gsize) c * sizeof (double));
      memcpy (parameters + c, (double *) rig.kept + ESP_MOMENT_BETA * c, (gsize) c * sizeof (double));
      g_test_message ("%s", esp_activation_name (a));
      assert_differences (&rig, 0, grad_out, grad_in, 1e-6, 1e-7);
      assert_differences (&rig, 1, grad_out, parameters, 1e-6, 1e-7);
      g_aligned_free (grad_in);
      g_aligned_free (grad_out);
      rig_clear (&rig);
    }
}

/* One thread and two: the same bits of a gradient of weights. */
static void
test_weights_threads (void)
{
  const int threads = omp_get_max_threads ();

  for (guint k = 0; k < G_N_ELEMENTS (large); k++)
    {
      Rig rigs[2];

      for (int i = 0; i < 2; i++)
        {
          omp_set_num_threads (i + 1);
          weights_init (&rigs[i], set_of (2), &large[k]);
          rig_forward (&rigs[i], FALSE);
        }
      omp_set_num_threads (threads);
      if (g_str_has_prefix (esp_kernel_get_name (rigs[0].kernel), "direct"))
        g_assert_cmpmem (rigs[0].result, esp_layout_get_bytes (&rigs[0].out), rigs[1].result, esp_layout_get_bytes (&rigs[1].out));
      else
        g_test_message ("%s promises no such thing", esp_kernel_get_name (rigs[0].kernel));
      for (int i = 0; i < 2; i++)
        rig_clear (&rigs[i]);
    }
}

/* One thread and two: the same bits. */
static void
test_threads (void)
{
  const int threads = omp_get_max_threads ();

  for (guint k = 0; k < G_N_ELEMENTS (shapes); k++)
    {
      Rig rigs[2];
      void *grads[2];
      gsize bytes;

      for (int i = 0; i < 2; i++)
        {
          omp_set_num_threads (i + 1);
          normalize_init (&rigs[i], set_of (2), shapes[k], ESP_ACTIVATION_LEAKY);
          rig_forward (&rigs[i], FALSE);
          grads[i] = normalize_back (&rigs[i], FALSE, FALSE);
        }
      omp_set_num_threads (threads);
      bytes = esp_layout_get_bytes (&rigs[0].out);
      g_assert_cmpmem (rigs[0].result, bytes, rigs[1].result, bytes);
      g_assert_cmpmem (grads[0], bytes, grads[1], bytes);
      bytes = esp_kernel_get_kept (rigs[0].kernel);
      g_assert_cmpmem (rigs[0].kept, bytes, rigs[1].kept, bytes);
      for (int i = 0; i < 2; i++)
        {
          g_aligned_free (grads[i]);
          rig_clear (&rigs[i]);
        }
    }
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    GTestDataFunc run;
  } of_convolutions[] = { { "learned", test_convolution },
                          { "as-compiled", test_as_compiled },
                          { "weights", test_weights },
                          { "differences", test_convolution_differences } };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases) + G_N_ELEMENTS (large); i++)
    for (guint k = 0; k < G_N_ELEMENTS (of_convolutions); k++)
      {
        const Case *row = i < G_N_ELEMENTS (cases) ? &cases[i] : &large[i - G_N_ELEMENTS (cases)];
        g_autofree char *name = g_strdelimit (g_strdup (row->name), "/", ':');
        g_autofree char *path = g_strdup_printf ("/train-kernels/convolution/%s/%s", of_convolutions[k].name, name);

        if (row->op == ESP_OP_CONVOLUTION && (i < G_N_ELEMENTS (cases) || of_convolutions[k].run != test_convolution_differences))
          g_test_add_data_func (path, row, of_convolutions[k].run);
      }
  g_test_add_func ("/train-kernels/convolution/weights-threads", test_weights_threads);
  g_test_add_func ("/train-kernels/channel-sums", test_sums);
  g_test_add_func ("/train-kernels/normalize/reference", test_normalize);
  g_test_add_func ("/train-kernels/normalize/again", test_again);
  g_test_add_func ("/train-kernels/normalize/moments", test_moments);
  g_test_add_func ("/train-kernels/normalize/differences", test_normalize_differences);
  g_test_add_func ("/train-kernels/normalize/threads", test_threads);
  return g_test_run ();
}
