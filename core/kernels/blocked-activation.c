/* blocked-activation.c: activations and their derivatives on float values of any block
 *
 * Those that need e^x take it of a number below 0 only, where nothing overflows, and subtract nothing that is nearly equal: each function
 * is within some units in the last place of its definition at all sizes of numbers. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"
#include "kernels/exponential.h"
#include "kernels/logistic.h"

#include <math.h>

/* Below, the series of tanh and e^x - 1 are exact enough; above, a difference from 1 is. */
#define SMALL      0.25f

#define SELU       1.0507f
#define SELU_BELOW (float) (1.0507 * 1.6732)

ESP_INLINE float
minus (float x)
{
  return x < 0 ? x : -x;
}

/* 1 / (1 + e^-x) from e = e^-|x| */
ESP_INLINE float
logistic (float x, float e)
{
  return (x < 0 ? e : 1.0f) / (1.0f + e);
}

/* e^x - 1 of x <= 0 */
ESP_INLINE float
exponential_1 (float x)
{
  const float near = x > -SMALL ? x : -SMALL;
  float p = 1.0f / 5040;

  p = p * near + 1.0f / 720;
  p = p * near + 1.0f / 120;
  p = p * near + 1.0f / 24;
  p = p * near + 1.0f / 6;
  p = p * near + 0.5f;
  p = near * near * p + near;
  return x > -SMALL ? p : esp_exponential (x) - 1.0f;
}

ESP_INLINE float
hyperbolic (float x)
{
  const float below = minus (2 * x), e = exponential_1 (below);

  return x < 0 ? e / (2.0f + e) : -e / (2.0f + e);
}

/* tanh (softplus (x)) = n / d, with e = e^-|x|; d - n is left, too, for the derivative:
 * with s = 1 + e^x it is (s² - 1) / (s² + 1). */
ESP_INLINE float
mish_part (float x, float e, float *d, float *left)
{
  const float n = x > 0 ? 1.0f + 2.0f * e : e * (e + 2.0f);

  *left = x > 0 ? 2.0f * e * e : 2.0f;
  *d = n + *left;
  return n;
}

ESP_INLINE float
mish (float x)
{
  float d, left;
  const float n = mish_part (x, esp_exponential (minus (x)), &d, &left);

  return x * (n / d);
}

/* t + x (1 - t²) logistic (x) with t = n / d */
ESP_INLINE float
mish_slope (float x)
{
  const float e = esp_exponential (minus (x));
  float d, left;
  const float n = mish_part (x, e, &d, &left), t = n / d;

  return t + x * (left / d) * (1.0f + t) * logistic (x, e);
}

ESP_INLINE float
swish (float x)
{
  return x * logistic (x, esp_exponential (minus (x)));
}

ESP_INLINE float
swish_slope (float x)
{
  const float e = esp_exponential (minus (x)), s = logistic (x, e);

  return s + x * s * logistic (-x, e);
}

/* 1 + tanh (u) = 2 logistic (2 u) */
ESP_INLINE float
gelu_angle (float x)
{
  return 2.0f * x * (0.797885f + 0.035677f * x * x);
}

ESP_INLINE float
gelu (float x)
{
  const float u = gelu_angle (x);

  return x * logistic (u, esp_exponential (minus (u)));
}

ESP_INLINE float
gelu_slope (float x)
{
  const float u = gelu_angle (x), e = esp_exponential (minus (u)), s = logistic (u, e);

  return s + 2.0f * x * (0.797885f + 3.0f * 0.035677f * x * x) * s * logistic (-u, e);
}

ESP_INLINE float
stair (float x)
{
  const float below = floorf (x), half = floorf (x * 0.5f);

  return below == 2.0f * half ? half : x - (half + 1.0f);
}

