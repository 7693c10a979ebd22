/* test-activations.c: the pointwise functions: their definition, their derivatives, and how near the vector kernels come */
#include "config.h"

#include "kernels/kernel.h"

#include "base/rng.h"

#include <math.h>

#define N_GIVEN 6

/* darknet's functions at six places, evaluated from their formulas with 40 digits. */
static const double places[N_GIVEN] = { -7.25, -1.5, -0.25, 0.5, 2.75, 9.5 };
static const struct
{
  const char *name;
  double values[N_GIVEN];
} given[] = {
  { "linear", { -7.25, -1.5, -0.25, 0.5, 2.75, 9.5 } },
  { "leaky", { -0.725, -0.15, -0.025, 0.5, 2.75, 9.5 } },
  { "relu", { 0.0, 0.0, 0.0, 0.5, 2.75, 9.5 } },
  { "logistic",
    { 0.00070967039910058816, 0.18242552380635634, 0.4378234991142019, 0.62245933120185456, 0.93991334982599238, 0.99992515377248939 } },
  { "relu6", { 0.0, 0.0, 0.0, 0.5, 2.75, 6.0 } },
  { "mish",
    { -0.0051469360592923842, -0.29809974216680676, -0.12992696367914101, 0.3752452113048951, 2.7302142043358296, 9.4999998935628029 } },
  { "swish",
    { -0.0051451103934792641, -0.27363828570953451, -0.10945587477855047, 0.31122966560092728, 2.584761712021479, 9.4992889608386492 } },
  { "hard_mish", { 0.0, -0.375, -0.21875, 0.5, 2.75, 9.5 } },
  { "tanh",
    { -0.9999989913051836, -0.90514825364486644, -0.24491866240370913, 0.46211715726000976, 0.99185972456820775, 0.99999998879440719 } },
  { "loggy",
    { -0.99858065920179882, -0.63514895238728732, -0.12435300177159621, 0.24491866240370913, 0.87982669965198476, 0.99985030754497878 } },
  { "elu", { -0.99928982561115745, -0.77686983985157017, -0.22119921692859513, 0.5, 2.75, 9.5 } },
  { "selu", { -1.7567827312385669, -1.3657614478728573, -0.38887513362400709, 0.52535, 2.889425, 9.98165 } },
  { "gelu", { -1.0635176221954684e-16, -0.10042855770402646, -0.10032463687431361, 0.34571404579290671, 2.7422767437898161, 9.5 } },
  { "ramp", { -0.725, -0.15, -0.025, 0.55, 3.025, 10.45 } },
  { "hardtan", { -1.0, -1.0, -0.25, 0.5, 1.0, 1.0 } },
  { "lhtan", { -0.00725, -0.0015, -0.00025, 0.5, 1.00175, 1.0085 } },
  { "relie", { -0.0725, -0.015, -0.0025, 0.5, 2.75, 9.5 } },
  { "plse", { -0.0325, 0.3125, 0.46875, 0.5625, 0.84375, 1.055 } },
  { "stair", { -4.0, -1.0, -0.25, 0.0, 1.0, 4.5 } },
};

static EspActivation
parsed (const char *name)
{
  EspActivation activation = ESP_N_ACTIVATIONS;

  g_assert_true (esp_activation_parse (name, &activation));
  g_assert_cmpstr (esp_activation_name (activation), ==, name);
  return activation;
}

/* act and, where @slopes is given, act' of n numbers by one set, with a last block that is not full. */
static void
evaluate (const EspKernelSet *set, EspActivation activation, int n, const float *x, double *values, double *slopes)
{
  const EspLayout layout = esp_kernels_layout (set, (EspShape){ 1, n, 1, 1 }, FALSE);
  const EspSpec spec = { .op = ESP_OP_ACTIVATION, .backward = TRUE, .n_in = 1, .in = &layout, .out = layout, .activation = activation };
  const gsize bytes = esp_layout_get_bytes (&layout);
  char *memory = g_aligned_alloc0 (4, bytes, 64);
  const void *in = memory, *grad_out = memory + 2 * bytes;
  const EspCallValues to = { &in, memory + bytes, NULL, NULL };
  g_autofree float *ones = g_new (float, n);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspKernel) kernel = esp_kernel_new (set, &spec, &error);
  g_autoptr (EspCall) forward = NULL, backward = NULL;

  g_assert_no_error (error);
  for (int i = 0; i < n; i++)
    ones[i] = 1;
  esp_layout_pack (&layout, x, memory);
  esp_layout_pack (&layout, ones, memory + 2 * bytes);
  forward = esp_call_new_forward (kernel, &to);
  g_assert_true (esp_call_run (forward, FALSE));
  esp_layout_unpack_double (&layout, memory + bytes, values);
  if (slopes != NULL)
    {
      backward = esp_call_new_backward (kernel, 0, &to, grad_out, memory + 3 * bytes);
      g_assert_true (esp_call_run (backward, FALSE));
      esp_layout_unpack_double (&layout, memory + 3 * bytes, slopes);
    }
  g_aligned_free (memory);
}

