/* direct-depth.c: convolutions of each channel by itself, of side 3 or 5, on AVX-512: learned ones
 *
 * One image's block of 16 channels is one unit of work: each takes its channels alone, so that nothing is shared between units. Such
 * operations do little with what they read: rows follow each other through the first-level cache and sums stay in registers. The gradient
 * of the input is the same operation with its weights turned. Gradients of weights are summed over some rows, then over a unit, then over
 * images in double. The bits depend neither on the batch nor on the threads. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/direct-depth.h"

#include <string.h>

#define BLOCK   16
#define COLUMNS 4  /* pixels at a time */
#define ROWS    8  /* whose products are summed up before they go onto others */
#define MOST    25 /* weights of a channel */

#ifdef __x86_64__
#include <immintrin.h>

#define AVX512 __attribute__ ((target ("avx512f")))
#define INLINE static inline __attribute__ ((always_inline))

/* What a row of the output reads. */
typedef struct
{
  const float *in; /* the row and column that its first window begins at, maybe beyond the border */
  const float *weights;
  gsize row;
  int first, last; /* rows of the window that lie in the value, first up to but not including last */
  int left, right; /* columns before x = left and from x = right on have windows that leave the value */
  int w, shift;    /* columns of the input; of the first window's first column */
} Row;

/* Pixels @x .. @x + n - 1 of a row; @whole: no window leaves the value on a side, @tall: nor above or below. */
AVX512 INLINE void
run_pixels (const Row *row, int size, gboolean tall, int x, int n, gboolean whole, const float *start, gsize step, float *out)
{
  __m512 sums[COLUMNS];

#pragma GCC unroll 4
  for (int j = 0; j < n; j++)
    sums[j] = _mm512_loadu_ps (start + (gsize) j * step);
#pragma GCC unroll 5
  for (int y = 0; y < size; y++)
    {
      if (!tall && (y < row->first || y >= row->last))
        continue;
#pragma GCC unroll 5
      for (int k = 0; k < size; k++)
        {
          const __m512 weight = _mm512_loadu_ps (row->weights + (y * size + k) * BLOCK);
          const float *in = row->in + (gssize) y * (gssize) row->row + (x + k) * BLOCK;

          if (!whole && (x + k + row->shift < 0 || x + k + row->shift >= row->w))
            continue;
#pragma GCC unroll 4
          for (int j = 0; j < n; j++)
            sums[j] = _mm512_fmadd_ps (_mm512_loadu_ps (in + j * BLOCK), weight, sums[j]);
        }
    }
#pragma GCC unroll 4
  for (int j = 0; j < n; j++)
    _mm512_storeu_ps (out + j * BLOCK, sums[j]);
}

/* @bias: what sums begin with, NULL: with what lies in @out. */
AVX512 INLINE void
run_row (const Row *row, int size, gboolean tall, int columns, const float *bias, float *out)
{
  const int left = MIN (row->left, columns), right = MAX (row->right, left);
  const gsize step = bias != NULL ? 0 : BLOCK;
  int x = 0;

  for (; x < left; x++)
    run_pixels (row, size, tall, x, 1, FALSE, bias != NULL ? bias : out + x * BLOCK, step, out + x * BLOCK);
  for (; x + COLUMNS <= right; x += COLUMNS)
    run_pixels (row, size, tall, x, COLUMNS, TRUE, bias != NULL ? bias : out + x * BLOCK, step, out + x * BLOCK);
  for (; x < columns; x++)
    run_pixels (row, size, tall, x, 1, FALSE, bias != NULL ? bias : out + x * BLOCK, step, out + x * BLOCK);
}

/* What output row @y reads of a slab of @in: stride 1 or more. */
static Row
find_row (const EspGeometry *g, EspShape in, const float *slab, const float *weights, int y, int pad)
{
  const int top = y * g->stride_h - pad, side = g->size_h;
  const gsize row = (gsize) in.w * BLOCK;

  return (Row){ .in = slab + (gssize) top * (gssize) row - pad * BLOCK,
                .weights = weights,
                .row = row,
                .first = MAX (0, -top),
                .last = MIN (side, in.h - top),
                .left = (pad + g->stride_w - 1) / g->stride_w,
                .right = in.w + pad < side ? 0 : (in.w + pad - side) / g->stride_w + 1,
                .w = in.w,
                .shift = -pad };
}

AVX512 static void
run_3 (const Row *row, int columns, const float *bias, float *out)
{
  if (row->first == 0 && row->last == 3)
    run_row (row, 3, TRUE, columns, bias, out);
  else
    run_row (row, 3, FALSE, columns, bias, out);
}

