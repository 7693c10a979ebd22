/* blocked-softmax.c: softmax of float values of any block, over what is one group or part in plain order */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"
#include "kernels/exponential.h"

static gboolean
softmax_compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  kernel->scratch = 2 * ((esp_layout_get_bytes (&spec->out) + 63) & ~(gsize) 63);
  return TRUE;
}

ESP_CLONES static void
exponentials (float *values, gsize n, float most, float scale)
{
#pragma omp simd
  for (gsize i = 0; i < n; i++)
    values[i] = esp_exponential (scale * (values[i] - most));
}

/* The sum runs in order, in double: the same bits however many numbers a vector holds. */
static void
softmax_group (float *values, gsize n, float scale)
{
  float most = values[0];
  double sum = 0;

  for (gsize i = 1; i < n; i++)
    most = MAX (most, values[i]);
  exponentials (values, n, most, scale);
  for (gsize i = 0; i < n; i++)
    sum += (double) values[i];
  for (gsize i = 0; i < n; i++)
    values[i] = (float) ((double) values[i] / sum);
}

static gboolean
softmax_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const gsize count = esp_shape_count (spec->out.shape), numbers = count / (gsize) spec->out.shape.n;
  const guint parts = esp_softmax_parts (spec);
  float *plain = call->scratch;
  gsize n;

  esp_layout_unpack (&spec->in[0], call->in[0], plain);
  for (gsize at = 0, part = 0; at < count; at += n, part++)
    {
      n = esp_softmax_part (spec, (guint) part % parts, numbers);
      softmax_group (plain + at, n, (float) spec->scale[0]);
    }
  esp_layout_pack (&spec->out, plain, call->out);
  return TRUE;
}

/* @gradients, those of the output, become those of the input. */
static void
back_group (const float *values, float *gradients, gsize n, double scale)
{
  double dot = 0;

  for (gsize i = 0; i < n; i++)
    dot += (double) gradients[i] * (double) values[i];
  for (gsize i = 0; i < n; i++)
    gradients[i] = (float) (scale * (double) values[i] * ((double) gradients[i] - dot));
}

static gboolean
softmax_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const gsize count = esp_shape_count (spec->out.shape), numbers = count / (gsize) spec->out.shape.n;
  const guint parts = esp_softmax_parts (spec);
  float *values = call->scratch, *gradients = (float *) call->scratch + call->kernel->scratch / 2 / sizeof (float);
  gsize n;

  esp_layout_unpack (&spec->out, call->out, values);
  esp_layout_unpack (&spec->out, call->grad_out, gradients);
  for (gsize at = 0, part = 0; at < count; at += n, part++)
    {
      n = esp_softmax_part (spec, (guint) part % parts, numbers);
      back_group (values + at, gradients + at, n, spec->scale[0]);
    }
  esp_layout_pack (&spec->in[0], gradients, add ? values : call->grad_in);
  if (add)
    esp_layout_add (&spec->in[0], values, call->grad_in);
  return TRUE;
}

const EspKernelRow esp_blocked_softmax = { .compile = softmax_compile, .forward = softmax_forward, .backward = softmax_backward };
