/* blocked-sum.c: weighted sums of values, of any block */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"

#include <string.h>

typedef struct
{
  gboolean plain; /* every factor is 1 */
  gsize padded;   /* channels of the output, filled up */
  float *factors; /* n_in * padded; 0 in filling */
} Sum;

/* Rows and columns that two maps share, and how far apart they lie in each. */
typedef struct
{
  int h, w;
  int from_step, from_w, to_step, to_w;
} Grid;

static void
sum_free (gpointer data)
{
  Sum *sum = data;

  g_free (sum->factors);
  g_free (sum);
}

/* In the padded order; filling stays 0. */
static void
set_factors (Sum *sum, const EspSpec *spec, const double *factors)
{
  const gsize n = (gsize) spec->out.shape.c;

  for (gsize i = 0; i < esp_add_count (spec) * n; i++)
    {
      sum->factors[i / n * sum->padded + i % n] = (float) factors[i];
      sum->plain &= factors[i] == 1;
    }
}

static gboolean
add_compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  g_autofree double *factors = spec->learned ? NULL : esp_add_factors (spec);
  Sum *sum = g_new0 (Sum, 1);
  const guint n_in = esp_add_count (spec);

  kernel->compiled = sum;
  sum->padded = (gsize) esp_count_blocks (&spec->out) * (gsize) spec->out.block;
  if (spec->learned)
    {
      kernel->scratch = n_in * sum->padded * (sizeof (double) + sizeof (float));
      return TRUE;
    }
  sum->plain = TRUE;
  sum->factors = g_new0 (float, n_in * sum->padded);
  set_factors (sum, spec, factors);
  kernel->packed = n_in * sum->padded * sizeof (float);
  return TRUE;
}

/* The factors of a call: where they are learned, anew from the weights, in its scratch. */
static Sum
sum_of (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  Sum sum = *(const Sum *) call->kernel->compiled;
  const guint n_in = esp_add_count (spec);

  if (!spec->learned)
    return sum;
  sum.factors = (float *) ((double *) call->scratch + n_in * sum.padded);
  memset (sum.factors, 0, n_in * sum.padded * sizeof (float));
  esp_add_fill_factors (spec, call->in[n_in], call->scratch);
  set_factors (&sum, spec, call->scratch);
  return sum;
}

ESP_CLONES static void
sum_run (const float *restrict a, const float *restrict b, float *restrict out, gsize n)
{
#pragma omp simd
  for (gsize i = 0; i < n; i++)
    out[i] = a[i] + b[i];
}

ESP_CLONES static void
sum_onto (const float *restrict a, float *restrict out, gsize n)
{
#pragma omp simd
  for (gsize i = 0; i < n; i++)
    out[i] += a[i];
}

ESP_CLONES static void
weigh (const float *restrict from, const float *restrict factor, float *restrict to, gsize n, gsize block, gboolean add)
{
  for (gsize i = 0; i < n; i += block)
#pragma omp simd
    for (gsize l = 0; l < block; l++)
      to[i + l] = (add ? to[i + l] : 0.0f) + factor[l] * from[i + l];
}

/* to += factor * from where both have a pixel. */
ESP_CLONES static void
weigh_grid (const float *restrict from, const float *restrict factor, float *restrict to, Grid grid, gsize block)
{
  for (gsize y = 0; y < (gsize) grid.h; y++)
    for (gsize x = 0; x < (gsize) grid.w; x++)
      {
        const float *source = from + (y * (gsize) grid.from_step * (gsize) grid.from_w + x * (gsize) grid.from_step) * block;
        float *target = to + (y * (gsize) grid.to_step * (gsize) grid.to_w + x * (gsize) grid.to_step) * block;

#pragma omp simd
        for (gsize l = 0; l < block; l++)
          target[l] += factor[l] * source[l];
      }
}

static gboolean
same_map (const EspLayout *a, const EspLayout *b)
{
  return a->shape.h == b->shape.h && a->shape.w == b->shape.w;
}

