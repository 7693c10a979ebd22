/* direct-weights.c: gradients of the weights of convolutions of side 3, stride 1 and pad 1 on AVX-512
 *
 * Weights between two blocks of channels are one unit of work. Eight input channels and one row of the window are summed up in 24 registers
 * at a time: every number that is read serves the three columns of the window, with the gradients of the output above them. A tile of both
 * values lies in the first-level cache and is gone over six times. Sums are over a tile's pixels, then over tiles, then over images; where
 * there are few blocks, images are units too, whose sums are added up in their order: the bits depend on no thread count. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"
#include "kernels/transpose.h"

#include <string.h>

#define BLOCK   16
#define TAPS    9
#define HALF    8                      /* input channels at a time */
#define SUMS    (3 * HALF)             /* one row of the window */
#define CHUNK   (TAPS * BLOCK * BLOCK) /* weights of one block to one block */
#define COLUMNS 56                     /* of a tile, at most */
#define PIXELS  256                    /* of a tile, about: 16 kB of each value, and a border */
#define FEW     32                     /* pairs of blocks, below which images are units of work */
#define LEAST   4                      /* columns of a value: narrower ones are left to oneDNN */

#ifdef __x86_64__
#include <immintrin.h>

#define AVX512 __attribute__ ((target ("avx512f")))
#define INLINE static inline __attribute__ ((always_inline))

/* One unit. */
typedef struct
{
  const float *in, *grad;     /* of its first image, its blocks */
  gsize in_image, grad_image; /* numbers from one image to the next */
  int images, h, w, halves;
  int across, down; /* tiles of an image */
} Unit;

/* Some rows and columns of the input and the gradients about them. */
typedef struct
{
  const float *in, *grad; /* the first number of the tile */
  gsize row;
  int top, rows, columns, h;
  gboolean is_left, is_right; /* at that border of the value */
} Tile;

/* Brings near one part of a row of the tile that comes next: rows are too short for what the processor brings by itself. Always inline:
 * a function that only prefetches counts as one without effect, and the calls would be dropped. */
INLINE void
fetch (const Tile *next, int row, int part, int parts)
{
  const gsize at = (gsize) MIN (row, next->rows - 1) * next->row;

  for (int x = part * next->columns / parts; x < (part + 1) * next->columns / parts; x++)
    {
      __builtin_prefetch (next->in + at + (gsize) x * BLOCK, 0, 2);
      __builtin_prefetch (next->grad + at + (gsize) x * BLOCK, 0, 2);
    }
}

/* One number of each input channel with the gradients of the output right of it, at it and left of it. */
AVX512 INLINE void
step (__m512 sums[SUMS], const float *in, __m512 right, __m512 here, __m512 left)
{
#pragma GCC unroll 8
  for (int i = 0; i < HALF; i++)
    {
      const __m512 v = _mm512_set1_ps (in[i]);

      sums[3 * i] = _mm512_fmadd_ps (v, right, sums[3 * i]);
      sums[3 * i + 1] = _mm512_fmadd_ps (v, here, sums[3 * i + 1]);
      sums[3 * i + 2] = _mm512_fmadd_ps (v, left, sums[3 * i + 2]);
    }
}

/* Row @y of the window, half @half of the input's channels: adds to 24 vectors of @to. */
AVX512 static void
run_tile (const Tile *tile, const Tile *next, int y, int half, int halves, float *to)
{
  const __m512 zero = _mm512_setzero_ps ();
  const int last = tile->columns - 1;
  __m512 sums[SUMS];

#pragma GCC unroll 24
  for (int k = 0; k < SUMS; k++)
    sums[k] = zero;
  for (int r = MAX (0, y - 1 - tile->top); r < MIN (tile->rows, tile->h + y - 1 - tile->top); r++)
    {
      const float *in = tile->in + (gsize) r * tile->row + half * HALF;
      const float *grad = tile->grad + (gssize) (r + 1 - y) * (gssize) tile->row;
      __m512 left = tile->is_left ? zero : _mm512_load_ps (grad - BLOCK), here = _mm512_load_ps (grad), right;

      fetch (next, r, y * halves + half, 3 * halves);
      for (int x = 0; x < last; x++)
        {
          right = _mm512_load_ps (grad + (x + 1) * BLOCK);
          step (sums, in + x * BLOCK, right, here, left);
          left = here;
          here = right;
        }
      right = tile->is_right ? zero : _mm512_load_ps (grad + tile->columns * BLOCK);
      step (sums, in + last * BLOCK, right, here, left);
    }
#pragma GCC unroll 24
  for (int k = 0; k < SUMS; k++)
    _mm512_store_ps (to + k * BLOCK, _mm512_add_ps (_mm512_load_ps (to + k * BLOCK), sums[k]));
}

