/* blocked-average.c: mean pooling on float values of any block
 *
 * A sum is taken row by row, then over the rows, so that its error grows with the side of a map, not with its area. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"

#include <string.h>

/* Rows and columns of the input under the window of one output. */
typedef struct
{
  int y0, y1, x0, x1;
} Under;

static Under
under (const EspSpec *spec, int oy, int ox)
{
  const EspShape s = spec->in[0].shape;
  const EspGeometry *g = &spec->geometry;
  const int y = oy * g->stride_h - g->pad, x = ox * g->stride_w - g->pad;

  return (Under){ MAX (y, 0), MIN (y + g->size_h, s.h), MAX (x, 0), MIN (x + g->size_w, s.w) };
}

ESP_INLINE float
share (const Under *u)
{
  return 1.0f / (float) ((u->y1 - u->y0) * (u->x1 - u->x0));
}

/* The mean of one window, all channels of a block. w: columns of the input. */
ESP_INLINE void
mean (const float *restrict in, float *restrict out, const Under *u, int w, int block)
{
  const float scale = share (u);
  float sum[ESP_MOST_BLOCK] = { 0 };

  for (int y = u->y0; y < u->y1; y++)
    {
      const float *v = in + ((gsize) y * (gsize) w + (gsize) u->x0) * (gsize) block;
      float row[ESP_MOST_BLOCK] = { 0 };

      for (int x = u->x0; x < u->x1; x++, v += block)
#pragma omp simd
        for (int l = 0; l < block; l++)
          row[l] += v[l];
#pragma omp simd
      for (int l = 0; l < block; l++)
        sum[l] += row[l];
    }
#pragma omp simd
  for (int l = 0; l < block; l++)
    out[l] = sum[l] * scale;
}

ESP_INLINE void
spread (const float *restrict grad_out, float *restrict grad_in, const Under *u, int w, int block)
{
  const float scale = share (u);

  for (int y = u->y0; y < u->y1; y++)
    {
      float *g = grad_in + ((gsize) y * (gsize) w + (gsize) u->x0) * (gsize) block;

      for (int x = u->x0; x < u->x1; x++, g += block)
#pragma omp simd
        for (int l = 0; l < block; l++)
          g[l] += grad_out[l] * scale;
    }
}

ESP_CLONES static void
mean_16 (const float *in, float *out, const Under *u, int w)
{
  mean (in, out, u, w, 16);
}

ESP_CLONES static void
mean_8 (const float *in, float *out, const Under *u, int w)
{
  mean (in, out, u, w, 8);
}

ESP_CLONES static void
spread_16 (const float *grad_out, float *grad_in, const Under *u, int w)
{
  spread (grad_out, grad_in, u, w, 16);
}

ESP_CLONES static void
spread_8 (const float *grad_out, float *grad_in, const Under *u, int w)
{
  spread (grad_out, grad_in, u, w, 8);
}

static gboolean
avgpool_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspShape d = spec->out.shape;
  const gsize from = esp_slab_size (&spec->in[0]), to = esp_slab_size (&spec->out);
  const int slabs = esp_count_slabs (&spec->out), block = spec->out.block, w = spec->in[0].shape.w;

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      const float *in = (const float *) call->in[0] + (gsize) s * from;
      float *out = (float *) call->out + (gsize) s * to;

      for (int oy = 0; oy < d.h; oy++)
        for (int ox = 0; ox < d.w; ox++, out += block)
          {
            const Under u = under (spec, oy, ox);

            if (block == 16)
              mean_16 (in, out, &u, w);
            else
              mean_8 (in, out, &u, w);
          }
    }
  return TRUE;
}

static gboolean
avgpool_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspShape d = spec->out.shape;
  const gsize to = esp_slab_size (&spec->in[0]), from = esp_slab_size (&spec->out);
  const int slabs = esp_count_slabs (&spec->out), block = spec->out.block, w = spec->in[0].shape.w;

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      const float *grad_out = (const float *) call->grad_out + (gsize) s * from;
      float *grad_in = (float *) call->grad_in + (gsize) s * to;

      if (!add)
        memset (grad_in, 0, to * sizeof (float));
      for (int oy = 0; oy < d.h; oy++)
        for (int ox = 0; ox < d.w; ox++, grad_out += block)
          {
            const Under u = under (spec, oy, ox);

            if (block == 16)
              spread_16 (grad_out, grad_in, &u, w);
            else
              spread_8 (grad_out, grad_in, &u, w);
          }
    }
  return TRUE;
}

const EspKernelRow esp_blocked_avgpool = { .forward = avgpool_forward, .backward = avgpool_backward };
