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
