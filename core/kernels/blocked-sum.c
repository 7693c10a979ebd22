/* blocked-sum.c: sums of values, of any block */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"

#include <string.h>

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

static gboolean
add_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize each = esp_slab_size (&spec->out);
  int slabs = esp_count_slabs (&spec->out), blocks = esp_count_blocks (&spec->out), others = esp_count_blocks (&spec->in[1]);

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      const float *a = (const float *) call->in[0] + (gsize) s * each;
      float *out = (float *) call->out + (gsize) s * each;

      if (s % blocks < others)
        sum_run (a, (const float *) call->in[1] + (gsize) (s / blocks * others + s % blocks) * each, out, each);
      else
        memcpy (out, a, each * sizeof (float));
      if (spec->activation != ESP_ACTIVATION_LINEAR)
        esp_activate (spec->activation, out, out, each);
      esp_clear_filling (&spec->out, s, out);
    }
  return TRUE;
}

static gboolean
add_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspLayout *in = &spec->in[call->input];
  gsize each = esp_slab_size (&spec->out);
  int slabs = esp_count_slabs (in), blocks = esp_count_blocks (in), others = esp_count_blocks (&spec->out);

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      float *grad = (float *) call->grad_in + (gsize) s * each;
      const float *from = (const float *) call->grad_out + (gsize) (s / blocks * others + s % blocks) * each;

      if (s % blocks >= others)
        {
          if (!add)
            memset (grad, 0, each * sizeof (float));
          continue;
        }
      if (add)
        sum_onto (from, grad, each);
      else
        memcpy (grad, from, each * sizeof (float));
      esp_clear_filling (in, s, grad);
    }
  return TRUE;
}

const EspKernelRow esp_blocked_add = { .forward = add_forward, .backward = add_backward };
