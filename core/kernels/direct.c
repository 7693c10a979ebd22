/* direct.c: convolutions of side 3, stride 1 and pad 1 on AVX-512, forward and backward
 *
 * The sum of one output goes over input blocks, then rows, columns and channels of the window, whatever the threads and the batch: the bits
 * do not depend on them. A tile is up to 14 columns of one row, two blocks of output channels: its sums fill the registers, each weight
 * that is loaded serves all columns and each input number both blocks. Weights of one input block (18 kB) meet a whole stripe of rows
 * before the next ones are fetched, so they come from memory once. What lies beyond the border is left out instead of multiplied by 0.
 * The gradient of the input is the same operation with weights transposed and turned. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"
#include "kernels/transpose.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pages.h"

#define BLOCK  16
#define TAPS   9
#define LEAST  7                      /* columns of a tile: narrower values are left to oneDNN */
#define MOST   14                     /* columns of a tile: 28 sums, 2 weights and 1 input number in 32 registers */
#define STRIPE 24576                  /* bytes of output of two blocks in a stripe: half of a first-level cache */
#define LINE   16                     /* floats of a cache line */
#define CHUNK  (TAPS * BLOCK * BLOCK) /* weights of one block to one block */

#ifdef __x86_64__
#include <immintrin.h>

#define AVX512 __attribute__ ((target ("avx512f")))

/* One direction: weights lie pair of output blocks, input block, row, column, input channel, output channel of the pair. */
typedef struct
{
  float *weights, *bias;
  EspShape from, to; /* from: what is read; to: what is written */
  float slope;
  EspActivation follows; /* what is no slope runs over each stripe when it is summed up; linear: nothing */
} Pass;

typedef struct
{
  Pass forward, backward;
} Direct;

/* Some columns of one row, one block of input. */
typedef struct
{
  const float *in;      /* the number below the middle of the window, first column */
  const float *weights; /* of this input block */
  const float *bias;    /* NULL: the sums are added to out */
  float *out;
  gsize row, plane;           /* numbers in a row and between two output blocks */
  int channels;               /* of the input block: those that only fill it are 0 and are left out */
  int first, last;            /* rows of the window that lie in the value: 0 .. 2 */
  gboolean is_left, is_right; /* at that border of the value */
  gboolean bends;             /* the sums are complete: apply the slope */
  float slope;
} Tile;

/* Adds one column of the window to the sums of tile columns @from .. @to - 1. */
AVX512 static inline __attribute__ ((always_inline)) void
add_column (__m512 sums[MOST][2], const float *in, const float *weights, int channels, int shift, int from, int to, int blocks)
{
  for (int i = 0; i < channels; i++)
    {
      const __m512 w0 = _mm512_load_ps (weights + i * blocks * BLOCK);
      const __m512 w1 = blocks == 2 ? _mm512_load_ps (weights + (2 * i + 1) * BLOCK) : w0;

#pragma GCC unroll 14
      for (int j = from; j < to; j++)
        {
          const __m512 v = _mm512_set1_ps (in[(j + shift) * BLOCK + i]);

          sums[j][0] = _mm512_fmadd_ps (v, w0, sums[j][0]);
          if (blocks == 2)
            sums[j][1] = _mm512_fmadd_ps (v, w1, sums[j][1]);
        }
    }
}

AVX512 static inline __attribute__ ((always_inline)) void
begin (__m512 sums[MOST][2], int columns, int blocks)
{
#pragma GCC unroll 2
  for (int b = 0; b < blocks; b++)
#pragma GCC unroll 14
    for (int j = 0; j < columns; j++)
      sums[j][b] = _mm512_setzero_ps ();
}

/* The sums of one input block go onto what there is, so that no sum is longer than one block's: rounding grows with the root of the
 * length. */
AVX512 static inline __attribute__ ((always_inline)) void
finish (const Tile *tile, __m512 sums[MOST][2], int columns, int blocks)
{
  const __m512 slope = _mm512_set1_ps (tile->slope), zero = _mm512_setzero_ps ();

#pragma GCC unroll 2
  for (int b = 0; b < blocks; b++)
    {
      const __m512 bias = tile->bias != NULL ? _mm512_load_ps (tile->bias + b * BLOCK) : zero;
      float *out = tile->out + (gsize) b * tile->plane;

      if (tile->bias != NULL)
#pragma GCC unroll 14
        for (int j = 0; j < columns; j++)
          sums[j][b] = _mm512_add_ps (bias, sums[j][b]);
      else
#pragma GCC unroll 14
        for (int j = 0; j < columns; j++)
          sums[j][b] = _mm512_add_ps (_mm512_load_ps (out + j * BLOCK), sums[j][b]);
      if (tile->bends)
#pragma GCC unroll 14
        for (int j = 0; j < columns; j++)
          sums[j][b] = _mm512_mask_mul_ps (sums[j][b], _mm512_cmp_ps_mask (sums[j][b], zero, _CMP_LE_OQ), sums[j][b], slope);
#pragma GCC unroll 14
      for (int j = 0; j < columns; j++)
        _mm512_store_ps (out + j * BLOCK, sums[j][b]);
    }
}