/* The functions of x. */
#define RUN(name, value)                                                                                                                   \
  ESP_CLONES static void name##_run (const float *in, float *out, gsize n)                                                                 \
  {                                                                                                                                        \
    _Pragma ("omp simd") for (gsize i = 0; i < n; i++)                                                                                     \
    {                                                                                                                                      \
      const float x = in[i];                                                                                                               \
                                                                                                                                           \
      out[i] = value;                                                                                                                      \
    }                                                                                                                                      \
  }

/* Derivatives as functions of the output y, and of the input x where there is no other way; where there are two, that which darknet
 * takes. */
#define BACK(name, source, argument, slope)                                                                                                \
  ESP_CLONES static void name##_back (const float *restrict in, const float *restrict out, const float *grad_out, float *grad_in, gsize n, \
                                      gboolean add)                                                                                        \
  {                                                                                                                                        \
    if (add)                                                                                                                               \
      {                                                                                                                                    \
        _Pragma ("omp simd") for (gsize i = 0; i < n; i++)                                                                                 \
        {                                                                                                                                  \
          const float argument = source[i];                                                                                                \
                                                                                                                                           \
          grad_in[i] += grad_out[i] * (slope);                                                                                             \
        }                                                                                                                                  \
        return;                                                                                                                            \
      }                                                                                                                                    \
    _Pragma ("omp simd") for (gsize i = 0; i < n; i++)                                                                                     \
    {                                                                                                                                      \
      const float argument = source[i];                                                                                                    \
                                                                                                                                           \
      grad_in[i] = grad_out[i] * (slope);                                                                                                  \
    }                                                                                                                                      \
  }

static void
linear_back (const float *in, const float *out, const float *grad_out, float *grad_in, gsize n, gboolean add)
{
  for (gsize i = 0; i < n; i++)
    grad_in[i] = add ? grad_in[i] + grad_out[i] : grad_out[i];
}

/* clang-format off */
RUN (linear, x)
RUN (leaky, x > 0 ? x : 0.1f * x)
RUN (relu, x > 0 ? x : 0)
RUN (relu6, x > 0 ? (x < 6 ? x : 6) : 0)
RUN (mish, mish (x))
RUN (swish, swish (x))
RUN (hard_mish, x > 0 ? x : x > -2 ? x * (0.5f * x + 1) : 0)
RUN (tanh, hyperbolic (x))
RUN (loggy, hyperbolic (0.5f * x))
RUN (elu, x < 0 ? exponential_1 (minus (x)) : x)
RUN (selu, x < 0 ? SELU_BELOW * exponential_1 (minus (x)) : SELU * x)
RUN (gelu, gelu (x))
RUN (ramp, (x > 0 ? x : 0) + 0.1f * x)
RUN (hardtan, x < -1 ? -1 : x > 1 ? 1 : x)
RUN (lhtan, x < 0 ? 0.001f * x : x > 1 ? 0.001f * (x - 1) + 1 : x)
RUN (relie, x > 0 ? x : 0.01f * x)
RUN (plse, x < -4 ? 0.01f * (x + 4) : x > 4 ? 0.01f * (x - 4) + 1 : 0.125f * x + 0.5f)
RUN (stair, stair (x))

BACK (leaky, out, y, y > 0 ? 1 : 0.1f)
BACK (relu, out, y, y > 0 ? 1 : 0)
BACK (logistic, out, y, y * (1 - y))
BACK (relu6, out, y, y > 0 && y < 6 ? 1 : 0)
BACK (mish, in, x, mish_slope (x))
BACK (swish, in, x, swish_slope (x))
BACK (hard_mish, in, x, x > 0 ? 1 : x > -2 ? x + 1 : 0)
BACK (tanh, out, y, (1 - y) * (1 + y))
BACK (loggy, out, y, 0.5f * (1 - y) * (1 + y))
BACK (elu, out, y, y < 0 ? y + 1 : 1)
BACK (selu, out, y, y < 0 ? y + SELU_BELOW : SELU)
BACK (gelu, in, x, gelu_slope (x))
BACK (ramp, out, y, y > 0 ? 1.1f : 0.1f)
BACK (hardtan, out, y, y > -1 && y < 1 ? 1 : 0)
BACK (lhtan, out, y, y > 0 && y < 1 ? 1 : 0.001f)
BACK (relie, out, y, y > 0 ? 1 : 0.01f)
BACK (plse, out, y, y < 0 || y > 1 ? 0.01f : 0.125f)
BACK (stair, in, x, floorf (x) == x || floorf (x) == 2.0f * floorf (x * 0.5f) ? 0 : 1)