AVX512 static void
run_5 (const Row *row, int columns, const float *bias, float *out)
{
  if (row->first == 0 && row->last == 5)
    run_row (row, 5, TRUE, columns, bias, out);
  else
    run_row (row, 5, FALSE, columns, bias, out);
}

/* One direction: each image's blocks of @from onto those of @to. @pad: before the first row and column of @from. */
static void
run (const EspCall *call, const EspLayout *from, const float *in, const EspLayout *to, float *out, int pad, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const int side = spec->geometry.size_h, slabs = esp_count_slabs (from), blocks = esp_count_blocks (from);
  const gsize each = (gsize) (side * side + 1) * BLOCK, row = (gsize) to->shape.w * BLOCK;

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    {
      const float *weights = (const float *) call->scratch + (gsize) (s % blocks) * each,
                  *bias = add ? NULL : weights + side * side * BLOCK;

      for (int y = 0; y < to->shape.h; y++)
        {
          const Row reads = find_row (&spec->geometry, from->shape, in + (gsize) s * esp_slab_size (from), weights, y, pad);
          float *written = out + (gsize) s * esp_slab_size (to) + (gsize) y * row;

          (side == 3 ? run_3 : run_5) (&reads, to->shape.w, bias, written);
          if (!call->is_backward && spec->activation != ESP_ACTIVATION_LINEAR)
            esp_activate (spec->activation, written, written, row);
        }
    }
}

static gsize
packed_bytes (const EspSpec *spec)
{
  const int side = spec->geometry.size_h;

  return (gsize) esp_count_blocks (&spec->out) * (gsize) (side * side + 1) * BLOCK * sizeof (float);
}

/* Into the call's scratch: the weights of one block of channels, 16 of each place, then as many biases, then the next. Backward turns the
 * window by half a turn. */
static void
pack (const EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const int taps = spec->geometry.size_h * spec->geometry.size_w;
  const float *weights = call->in[1], *bias = call->is_backward || spec->n_in < 3 ? NULL : call->in[2];
  float *packed = call->scratch;

  memset (packed, 0, packed_bytes (spec));
  for (int c = 0; c < spec->out.shape.c; c++)
    {
      float *to = packed + (gsize) (c / BLOCK * (taps + 1)) * BLOCK + c % BLOCK;

      for (int k = 0; k < taps; k++)
        to[k * BLOCK] = weights[c * taps + (call->is_backward ? taps - 1 - k : k)];
      to[taps * BLOCK] = bias != NULL ? bias[c] : 0;
    }
}

static gboolean
forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;

  pack (call);
  run (call, &spec->in[0], call->in[0], &spec->out, call->out, spec->geometry.pad, FALSE);
  return TRUE;
}

static gboolean
backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;

  pack (call);
  run (call, &spec->out, call->grad_out, &spec->in[0], call->grad_in, spec->geometry.size_h - 1 - spec->geometry.pad, add);
  return TRUE;
}

static gboolean
takes (const EspSpec *spec)
{
  return spec->learned && spec->geometry.stride_h == 1 && spec->geometry.stride_w == 1
         && esp_is_depth (&spec->geometry, &spec->in[0], &spec->out) && esp_activation_keeps_zero (spec->activation);
}

static gboolean
compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  kernel->name = "direct-depth:avx512";
  kernel->scratch = packed_bytes (spec);
  return TRUE;
}

/* Weights ------------------------------------------------------------------------------------------------------------------------------ */

/* One pixel of the gradient with what its window reads. */
AVX512 INLINE void
multiply_pixel (const Row *row, int size, gboolean tall, int stride, int x, gboolean whole, __m512 grad, __m512 sums[MOST])
{
#pragma GCC unroll 5
  for (int y = 0; y < size; y++)
    {
      if (!tall && (y < row->first || y >= row->last))
        continue;
#pragma GCC unroll 5
      for (int k = 0; k < size; k++)
        {
          const int column = x * stride + k;

          if (whole || (column + row->shift >= 0 && column + row->shift < row->w))
            sums[y * size + k]
                = _mm512_fmadd_ps (grad, _mm512_loadu_ps (row->in + (gssize) y * (gssize) row->row + column * BLOCK), sums[y * size + k]);
        }
    }
}