static void
test_definitions (void)
{
  g_assert_cmpuint (G_N_ELEMENTS (given), ==, ESP_N_ACTIVATIONS);
  for (guint k = 0; k < G_N_ELEMENTS (given); k++)
    {
      float x[N_GIVEN];
      double y[N_GIVEN];

      for (guint i = 0; i < N_GIVEN; i++)
        x[i] = (float) places[i];
      evaluate (esp_kernels_reference_double (), parsed (given[k].name), N_GIVEN, x, y, NULL);
      for (guint i = 0; i < N_GIVEN; i++)
        if (fabs (y[i] - given[k].values[i]) > 1e-14 * MAX (1, fabs (y[i])))
          g_error ("%s (%g) is %.17g: expected %.17g", given[k].name, places[i], y[i], given[k].values[i]);
    }
}

/* Central differences in steps that floats hold exactly. Where the two one-sided ones disagree lies a corner, which is looked at below. */
static void
test_differences (void)
{
  const float step = 0x1p-14f;

  for (EspActivation a = 0; a < ESP_N_ACTIVATIONS; a++)
    {
      guint corners = 0;

      for (int i = 0; i < 1000; i++)
        {
          const float middle = (float) (i - 500) * 0x1.08p-6f + 0x1p-8f, x[3] = { middle - step, middle, middle + step };
          double y[3], slopes[3], left, right, curve;

          evaluate (esp_kernels_reference_double (), a, 3, x, y, slopes);
          left = (y[1] - y[0]) / (double) step, right = (y[2] - y[1]) / (double) step;
          curve = fabs (right - left);
          if (curve > 4e-4)
            corners++;
          else if (fabs ((left + right) / 2 - slopes[1]) > 1e-8)
            g_error ("%s' (%g) is %.12g: differences give %.12g", esp_activation_name (a), (double) middle, slopes[1], (left + right) / 2);
        }
      g_test_message ("%s: %u corners", esp_activation_name (a), corners);
      g_assert_cmpuint (corners, <=, 20);
    }
}

/* The side that darknet takes at a corner, by every set. */
static void
test_corners (void)
{
  static const struct
  {
    const char *name;
    float x;
    double slope;
  } corners[] = {
    { "leaky", 0, .1 },   { "relu", 0, 0 },       { "relu6", 0, 0 },     { "relu6", 6, 0 }, { "ramp", 0, .1 },     { "relie", 0, .01 },
    { "hardtan", -1, 0 }, { "hardtan", 1, 0 },    { "lhtan", 0, .001 },  { "elu", 0, 1 },   { "selu", 0, 1.0507 }, { "plse", -4, .125 },
    { "plse", 4, .125 },  { "hard_mish", -2, 0 }, { "hard_mish", 0, 1 }, { "stair", 1, 0 }, { "stair", 2, 0 },
  };
  const EspKernelSet *const sets[] = { esp_kernels_reference_double (), esp_kernels_reference (), esp_kernels_onednn () };

  for (guint s = 0; s < G_N_ELEMENTS (sets); s++)
    for (guint i = 0; i < G_N_ELEMENTS (corners); i++)
      {
        double y, slope;

        evaluate (sets[s], parsed (corners[i].name), 1, &corners[i].x, &y, &slope);
        g_assert_cmpfloat_with_epsilon (slope, corners[i].slope, 1e-6);
      }
}

static double
distance (const double *a, const double *b, int n)
{
  double most = 0, scale = 0;

  for (int i = 0; i < n; i++)
    {
      g_assert_true (isfinite (a[i]));
      most = MAX (most, fabs (a[i] - b[i]));
      scale = MAX (scale, fabs (b[i]));
    }
  return most / MAX (scale, 1e-30);
}

/* Numbers of all sizes, relative to the largest of their like: a network whose values are small is not computed worse. */
static void
test_float (gconstpointer data)
{
  enum
  {
    N = 4099
  };
  const EspActivation a = (EspActivation) GPOINTER_TO_UINT (data);
  const EspKernelSet *const sets[] = { esp_kernels_reference (), esp_kernels_onednn () };
  static const double scales[] = { 1e-5, 1e-3, .1, 1, 5, 30, 200 };
  static float x[N];
  static double wanted[N], wanted_slopes[N], found[N], slopes[N];

  for (guint k = 0; k < G_N_ELEMENTS (scales); k++)
    {
      g_autoptr (GRand) rng = esp_rng_new (4, a, k);

      for (int i = 0; i < N; i++)
        x[i] = (float) (scales[k] * (2 * g_rand_double (rng) - 1));
      evaluate (esp_kernels_reference_double (), a, N, x, wanted, wanted_slopes);
      for (guint s = 0; s < G_N_ELEMENTS (sets); s++)
        {
          double value, slope;

          evaluate (sets[s], a, N, x, found, slopes);
          value = distance (found, wanted, N), slope = distance (slopes, wanted_slopes, N);
          g_test_message ("set %u, up to %g: %.2e, slopes %.2e", s, scales[k], value, slope);
          g_assert_cmpfloat (value, <=, 1e-6);
          g_assert_cmpfloat (slope, <=, 4e-6);
        }
    }
}

