/* blocked.c: the operations that only move and compare, on float values of any block
 *
 * A slab is one image's block of channels, all rows and columns: h * w * block numbers in a row. Every slab is written by one thread in one
 * order, so results do not depend on the thread count or on the batch. Filling channels stay 0. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/kernel-private.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/clones.h"

#define MOST 16 /* channels side by side */

static int
count_blocks (const EspLayout *layout)
{
  return (layout->shape.c + layout->block - 1) / layout->block;
}

static gsize
slab_size (const EspLayout *layout)
{
  return (gsize) layout->shape.h * (gsize) layout->shape.w * (gsize) layout->block;
}

static int
count_slabs (const EspLayout *layout)
{
  return layout->shape.n * count_blocks (layout);
}

/* --- activation --- */

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
logistic_run (const float *in, float *out, gsize n)
{
  for (gsize i = 0; i < n; i++)
    out[i] = 1.0f / (1.0f + expf (-in[i]));
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

static void
activate (EspActivation activation, const float *in, float *out, gsize n)
{
  if (activation == ESP_ACTIVATION_LOGISTIC)
    logistic_run (in, out, n);
  else
    leaky_run (in, out, n, slope_of (activation));
}

/* The lanes of a slab that fill its last block. */
static void
clear_filling (const EspLayout *layout, int slab, float *data)
{
  int used = layout->shape.c - slab % count_blocks (layout) * layout->block;
  gsize n = slab_size (layout);

  if (used >= layout->block)
    return;
  for (gsize i = 0; i < n; i += (gsize) layout->block)
    for (int lane = used; lane < layout->block; lane++)
      data[i + (gsize) lane] = 0;
}

static gboolean
activation_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize each = slab_size (&spec->out);
  int slabs = count_slabs (&spec->out);

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      float *out = (float *) call->out + (gsize) s * each;

      activate (spec->activation, (const float *) call->in[0] + (gsize) s * each, out, each);
      clear_filling (&spec->out, s, out);
    }
  return TRUE;
}

static gboolean
activation_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize each = slab_size (&spec->out);
  int slabs = count_slabs (&spec->out);

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      gsize at = (gsize) s * each;
      const float *out = (const float *) call->kept + at, *grad_out = (const float *) call->in[0] + at;
      float *grad_in = (float *) call->out + at;

      if (spec->activation == ESP_ACTIVATION_LOGISTIC)
        logistic_back (out, grad_out, grad_in, each, add);
      else
        leaky_back (out, grad_out, grad_in, each, slope_of (spec->activation), add);
    }
  return TRUE;
}

const EspKernelRow esp_blocked_activation = { .forward = activation_forward, .backward = activation_backward };

/* --- shortcut --- */

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
  gsize each = slab_size (&spec->out);
  int slabs = count_slabs (&spec->out), blocks = count_blocks (&spec->out), others = count_blocks (&spec->in[1]);

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
        activate (spec->activation, out, out, each);
      clear_filling (&spec->out, s, out);
    }
  return TRUE;
}

static gboolean
add_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspLayout *in = &spec->in[call->input];
  gsize each = slab_size (&spec->out);
  int slabs = count_slabs (in), blocks = count_blocks (in), others = count_blocks (&spec->out);

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      float *grad = (float *) call->out + (gsize) s * each;
      const float *from = (const float *) call->in[0] + (gsize) (s / blocks * others + s % blocks) * each;

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
      clear_filling (in, s, grad);
    }
  return TRUE;
}

const EspKernelRow esp_blocked_add = { .forward = add_forward, .backward = add_backward };

/* --- maxpool --- */

typedef struct
{
  int h, w, out_h, out_w, size, stride, pad;
} Window;

/* Rows or columns y0 .. y1 - 1 of the input lie under window @o; *k is where in the window they begin. */
ESP_INLINE void
clip (int o, int stride, int pad, int size, int limit, int *y0, int *y1, int *k)
{
  int start = o * stride - pad;

  *y0 = MAX (start, 0);
  *y1 = MIN (start + size, limit);
  *k = *y0 - start;
}

ESP_INLINE void
pool_slab (const float *restrict in, float *restrict out, guint16 *restrict which, const Window *win, int block)
{
  for (int oy = 0; oy < win->out_h; oy++)
    for (int ox = 0; ox < win->out_w; ox++, out += block, which += block)
      {
        int y0, y1, ky, x0, x1, kx;
        float best[MOST];
        int index[MOST];

        clip (oy, win->stride, win->pad, win->size, win->h, &y0, &y1, &ky);
        clip (ox, win->stride, win->pad, win->size, win->w, &x0, &x1, &kx);
#pragma omp simd
        for (int l = 0; l < block; l++)
          best[l] = -FLT_MAX, index[l] = 0xffff;
        for (int y = y0; y < y1; y++)
          for (int x = x0; x < x1; x++)
            {
              const float *v = in + ((gsize) y * (gsize) win->w + (gsize) x) * (gsize) block;
              int k = (ky + y - y0) * win->size + kx + x - x0;

#pragma omp simd
              for (int l = 0; l < block; l++)
                {
                  gboolean more = v[l] > best[l];

                  index[l] = more ? k : index[l];
                  best[l] = more ? v[l] : best[l];
                }
            }
#pragma omp simd
        for (int l = 0; l < block; l++)
          out[l] = best[l];
#pragma omp simd
        for (int l = 0; l < block; l++)
          which[l] = (guint16) index[l];
      }
}

