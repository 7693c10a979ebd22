/* test-kernels.c: each operation alone: oneDNN's set against the reference, the reference against finite differences */
#include "config.h"

#include "kernels/kernel.h"
#include "kernels/logistic.h"
#include "kernels/product.h"

#include "base/rng.h"
#include "kernel-cases.h"

#include <math.h>
#include <string.h>


/* A case bound to one set, with plain copies of everything. */
typedef struct
{
  const Case *row;
  const EspKernelSet *set;
  EspKernel *kernel;
  EspLayout in[3], out;
  void *value[3], *grad_in[3], *result, *grad_out, *kept, *scratch;
  EspCall *forward, *backward[3];
} Rig;

static float *
random_floats (gsize n, guint64 stream)
{
  g_autoptr (GRand) rng = esp_rng_new (2, stream, n);
  float *all = g_new (float, MAX (n, 1));

  for (gsize i = 0; i < n; i++)
    all[i] = (float) (g_rand_double (rng) * 2 - 1);
  return all;
}

static void *
aligned (gsize bytes)
{
  return g_aligned_alloc0 (MAX (bytes, 64), 1, 64);
}

static void *
packed_random (const EspLayout *layout, guint64 stream)
{
  g_autofree float *plain = random_floats (esp_shape_count (layout->shape), stream);
  void *native = aligned (esp_layout_get_bytes (layout));

  esp_layout_pack (layout, plain, native);
  return native;
}

static guint
count_parts (const Case *row)
{
  guint n = 0;

  while (row->parts[n] > 0)
    n++;
  return n;
}

static EspKernel *
compile (Rig *rig, EspActivation activation)
{
  const Case *row = rig->row;
  gsize filters = (gsize) row->out.c;
  g_autofree float *weights
      = random_floats (filters * (gsize) row->in[0].c * (gsize) MAX (row->size * MAX (row->size, row->size_w), 1), 77);
  g_autofree double *gain = g_new (double, filters), *bias = g_new (double, filters);
  const EspGeometry geometry = { .groups = row->groups,
                                 .size_h = row->size,
                                 .size_w = row->size_w > 0 ? row->size_w : row->size,
                                 .stride_h = row->stride,
                                 .stride_w = row->stride_w > 0 ? row->stride_w : row->stride,
                                 .pad = row->pad,
                                 .dilation = MAX (row->dilation, 1),
                                 .stride = row->stride,
                                 .entries = row->entries,
                                 .group = row->group,
                                 .way = row->way,
                                 .softmax = row->softmax,
                                 .activated = row->activated,
                                 .weights = row->weights,
                                 .normal = row->normal };
  const double scale = row->scale != 0 ? row->scale : 1;
  const EspSpec spec = { .op = row->op,
                         .backward = TRUE,
                         .n_in = row->n_in,
                         .in = rig->in,
                         .out = rig->out,
                         .activation = activation,
                         .geometry = geometry,
                         .scale = { scale, row->op == ESP_OP_ADD && row->scale != 0 ? -.3 : 1 },
                         .weights = weights,
                         .gain = gain,
                         .bias = bias,
                         .parts = row->parts[0] > 0 ? row->parts : NULL,
                         .n_parts = count_parts (row) };
  g_autoptr (GError) error = NULL;
  EspKernel *kernel;

  for (gsize f = 0; f < filters; f++)
    gain[f] = .2 + (double) f / 40, bias[f] = .3 - (double) f / 50;
  kernel = esp_kernel_new (rig->set, &spec, &error);
  g_assert_no_error (error);
  g_assert_true (esp_kernel_fits (kernel, rig->set, &spec));
  return kernel;
}

static void
rig_init (Rig *rig, const Case *row, const EspKernelSet *set, EspActivation activation)
{
  gboolean plain = row->op == ESP_OP_CONVOLUTION && row->in[0].c == 3;
  EspCallValues values;

  *rig = (Rig){ .row = row, .set = set };
  rig->out = esp_kernels_layout (set, row->out, row->op == ESP_OP_HEAD);
  for (guint k = 0; k < row->n_in; k++)
    {
      rig->in[k] = esp_kernels_layout (set, row->in[k], plain);
      rig->value[k] = packed_random (&rig->in[k], k);
      rig->grad_in[k] = packed_random (&rig->in[k], 20 + k); /* rubbish that a store must replace */
    }
  rig->kernel = compile (rig, activation);
  rig->result = packed_random (&rig->out, 30);
  rig->grad_out = packed_random (&rig->out, 40);
  rig->scratch = aligned (esp_kernel_get_scratch (rig->kernel));
  rig->kept = esp_kernel_get_kept (rig->kernel) > 0 ? aligned (esp_kernel_get_kept (rig->kernel)) : NULL;
  values = (EspCallValues){ (const void *const *) rig->value, rig->result, rig->kept, rig->scratch };
  rig->forward = esp_call_new_forward (rig->kernel, &values);
  g_assert_nonnull (rig->forward);
  for (guint k = 0; k < row->n_in; k++)
    {
      rig->backward[k] = esp_call_new_backward (rig->kernel, k, &values, rig->grad_out, rig->grad_in[k]);
      g_assert_nonnull (rig->backward[k]);
    }
}

