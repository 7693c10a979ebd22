/* blocked-move.c: operations that only move numbers, on float values of any block */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"

#include <string.h>

static gboolean
upsample_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspShape in = spec->in[0].shape, out = spec->out.shape;
  gsize block = (gsize) spec->out.block, row = (gsize) out.w * block;
  int slabs = esp_count_slabs (&spec->out), stride = spec->geometry.stride;
  float scale = (float) spec->scale[0];

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    for (int y = 0; y < in.h; y++)
      {
        const float *from = (const float *) call->in[0] + ((gsize) s * (gsize) in.h + (gsize) y) * (gsize) in.w * block;
        float *to = (float *) call->out + ((gsize) s * (gsize) out.h + (gsize) (y * stride)) * row;

        for (int x = 0; x < out.w; x++)
          memcpy (to + (gsize) x * block, from + (gsize) (x / stride) * block, block * sizeof (float));
        for (gsize i = 0; i < row && scale != 1; i++)
          to[i] *= scale;
        for (int k = 1; k < stride; k++)
          memcpy (to + (gsize) k * row, to, row * sizeof (float));
      }
  return TRUE;
}

static gboolean
upsample_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspShape in = spec->in[0].shape, out = spec->out.shape;
  gsize block = (gsize) spec->out.block;
  int slabs = esp_count_slabs (&spec->out), stride = spec->geometry.stride;
  float scale = (float) spec->scale[0];

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      float *grad_in = (float *) call->grad_in + (gsize) s * esp_slab_size (&spec->in[0]);
      const float *grad_out = (const float *) call->grad_out + (gsize) s * esp_slab_size (&spec->out);

      if (!add)
        memset (grad_in, 0, esp_slab_size (&spec->in[0]) * sizeof (float));
      for (int y = 0; y < out.h; y++)
        for (int x = 0; x < out.w; x++, grad_out += block)
          {
            float *to = grad_in + ((gsize) (y / stride) * (gsize) in.w + (gsize) (x / stride)) * block;

            for (gsize l = 0; l < block; l++)
              to[l] += scale * grad_out[l];
          }
    }
  return TRUE;
}

const EspKernelRow esp_blocked_upsample = { .forward = upsample_forward, .backward = upsample_backward };

/* Channels @first .. @first + count - 1 of the input go to channels @at .. of the output. */
typedef struct
{
  const EspLayout *from, *to;
  int first, at, count;
} Slice;

ESP_CLONES static void
move_slab (const float *restrict from, float *restrict to, gsize n, gboolean add)
{
  if (!add)
    memcpy (to, from, n * sizeof (float));
  else
#pragma omp simd
    for (gsize i = 0; i < n; i++)
      to[i] += from[i];
}

/* One slab of the output side. Whole aligned blocks are copied at once, others channel by channel. */
static void
slice_slab (const Slice *slice, const float *in, float *out, int n, int b, gboolean add)
{
  const EspLayout *from = slice->from, *to = slice->to;
  int block = to->block, low = MAX (b * block, slice->at), high = MIN ((b + 1) * block, slice->at + slice->count);
  int source = slice->first + low - slice->at;
  gsize each = esp_slab_size (to), size = (gsize) block;
  float *target = out + (gsize) (n * esp_count_blocks (to) + b) * each;
  const float *start = in + (gsize) (n * esp_count_blocks (from)) * esp_slab_size (from);
  const gboolean ends = high == to->shape.c && source + high - low == from->shape.c; /* both sides fill up the block */

  if (low == b * block && (high == low + block || ends) && source % block == 0 && from->block == block)
    {
      move_slab (start + (gsize) (source / block) * each, target, each, add);
      return;
    }
  for (int c = low; c < high; c++, source++)
    {
      const float *channel = start + (gsize) (source / from->block) * esp_slab_size (from) + source % from->block;
      float *lane = target + c - b * block;
      gsize step = (gsize) from->block;

      if (add)
        for (gsize i = 0, j = 0; i < each; i += size, j += step)
          lane[i] += channel[j];
      else
        for (gsize i = 0, j = 0; i < each; i += size, j += step)
          lane[i] = channel[j];
    }
}

static void
slice_run (const Slice *slice, const float *in, float *out, gboolean add)
{
  int first = slice->at / slice->to->block, last = (slice->at + slice->count - 1) / slice->to->block, blocks = last - first + 1;

#pragma omp parallel for schedule(static)
  for (int i = 0; i < slice->to->shape.n * blocks; i++)
    slice_slab (slice, in, out, i / blocks, first + i % blocks, add);
}

static gboolean
concat_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  int groups = MAX (spec->geometry.groups, 1), at = 0;

  for (guint i = 0; i < spec->n_in; i++)
    {
      const int part = spec->in[i].shape.c / groups;
      const Slice slice = { &spec->in[i], &spec->out, spec->geometry.group * part, at, part };

      slice_run (&slice, call->in[i], call->out, FALSE);
      at += slice.count;
    }
  esp_clear_all_filling (&spec->out, call->out);
  return TRUE;
}

static gboolean
concat_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspLayout *in = &spec->in[call->input];
  const int groups = MAX (spec->geometry.groups, 1), part = in->shape.c / groups;
  Slice slice = { &spec->out, in, 0, spec->geometry.group * part, part };

  for (guint i = 0; i < call->input; i++)
    slice.first += spec->in[i].shape.c / groups;
  if (!add && groups > 1)
    memset (call->grad_in, 0, esp_layout_get_bytes (in));
  slice_run (&slice, call->grad_out, call->grad_in, add);
  if (!add)
    esp_clear_all_filling (slice.to, call->grad_in);
  return TRUE;
}

const EspKernelRow esp_blocked_concat = { .forward = concat_forward, .backward = concat_backward };