/* Tile number @t of a unit, through columns, rows and images. */
static Tile
find_tile (const Unit *unit, int t)
{
  const int image = t / (unit->across * unit->down), down = t / unit->across % unit->down, across = t % unit->across;
  const int x = across * unit->w / unit->across, top = down * unit->h / unit->down;
  const gsize row = (gsize) unit->w * BLOCK, at = (gsize) top * row + (gsize) x * BLOCK;

  return (Tile){ .in = unit->in + (gsize) image * unit->in_image + at,
                 .grad = unit->grad + (gsize) image * unit->grad_image + at,
                 .row = row,
                 .top = top,
                 .rows = (down + 1) * unit->h / unit->down - top,
                 .columns = (across + 1) * unit->w / unit->across - x,
                 .h = unit->h,
                 .is_left = across == 0,
                 .is_right = across == unit->across - 1 };
}

/* @sums: row of the window, input channel, column, output channel. */
static void
run_unit (const Unit *unit, float *sums)
{
  const int tiles = unit->images * unit->across * unit->down;
  Tile tile = find_tile (unit, 0);

  memset (sums, 0, CHUNK * sizeof *sums);
  for (int t = 0; t < tiles; t++)
    {
      const Tile next = find_tile (unit, MIN (t + 1, tiles - 1));

      for (int y = 0; y < 3; y++)
        for (int half = 0; half < unit->halves; half++)
          run_tile (&tile, &next, y, half, unit->halves, sums + (2 * y + half) * SUMS * BLOCK);
      tile = next;
    }
}

static int
count_pairs (const EspSpec *spec)
{
  return esp_count_blocks (&spec->in[0]) * esp_count_blocks (&spec->in[1]);
}

/* How many units the images of a pair are. */
static int
count_parts (const EspSpec *spec)
{
  return count_pairs (spec) < FEW ? spec->in[0].shape.n : 1;
}

/* Part @part of pair @pair: output blocks, then input blocks. */
static Unit
find_unit (const EspCall *call, int pair, int part)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspLayout *in = &spec->in[0], *grad = &spec->in[1];
  const int blocks = esp_count_blocks (in), parts = count_parts (spec);
  const gsize slab = esp_slab_size (in), in_image = slab * (gsize) blocks, grad_image = slab * (gsize) esp_count_blocks (grad);
  const int across = (in->shape.w + COLUMNS - 1) / COLUMNS, high = CLAMP (PIXELS * across / in->shape.w, 1, in->shape.h);
  const gsize first = (gsize) part * (gsize) (in->shape.n / parts);

  return (Unit){ .in = (const float *) call->in[0] + first * in_image + (gsize) (pair % blocks) * slab,
                 .grad = (const float *) call->in[1] + first * grad_image + (gsize) (pair / blocks) * slab,
                 .in_image = in_image,
                 .grad_image = grad_image,
                 .images = in->shape.n / parts,
                 .h = in->shape.h,
                 .w = in->shape.w,
                 .halves = in->shape.c - pair % blocks * BLOCK > HALF ? 2 : 1,
                 .across = across,
                 .down = (in->shape.h + high - 1) / high };
}

/* Where the sums of weight @place begin, counted in plain order through a block's input channels and the window. */
INLINE gsize
find_place (int place)
{
  const int i = place / TAPS, k = place % TAPS;

  return (gsize) ((k / 3 * BLOCK + i) * 3 + k % 3) * BLOCK;
}

/* Into plain order: rows of 16 output channels become columns. */
AVX512 static void
leave_vectors (const float *sums, float *out, gsize apart, int filters, gboolean add)
{
  for (int v = 0; v < TAPS; v++)
    {
      __m512 rows[BLOCK];

#pragma GCC unroll 16
      for (int l = 0; l < BLOCK; l++)
        rows[l] = _mm512_load_ps (sums + find_place (v * BLOCK + l));
      esp_transpose (rows);
#pragma GCC unroll 16
      for (int o = 0; o < BLOCK; o++)
        {
          float *to = out + (gsize) o * apart + v * BLOCK;

          if (o < filters)
            _mm512_storeu_ps (to, add ? _mm512_add_ps (_mm512_loadu_ps (to), rows[o]) : rows[o]);
        }
    }
}