static void
rig_clear (Rig *rig)
{
  esp_call_free (rig->forward);
  for (guint k = 0; k < rig->row->n_in; k++)
    {
      g_clear_pointer (&rig->backward[k], esp_call_free);
      g_aligned_free (rig->value[k]);
      g_aligned_free (rig->grad_in[k]);
    }
  esp_kernel_unref (rig->kernel);
  g_aligned_free (rig->result);
  g_aligned_free (rig->grad_out);
  g_aligned_free (rig->scratch);
  g_aligned_free (rig->kept);
}

static void
assert_filling_is_zero (const EspLayout *layout, const float *native)
{
  gsize bytes = esp_layout_get_bytes (layout);
  g_autofree float *plain = g_new (float, esp_shape_count (layout->shape));
  void *again = aligned (bytes);

  esp_layout_unpack (layout, native, plain);
  esp_layout_pack (layout, plain, again);
  for (gsize i = 0; i < bytes / sizeof (float); i++)
    g_assert_cmpfloat (native[i], ==, ((float *) again)[i]);
  g_aligned_free (again);
}

static void
assert_near (const EspLayout *la, const void *a, const EspLayout *lb, const void *b, double bound)
{
  gsize n = esp_shape_count (la->shape);
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

/* Stores, then adds once more: twice the gradient. */
static void
run_all (Rig *rig, gboolean twice)
{
  g_assert_true (esp_call_run (rig->forward, FALSE));
  for (guint k = 0; k < rig->row->n_in && rig->backward[k] != NULL; k++)
    {
      g_assert_true (esp_call_run (rig->backward[k], FALSE));
      if (twice)
        g_assert_true (esp_call_run (rig->backward[k], TRUE));
    }
}

static void
test_against_reference (gconstpointer data)
{
  const Case *row = data;
  const EspKernelSet *const sets[] = { esp_kernels_onednn (), esp_kernels_reference () };
  Rig exact;

  rig_init (&exact, row, esp_kernels_reference_double (), row->activation);
  run_all (&exact, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (sets); i++)
    {
      Rig rig;

      rig_init (&rig, row, sets[i], row->activation);
      run_all (&rig, TRUE);
      g_test_message ("%s", esp_kernel_get_name (rig.kernel));
      assert_near (&rig.out, rig.result, &exact.out, exact.result, 1e-5);
      assert_filling_is_zero (&rig.out, rig.result);
      for (guint k = 0; k < row->n_in && rig.backward[k] != NULL; k++)
        {
          assert_near (&rig.in[k], rig.grad_in[k], &exact.in[k], exact.grad_in[k], 1e-5);
          assert_filling_is_zero (&rig.in[k], rig.grad_in[k]);
        }
      rig_clear (&rig);
    }
  rig_clear (&exact);
}

static double
target (const Rig *rig)
{
  double total = 0;

  for (gsize i = 0; i < esp_shape_count (rig->out.shape); i++)
    total += ((const double *) rig->grad_out)[i] * ((const double *) rig->result)[i];
  return total;
}

/* The double reference: gradients of sum (grad_out * out) by central differences, at every input number. A convolution's backward starts
 * before its activation, so it is compiled linear here; activations are cases of their own. */
static void
test_differences (gconstpointer data)
{
  const Case *row = data;
  gboolean linear = row->op != ESP_OP_MAXPOOL && row->op != ESP_OP_ACTIVATION && row->op != ESP_OP_HEAD && row->op != ESP_OP_SOFTMAX;
  const double step = linear ? 1e-2 : 1e-5, bound = linear ? 1e-9 : 1e-7; /* a linear operation has no error of its own, only rounding */
  Rig rig;

  rig_init (&rig, row, esp_kernels_reference_double (), row->op == ESP_OP_ACTIVATION ? row->activation : ESP_ACTIVATION_LINEAR);
  run_all (&rig, FALSE);
  for (guint k = 0; k < row->n_in; k++)
    for (gsize i = 0; i < esp_shape_count (rig.in[k].shape); i += esp_shape_count (rig.in[k].shape) / 200 | 1)
      {
        double *value = (double *) rig.value[k] + i, was = *value, up, down;

        *value = was + step;
        g_assert_true (esp_call_run (rig.forward, FALSE));
        up = target (&rig);
        *value = was - step;
        g_assert_true (esp_call_run (rig.forward, FALSE));
        down = target (&rig);
        *value = was;
        g_assert_cmpfloat_with_epsilon ((up - down) / (2 * step), ((double *) rig.grad_in[k])[i], bound);
      }
  rig_clear (&rig);
}

/* Softmaxes over other parts are another operation. */
static void
test_parts_differ (void)
{
  const EspKernelSet *set = esp_kernels_reference ();
  const EspLayout layout = esp_kernels_layout (set, (EspShape){ 1, 6, 1, 1 }, FALSE);
  const int parts[][3] = { { 1, 2, 3 }, { 1, 3, 2 }, { 4, 2, 0 } };
  const guint counts[] = { 3, 3, 2, 0 };

  for (guint a = 0; a < G_N_ELEMENTS (counts); a++)
    for (guint b = 0; b < G_N_ELEMENTS (counts); b++)
      {
        EspSpec spec = { .op = ESP_OP_SOFTMAX, .n_in = 1, .in = &layout, .out = layout, .geometry = { .groups = 1 }, .scale = { 1 } };
        g_autoptr (EspKernel) kernel = NULL;

        spec.n_parts = counts[a];
        spec.parts = counts[a] > 0 ? parts[a] : NULL;
        kernel = esp_kernel_new (set, &spec, NULL);
        spec.n_parts = counts[b];
        spec.parts = counts[b] > 0 ? parts[b] : NULL;
        g_assert_cmpint (esp_kernel_fits (kernel, set, &spec), ==, a == b);
      }
}

/* Weights of a sum by hand: 1, 3 and -1 become, with relu, 1 and 3 of 4.0001 and nothing; with softmax e^-2, 1 and e^-4 of their sum. */
static void
test_sum_weights (void)
{
  static const float weights[] = { 1, 3, -1 };
  const double soft = exp (-2) + 1 + exp (-4) + 1e-4;
  const double wanted[][3] = { { 1, 3, -1 }, { 1 / 4.0001, 3 / 4.0001, 0 }, { exp (-2) / soft, 1 / soft, exp (-4) / soft } };
  const EspKernelSet *set = esp_kernels_reference_double ();
  const EspLayout one = esp_kernels_layout (set, (EspShape){ 1, 1, 1, 1 }, FALSE);
  const EspLayout in[] = { one, one, one };
  const double units[] = { 1, 1000, 1000000 };
  const void *values[] = { &units[0], &units[1], &units[2] };

  for (int how = ESP_ADD_AS_IS; how <= ESP_ADD_SOFTMAX; how++)
    {
      const EspSpec spec = { .op = ESP_OP_ADD,
                             .n_in = 3,
                             .in = in,
                             .out = one,
                             .geometry = { .weights = ESP_ADD_PER_INPUT, .normal = how },
                             .scale = { 1, 1 },
                             .weights = weights };
      g_autoptr (EspKernel) kernel = esp_kernel_new (set, &spec, NULL);
      double out = 0;
      const EspCallValues places = { values, &out, NULL, NULL };
      g_autoptr (EspCall) call = esp_call_new_forward (kernel, &places);

      g_assert_true (esp_call_run (call, FALSE));
      g_assert_cmpfloat_with_epsilon (out, wanted[how][0] + 1000 * wanted[how][1] + 1000000 * wanted[how][2], 1e-9);
    }
}

/* Equal numbers in a window: the first in row-major order takes the gradient, in every set. */
static void
test_ties (void)
{
  const EspKernelSet *const sets[] = { esp_kernels_onednn (), esp_kernels_reference (), esp_kernels_reference_double () };
  const Case row = { "ties", ESP_OP_MAXPOOL, { { 1, 2, 4, 4 } }, 1, { 1, 2, 2, 2 }, 0, 0, 2, 2, 0, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (sets); i++)
    {
      Rig rig;
      float plain[32] = { 0 }, grad[32], out[8];

      rig_init (&rig, &row, sets[i], ESP_ACTIVATION_LINEAR);
      plain[3] = plain[6] = 1; /* the upper right window: second of its first row, first of its second */
      esp_layout_pack (&rig.in[0], plain, rig.value[0]);
      run_all (&rig, FALSE);
      esp_layout_unpack (&rig.in[0], rig.grad_in[0], grad);
      esp_layout_unpack (&rig.out, rig.grad_out, out);
      g_assert_cmpfloat (grad[0], ==, out[0]);
      g_assert_cmpfloat (grad[1], ==, 0);
      g_assert_cmpfloat (grad[3], ==, out[1]);
      g_assert_cmpfloat (grad[6], ==, 0);
      rig_clear (&rig);
    }
}

/* Every image's channels in another order, and what fills the last block 0 whatever lay there. */
static void
test_take (void)
{
  const EspShape shape = { 2, 21, 3, 2 };
  const EspKernelSet *const sets[] = { esp_kernels_onednn (), esp_kernels_reference (), esp_kernels_reference_double () };
  const gsize plane = 6, n = 2 * 21 * plane;
  guint order[21];

  for (guint c = 0; c < 21; c++)
    order[c] = (c * 8 + 5) % 21;
  for (guint i = 0; i < G_N_ELEMENTS (sets); i++)
    {
      const EspLayout layout = esp_kernels_layout (sets[i], shape, FALSE);
      const gsize bytes = esp_layout_get_bytes (&layout);
      void *value = packed_random (&layout, 1), *taken = packed_random (&layout, 2), *again = g_malloc (bytes);
      g_autofree float *before = g_new (float, n), *after = g_new (float, n);

      memset (taken, 0x55, bytes);
      esp_layout_take_channels (&layout, value, order, taken);
      esp_layout_unpack (&layout, value, before);
      esp_layout_unpack (&layout, taken, after);
      for (gsize k = 0; k < n; k++)
        g_assert_cmpfloat (after[k], ==, before[(k / (21 * plane) * 21 + order[k / plane % 21]) * plane + k % plane]);
      esp_layout_pack (&layout, after, again);
      g_assert_cmpmem (taken, bytes, again, bytes);
      g_free (again);
      g_aligned_free (value);
      g_aligned_free (taken);
    }
}

static void
test_products (void)
{
  const EspShape shape = { 2, 21, 7, 5 };
  const EspKernelSet *const sets[] = { esp_kernels_onednn (), esp_kernels_reference (), esp_kernels_reference_double () };
  double shift[21];
  float wanted[42], scores[42];

  for (int c = 0; c < 21; c++)
    shift[c] = (double) c / 10 - 1;
  for (EspProduct how = ESP_PRODUCT_MAX; how <= ESP_PRODUCT_ABS_SUM; how++)
    for (int i = (int) G_N_ELEMENTS (sets) - 1; i >= 0; i--)
      {
        const EspLayout layout = esp_kernels_layout (sets[i], shape, FALSE);
        void *value = packed_random (&layout, 1), *gradient = packed_random (&layout, 2);

        esp_product_reduce (&layout, value, gradient, shift, 10, how, layout.size == sizeof (double) ? wanted : scores);
        for (int c = 0; c < 42 && layout.size == sizeof (float); c++)
          g_assert_cmpfloat_with_epsilon (scores[c], wanted[c], 1e-5f * MAX (1, fabsf (wanted[c])));
        g_aligned_free (value);
        g_aligned_free (gradient);
      }
}

/* The sum over channels, and one channel, beside plain loops in double. */
static void
test_product_maps (void)
{
  const EspShape shape = { 2, 21, 9, 13 };
  const EspKernelSet *const sets[] = { esp_kernels_onednn (), esp_kernels_reference (), esp_kernels_reference_double () };
  const gsize plane = 9 * 13, n = 2 * 21 * plane;
  double shift[21], gain[21];

  for (int c = 0; c < 21; c++)
    shift[c] = (double) c / 10 - 1, gain[c] = c % 5 == 2 ? 0 : c;
  for (guint i = 0; i < G_N_ELEMENTS (sets); i++)
    for (int channel = -1; channel < 21; channel += 4)
      {
        const EspLayout layout = esp_kernels_layout (sets[i], shape, FALSE);
        void *value = packed_random (&layout, 1), *gradient = packed_random (&layout, 2);
        const EspProductValue of = { value, shift, gain, 10 };
        g_autofree double *v = g_new (double, n), *g = g_new (double, n);
        float map[9 * 13];

        esp_layout_unpack_double (&layout, value, v);
        esp_layout_unpack_double (&layout, gradient, g);
        for (int item = 0; item < 2; item++)
          {
            esp_product_map (&layout, &of, gradient, item, channel, map);
            for (gsize p = 0; p < plane; p++)
              {
                double sum = 0;

                for (int c = MAX (channel, 0); c < (channel < 0 ? 21 : channel + 1); c++)
                  {
                    const gsize at = ((gsize) item * 21 + (gsize) c) * plane + p;

                    sum += gain[c] == 0 ? 0 : ((v[at] < 0 ? 10 * v[at] : v[at]) - shift[c]) * g[at];
                  }
                g_assert_cmpfloat_with_epsilon (map[p], (float) sum, 1e-6f);
              }
          }
        g_aligned_free (value);
        g_aligned_free (gradient);
      }
}

/* Backward through a max-pool and the activation that wrote its input: the bits of the two one after the other. */
static void
test_bent_pools (void)
{
  static const struct
  {
    EspShape in, out;
    int side;
  } pools[] = { { { 2, 18, 13, 10 }, { 2, 18, 7, 5 }, 2 },
                { { 1, 40, 34, 9 }, { 1, 40, 12, 3 }, 3 },
                { { 1, 16, 40, 42 }, { 1, 16, 20, 21 }, 2 } };
  const EspKernelSet *set = esp_kernels_onednn ();

  for (guint i = 0; i < G_N_ELEMENTS (pools) * 2; i++)
    {
      const int side = pools[i / 2].side;
      const EspActivation activation = i % 2 == 0 ? ESP_ACTIVATION_LEAKY : ESP_ACTIVATION_RELU;
      const EspLayout in = esp_kernels_layout (set, pools[i / 2].in, FALSE), out = esp_kernels_layout (set, pools[i / 2].out, FALSE);
      const gsize n = esp_layout_get_bytes (&in) / sizeof (float);
      float *raw = packed_random (&in, i + 1), *value = packed_random (&in, 2), *grad_out = packed_random (&out, 3);
      float *pooled = packed_random (&out, 4), *grad = packed_random (&in, 5), *wanted = packed_random (&in, 6),
            *got = packed_random (&in, 7);
      EspSpec pool = { .op = ESP_OP_MAXPOOL,
                       .backward = TRUE,
                       .n_in = 1,
                       .in = &in,
                       .out = out,
                       .geometry = { .size_h = side, .size_w = side, .stride_h = side, .stride_w = side } };
      const EspSpec bend = { .op = ESP_OP_ACTIVATION, .backward = TRUE, .n_in = 1, .in = &in, .out = in, .activation = activation };
      g_autoptr (EspKernel) alone = esp_kernel_new (set, &pool, NULL), act = esp_kernel_new (set, &bend, NULL), both = NULL;
      g_autofree void *kept = g_malloc (esp_kernel_get_kept (alone));
      const EspCallValues of_act = { (const void *[]){ raw }, value, NULL, NULL },
                          of_pool = { (const void *[]){ value }, pooled, kept, NULL };
      EspCall *calls[5];
      gsize some = 0;

      pool.activation = activation;
      g_assert_true (esp_kernels_take (set, &pool));
      both = esp_kernel_new (set, &pool, NULL);
      calls[0] = esp_call_new_forward (act, &of_act);
      calls[1] = esp_call_new_forward (alone, &of_pool);
      calls[2] = esp_call_new_backward (alone, 0, &of_pool, grad_out, grad);
      calls[3] = esp_call_new_backward (act, 0, &of_act, grad, wanted);
      calls[4] = esp_call_new_backward (both, 0, &of_pool, grad_out, got);
      for (guint k = 0; k < G_N_ELEMENTS (calls); k++)
        {
          g_assert_true (esp_call_run (calls[k], FALSE));
          esp_call_free (calls[k]);
        }
      g_assert_cmpmem (got, n * sizeof (float), wanted, n * sizeof (float));
      for (gsize k = 0; k < n; k++)
        some += got[k] != 0 && got[k] != grad[k];
      g_assert_true (activation == ESP_ACTIVATION_RELU || some > 0);
      pool.geometry.stride_h = 1;
      g_assert_false (esp_kernels_take (set, &pool));
      for (guint k = 0; k < 7; k++)
        g_aligned_free (((void *[]){ raw, value, grad_out, pooled, grad, wanted, got })[k]);
    }
}

/* A convolution of each channel by itself, its input's and its own activation and what the gradients are. */
typedef struct
{
  EspLayout in, out;
  EspKernel *kernel;
  float *value_in, *value_out, *grad_out, *bent, *grad_in, *scores[2];
  double shift[48];
  void *scratch;
  EspCall *call;
} Depth;

static void
depth_init (Depth *depth, EspShape in, EspShape out, int side, int stride)
{
  const EspKernelSet *set = esp_kernels_onednn ();
  EspSpec spec = { .op = ESP_OP_CONVOLUTION, .backward = TRUE, .n_in = 1, .in = &depth->in, .activation = ESP_ACTIVATION_LEAKY };
  g_autofree float *weights = random_floats ((gsize) (in.c * side * side), 8);

  *depth = (Depth){ .in = esp_kernels_layout (set, in, FALSE), .out = esp_kernels_layout (set, out, FALSE) };
  spec.out = depth->out;
  spec.geometry = (EspGeometry){
    .groups = in.c, .size_h = side, .size_w = side, .stride_h = stride, .stride_w = stride, .pad = side / 2, .dilation = 1
  };
  for (guint c = 0; c < G_N_ELEMENTS (depth->shift); c++)
    depth->shift[c] = .1 * c - .7;
  spec.weights = weights;
  spec.bias = depth->shift;
  depth->kernel = esp_kernel_new (set, &spec, NULL);
  depth->value_in = packed_random (&depth->in, 1);
  depth->value_out = packed_random (&depth->out, 2);
  depth->grad_out = packed_random (&depth->out, 3);
  depth->bent = packed_random (&depth->out, 4);
  depth->grad_in = packed_random (&depth->in, 5);
  for (guint k = 0; k < 2; k++)
    depth->scores[k] = random_floats ((gsize) (in.n * in.c), 6);
  depth->scratch = aligned (esp_kernel_get_scratch (depth->kernel));
  depth->call = esp_call_new_backward (depth->kernel, 0, &(EspCallValues){ (const void *[]){ NULL }, NULL, NULL, depth->scratch },
                                       depth->bent, depth->grad_in);
}

static void
depth_clear (Depth *depth)
{
  esp_call_free (depth->call);
  esp_kernel_unref (depth->kernel);
  for (guint k = 0; k < 6; k++)
    g_aligned_free (((void *[]){ depth->value_in, depth->value_out, depth->grad_out, depth->bent, depth->grad_in, depth->scratch })[k]);
  g_free (depth->scores[0]);
  g_free (depth->scores[1]);
}

/* Backward through such a convolution and the activations on both sides, or one: the bits of all three one after the other. @here: what
 * goes through the first lies where it came from. */
static void
compare_bent (const Depth *apart, const Depth *both, gboolean along, gboolean behind, gboolean here)
{
  EspProductBend out = { apart->value_out, apart->grad_out, apart->bent, apart->shift, 10, .1f };
  EspProductBend in = { apart->value_in, apart->grad_in, apart->grad_in, apart->shift, 1, .1f };
  const gsize n = (gsize) (apart->in.shape.n * apart->in.shape.c) * sizeof (float);

  memcpy (apart->bent, apart->grad_out, esp_layout_get_bytes (&apart->out));
  memcpy (both->bent, apart->grad_out, esp_layout_get_bytes (&apart->out));
  if (along)
    esp_product_bend (&apart->out, &out, apart->scores[0]);
  g_assert_true (esp_call_run (apart->call, !behind));
  if (behind)
    esp_product_bend (&apart->in, &in, apart->scores[1]);
  out.grad_out = here ? both->bent : both->grad_out;
  out.grad_in = both->bent;
  g_assert_true (esp_call_run_bent (both->call, !behind, along ? &out : NULL, both->scores[0], behind ? &in : NULL, both->scores[1]));
  g_assert_cmpmem (both->bent, esp_layout_get_bytes (&apart->out), apart->bent, esp_layout_get_bytes (&apart->out));
  g_assert_cmpmem (both->grad_in, esp_layout_get_bytes (&apart->in), apart->grad_in, esp_layout_get_bytes (&apart->in));
  g_assert_cmpmem (both->scores[0], n, apart->scores[0], n);
  g_assert_cmpmem (both->scores[1], n, apart->scores[1], n);
}

static void
test_bent_depths (void)
{
  static const struct
  {
    EspShape in, out;
    int side, stride;
  } all[] = { { { 2, 18, 13, 10 }, { 2, 18, 13, 10 }, 3, 1 },
              { { 1, 40, 34, 9 }, { 1, 40, 17, 5 }, 3, 2 },
              { { 1, 7, 40, 42 }, { 1, 7, 40, 42 }, 5, 1 },
              { { 3, 48, 6, 23 }, { 3, 48, 3, 12 }, 5, 2 } };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      Depth apart, both;

      depth_init (&apart, all[i].in, all[i].out, all[i].side, all[i].stride);
      depth_init (&both, all[i].in, all[i].out, all[i].side, all[i].stride);
      if (esp_call_bends (both.call))
        for (guint k = 1; k < 8; k++)
          if (k & 3)
            compare_bent (&apart, &both, (k & 1) != 0, (k & 2) != 0, (k & 4) != 0);
      g_assert_true (esp_call_bends (both.call) || both.in.block != 16);
      depth_clear (&apart);
      depth_clear (&both);
    }
}