AVX512 static inline __attribute__ ((always_inline)) void
run_tile (const Tile *tile, int columns, int blocks)
{
  const int step = BLOCK * BLOCK * blocks, channels = tile->channels;
  __m512 sums[MOST][2];

  begin (sums, columns, blocks);
  for (int y = tile->first; y <= tile->last; y++)
    {
      const float *in = tile->in + (gssize) (y - 1) * (gssize) tile->row, *weights = tile->weights + 3 * y * step;

      if (tile->is_left)
        add_column (sums, in, weights, channels, -1, 1, columns, blocks);
      else
        add_column (sums, in, weights, channels, -1, 0, columns, blocks);
      add_column (sums, in, weights + step, channels, 0, 0, columns, blocks);
      if (tile->is_right)
        add_column (sums, in, weights + 2 * step, channels, 1, 0, columns - 1, blocks);
      else
        add_column (sums, in, weights + 2 * step, channels, 1, 0, columns, blocks);
    }
  finish (tile, sums, columns, blocks);
}

/* clang-format off */
#define TILE(columns, blocks)                                     \
  AVX512 static void tile_##columns##_##blocks (const Tile *tile) \
  {                                                               \
    run_tile (tile, columns, blocks);                             \
  }
#define TILES(columns) TILE (columns, 1) TILE (columns, 2)
TILES (7) TILES (8) TILES (9) TILES (10) TILES (11) TILES (12) TILES (13) TILES (14)
    /* clang-format on */

    /* By blocks - 1 and columns - LEAST. */
    static void (*const tiles[2][MOST - LEAST + 1]) (const Tile *tile)
    = { { tile_7_1, tile_8_1, tile_9_1, tile_10_1, tile_11_1, tile_12_1, tile_13_1, tile_14_1 },
        { tile_7_2, tile_8_2, tile_9_2, tile_10_2, tile_11_2, tile_12_2, tile_13_2, tile_14_2 } };

static int
count_blocks (EspShape shape)
{
  return (shape.c + BLOCK - 1) / BLOCK;
}

/* One row of all its tiles; the widths of two tiles differ by 1 at most. */
static void
run_row (const Pass *pass, Tile tile, int y, int blocks)
{
  const int w = pass->to.w, n = (w + MOST - 1) / MOST;
  const float *in = tile.in + (gsize) y * tile.row;
  float *out = tile.out + (gsize) y * tile.row;

  tile.first = y == 0 ? 1 : 0;
  tile.last = y == pass->to.h - 1 ? 1 : 2;
  for (int k = 0; k < n; k++)
    {
      const int x = k * w / n, columns = (k + 1) * w / n - x;

      tile.in = in + x * BLOCK;
      tile.out = out + x * BLOCK;
      tile.is_left = k == 0;
      tile.is_right = k == n - 1;
      tiles[blocks - 1][columns - LEAST](&tile);
    }
}

/* The next weights, a part while each row is computed, so that they are near when their turn comes. Always inline:
 * a function that only prefetches counts as one without effect, and the calls would be dropped. */
static inline __attribute__ ((always_inline)) void
fetch (const float *weights, gsize n, int part, int parts)
{
  const gsize lines = n / LINE, from = lines * (gsize) part / (gsize) parts, to = lines * (gsize) (part + 1) / (gsize) parts;

  for (gsize l = from; l < to; l++)
    __builtin_prefetch (weights + l * LINE, 0, 2);
}

