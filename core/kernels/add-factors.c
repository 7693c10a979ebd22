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

/* How many values a sum adds: where it is learned its weights come last. */
guint
esp_add_count (const EspSpec *spec)
{
  return spec->learned ? spec->n_in - 1 : spec->n_in;
}

/* One of a weighted sum's numbers: of input @k at channel @c. */
static double
weight_at (const EspSpec *spec, const void *learned, gsize k, gsize c)
{
  const gsize n = (gsize) spec->out.shape.c, i = spec->geometry.weights == ESP_ADD_PER_CHANNEL ? k * n + c : k;

  if (learned == NULL)
    return (double) spec->weights[i];
  return spec->out.size == sizeof (double) ? ((const double *) learned)[i] : (double) ((const float *) learned)[i];
}

/**
 * esp_add_fill_factors:
 * @spec: of an ESP_OP_ADD
 * @learned: (nullable): its weights where they are a value
 * @factors: (out): esp_add_count() * out.c numbers
 */
void
esp_add_fill_factors (const EspSpec *spec, const void *learned, double *factors)
{
  const gsize n = (gsize) spec->out.shape.c;
  const guint n_in = esp_add_count (spec);
  const gsize common = (gsize) MIN (spec->out.shape.c, spec->in[n_in - 1].shape.c);

  for (guint k = 0; k < n_in; k++)
    for (gsize c = 0; c < n; c++)
      factors[k * n + c] = spec->geometry.weights != ESP_ADD_UNWEIGHTED ? weight_at (spec, learned, k, c)
                           : k > 0                                      ? spec->scale[1]
                           : c < common                                 ? spec->scale[0]
                                                                        : 1;
  for (gsize c = 0; c < n && spec->geometry.weights != ESP_ADD_UNWEIGHTED; c++)
    normalize ((EspAddNormal) spec->geometry.normal, factors + c, n_in, n);
}

/* (transfer full): n_in * out.c factors, of an ESP_OP_ADD that is not learned. */
double *
esp_add_factors (const EspSpec *spec)
{
  double *factors = g_new (double, spec->n_in *(gsize) spec->out.shape.c);

  esp_add_fill_factors (spec, NULL, factors);
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
 * esp_add_fill_slopes:
 * @spec: of an ESP_OP_ADD with weights
 * @learned: (nullable): these, where they are a value
 * @factors: esp_add_fill_factors() of it
 * @slopes: (out): esp_add_count() * out.c slopes of the factors, see differentiate()
 * @lost: (out): as many numbers, 0 but for the largest weight of each softmax
 * @room: (out): as many numbers of no meaning
 */
void
esp_add_fill_slopes (const EspSpec *spec, const void *learned, const double *factors, double *slopes, double *lost, double *room)
{
  const gsize n = (gsize) spec->out.shape.c;
  const guint n_in = esp_add_count (spec);

  for (guint k = 0; k < n_in; k++)
    for (gsize c = 0; c < n; c++)
      {
        room[k * n + c] = weight_at (spec, learned, k, c);
        lost[k * n + c] = 0;
      }
  for (gsize c = 0; c < n; c++)
    differentiate ((EspAddNormal) spec->geometry.normal, room + c, factors + c, slopes + c, lost + c, n_in, n);
}