AVX512 INLINE void
multiply_row (const Row *row, int size, gboolean tall, int stride, int columns, const float *grad, __m512 sums[MOST])
{
  const int left = MIN (row->left, columns), right = CLAMP (row->right, left, columns);
  int x = 0;

  for (; x < left; x++)
    multiply_pixel (row, size, tall, stride, x, FALSE, _mm512_loadu_ps (grad + x * BLOCK), sums);
  for (; x < right; x++)
    multiply_pixel (row, size, tall, stride, x, TRUE, _mm512_loadu_ps (grad + x * BLOCK), sums);
  for (; x < columns; x++)
    multiply_pixel (row, size, tall, stride, x, FALSE, _mm512_loadu_ps (grad + x * BLOCK), sums);
}

/* Rows @top up to @end of a slab: adds to @to. */
AVX512 INLINE void
multiply_rows (const EspSpec *spec, int size, const float *in, const float *grad, int top, int end, float *to)
{
  const EspGeometry *g = &spec->geometry;
  const int w = spec->in[1].shape.w;
  __m512 sums[MOST];

#pragma GCC unroll 25
  for (int k = 0; k < size * size; k++)
    sums[k] = _mm512_setzero_ps ();
  for (int y = top; y < end; y++)
    {
      const Row row = find_row (g, spec->in[0].shape, in, NULL, y, g->pad);

      if (row.first == 0 && row.last == size)
        multiply_row (&row, size, TRUE, g->stride_w, w, grad + (gsize) y * (gsize) w * BLOCK, sums);
      else
        multiply_row (&row, size, FALSE, g->stride_w, w, grad + (gsize) y * (gsize) w * BLOCK, sums);
    }
#pragma GCC unroll 25
  for (int k = 0; k < size * size; k++)
    _mm512_storeu_ps (to + k * BLOCK, _mm512_add_ps (_mm512_loadu_ps (to + k * BLOCK), sums[k]));
}

AVX512 static void
multiply_3 (const EspSpec *spec, const float *in, const float *grad, int top, int end, float *to)
{
  multiply_rows (spec, 3, in, grad, top, end, to);
}

AVX512 static void
multiply_5 (const EspSpec *spec, const float *in, const float *grad, int top, int end, float *to)
{
  multiply_rows (spec, 5, in, grad, top, end, to);
}

/* The sums of one slab. */
static void
multiply_slab (const EspCall *call, int slab, float *sums)
{
  const EspSpec *spec = &call->kernel->spec;
  const int side = spec->geometry.size_h, h = spec->in[1].shape.h;
  const float *in = (const float *) call->in[0] + (gsize) slab * esp_slab_size (&spec->in[0]);
  const float *grad = (const float *) call->in[1] + (gsize) slab * esp_slab_size (&spec->in[1]);

  memset (sums, 0, (gsize) (side * side) * BLOCK * sizeof *sums);
  for (int y = 0; y < h; y += ROWS)
    (side == 3 ? multiply_3 : multiply_5) (spec, in, grad, y, MIN (y + ROWS, h), sums);
}

static gboolean
weights_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const int taps = spec->geometry.size_h * spec->geometry.size_w, slabs = esp_count_slabs (&spec->in[1]);
  const int blocks = esp_count_blocks (&spec->in[1]);
  float *sums = call->scratch, *out = call->out;

#pragma omp parallel for schedule(static)
  for (int s = 0; s < slabs; s++)
    multiply_slab (call, s, sums + (gsize) (s * taps) * BLOCK);
  for (int c = 0; c < spec->in[1].shape.c; c++)
    for (int k = 0; k < taps; k++, out++)
      {
        double total = call->add ? (double) *out : 0;

        for (int s = c / BLOCK; s < slabs; s += blocks)
          total += (double) sums[(gsize) (s * taps + k) * BLOCK + (gsize) (c % BLOCK)];
        *out = (float) total;
      }
  if (!spec->learned)
    esp_sum_channels (&spec->in[1], call->in[1], out, call->add);
  return TRUE;
}

static gboolean
takes_weights (const EspSpec *spec)
{
  return esp_is_depth (&spec->geometry, &spec->in[0], &spec->in[1]);
}

static gboolean
compile_weights (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  kernel->name = "direct-depth:avx512";
  kernel->scratch
      = (gsize) esp_count_slabs (&spec->in[1]) * (gsize) (spec->geometry.size_h * spec->geometry.size_w) * BLOCK * sizeof (float);
  return TRUE;
}
#else
static gboolean
takes (const EspSpec *spec)
{
  return FALSE;
}
#define takes_weights   takes
#define compile         NULL
#define forward         NULL
#define backward        NULL
#define compile_weights NULL
#define weights_forward NULL
#endif

const EspKernelRow esp_direct_depth = { .takes = takes, .compile = compile, .forward = forward, .backward = backward };

const EspKernelRow esp_direct_depth_weights = { .takes = takes_weights, .compile = compile_weights, .forward = weights_forward };