/* Rows @top .. @end - 1 of one image and one pair of output blocks. @add: the sums go on from what lies there. */
static void
run_stripe (const Pass *pass, const float *in, float *out, int pair, int top, int end, gboolean add)
{
  const int from = count_blocks (pass->from), blocks = MIN (2, count_blocks (pass->to) - 2 * pair);
  const gsize row = (gsize) pass->to.w * BLOCK, plane = row * (gsize) pass->to.h, chunk = (gsize) CHUNK * (gsize) blocks;
  const float *weights = pass->weights + (gsize) pair * (gsize) from * 2 * CHUNK;

  for (int c = 0; c < from; c++, weights += chunk)
    {
      const Tile tile = { .in = in + (gsize) c * plane,
                          .weights = weights,
                          .bias = c == 0 && !add ? pass->bias + 2 * pair * BLOCK : NULL,
                          .out = out + (gsize) (2 * pair) * plane,
                          .row = row,
                          .plane = plane,
                          .channels = MIN (BLOCK, pass->from.c - c * BLOCK),
                          .bends = c == from - 1 && pass->slope != 1.0f,
                          .slope = pass->slope };

      for (int y = top; y < end; y++)
        {
          fetch (weights + chunk, chunk, y - top, end - top);
          run_row (pass, tile, y, blocks);
        }
    }
  for (int b = 0; b < blocks && pass->follows != ESP_ACTIVATION_LINEAR; b++)
    {
      float *rows = out + (gsize) (2 * pair + b) * plane + (gsize) top * row;

      esp_activate (pass->follows, rows, rows, (gsize) (end - top) * row);
    }
}

static void
run_pass (const Pass *pass, const float *in, float *out, gboolean add)
{
  const int pairs = (count_blocks (pass->to) + 1) / 2, h = pass->to.h;
  const int rows = CLAMP (STRIPE / (2 * BLOCK * (int) sizeof (float) * pass->to.w), 1, h), stripes = (h + rows - 1) / rows;
  const gsize plane = (gsize) h * (gsize) pass->to.w * BLOCK;
  const gsize from = plane * (gsize) count_blocks (pass->from), to = plane * (gsize) count_blocks (pass->to);

#pragma omp parallel for schedule(static)
  for (int i = 0; i < pass->to.n * pairs * stripes; i++)
    {
      const int n = i / (pairs * stripes), pair = i / stripes % pairs, s = i % stripes;

      run_stripe (pass, in + (gsize) n * from, out + (gsize) n * to, pair, s * h / stripes, (s + 1) * h / stripes, add);
    }
}

/* Weights between the block of 16 channels @f that is read and channel @t that is written. */
static void
pack_channel (const EspSpec *spec, const Pass *pass, const float *weights, gboolean backward, int f, int t)
{
  const int from = count_blocks (pass->from), pair = t / (2 * BLOCK), blocks = MIN (2, count_blocks (pass->to) - 2 * pair);
  const int channels = spec->in[0].shape.c;
  float *to = pass->weights + ((gsize) pair * (gsize) from * 2 + (gsize) (f * blocks)) * CHUNK + t % (2 * BLOCK);

  for (int i = f * BLOCK; i < MIN ((f + 1) * BLOCK, pass->from.c); i++, to += blocks * BLOCK)
    {
      const int filter = backward ? i : t, channel = backward ? t : i;
      const float *own = weights + ((gsize) filter * (gsize) channels + (gsize) channel) * TAPS;

      if (spec->gain == NULL)
        for (int k = 0; k < TAPS; k++)
          to[k * blocks * BLOCK * BLOCK] = own[backward ? TAPS - 1 - k : k];
      else
        for (int k = 0; k < TAPS; k++)
          to[k * blocks * BLOCK * BLOCK] = (float) (spec->gain[filter] * (double) own[backward ? TAPS - 1 - k : k]);
    }
}

/* Where the 16 numbers of place @place of a block's weights begin: places are plain order, input channel, row, column. */
static inline __attribute__ ((always_inline)) float *
find_place (float *to, int place, int blocks)
{
  return to + (place % TAPS * BLOCK + place / TAPS) * blocks * BLOCK;
}

/* As pack_channel () of 16 channels from @t on that are written: rows of plain weights become columns. */
AVX512 static void
pack_forward (const float *own, int channels, float *to, int blocks)
{
  for (int v = 0; v < TAPS; v++)
    {
      __m512 rows[BLOCK];

#pragma GCC unroll 16
      for (int o = 0; o < BLOCK; o++)
        rows[o] = _mm512_loadu_ps (own + (gsize) o * (gsize) channels * TAPS + v * BLOCK);
      esp_transpose (rows);
#pragma GCC unroll 16
      for (int l = 0; l < BLOCK; l++)
        _mm512_store_ps (find_place (to, v * BLOCK + l, blocks), rows[l]);
    }
}