typedef struct
{
  int side, w;
  const char *name;
} Window;

/* A convolution that ends in the function, values about @scale, against the double reference. */
static void
check_fused (EspActivation a, const Window *window, double scale)
{
  const EspKernelSet *const sets[] = { esp_kernels_reference_double (), esp_kernels_onednn () };
  const EspShape in = { 2, 37, 6, window->w }, out = { 2, 41, 6, window->w };
  const gsize n = esp_shape_count (out), n_weights = 37 * 41 * (gsize) (window->side * window->side);
  g_autofree float *weights = g_new (float, n_weights), *x = g_new (float, esp_shape_count (in));
  g_autofree double *bias = g_new0 (double, 41), *wanted = g_new (double, n), *found = g_new (double, n);
  double *const values[] = { wanted, found };
  g_autoptr (GRand) rng = esp_rng_new (5, a, (guint64) window->w);

  for (gsize i = 0; i < n_weights; i++)
    weights[i] = (float) (scale * (g_rand_double (rng) - .5) / window->side);
  for (gsize i = 0; i < esp_shape_count (in); i++)
    x[i] = (float) (g_rand_double (rng) - .5);
  for (guint s = 0; s < 2; s++)
    {
      const EspLayout from = esp_kernels_layout (sets[s], in, FALSE), to = esp_kernels_layout (sets[s], out, FALSE);
      const EspSpec spec = { .op = ESP_OP_CONVOLUTION,
                             .n_in = 1,
                             .in = &from,
                             .out = to,
                             .activation = a,
                             .geometry = { .groups = 1, window->side, window->side, 1, 1, .pad = window->side / 2, .dilation = 1 },
                             .weights = weights,
                             .bias = bias };
      g_autoptr (GError) error = NULL;
      g_autoptr (EspKernel) kernel = esp_kernel_new (sets[s], &spec, &error);
      g_autoptr (EspCall) call = NULL;
      void *memory[3]
          = { g_aligned_alloc0 (1, esp_layout_get_bytes (&from), 64), g_aligned_alloc0 (1, esp_layout_get_bytes (&to), 64), NULL };

      g_assert_no_error (error);
      memory[2] = g_aligned_alloc0 (1, esp_kernel_get_scratch (kernel) + 64, 64);
      esp_layout_pack (&from, x, memory[0]);
      call = esp_call_new_forward (kernel, &(EspCallValues){ (const void *const *) memory, memory[1], NULL, memory[2] });
      g_assert_true (esp_call_run (call, FALSE));
      esp_layout_unpack_double (&to, memory[1], values[s]);
      for (guint i = 0; i < 3; i++)
        g_aligned_free (memory[i]);
    }
  g_test_message ("%s, %g: %.2e", window->name, scale, distance (found, wanted, (int) n));
  g_assert_cmpfloat (distance (found, wanted, (int) n), <=, 1e-5);
}

static void
test_fused (gconstpointer data)
{
  static const Window windows[] = { { 1, 9, "1 x 1" }, { 3, 19, "3 x 3" }, { 3, 5, "3 x 3, narrow" } };
  static const double scales[] = { 1e-4, .03, 1, 10 };

  for (guint w = 0; w < G_N_ELEMENTS (windows); w++)
    for (guint k = 0; k < G_N_ELEMENTS (scales); k++)
      check_fused ((EspActivation) GPOINTER_TO_UINT (data), &windows[w], scales[k]);
}

static void
test_list (void)
{
  g_autofree char *all = esp_activation_list ();
  EspActivation untouched = ESP_ACTIVATION_PLSE;

  g_assert_true (g_str_has_prefix (all, "linear, leaky, relu, logistic, "));
  g_assert_true (g_str_has_suffix (all, " or stair"));
  g_assert_false (esp_activation_parse ("normalize_channels", &untouched));
  g_assert_cmpint (untouched, ==, ESP_ACTIVATION_PLSE);
}

/* What the table says of a function is so. */
static void
test_properties (void)
{
  for (EspActivation a = 0; a < ESP_N_ACTIVATIONS; a++)
    {
      const float zero = 0;
      double y;

      evaluate (esp_kernels_reference_double (), a, 1, &zero, &y, NULL);
      g_assert_cmpint (esp_activation_keeps_zero (a), ==, y == 0);
      g_assert_false (esp_activation_is_invertible (a) && esp_activation_needs_input (a));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/activations/definitions", test_definitions);
  g_test_add_func ("/activations/differences", test_differences);
  g_test_add_func ("/activations/corners", test_corners);
  g_test_add_func ("/activations/list", test_list);
  g_test_add_func ("/activations/properties", test_properties);
  for (EspActivation a = 0; a < ESP_N_ACTIVATIONS; a++)
    {
      g_autofree char *alone = g_strconcat ("/activations/float/", esp_activation_name (a), NULL);
      g_autofree char *fused = g_strconcat ("/activations/fused/", esp_activation_name (a), NULL);

      g_test_add_data_func (alone, GUINT_TO_POINTER (a), test_float);
      g_test_add_data_func (fused, GUINT_TO_POINTER (a), test_fused);
    }
  return g_test_run ();
}