/* A convolution compiled for inference alone, with its max-pool or without. */
typedef struct
{
  EspShape in, out; /* of the convolution */
  EspActivation activation;
  gboolean plain;
} Joint;

static const Joint joints[] = {
  { { 2, 3, 24, 30 }, { 2, 17, 24, 30 }, ESP_ACTIVATION_LEAKY, TRUE },
  { { 1, 1, 2, 14 }, { 1, 16, 2, 14 }, ESP_ACTIVATION_LINEAR, TRUE },
  { { 1, 4, 4, 16 }, { 1, 33, 4, 16 }, ESP_ACTIVATION_RELU, TRUE },
  { { 1, 3, 6, 44 }, { 1, 8, 6, 44 }, ESP_ACTIVATION_LEAKY, TRUE },
  { { 2, 16, 10, 26 }, { 2, 33, 10, 26 }, ESP_ACTIVATION_LEAKY, FALSE },
  { { 1, 37, 2, 8 }, { 1, 32, 2, 8 }, ESP_ACTIVATION_LINEAR, FALSE },
  { { 1, 5, 36, 40 }, { 1, 16, 36, 40 }, ESP_ACTIVATION_RELU, FALSE },
  { { 1, 16, 8, 208 }, { 1, 32, 8, 208 }, ESP_ACTIVATION_LEAKY, FALSE },
};