/* Which lanes of tap @k come of the @j-th 16 of the weights of 16 channels. */
#define IS_FROM(l, j, k)  (((l) *TAPS + (k)) / BLOCK == (j) ? 1 << (l) : 0)
#define ARE_FROM(l, j, k) (IS_FROM (l, j, k) | IS_FROM (l + 1, j, k) | IS_FROM (l + 2, j, k) | IS_FROM (l + 3, j, k))
#define FROM(j, k)        (__mmask16) (ARE_FROM (0, j, k) | ARE_FROM (4, j, k) | ARE_FROM (8, j, k) | ARE_FROM (12, j, k))

/* As pack_channel () of backward, 16 channels of one filter: their weights follow each other. The window is turned. */
AVX512 static void
pack_backward (const float *own, float *to, int blocks)
{
  const __m512i lanes = _mm512_setr_epi32 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i nine = _mm512_mullo_epi32 (lanes, _mm512_set1_epi32 (TAPS));
  __m512 all[TAPS];

#pragma GCC unroll 9
  for (int j = 0; j < TAPS; j++)
    all[j] = _mm512_loadu_ps (own + j * BLOCK);
#pragma GCC unroll 9
  for (int k = 0; k < TAPS; k++)
    {
      const __m512i at = _mm512_add_epi32 (nine, _mm512_set1_epi32 (k)); /* of the index the lowest four bits count */
      __m512 tap = _mm512_setzero_ps ();

#pragma GCC unroll 9
      for (int j = 0; j < TAPS; j++)
        tap = _mm512_mask_permutexvar_ps (tap, FROM (j, k), at, all[j]);
      _mm512_store_ps (to + (TAPS - 1 - k) * blocks * BLOCK * BLOCK, tap);
    }
}

/* As pack_channel () of 16 channels from @t on, without a gain and where the block that is read is full. */
static void
pack_block (const EspSpec *spec, const Pass *pass, const float *weights, gboolean backward, int f, int t)
{
  const int from = count_blocks (pass->from), pair = t / (2 * BLOCK), blocks = MIN (2, count_blocks (pass->to) - 2 * pair);
  const int channels = spec->in[0].shape.c;
  float *to = pass->weights + ((gsize) pair * (gsize) from * 2 + (gsize) (f * blocks)) * CHUNK + t % (2 * BLOCK);

  if (!backward)
    pack_forward (weights + ((gsize) t * (gsize) channels + (gsize) (f * BLOCK)) * TAPS, channels, to, blocks);
  else
    for (int i = 0; i < BLOCK; i++)
      pack_backward (weights + ((gsize) (f * BLOCK + i) * (gsize) channels + (gsize) t) * TAPS, to + i * blocks * BLOCK, blocks);
}

/* Of the block of 16 channels from @t on. */
static void
pack_channels (const EspSpec *spec, const Pass *pass, const float *weights, gboolean backward, int f, int t)
{
  if (spec->gain == NULL && t + BLOCK <= pass->to.c && (f + 1) * BLOCK <= pass->from.c)
    pack_block (spec, pass, weights, backward, f, t);
  else
    for (int c = t; c < MIN (t + BLOCK, pass->to.c); c++)
      pack_channel (spec, pass, weights, backward, f, c);
}

static gsize
weights_bytes (const Pass *pass)
{
  return (gsize) count_blocks (pass->from) * (gsize) count_blocks (pass->to) * CHUNK * sizeof (float);
}

static gsize
bias_bytes (const Pass *pass)
{
  return (gsize) count_blocks (pass->to) * BLOCK * sizeof (float);
}

/* All of them, from plain order; what only fills blocks becomes 0. */
static void
pack (const EspSpec *spec, const Pass *pass, const float *weights, gboolean backward)
{
  const int from = count_blocks (pass->from), to = count_blocks (pass->to);

  if (pass->from.c % BLOCK != 0 || pass->to.c % BLOCK != 0)
    memset (pass->weights, 0, weights_bytes (pass));
#pragma omp parallel for schedule(static)
  for (int i = 0; i < (to + 1) / 2 * from; i++)
    for (int t = i / from * 2 * BLOCK; t < MIN ((i / from + 1) * 2 * BLOCK, pass->to.c); t += BLOCK)
      pack_channels (spec, pass, weights, backward, i % from, t);
}

static gboolean
pack_compiled (const EspSpec *spec, Pass *pass, gboolean backward)
{
  pass->weights = esp_pages_new (weights_bytes (pass));
  pass->bias = esp_pages_new (bias_bytes (pass));
  if (pass->weights == NULL || pass->bias == NULL)
    return FALSE;
  memset (pass->bias, 0, bias_bytes (pass));
  for (int f = 0; !backward && f < pass->to.c; f++)
    pass->bias[f] = (float) spec->bias[f];
  pack (spec, pass, spec->weights, backward);
  return TRUE;
}