/* One function and its derivative. */
typedef struct
{
  void (*run) (const float *in, float *out, gsize n);
  void (*back) (const float *in, const float *out, const float *grad_out, float *grad_in, gsize n, gboolean add);
} Row;

#define ROW(name) { name##_run, name##_back }

static const Row rows[ESP_N_ACTIVATIONS] = {
  [ESP_ACTIVATION_LINEAR] = ROW (linear),
  [ESP_ACTIVATION_LEAKY] = ROW (leaky),
  [ESP_ACTIVATION_RELU] = ROW (relu),
  [ESP_ACTIVATION_LOGISTIC] = { esp_logistic_run, logistic_back },
  [ESP_ACTIVATION_RELU6] = ROW (relu6),
  [ESP_ACTIVATION_MISH] = ROW (mish),
  [ESP_ACTIVATION_SWISH] = ROW (swish),
  [ESP_ACTIVATION_HARD_MISH] = ROW (hard_mish),
  [ESP_ACTIVATION_TANH] = ROW (tanh),
  [ESP_ACTIVATION_LOGGY] = ROW (loggy),
  [ESP_ACTIVATION_ELU] = ROW (elu),
  [ESP_ACTIVATION_SELU] = ROW (selu),
  [ESP_ACTIVATION_GELU] = ROW (gelu),
  [ESP_ACTIVATION_RAMP] = ROW (ramp),
  [ESP_ACTIVATION_HARDTAN] = ROW (hardtan),
  [ESP_ACTIVATION_LHTAN] = ROW (lhtan),
  [ESP_ACTIVATION_RELIE] = ROW (relie),
  [ESP_ACTIVATION_PLSE] = ROW (plse),
  [ESP_ACTIVATION_STAIR] = ROW (stair),
};
/* clang-format on */

void
esp_activate (EspActivation activation, const float *in, float *out, gsize n)
{
  rows[activation].run (in, out, n);
}

void
esp_activate_value (EspActivation activation, const EspLayout *layout, const float *in, float *out)
{
  const gsize each = esp_slab_size (layout);
  const int slabs = esp_count_slabs (layout);

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      float *to = out + (gsize) s * each;

      esp_activate (activation, in + (gsize) s * each, to, each);
      if (!esp_activation_keeps_zero (activation))
        esp_clear_filling (layout, s, to);
    }
}

void
esp_activate_back (
    EspActivation activation, const float *in, const float *out, const float *grad_out, float *grad_in, gsize n, gboolean add)
{
  rows[activation].back (in, out, grad_out, grad_in, n, add);
}

static gboolean
activation_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;

  esp_activate_value (spec->activation, &spec->out, call->in[0], call->out);
  return TRUE;
}

static gboolean
activation_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const gsize each = esp_slab_size (&spec->out);
  const int slabs = esp_count_slabs (&spec->out);
  const gboolean needs_input = esp_activation_needs_input (spec->activation);

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      const gsize at = (gsize) s * each;
      const float *in = needs_input ? (const float *) call->in[0] + at : NULL;

      rows[spec->activation].back (in, (const float *) call->out + at, (const float *) call->grad_out + at, (float *) call->grad_in + at,
                                   each, add);
    }
  return TRUE;
}

const EspKernelRow esp_blocked_activation = { .forward = activation_forward, .backward = activation_backward };
