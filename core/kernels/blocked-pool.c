/* blocked-pool.c: pooling on float values of any block */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"

#include <float.h>
#include <string.h>

typedef struct
{
  int h, w, out_h, out_w, size_h, size_w, stride_h, stride_w, pad;
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
        float best[ESP_MOST_BLOCK];
        int index[ESP_MOST_BLOCK];

        clip (oy, win->stride_h, win->pad, win->size_h, win->h, &y0, &y1, &ky);
        clip (ox, win->stride_w, win->pad, win->size_w, win->w, &x0, &x1, &kx);
#pragma omp simd
        for (int l = 0; l < block; l++)
          best[l] = -FLT_MAX, index[l] = 0xffff;
        for (int y = y0; y < y1; y++)
          for (int x = x0; x < x1; x++)
            {
              const float *v = in + ((gsize) y * (gsize) win->w + (gsize) x) * (gsize) block;
              int k = (ky + y - y0) * win->size_w + kx + x - x0;

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

        clip (oy, win->stride_h, win->pad, win->size_h, win->h, &y0, &y1, &ky);
        clip (ox, win->stride_w, win->pad, win->size_w, win->w, &x0, &x1, &kx);
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

        clip (oy, win->stride_h, win->pad, win->size_h, win->h, &y0, &y1, &ky);
        clip (ox, win->stride_w, win->pad, win->size_w, win->w, &x0, &x1, &kx);
        for (int y = y0; y < y1; y++)
          for (int x = x0; x < x1; x++)
            {
              float *g = grad_in + ((gsize) y * (gsize) win->w + (gsize) x) * (gsize) block;
              int k = (ky + y - y0) * win->size_w + kx + x - x0;

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
  const EspGeometry *g = &spec->geometry;

  return (Window){ spec->in[0].shape.h, spec->in[0].shape.w, spec->out.shape.h,
                   spec->out.shape.w,   g->size_h,           g->size_w,
                   g->stride_h,         g->stride_w,         g->pad };
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
  gsize from = esp_slab_size (&spec->in[0]), to = esp_slab_size (&spec->out);
  int slabs = esp_count_slabs (&spec->out), block = spec->out.block;

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
  gsize to = esp_slab_size (&spec->in[0]), from = esp_slab_size (&spec->out);
  int slabs = esp_count_slabs (&spec->out), block = spec->out.block;

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      const float *grad_out = (const float *) call->grad_out + (gsize) s * from;
      const guint16 *which = (const guint16 *) call->kept + (gsize) s * from;
      float *grad_in = (float *) call->grad_in + (gsize) s * to;

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