/* What @set makes of a random value, by the convolution; with @pool by that and the pool as one operation. Not NULL where it can. */
static void *
convolve_joint (const EspKernelSet *set, const Joint *row, gboolean pool, EspLayout *out)
{
  const gsize filters = (gsize) row->out.c;
  g_autofree float *weights = random_floats (filters * (gsize) row->in.c * 9, 5);
  g_autofree double *bias = g_new (double, filters);
  const EspLayout in = esp_kernels_layout (set, row->in, row->plain);
  const EspShape half = { row->out.n, row->out.c, row->out.h / 2, row->out.w / 2 };
  EspSpec spec = { .op = ESP_OP_CONVOLUTION,
                   .n_in = 1,
                   .in = &in,
                   .out = *out = esp_kernels_layout (set, pool ? half : row->out, FALSE),
                   .activation = row->activation,
                   .geometry
                   = { .groups = 1, .size_h = 3, .size_w = 3, .stride_h = 1, .stride_w = 1, .pad = 1, .dilation = 1, .pool = pool ? 2 : 0 },
                   .weights = weights,
                   .bias = bias };
  g_autoptr (EspKernel) kernel = NULL;
  g_autoptr (EspCall) call = NULL;
  const void *value;
  void *result, *scratch;

  for (gsize f = 0; f < filters; f++)
    bias[f] = .3 - (double) f / 50;
  if (pool && !esp_kernels_take (set, &spec))
    return NULL;
  kernel = esp_kernel_new (set, &spec, NULL);
  g_test_message ("%s", esp_kernel_get_name (kernel));
  value = packed_random (&in, 9);
  result = packed_random (out, 10);
  scratch = aligned (esp_kernel_get_scratch (kernel));
  call = esp_call_new_forward (kernel, &(EspCallValues){ &value, result, NULL, scratch });
  g_assert_true (esp_call_run (call, FALSE));
  g_aligned_free ((gpointer) value);
  g_aligned_free (scratch);
  return result;
}

