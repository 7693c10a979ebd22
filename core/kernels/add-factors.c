/* add-factors.c: what a sum multiplies each channel of its inputs by */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/kernel-private.h"

#include <math.h>

/* AlexeyAB's: relu (w) or exp (w - largest), over their sum and a little. */
static void
normalize (EspAddNormal how, double *all, guint n, gsize step)
{
  double largest = -INFINITY, total = 1e-4;

  if (how == ESP_ADD_AS_IS)
    return;
  for (guint k = 0; k < n; k++)
    largest = MAX (largest, all[k * step]);
  for (guint k = 0; k < n; k++)
    {
      double *w = &all[k * step];

      *w = how == ESP_ADD_RELU ? MAX (*w, 0) : exp (*w - largest);
      total += *w;
    }
  for (guint k = 0; k < n; k++)
    all[k * step] /= total;
}

/* (transfer full): n_in * out.c factors, of an ESP_OP_ADD. */
double *
esp_add_factors (const EspSpec *spec)
{
  const gsize n = (gsize) spec->out.shape.c, per = spec->geometry.weights == ESP_ADD_PER_CHANNEL ? n : 1;
  const gsize common = (gsize) MIN (spec->out.shape.c, spec->in[spec->n_in - 1].shape.c);
  double *factors = g_new (double, spec->n_in *n);

  for (guint k = 0; k < spec->n_in; k++)
    for (gsize c = 0; c < n; c++)
      factors[k * n + c] = spec->geometry.weights != ESP_ADD_UNWEIGHTED ? (double) spec->weights[k * per + (per > 1 ? c : 0)]
                           : k > 0                                      ? spec->scale[1]
                           : c < common                                 ? spec->scale[0]
                                                                        : 1;
  for (gsize c = 0; c < n && spec->geometry.weights != ESP_ADD_UNWEIGHTED; c++)
    normalize ((EspAddNormal) spec->geometry.normal, factors + c, spec->n_in, n);
  return factors;
}

/* Of one sum at one channel: d factor_j / d w_k = slopes[k] (j == k) - slopes[k] factors[j] - lost[k] factors[j], with all a step apart. */
static void
differentiate (EspAddNormal how, const double *w, const double *factors, double *slopes, double *lost, guint n, gsize step)
{
  double total = 1e-4, sum = 0;
  guint largest = 0;

  for (guint k = 0; k < n; k++)
    {
      total += MAX (w[k * step], 0);
      sum += factors[k * step];
      if (w[k * step] > w[largest * step])
        largest = k;
    }
  for (guint k = 0; k < n; k++)
    slopes[k * step] = how == ESP_ADD_AS_IS ? 1 : how == ESP_ADD_SOFTMAX ? factors[k * step] : w[k * step] > 0 ? 1 / total : 0;
  if (how == ESP_ADD_SOFTMAX)
    lost[largest * step] = 1 - sum; /* the little makes the factors depend on the largest weight, which all are taken from */
}

/**
 * esp_add_slopes:
 * @spec: of an ESP_OP_ADD with weights
 * @factors: esp_add_factors() of it
 * @lost: (out): n_in * out.c numbers, 0 but for the largest weight of each softmax
 *
 * Returns: (transfer full): n_in * out.c slopes of the factors, see differentiate().
 */
double *
esp_add_slopes (const EspSpec *spec, const double *factors, double *lost)
{
  const gsize n = (gsize) spec->out.shape.c;
  const gboolean per_channel = spec->geometry.weights == ESP_ADD_PER_CHANNEL;
  g_autofree double *weights = g_new (double, spec->n_in *n);
  double *slopes = g_new (double, spec->n_in *n);

  for (guint k = 0; k < spec->n_in; k++)
    for (gsize c = 0; c < n; c++)
      {
        weights[k * n + c] = (double) spec->weights[per_channel ? k * n + c : k];
        lost[k * n + c] = 0;
      }
  for (gsize c = 0; c < n; c++)
    differentiate ((EspAddNormal) spec->geometry.normal, weights + c, factors + c, slopes + c, lost + c, spec->n_in, n);
  return slopes;
}
