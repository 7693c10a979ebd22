/* blocked-whole.c: convolutions whose window is all of their input, on float values of any block
 *
 * What connected layers are, and 1 x 1 convolutions behind a mean over the map. One output is one product of two rows of numbers, which lie
 * alike; every weight is read once for all images. Sums go on in 64 strands, then pairwise: the bits depend neither on the threads nor on
 * the batch. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pages.h"

#define STRANDS 64
#define CHUNK   4096 /* numbers of a gradient that one thread sums up at a time: 16 kB */

typedef struct
{
  gsize n;        /* numbers of one image, filling included */
  float *weights; /* out.c rows of n, in the order of the input */
  float *bias;
} Whole;

static gboolean
takes (const EspSpec *spec)
{
  const EspShape in = spec->in[0].shape, out = spec->out.shape;
  const EspGeometry wanted = {
    .groups = 1, .size_h = in.h, .size_w = in.w, .stride_h = spec->geometry.stride_h, .stride_w = spec->geometry.stride_w, .dilation = 1
  };

  return out.h == 1 && out.w == 1 && memcmp (&spec->geometry, &wanted, sizeof wanted) == 0;
}

static void
release (gpointer compiled)
{
  Whole *whole = compiled;

  free (whole->weights);
  g_free (whole->bias);
  g_free (whole);
}

/* The weights of one output, from plain order. */
static void
pack_row (const EspSpec *spec, const Whole *whole, const float *weights, int o)
{
  const EspShape in = spec->in[0].shape;
  const gsize plane = (gsize) in.h * (gsize) in.w, block = (gsize) spec->in[0].block;
  const float *from = weights + (gsize) o * (gsize) in.c * plane;
  const double gain = spec->gain != NULL ? spec->gain[o] : 1.0;
  float *row = whole->weights + (gsize) o * whole->n;

  for (gsize c = 0; c < (gsize) in.c; c++)
    for (gsize p = 0; p < plane; p++)
      row[(c / block * plane + p) * block + c % block] = (float) (gain * (double) *from++);
}

static gsize
weights_bytes (const EspSpec *spec, const Whole *whole)
{
  return (gsize) spec->out.shape.c * whole->n * sizeof (float);
}

static void
pack (const EspSpec *spec, const Whole *whole, const float *weights)
{
  if (spec->in[0].shape.c % spec->in[0].block != 0)
    memset (whole->weights, 0, weights_bytes (spec, whole));
#pragma omp parallel for schedule(static)
  for (int o = 0; o < spec->out.shape.c; o++)
    pack_row (spec, whole, weights, o);
}

/* Whether the numbers of the input lie as plain weights do. */
static gboolean
is_plain (const EspLayout *in)
{
  return in->block == 1 || (in->shape.h == 1 && in->shape.w == 1 && in->shape.c % in->block == 0);
}

/* Of weights that are values: where they lie, or what becomes of them in the call's scratch. */
static Whole
find_weights (const EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  Whole whole = *(const Whole *) call->kernel->compiled;

  if (!spec->learned)
    return whole;
  whole.bias = spec->n_in > 2 ? (float *) call->in[2] : NULL;
  if (is_plain (&spec->in[0]))
    {
      whole.weights = (float *) call->in[1];
      return whole;
    }
  whole.weights = call->scratch;
  pack (spec, &whole, call->in[1]);
  return whole;
}

static gboolean
compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  const int filters = spec->out.shape.c;
  Whole *whole = g_new0 (Whole, 1);

  kernel->compiled = whole;
  kernel->name = "whole";
  whole->n = (gsize) esp_count_blocks (&spec->in[0]) * esp_slab_size (&spec->in[0]);
  if (spec->learned)
    {
      kernel->scratch = is_plain (&spec->in[0]) ? 0 : weights_bytes (spec, whole);
      return TRUE;
    }
  whole->bias = g_new (float, filters);
  whole->weights = esp_pages_new (weights_bytes (spec, whole));
  if (whole->weights == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "no memory for the weights of %d outputs of %" G_GSIZE_FORMAT " numbers", filters,
                   whole->n);
      return FALSE;
    }
  kernel->packed = weights_bytes (spec, whole) + (gsize) filters * sizeof (float);
  for (int o = 0; o < filters; o++)
    whole->bias[o] = (float) spec->bias[o];
  pack (spec, whole, spec->weights);
  return TRUE;
}

ESP_CLONES static float
product (const float *restrict a, const float *restrict b, gsize n)
{
  float sums[STRANDS] = { 0 };
  const gsize whole = n - n % STRANDS;

  for (gsize i = 0; i < whole; i += STRANDS)
#pragma omp simd
    for (gsize l = 0; l < STRANDS; l++)
      sums[l] += a[i + l] * b[i + l];
  for (gsize l = 0; l < n - whole; l++)
    sums[l] += a[whole + l] * b[whole + l];
  for (gsize half = STRANDS / 2; half > 0; half /= 2)
    for (gsize l = 0; l < half; l++)
      sums[l] += sums[l + half];
  return sums[0];
}

ESP_CLONES static void
add_times (float factor, const float *restrict row, float *restrict to, gsize n)
{
#pragma omp simd
  for (gsize i = 0; i < n; i++)
    to[i] += factor * row[i];
}

static gboolean
forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const Whole whole = find_weights (call);
  const int filters = spec->out.shape.c, images = spec->out.shape.n;
  const gsize each = (gsize) esp_count_blocks (&spec->out) * (gsize) spec->out.block;
  const float *in = call->in[0];
  float *out = call->out;

#pragma omp parallel for schedule(static)
  for (int o = 0; o < filters; o++)
    for (int n = 0; n < images; n++)
      out[(gsize) n * each + (gsize) o]
          = product (whole.weights + (gsize) o * whole.n, in + (gsize) n * whole.n, whole.n) + (whole.bias != NULL ? whole.bias[o] : 0);
  for (int n = 0; n < images; n++)
    {
      esp_activate (spec->activation, out + (gsize) n * each, out + (gsize) n * each, (gsize) filters);
      memset (out + (gsize) n * each + filters, 0, (each - (gsize) filters) * sizeof (float));
    }
  return TRUE;
}

/* The gradient of a chunk of one image: the rows of the weights, times the gradients of their outputs. */
static void
back_chunk (EspCall *call, const Whole *whole, int image, gsize at, gsize n, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const gsize each = (gsize) esp_count_blocks (&spec->out) * (gsize) spec->out.block;
  const float *grad_out = (const float *) call->grad_out + (gsize) image * each;
  float *grad_in = (float *) call->grad_in + (gsize) image * whole->n + at;

  if (!add)
    memset (grad_in, 0, n * sizeof (float));
  for (int o = 0; o < spec->out.shape.c; o++)
    add_times (grad_out[o], whole->weights + (gsize) o * whole->n + at, grad_in, n);
}

static gboolean
backward (EspCall *call, gboolean add)
{
  const Whole whole = find_weights (call);
  const int images = call->kernel->spec.out.shape.n, chunks = (int) ((whole.n + CHUNK - 1) / CHUNK);

#pragma omp parallel for schedule(static)
  for (int i = 0; i < images * chunks; i++)
    {
      const gsize at = (gsize) (i / images) * CHUNK;

      back_chunk (call, &whole, i % images, at, MIN (CHUNK, whole.n - at), add);
    }
  return TRUE;
}

const EspKernelRow esp_blocked_whole = { .takes = takes, .compile = compile, .release = release, .forward = forward, .backward = backward };