/* Only the largest numbers, as inference needs them. */
ESP_INLINE void
peek_slab (const float *restrict in, float *restrict out, const Window *win, int block)
{
  for (int oy = 0; oy < win->out_h; oy++)
    for (int ox = 0; ox < win->out_w; ox++, out += block)
      {
        int y0, y1, ky, x0, x1, kx;

        clip (oy, win->stride, win->pad, win->size, win->h, &y0, &y1, &ky);
        clip (ox, win->stride, win->pad, win->size, win->w, &x0, &x1, &kx);
#pragma omp simd
        for (int l = 0; l < block; l++)
          out[l] = -FLT_MAX;
        for (int y = y0; y < y1; y++)
          for (int x = x0; x < x1; x++)
            {
              const float *v = in + ((gsize) y * (gsize) win->w + (gsize) x) * (gsize) block;

#pragma omp simd
              for (int l = 0; l < block; l++)
                out[l] = v[l] > out[l] ? v[l] : out[l];
            }
      }
}

ESP_INLINE void
unpool_slab (const float *restrict grad_out, const guint16 *restrict which, float *restrict grad_in, const Window *win, int block)
{
  for (int oy = 0; oy < win->out_h; oy++)
    for (int ox = 0; ox < win->out_w; ox++, grad_out += block, which += block)
      {
        int y0, y1, ky, x0, x1, kx;

        clip (oy, win->stride, win->pad, win->size, win->h, &y0, &y1, &ky);
        clip (ox, win->stride, win->pad, win->size, win->w, &x0, &x1, &kx);
        for (int y = y0; y < y1; y++)
          for (int x = x0; x < x1; x++)
            {
              float *g = grad_in + ((gsize) y * (gsize) win->w + (gsize) x) * (gsize) block;
              int k = (ky + y - y0) * win->size + kx + x - x0;

#pragma omp simd
              for (int l = 0; l < block; l++)
                g[l] += which[l] == k ? grad_out[l] : 0.0f;
            }
      }
}

ESP_CLONES static void
pool_slab_16 (const float *in, float *out, guint16 *which, const Window *win)
{
  if (which != NULL)
    pool_slab (in, out, which, win, 16);
  else
    peek_slab (in, out, win, 16);
}

ESP_CLONES static void
pool_slab_8 (const float *in, float *out, guint16 *which, const Window *win)
{
  if (which != NULL)
    pool_slab (in, out, which, win, 8);
  else
    peek_slab (in, out, win, 8);
}

ESP_CLONES static void
unpool_slab_16 (const float *grad_out, const guint16 *which, float *grad_in, const Window *win)
{
  unpool_slab (grad_out, which, grad_in, win, 16);
}

ESP_CLONES static void
unpool_slab_8 (const float *grad_out, const guint16 *which, float *grad_in, const Window *win)
{
  unpool_slab (grad_out, which, grad_in, win, 8);
}

static Window
window_of (const EspSpec *spec)
{
  return (Window){ spec->in[0].shape.h, spec->in[0].shape.w, spec->out.shape.h, spec->out.shape.w, spec->size, spec->stride, spec->pad };
}

static gboolean
maxpool_compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  if (spec->backward)
    kernel->kept = esp_layout_get_bytes (&spec->out) / sizeof (float) * sizeof (guint16);
  return TRUE;
}

static gboolean
maxpool_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const Window win = window_of (spec);
  gsize from = slab_size (&spec->in[0]), to = slab_size (&spec->out);
  int slabs = count_slabs (&spec->out), block = spec->out.block;

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      const float *in = (const float *) call->in[0] + (gsize) s * from;
      float *out = (float *) call->out + (gsize) s * to;
      guint16 *which = call->kept != NULL ? (guint16 *) call->kept + (gsize) s * to : NULL;

      if (block == 16)
        pool_slab_16 (in, out, which, &win);
      else
        pool_slab_8 (in, out, which, &win);
    }
  return TRUE;
}

static gboolean
maxpool_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const Window win = window_of (spec);
  gsize to = slab_size (&spec->in[0]), from = slab_size (&spec->out);
  int slabs = count_slabs (&spec->out), block = spec->out.block;

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      const float *grad_out = (const float *) call->in[0] + (gsize) s * from;
      const guint16 *which = (const guint16 *) call->kept + (gsize) s * from;
      float *grad_in = (float *) call->out + (gsize) s * to;

      if (!add)
        memset (grad_in, 0, to * sizeof (float));
      if (block == 16)
        unpool_slab_16 (grad_out, which, grad_in, &win);
      else
        unpool_slab_8 (grad_out, which, grad_in, &win);
    }
  return TRUE;
}