static void *
pool_joint (const EspKernelSet *set, const EspLayout *in, const void *value, const EspLayout *out)
{
  const EspSpec spec
      = { .op = ESP_OP_MAXPOOL, .n_in = 1, .in = in, .out = *out, .geometry = { .size_h = 2, .size_w = 2, .stride_h = 2, .stride_w = 2 } };
  g_autoptr (EspKernel) kernel = esp_kernel_new (set, &spec, NULL);
  void *result = packed_random (out, 11);
  g_autoptr (EspCall) call = esp_call_new_forward (kernel, &(EspCallValues){ &value, result, NULL, NULL });

  g_assert_true (esp_call_run (call, FALSE));
  return result;
}

/* Compiled for inference: near the reference; and with its pool the same bits as pooled afterwards. */
static void
test_joint (gconstpointer data)
{
  const EspKernelSet *fast = esp_kernels_onednn (), *exact = esp_kernels_reference_double ();
  EspLayout layout, exact_layout, pooled_layout;
  void *value = convolve_joint (fast, data, FALSE, &layout), *wanted = convolve_joint (exact, data, FALSE, &exact_layout);
  void *pooled = convolve_joint (fast, data, TRUE, &pooled_layout);

  assert_near (&layout, value, &exact_layout, wanted, 1e-5);
  assert_filling_is_zero (&layout, value);
  if (pooled != NULL)
    {
      void *after = pool_joint (fast, &layout, value, &pooled_layout);
      const gsize bytes = esp_layout_get_bytes (&pooled_layout);

      g_assert_cmpmem (pooled, bytes, after, bytes);
      g_aligned_free (after);
      g_aligned_free (pooled);
    }
  else
    g_test_message ("no such operation here");
  g_aligned_free (value);
  g_aligned_free (wanted);
}

