/* blocked-product.c: products of two float values of any block */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"

/* How the gate lies over the map. */
typedef enum
{
  GATE_WHOLE,   /* as large as the map */
  GATE_CHANNEL, /* one number a channel */
  GATE_PIXEL,   /* one channel over all of the map's */
} Gate;

static Gate
gate_kind (const EspSpec *spec)
{
  if (esp_shape_equal (spec->in[0].shape, spec->in[1].shape))
    return GATE_WHOLE;
  return spec->in[0].shape.c == spec->in[1].shape.c ? GATE_CHANNEL : GATE_PIXEL;
}

/* The gate that belongs to slab @s of the map. */
static gsize
gate_start (const EspSpec *spec, Gate kind, int s)
{
  if (kind == GATE_PIXEL)
    s /= esp_count_blocks (&spec->in[1]);
  return (gsize) s * esp_slab_size (&spec->in[0]);
}

/* out = gate * map or, with add, out += gate * map, over one slab of @n numbers. */
ESP_CLONES static void
multiply_slab (Gate kind, const float *restrict gate, const float *restrict map, float *restrict out, gsize n, gsize block, gboolean add)
{
  if (kind == GATE_WHOLE)
    {
#pragma omp simd
      for (gsize i = 0; i < n; i++)
        out[i] = (add ? out[i] : 0.0f) + gate[i] * map[i];
      return;
    }
  for (gsize i = 0; i < n; i += block)
    {
      const gsize start = kind == GATE_PIXEL ? i : 0, step = kind == GATE_PIXEL ? 0 : 1;

#pragma omp simd
      for (gsize l = 0; l < block; l++)
        out[i + l] = (add ? out[i + l] : 0.0f) + gate[start + l * step] * map[i + l];
    }
}

static gboolean
multiply_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const Gate kind = gate_kind (spec);
  gsize each = esp_slab_size (&spec->out);
  int slabs = esp_count_slabs (&spec->out);

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      float *out = (float *) call->out + (gsize) s * each;

      multiply_slab (kind, (const float *) call->in[0] + gate_start (spec, kind, s), (const float *) call->in[1] + (gsize) s * each, out,
                     each, (gsize) spec->out.block, FALSE);
      if (spec->activation != ESP_ACTIVATION_LINEAR)
        esp_activate (spec->activation, out, out, each);
      esp_clear_filling (&spec->out, s, out);
    }
  return TRUE;
}

static void
map_backward (EspCall *call, Gate kind, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize each = esp_slab_size (&spec->out);
  int slabs = esp_count_slabs (&spec->out);

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    multiply_slab (kind, (const float *) call->in[0] + gate_start (spec, kind, s), (const float *) call->grad_out + (gsize) s * each,
                   (float *) call->grad_in + (gsize) s * each, each, (gsize) spec->out.block, add);
}

/* One number a channel: the sum over its pixels, row by row. */
ESP_CLONES static void
channel_slab (const float *restrict map, const float *restrict grad_out, float *restrict grad, gsize n, gsize block, gboolean add)
{
  float total[ESP_MOST_BLOCK] = { 0 };

  for (gsize i = 0; i < n; i += block)
#pragma omp simd
    for (gsize l = 0; l < block; l++)
      total[l] += map[i + l] * grad_out[i + l];
  for (gsize l = 0; l < block; l++)
    grad[l] = (add ? grad[l] : 0.0f) + total[l];
}

/* One number a pixel: the sum over the channels of one image, block by block. */
ESP_CLONES static void
pixel_image (
    const float *restrict map, const float *restrict grad_out, float *restrict grad, gsize n, int blocks, gsize block, gboolean add)
{
  for (gsize i = 0; i < n; i += block)
    {
      float total = add ? grad[i] : 0.0f;

      for (gsize b = 0; b < (gsize) blocks; b++)
        for (gsize l = 0; l < block; l++)
          total += map[b * n + i + l] * grad_out[b * n + i + l];
      grad[i] = total;
      for (gsize l = 1; l < block; l++)
        grad[i + l] = 0;
    }
}

static void
gate_backward (EspCall *call, Gate kind, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize each = esp_slab_size (&spec->out), block = (gsize) spec->out.block;
  int blocks = esp_count_blocks (&spec->out), parts = kind == GATE_PIXEL ? spec->out.shape.n : esp_count_slabs (&spec->out);

#pragma omp parallel for schedule(static)
  for (int i = 0; i < parts; i++)
    {
      gsize at = (gsize) i * (kind == GATE_PIXEL ? (gsize) blocks : 1) * each;
      const float *map = (const float *) call->in[1] + at, *grad_out = (const float *) call->grad_out + at;
      float *grad = (float *) call->grad_in + (gsize) i * esp_slab_size (&spec->in[0]);

      if (kind == GATE_PIXEL)
        pixel_image (map, grad_out, grad, each, blocks, block, add);
      else if (kind == GATE_CHANNEL)
        channel_slab (map, grad_out, grad, each, block, add);
      else
        multiply_slab (GATE_WHOLE, map, grad_out, grad, each, block, add);
    }
}

static gboolean
multiply_backward (EspCall *call, gboolean add)
{
  const Gate kind = gate_kind (&call->kernel->spec);

  if (call->input == 0)
    gate_backward (call, kind, add);
  else
    map_backward (call, kind, add);
  return TRUE;
}

const EspKernelRow esp_blocked_multiply = { .forward = multiply_forward, .backward = multiply_backward };