/* Of weights that are values: a pass over what it packs into the call's scratch. */
static Pass
pack_learned (const EspCall *call, const Pass *compiled)
{
  const EspSpec *spec = &call->kernel->spec;
  Pass pass = *compiled;

  pass.bias = call->scratch;
  pass.weights = pass.bias + bias_bytes (&pass) / sizeof (float);
  memset (pass.bias, 0, bias_bytes (&pass));
  if (!call->is_backward && spec->n_in > 2)
    memcpy (pass.bias, call->in[2], (gsize) pass.to.c * sizeof (float));
  pack (spec, &pass, call->in[1], call->is_backward);
  return pass;
}

static gboolean
takes (const EspSpec *spec)
{
  const EspGeometry wanted = { .groups = 1, .size_h = 3, .size_w = 3, .stride_h = 1, .stride_w = 1, .pad = 1, .dilation = 1 };

  return memcmp (&spec->geometry, &wanted, sizeof wanted) == 0 && spec->in[0].block == BLOCK && spec->out.block == BLOCK
         && spec->out.shape.w >= LEAST && spec->in[0].shape.w == spec->out.shape.w && spec->in[0].shape.h == spec->out.shape.h
         && esp_shape_count (spec->in[0].shape) <= G_MAXINT && esp_shape_count (spec->out.shape) <= G_MAXINT
         && esp_activation_keeps_zero (spec->activation);
}

static gboolean
compile_passes (Direct *direct, EspKernel *kernel, const EspSpec *spec)
{
  const Pass *forth = &direct->forward, *back = &direct->backward;

  if (spec->learned)
    {
      kernel->scratch = MAX (weights_bytes (forth) + bias_bytes (forth), weights_bytes (back) + bias_bytes (back));
      return TRUE;
    }
  if (!pack_compiled (spec, &direct->forward, FALSE) || (spec->backward && !pack_compiled (spec, &direct->backward, TRUE)))
    return FALSE;
  kernel->packed = weights_bytes (forth) + bias_bytes (forth) + (spec->backward ? weights_bytes (back) + bias_bytes (back) : 0);
  return TRUE;
}

static gboolean
compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  Direct *direct = g_new0 (Direct, 1);
  const gboolean slopes = spec->activation == ESP_ACTIVATION_LEAKY || spec->activation == ESP_ACTIVATION_RELU;
  const float slope = !slopes ? 1.0f : spec->activation == ESP_ACTIVATION_LEAKY ? 0.1f : 0.0f;

  kernel->compiled = direct;
  kernel->name = "direct:avx512";
  direct->forward = (Pass){
    .from = spec->in[0].shape, .to = spec->out.shape, .slope = slope, .follows = slopes ? ESP_ACTIVATION_LINEAR : spec->activation
  };
  direct->backward = (Pass){ .from = spec->out.shape, .to = spec->in[0].shape, .slope = 1 };
  if (compile_passes (direct, kernel, spec))
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "no memory for the weights of %d filters over %d channels", spec->out.shape.c,
               spec->in[0].shape.c);
  return FALSE;
}

static void
release (gpointer compiled)
{
  Direct *direct = compiled;

  free (direct->forward.weights);
  free (direct->forward.bias);
  free (direct->backward.weights);
  free (direct->backward.bias);
  g_free (direct);
}

static void
run (const EspCall *call, const Pass *compiled, const float *from, float *to, gboolean add)
{
  const Pass pass = call->kernel->spec.learned ? pack_learned (call, compiled) : *compiled;

  run_pass (&pass, from, to, add);
}

static gboolean
forward (EspCall *call)
{
  run (call, &((Direct *) call->kernel->compiled)->forward, call->in[0], call->out, FALSE);
  return TRUE;
}

static gboolean
backward (EspCall *call, gboolean add)
{
  run (call, &((Direct *) call->kernel->compiled)->backward, call->grad_out, call->grad_in, add);
  return TRUE;
}
#else
static gboolean
takes (const EspSpec *spec)
{
  return FALSE;
}
#define compile  NULL
#define release  NULL
#define forward  NULL
#define backward NULL
#endif

const EspKernelRow esp_direct_convolution
    = { .takes = takes, .compile = compile, .release = release, .forward = forward, .backward = backward };