const EspKernelRow esp_blocked_maxpool = { .compile = maxpool_compile, .forward = maxpool_forward, .backward = maxpool_backward };

/* --- upsample --- */

static gboolean
upsample_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspShape in = spec->in[0].shape, out = spec->out.shape;
  gsize block = (gsize) spec->out.block, row = (gsize) out.w * block;
  int slabs = count_slabs (&spec->out), stride = spec->stride;

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    for (int y = 0; y < in.h; y++)
      {
        const float *from = (const float *) call->in[0] + ((gsize) s * (gsize) in.h + (gsize) y) * (gsize) in.w * block;
        float *to = (float *) call->out + ((gsize) s * (gsize) out.h + (gsize) (y * stride)) * row;

        for (int x = 0; x < out.w; x++)
          memcpy (to + (gsize) x * block, from + (gsize) (x / stride) * block, block * sizeof (float));
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
  int slabs = count_slabs (&spec->out), stride = spec->stride;

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      float *grad_in = (float *) call->out + (gsize) s * slab_size (&spec->in[0]);
      const float *grad_out = (const float *) call->in[0] + (gsize) s * slab_size (&spec->out);

      if (!add)
        memset (grad_in, 0, slab_size (&spec->in[0]) * sizeof (float));
      for (int y = 0; y < out.h; y++)
        for (int x = 0; x < out.w; x++, grad_out += block)
          {
            float *to = grad_in + ((gsize) (y / stride) * (gsize) in.w + (gsize) (x / stride)) * block;

            for (gsize l = 0; l < block; l++)
              to[l] += grad_out[l];
          }
    }
  return TRUE;
}

const EspKernelRow esp_blocked_upsample = { .forward = upsample_forward, .backward = upsample_backward };

/* --- concat --- */

/* Channels @first .. @first + count - 1 of the input go to channels @at .. of the output. */
typedef struct
{
  const EspLayout *from, *to;
  int first, at, count;
} Slice;

/* One slab of the output side. Whole aligned blocks are copied at once, others channel by channel. */
static void
slice_slab (const Slice *slice, const float *in, float *out, int n, int b, gboolean add)
{
  const EspLayout *from = slice->from, *to = slice->to;
  int block = to->block, low = MAX (b * block, slice->at), high = MIN ((b + 1) * block, slice->at + slice->count);
  int source = slice->first + low - slice->at;
  gsize each = slab_size (to), size = (gsize) block;
  float *target = out + (gsize) (n * count_blocks (to) + b) * each;
  const float *start = in + (gsize) (n * count_blocks (from)) * slab_size (from);

  if (!add && low == b * block && high == low + block && source % block == 0 && from->block == block)
    {
      memcpy (target, start + (gsize) (source / block) * each, each * sizeof (float));
      return;
    }
  for (int c = low; c < high; c++, source++)
    {
      const float *channel = start + (gsize) (source / from->block) * slab_size (from) + source % from->block;
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

static void
clear_all_filling (const EspLayout *layout, float *data)
{
  int blocks = count_blocks (layout);

  if (layout->shape.c % layout->block == 0)
    return;
  for (int n = 0; n < layout->shape.n; n++)
    clear_filling (layout, blocks - 1, data + (gsize) (n * blocks + blocks - 1) * slab_size (layout));
}

static gboolean
concat_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  int at = 0;

  for (guint i = 0; i < spec->n_in; i++)
    {
      const Slice slice = { &spec->in[i], &spec->out, 0, at, spec->in[i].shape.c };

      slice_run (&slice, call->in[i], call->out, FALSE);
      at += slice.count;
    }
  clear_all_filling (&spec->out, call->out);
  return TRUE;
}

static gboolean
concat_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  Slice slice = { &spec->out, &spec->in[call->input], 0, 0, spec->in[call->input].shape.c };

  for (guint i = 0; i < call->input; i++)
    slice.first += spec->in[i].shape.c;
  slice_run (&slice, call->in[0], call->out, add);
  if (!add)
    clear_all_filling (slice.to, call->out);
  return TRUE;
}

const EspKernelRow esp_blocked_concat = { .forward = concat_forward, .backward = concat_backward };

/* --- head --- */

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
      int c = i % channels, entry = c % spec->entries;
      const float *from
          = (const float *) call->in[0] + (gsize) (i / channels * count_blocks (in) + c / in->block) * slab_size (in) + c % in->block;
      float *to = (float *) call->out + (gsize) i * plane;

      for (gsize p = 0; p < plane; p++)
        to[p] = from[p * step];
      if (entry != 2 && entry != 3)
        logistic_run (to, to, plane);
    }
  return TRUE;
}

const EspKernelRow esp_blocked_head = { .forward = head_forward };
