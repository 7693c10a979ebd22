/* blocked-head.c: activated maps of detection heads, plain, from float values of any block */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"
#include "kernels/logistic.h"

#define STRETCH 128 /* cells of one block that are taken apart at once: 8 kB, so that each channel finds them in the first-level cache */

/* Cells @first .. @last - 1 of the channels of one block. */
static void
head_stretch (const EspSpec *spec, const float *in, float *out, int block, gsize first, gsize last)
{
  const EspLayout *layout = &spec->in[0];
  const gsize plane = (gsize) layout->shape.h * (gsize) layout->shape.w, step = (gsize) layout->block;

  for (int c = block * layout->block; c < MIN ((block + 1) * layout->block, layout->shape.c); c++)
    {
      const int entry = c % spec->geometry.entries;
      const float *from = in + c % layout->block;
      float *to = out + (gsize) c * plane;

      for (gsize p = first; p < last; p++)
        to[p] = from[p * step];
      if (entry != 2 && entry != 3)
        esp_logistic_run (to + first, to + first, last - first);
    }
}

static gboolean
head_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspLayout *in = &spec->in[0];
  const gsize plane = (gsize) in->shape.h * (gsize) in->shape.w;
  const int slabs = esp_count_slabs (in), blocks = esp_count_blocks (in), stretches = (int) ((plane + STRETCH - 1) / STRETCH);

#pragma omp parallel for schedule(static)
  for (int i = 0; i < slabs * stretches; i++)
    {
      const int slab = i / stretches;
      const gsize first = (gsize) (i % stretches) * STRETCH;

      head_stretch (spec, (const float *) call->in[0] + (gsize) slab * esp_slab_size (in),
                    (float *) call->out + (gsize) (slab / blocks * in->shape.c) * plane, slab % blocks, first,
                    MIN (first + STRETCH, plane));
    }
  return TRUE;
}

const EspKernelRow esp_blocked_head = { .forward = head_forward };
