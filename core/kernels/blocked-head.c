/* blocked-head.c: activated maps of detection heads, plain, from float values of any block */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"

static gboolean
head_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspLayout *in = &spec->in[0];
  gsize plane = (gsize) in->shape.h * (gsize) in->shape.w, step = (gsize) in->block;
  int channels = in->shape.c;

#pragma omp parallel for schedule(static)
  for (int i = 0; i < in->shape.n * channels; i++)
    {
      int c = i % channels, entry = c % spec->geometry.entries;
      const float *from = (const float *) call->in[0] + (gsize) (i / channels * esp_count_blocks (in) + c / in->block) * esp_slab_size (in)
                          + c % in->block;
      float *to = (float *) call->out + (gsize) i * plane;

      for (gsize p = 0; p < plane; p++)
        to[p] = from[p * step];
      if (entry != 2 && entry != 3)
        esp_activate (ESP_ACTIVATION_LOGISTIC, to, to, plane);
    }
  return TRUE;
}

const EspKernelRow esp_blocked_head = { .forward = head_forward };
