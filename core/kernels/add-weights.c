/* add-weights.c: the gradient of the weights of a sum, one loop for every set of kernels: such sums are few and small
 *
 * The gradient of factor k at channel c is the sum of input k times the gradient of the sum there; the normalisation of the weights into
 * factors is differentiated as add-factors.c computes it. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/kernel-private.h"

typedef struct
{
  EspSpec forward;       /* as the sum itself is specified; in is the kernel's */
  double *room;          /* n_in * c */
  double *factors;       /* n_in * c, as the sum multiplies */
  double *slopes, *lost; /* n_in * c, see esp_add_slopes () */
  double *moments;       /* n_in, of one channel */
  guint n_in;
  gsize c;
} Sum;

static void
sum_free (gpointer data)
{
  Sum *sum = data;

  g_free (sum->room);
  g_free (sum->factors);
  g_free (sum->slopes);
  g_free (sum->lost);
  g_free (sum->moments);
  g_free (sum);
}

static void
find_slopes (Sum *sum, const void *learned)
{
  esp_add_fill_factors (&sum->forward, learned, sum->factors);
  esp_add_fill_slopes (&sum->forward, learned, sum->factors, sum->slopes, sum->lost, sum->room);
}

/* The sum itself is specified without the gradient that comes last. */
static gboolean
compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  Sum *sum = g_new0 (Sum, 1);
  EspSpec *forward = &sum->forward;

  *forward = *spec;
  forward->in = kernel->spec.in;
  forward->n_in = spec->n_in - 1;
  forward->out = spec->in[spec->n_in - 1];
  kernel->compiled = sum;
  sum->n_in = esp_add_count (forward);
  sum->c = (gsize) forward->out.shape.c;
  sum->factors = g_new (double, sum->n_in * sum->c);
  sum->lost = g_new (double, sum->n_in * sum->c);
  sum->slopes = g_new (double, sum->n_in * sum->c);
  sum->room = g_new (double, sum->n_in * sum->c);
  sum->moments = g_new (double, sum->n_in);
  if (!spec->learned)
    find_slopes (sum, NULL);
  forward->weights = NULL; /* the caller's */
  return TRUE;
}

static double
number_at (const EspLayout *layout, const void *data, int n, int c, gsize pixel)
{
  const gsize block = (gsize) layout->block, blocks = ((gsize) layout->shape.c + block - 1) / block;
  const gsize plane = (gsize) layout->shape.h * (gsize) layout->shape.w;
  const gsize i = (((gsize) n * blocks + (gsize) c / block) * plane + pixel) * block + (gsize) c % block;

  return layout->size == sizeof (double) ? ((const double *) data)[i] : (double) ((const float *) data)[i];
}

/* Of one input at one channel, over images and pixels; 0 where the input has no such channel. */
static double
moment (EspCall *call, guint k, int c)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspLayout *in = &spec->in[k], *grad = &spec->in[spec->n_in - 1];
  const gsize plane = (gsize) grad->shape.h * (gsize) grad->shape.w;
  double total = 0;

  for (int n = 0; n < grad->shape.n && c < in->shape.c; n++)
    for (gsize p = 0; p < plane; p++)
      total += number_at (in, call->in[k], n, c, p) * number_at (grad, call->in[spec->n_in - 1], n, c, p);
  return total;
}

/* What is taken off every moment of a channel: nothing where weights are factors themselves. It is the gradient of their common factor. */
static double
mean_moment (const Sum *sum, EspAddNormal normal, gsize c)
{
  double mean = 0;

  for (guint k = 0; k < sum->n_in && normal != ESP_ADD_AS_IS; k++)
    mean += sum->factors[k * sum->c + c] * sum->moments[k];
  return mean;
}

static void
store (const EspLayout *layout, void *data, gsize i, double value, gboolean add)
{
  if (layout->size == sizeof (double))
    ((double *) data)[i] = (add ? ((double *) data)[i] : 0) + value;
  else
    ((float *) data)[i] = (float) ((add ? (double) ((float *) data)[i] : 0) + value);
}

static gboolean
forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  Sum *sum = call->kernel->compiled;
  const gboolean per_channel = spec->geometry.weights == ESP_ADD_PER_CHANNEL;

  if (spec->learned)
    find_slopes (sum, call->in[sum->n_in]);
  for (gsize c = 0; c < sum->c; c++)
    {
      double mean;

      for (guint k = 0; k < sum->n_in; k++)
        sum->moments[k] = moment (call, k, (int) c);
      mean = mean_moment (sum, (EspAddNormal) spec->geometry.normal, c);
      for (guint k = 0; k < sum->n_in; k++)
        {
          const gsize i = k * sum->c + c;
          const double gradient = sum->slopes[i] * (sum->moments[k] - mean) - sum->lost[i] * mean;

          store (&spec->out, call->out, per_channel ? i : k, gradient, call->add || (!per_channel && c > 0));
        }
    }
  return TRUE;
}

const EspKernelRow esp_add_weights = { .compile = compile, .release = sum_free, .forward = forward };
