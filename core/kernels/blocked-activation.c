/* blocked-activation.c: activations on float values of any block */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"
#include "kernels/logistic.h"

ESP_CLONES static void
leaky_run (const float *in, float *out, gsize n, float slope)
{
#pragma omp simd
  for (gsize i = 0; i < n; i++)
    out[i] = in[i] > 0 ? in[i] : slope * in[i];
}

/* Derivatives as functions of the output; at 0 that of the lower side, as darknet has it. */
ESP_CLONES static void
leaky_back (const float *restrict out, const float *restrict grad_out, float *restrict grad_in, gsize n, float slope, gboolean add)
{
  if (add)
    {
#pragma omp simd
      for (gsize i = 0; i < n; i++)
        grad_in[i] += out[i] > 0 ? grad_out[i] : slope * grad_out[i];
      return;
    }
#pragma omp simd
  for (gsize i = 0; i < n; i++)
    grad_in[i] = out[i] > 0 ? grad_out[i] : slope * grad_out[i];
}

static void
logistic_back (const float *out, const float *grad_out, float *grad_in, gsize n, gboolean add)
{
  for (gsize i = 0; i < n; i++)
    grad_in[i] = (add ? grad_in[i] : 0.0f) + grad_out[i] * out[i] * (1.0f - out[i]);
}

static float
slope_of (EspActivation activation)
{
  return activation == ESP_ACTIVATION_LEAKY ? 0.1f : activation == ESP_ACTIVATION_RELU ? 0.0f : 1.0f;
}

void
esp_activate (EspActivation activation, const float *in, float *out, gsize n)
{
  if (activation == ESP_ACTIVATION_LOGISTIC)
    esp_logistic_run (in, out, n);
  else
    leaky_run (in, out, n, slope_of (activation));
}

static gboolean
activation_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize each = esp_slab_size (&spec->out);
  int slabs = esp_count_slabs (&spec->out);

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      float *out = (float *) call->out + (gsize) s * each;

      esp_activate (spec->activation, (const float *) call->in[0] + (gsize) s * each, out, each);
      esp_clear_filling (&spec->out, s, out);
    }
  return TRUE;
}

static gboolean
activation_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize each = esp_slab_size (&spec->out);
  int slabs = esp_count_slabs (&spec->out);

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      gsize at = (gsize) s * each;
      const float *out = (const float *) call->out + at, *grad_out = (const float *) call->grad_out + at;
      float *grad_in = (float *) call->grad_in + at;

      if (spec->activation == ESP_ACTIVATION_LOGISTIC)
        logistic_back (out, grad_out, grad_in, each, add);
      else
        leaky_back (out, grad_out, grad_in, each, slope_of (spec->activation), add);
    }
  return TRUE;
}

const EspKernelRow esp_blocked_activation = { .forward = activation_forward, .backward = activation_backward };