/* Numbers of every size, both signs, against libm in double: within 4 units in the last place. */
static void
test_logistic (void)
{
  float in[256], out[256];
  guint32 bits = 0;

  while (bits < 0x7f800000u)
    {
      for (guint i = 0; i < G_N_ELEMENTS (in); i++, bits += 997)
        {
          memcpy (&in[i], &bits, sizeof *in);
          in[i] = bits >= 0x7f800000u ? INFINITY : i % 2 == 0 ? in[i] : -in[i];
        }
      esp_logistic_run (in, out, G_N_ELEMENTS (in));
      for (guint i = 0; i < G_N_ELEMENTS (in); i++)
        {
          const double wanted = 1 / (1 + exp (-(double) in[i]));
          const float near = (float) wanted;

          if (!(fabs ((double) out[i] - wanted) <= 4 * ((double) nextafterf (near, 2) - (double) near)))
            g_error ("logistic (%a) = %a: expected %a", (double) in[i], (double) out[i], wanted);
        }
    }
  in[0] = NAN, in[1] = INFINITY, in[2] = -INFINITY;
  esp_logistic_run (in, out, 3);
  g_assert_true (isnan (out[0]) && out[1] == 1 && out[2] == 0);
}

/* The bits of one number are the same wherever it stands, in whole vectors and in what is left over. */
static void
test_logistic_places (void)
{
  g_autofree float *in = random_floats (200, 3);
  float whole[200], part[200];

  for (guint i = 0; i < 200; i++)
    in[i] *= 20;
  esp_logistic_run (in, whole, 200);
  for (gsize at = 0; at < 40; at++)
    for (gsize n = 1; n <= 120; n++)
      {
        esp_logistic_run (in + at, part, n);
        g_assert_cmpmem (part, n * sizeof *part, whole + at, n * sizeof *part);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = g_strdelimit (g_strdup (cases[i].name), "/", ':');
      g_autofree char *against = g_strconcat ("/kernels/reference/", name, NULL);
      g_autofree char *differences = g_strconcat ("/kernels/differences/", name, NULL);

      g_test_add_data_func (against, &cases[i], test_against_reference);
      g_test_add_data_func (differences, &cases[i], test_differences);
    }
  for (guint i = 0; i < G_N_ELEMENTS (joints); i++)
    {
      g_autofree char *name
          = g_strdup_printf ("/kernels/inference/%d-%d-at-%dx%d", joints[i].in.c, joints[i].out.c, joints[i].in.h, joints[i].in.w);

      g_test_add_data_func (name, &joints[i], test_joint);
    }
  g_test_add_func ("/kernels/parts", test_parts_differ);
  g_test_add_func ("/kernels/ties", test_ties);
  g_test_add_func ("/kernels/sum-weights", test_sum_weights);
  g_test_add_func ("/kernels/products", test_products);
  g_test_add_func ("/kernels/take", test_take);
  g_test_add_func ("/kernels/bent-pools", test_bent_pools);
  g_test_add_func ("/kernels/bent-depths", test_bent_depths);
  g_test_add_func ("/kernels/product-maps", test_product_maps);
  g_test_add_func ("/kernels/logistic", test_logistic);
  g_test_add_func ("/kernels/logistic/places", test_logistic_places);
  return g_test_run ();
}