static Grid
grid_between (const EspLayout *from, const EspLayout *to)
{
  const EspShape a = from->shape, b = to->shape;

  return (Grid){ MIN (a.h, b.h), MIN (a.w, b.w), MAX (a.w / b.w, 1), a.w, MAX (b.w / a.w, 1), b.w };
}

/* Adds @from, a slab of input @k, to a slab of the output, or the other way round. */
static void
add_slab (const Sum *sum, const float *factor, const EspLayout *a, const float *from, const EspLayout *b, float *to)
{
  gsize each = esp_slab_size (b), block = (gsize) b->block;

  if (!same_map (a, b))
    weigh_grid (from, factor, to, grid_between (a, b), block);
  else if (sum->plain)
    sum_onto (from, to, each);
  else
    weigh (from, factor, to, each, block, TRUE);
}

/* One slab of the output before its activation. */
static void
forward_slab (EspCall *call, const Sum *sum, int s, float *out)
{
  const EspSpec *spec = &call->kernel->spec;
  int blocks = esp_count_blocks (&spec->out), n = s / blocks, b = s % blocks;
  gsize each = esp_slab_size (&spec->out), block = (gsize) spec->out.block;
  const float *first = (const float *) call->in[0] + (gsize) s * each;

  if (sum->plain)
    memcpy (out, first, each * sizeof (float));
  else
    weigh (first, sum->factors + (gsize) b * block, out, each, block, FALSE);
  for (guint k = 1; k < esp_add_count (spec); k++)
    {
      int others = esp_count_blocks (&spec->in[k]);

      if (b < others)
        add_slab (sum, sum->factors + k * sum->padded + (gsize) b * block, &spec->in[k],
                  (const float *) call->in[k] + (gsize) (n * others + b) * esp_slab_size (&spec->in[k]), &spec->out, out);
    }
}

static gboolean
add_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const Sum factors = sum_of (call), *sum = &factors;
  gboolean simple = sum->plain && spec->n_in == 2 && esp_layout_equal (&spec->in[1], &spec->out);
  gboolean fills = !esp_activation_keeps_zero (spec->activation);
  gsize each = esp_slab_size (&spec->out);
  int slabs = esp_count_slabs (&spec->out);

  for (guint k = 0; k < esp_add_count (spec); k++)
    fills |= spec->in[k].shape.c > spec->out.shape.c;
#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      float *out = (float *) call->out + (gsize) s * each;

      if (simple)
        sum_run ((const float *) call->in[0] + (gsize) s * each, (const float *) call->in[1] + (gsize) s * each, out, each);
      else
        forward_slab (call, sum, s, out);
      if (spec->activation != ESP_ACTIVATION_LINEAR)
        esp_activate (spec->activation, out, out, each);
      if (fills)
        esp_clear_filling (&spec->out, s, out);
    }
  return TRUE;
}

static gboolean
add_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const Sum factors = sum_of (call), *sum = &factors;
  const EspLayout *in = &spec->in[call->input];
  gsize each = esp_slab_size (in), block = (gsize) in->block;
  int slabs = esp_count_slabs (in), blocks = esp_count_blocks (in), others = esp_count_blocks (&spec->out);

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      float *grad = (float *) call->grad_in + (gsize) s * each;
      const float *from = (const float *) call->grad_out + (gsize) (s / blocks * others + s % blocks) * esp_slab_size (&spec->out);
      const float *factor = sum->factors + call->input * sum->padded + (gsize) (s % blocks) * block;

      if (!add && sum->plain && s % blocks < others && same_map (in, &spec->out))
        memcpy (grad, from, each * sizeof (float));
      else
        {
          if (!add)
            memset (grad, 0, each * sizeof (float));
          if (s % blocks < others)
            add_slab (sum, factor, &spec->out, from, in, grad);
        }
      if (in->shape.c < spec->out.shape.c)
        esp_clear_filling (in, s, grad);
    }
  return TRUE;
}

const EspKernelRow esp_blocked_add = { .compile = add_compile, .release = sum_free, .forward = add_forward, .backward = add_backward };
