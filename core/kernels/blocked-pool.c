/* blocked-pool.c: pooling on float values of any block */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"

#include <float.h>
#include <string.h>

#define STRIPE 8 /* rows */

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
pool_rows (const float *restrict in, float *restrict out, guint16 *restrict which, const Window *win, int from, int to, int block)
{
  for (int oy = from; oy < to; oy++)
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
                  const int more = -(v[l] > best[l]); /* all bits; a choice would be compiled to a branch */

                  index[l] = (index[l] & ~more) | (k & more);
                  best[l] = v[l] > best[l] ? v[l] : best[l];
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
peek_rows (const float *restrict in, float *restrict out, const Window *win, int from, int to, int block)
{
  for (int oy = from; oy < to; oy++)
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

/* Windows that tile the input: each number is written once, whatever was there. Gradients whose @out is not above 0 are multiplied by
 * @below. */
ESP_INLINE void
tile_rows (const float *restrict out,
           const float *restrict grad_out,
           const guint16 *restrict which,
           float *restrict grad_in,
           const Window *win,
           float below,
           int from,
           int to,
           int block)
{
  for (int oy = from; oy < to; oy++)
    for (int ox = 0; ox < win->out_w; ox++, out += block, grad_out += block, which += block)
      {
        const int y0 = oy * win->size_h, y1 = MIN (y0 + win->size_h, win->h), x0 = ox * win->size_w, x1 = MIN (x0 + win->size_w, win->w);
        float bent[ESP_MOST_BLOCK];

#pragma omp simd
        for (int l = 0; l < block; l++)
          bent[l] = grad_out[l] * (out[l] > 0 ? 1.0f : below);
        for (int y = y0; y < y1; y++)
          for (int x = x0; x < x1; x++)
            {
              float *g = grad_in + ((gsize) y * (gsize) win->w + (gsize) x) * (gsize) block;
              int k = (y - y0) * win->size_w + x - x0;

#pragma omp simd
              for (int l = 0; l < block; l++)
                g[l] = which[l] == k ? bent[l] : 0.0f;
            }
      }
}

/* Rows @from .. @to - 1 of what comes out of one slab; @out and @which from there on, @in all of it. */
#define POOL(block)                                                                                                                        \
  ESP_CLONES static void pool_rows_##block (const float *in, float *out, guint16 *which, const Window *win, int from, int to)              \
  {                                                                                                                                        \
    if (which != NULL)                                                                                                                     \
      pool_rows (in, out, which, win, from, to, block);                                                                                    \
    else                                                                                                                                   \
      peek_rows (in, out, win, from, to, block);                                                                                           \
  }                                                                                                                                        \
  ESP_CLONES static void unpool_slab_##block (const float *grad_out, const guint16 *which, float *grad_in, const Window *win)              \
  {                                                                                                                                        \
    unpool_slab (grad_out, which, grad_in, win, block);                                                                                    \
  }                                                                                                                                        \
  ESP_CLONES static void tile_rows_##block (const float *out, const float *grad_out, const guint16 *which, float *grad_in,                 \
                                            const Window *win, float below, int from, int to)                                              \
  {                                                                                                                                        \
    tile_rows (out, grad_out, which, grad_in, win, below, from, to, block);                                                                \
  }

POOL (16)
POOL (8)

static Window
window_of (const EspSpec *spec)
{
  const EspGeometry *g = &spec->geometry;

  return (Window){ spec->in[0].shape.h, spec->in[0].shape.w, spec->out.shape.h,
                   spec->out.shape.w,   g->size_h,           g->size_w,
                   g->stride_h,         g->stride_w,         g->pad };
}

/* Whether each number of the input lies in exactly one window. */
static gboolean
is_tiling (const Window *win)
{
  return win->pad == 0 && win->size_h == win->stride_h && win->size_w == win->stride_w && win->out_h * win->size_h >= win->h
         && win->out_w * win->size_w >= win->w;
}

/* Some rows of what comes out of a slab, so that few channels are work for many threads, too. */
typedef struct
{
  gsize in, out; /* where in the values */
  int from, to;
} Stripe;

static int
count_stripes (const EspLayout *out)
{
  return esp_count_slabs (out) * ((out->shape.h + STRIPE - 1) / STRIPE);
}

static Stripe
stripe_of (const EspSpec *spec, int i)
{
  const int each = (spec->out.shape.h + STRIPE - 1) / STRIPE, from = i % each * STRIPE;
  const gsize slab = (gsize) (i / each), row = (gsize) spec->out.shape.w * (gsize) spec->out.block;

  return (Stripe){ slab * esp_slab_size (&spec->in[0]), slab * esp_slab_size (&spec->out) + (gsize) from * row, from,
                   MIN (from + STRIPE, spec->out.shape.h) };
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

#pragma omp parallel for schedule(static)
  for (int i = 0; i < count_stripes (&spec->out); i++)
    {
      const Stripe s = stripe_of (spec, i);
      const float *in = (const float *) call->in[0] + s.in;
      float *out = (float *) call->out + s.out;
      guint16 *which = call->kept != NULL ? (guint16 *) call->kept + s.out : NULL;

      (spec->out.block == 16 ? pool_rows_16 : pool_rows_8) (in, out, which, &win, s.from, s.to);
    }
  return TRUE;
}

/* @below: 1 where only the pool is undone: the output, which may be NULL, then says nothing. */
static void
tile_backward (EspCall *call, const Window *win, float below)
{
  const EspSpec *spec = &call->kernel->spec;

#pragma omp parallel for schedule(static)
  for (int i = 0; i < count_stripes (&spec->out); i++)
    {
      const Stripe s = stripe_of (spec, i);
      const float *grad_out = (const float *) call->grad_out + s.out, *out = below == 1 ? grad_out : (const float *) call->out + s.out;
      const guint16 *which = (const guint16 *) call->kept + s.out;

      (spec->out.block == 16 ? tile_rows_16 : tile_rows_8) (out, grad_out, which, (float *) call->grad_in + s.in, win, below, s.from, s.to);
    }
}

static gboolean
maxpool_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const Window win = window_of (spec);
  gsize to = esp_slab_size (&spec->in[0]), from = esp_slab_size (&spec->out);
  int slabs = esp_count_slabs (&spec->out), block = spec->out.block;

  if (!add && is_tiling (&win))
    {
      tile_backward (call, &win, 1);
      return TRUE;
    }
#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      const float *grad_out = (const float *) call->grad_out + (gsize) s * from;
      const guint16 *which = (const guint16 *) call->kept + (gsize) s * from;
      float *grad_in = (float *) call->grad_in + (gsize) s * to;

      if (!add)
        memset (grad_in, 0, to * sizeof (float));
      (block == 16 ? unpool_slab_16 : unpool_slab_8) (grad_out, which, grad_in, &win);
    }
  return TRUE;
}

const EspKernelRow esp_blocked_maxpool = { .compile = maxpool_compile, .forward = maxpool_forward, .backward = maxpool_backward };

/* The largest number of a window says the slope of the activation before the pool as well as the number it is a copy of. */
static gboolean
bent_takes (const EspSpec *spec)
{
  const Window win = window_of (spec);

  return spec->backward && is_tiling (&win) && (spec->activation == ESP_ACTIVATION_LEAKY || spec->activation == ESP_ACTIVATION_RELU);
}

static gboolean
bent_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const Window win = window_of (spec);

  g_return_val_if_fail (!add, FALSE);
  tile_backward (call, &win, spec->activation == ESP_ACTIVATION_LEAKY ? 0.1f : 0);
  return TRUE;
}

const EspKernelRow esp_blocked_maxpool_bent
    = { .takes = bent_takes, .compile = maxpool_compile, .forward = maxpool_forward, .backward = bent_backward };