/* The same, of a block that is not full. */
static void
leave_numbers (const float *sums, float *out, gsize apart, int filters, int channels, gboolean add)
{
  for (int o = 0; o < filters; o++)
    for (int i = 0; i < channels; i++)
      for (int k = 0; k < TAPS; k++)
        {
          float *to = out + (gsize) o * apart + i * TAPS + k;

          *to = sums[find_place (i * TAPS + k) + (gsize) o] + (add ? *to : 0);
        }
}

static void
leave (const EspCall *call, int pair, const float *sums)
{
  const EspSpec *spec = &call->kernel->spec;
  const int blocks = esp_count_blocks (&spec->in[0]), i0 = pair % blocks * BLOCK, o0 = pair / blocks * BLOCK;
  const int channels = spec->in[0].shape.c, filters = MIN (BLOCK, spec->in[1].shape.c - o0);
  const gsize apart = (gsize) channels * TAPS;
  float *out = (float *) call->out + (gsize) o0 * apart + (gsize) i0 * TAPS;

  if (channels - i0 >= BLOCK)
    leave_vectors (sums, out, apart, filters, call->add);
  else
    leave_numbers (sums, out, apart, filters, channels - i0, call->add);
}

/* The parts of a pair, first to last. */
static void
add_parts (float *sums, gsize apart, int parts)
{
  for (int part = 1; part < parts; part++)
    for (int k = 0; k < CHUNK; k++)
      sums[k] += sums[(gsize) part * apart + (gsize) k];
}

static void
run_pairs (EspCall *call)
{
  const int pairs = count_pairs (&call->kernel->spec);

#pragma omp parallel for schedule(static)
  for (int pair = 0; pair < pairs; pair++)
    {
      float sums[CHUNK] __attribute__ ((aligned (64)));
      const Unit unit = find_unit (call, pair, 0);

      run_unit (&unit, sums);
      leave (call, pair, sums);
    }
}

static void
run_parts (EspCall *call)
{
  const int pairs = count_pairs (&call->kernel->spec), parts = count_parts (&call->kernel->spec);
  float *sums = call->scratch;

#pragma omp parallel for schedule(static)
  for (int u = 0; u < pairs * parts; u++)
    {
      const Unit unit = find_unit (call, u % pairs, u / pairs);

      run_unit (&unit, sums + (gsize) u * CHUNK);
    }
#pragma omp parallel for schedule(static)
  for (int pair = 0; pair < pairs; pair++)
    {
      add_parts (sums + (gsize) pair * CHUNK, (gsize) pairs * CHUNK, parts);
      leave (call, pair, sums + (gsize) pair * CHUNK);
    }
}

static gboolean
forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;

  if (count_parts (spec) > 1)
    run_parts (call);
  else
    run_pairs (call);
  if (!spec->learned)
    esp_sum_channels (&spec->in[1], call->in[1], (float *) call->out + esp_shape_count (spec->out.shape), call->add);
  return TRUE;
}

static gboolean
takes (const EspSpec *spec)
{
  const EspGeometry wanted = { .groups = 1, .size_h = 3, .size_w = 3, .stride_h = 1, .stride_w = 1, .pad = 1, .dilation = 1 };
  const EspShape in = spec->in[0].shape, grad = spec->in[1].shape;

  return memcmp (&spec->geometry, &wanted, sizeof wanted) == 0 && spec->in[0].block == BLOCK && spec->in[1].block == BLOCK && in.w >= LEAST
         && in.w == grad.w && in.h == grad.h && (gint64) in.n * count_pairs (spec) <= G_MAXINT;
}

static gboolean
compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  const int parts = count_parts (spec);

  kernel->name = "direct-weights:avx512";
  kernel->scratch = parts == 1 ? 0 : (gsize) parts * (gsize) count_pairs (spec) * CHUNK * sizeof (float);
  return TRUE;
}
#else
static gboolean
takes (const EspSpec *spec)
{
  return FALSE;
}
#define compile NULL
#define forward NULL
#endif

const EspKernelRow esp_direct_weights = { .takes = takes, .compile = compile, .forward = forward };
