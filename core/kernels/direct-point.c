/* direct-point.c: gradients of the weights of convolutions of side 1 and stride 1 on AVX-512
 *
 * Weights between some blocks of input channels and up to three of output channels are one unit of work: a sum over pixels, and a pixel has
 * no neighbours here. Eight input channels with three blocks of the gradient of the output are summed up in 24 registers at a time, or as
 * many as there are. A tile of pixels of those three blocks stays in the first-level cache while the input's blocks pass by. Sums are over
 * a tile's pixels, then over tiles, image after image; where there are few units, their tiles are shared out, and those sums are added up
 * in their order: the bits depend on no thread count. oneDNN's threads turn in a loop until the last of them has its sums, which takes many
 * times as long where another program has one of the processors. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"
#include "kernels/transpose.h"

#include <string.h>

#define BLOCK  16
#define HALF   8               /* input channels at a time */
#define OUTS   3               /* blocks of output channels of a unit, at most */
#define INS    8               /* blocks of input channels of a unit, at most */
#define PIXELS 128             /* of a tile, at most: 8 kB of each block */
#define FEW    32              /* units, below which tiles are shared out */
#define CHUNK  (BLOCK * BLOCK) /* weights of one block to one block */

#ifdef __x86_64__
#include <immintrin.h>

#define AVX512 __attribute__ ((target ("avx512f")))
#define INLINE static inline __attribute__ ((always_inline))

/* How an operation is shared out; of its shapes alone. */
typedef struct
{
  int ins, outs;             /* blocks */
  int in_groups, out_groups; /* of blocks: the units of the weights */
  int pixels;                /* of an image */
  int across, tiles;         /* tiles of an image, of all */
  int parts;                 /* that the tiles are shared out to */
} Plan;

/* One unit. */
typedef struct
{
  const float *in, *grad; /* of the first image, its first blocks */
  gsize slab, in_image, grad_image;
  int in0, ins, out0, outs; /* blocks */
  int first, last;          /* tiles, up to but not including last */
} Unit;

static Plan
make_plan (const EspSpec *spec)
{
  const EspShape in = spec->in[0].shape;
  Plan plan = { .ins = esp_count_blocks (&spec->in[0]), .outs = esp_count_blocks (&spec->in[1]), .pixels = in.h * in.w };
  int units;

  plan.in_groups = (plan.ins + INS - 1) / INS;
  plan.out_groups = (plan.outs + OUTS - 1) / OUTS;
  plan.across = (plan.pixels + PIXELS - 1) / PIXELS;
  plan.tiles = in.n * plan.across;
  units = plan.in_groups * plan.out_groups;
  plan.parts = units >= FEW ? 1 : MIN (plan.tiles, (FEW + units - 1) / units);
  return plan;
}

/* Adds to @inputs * @outs vectors of @to: input channel, then output block. */
AVX512 INLINE void
run_tile (const float *in, const float *grad, gsize slab, int pixels, int inputs, int outs, float *to)
{
  __m512 sums[BLOCK * OUTS];

#pragma GCC unroll 24
  for (int k = 0; k < inputs * outs; k++)
    sums[k] = _mm512_setzero_ps ();
  for (int p = 0; p < pixels; p++)
    {
      __m512 out[OUTS];

#pragma GCC unroll 3
      for (int b = 0; b < outs; b++)
        out[b] = _mm512_load_ps (grad + (gsize) b * slab + (gsize) p * BLOCK);
#pragma GCC unroll 16
      for (int i = 0; i < inputs; i++)
        {
          const __m512 v = _mm512_set1_ps (in[p * BLOCK + i]);

#pragma GCC unroll 3
          for (int b = 0; b < outs; b++)
            sums[i * outs + b] = _mm512_fmadd_ps (v, out[b], sums[i * outs + b]);
        }
    }
#pragma GCC unroll 24
  for (int k = 0; k < inputs * outs; k++)
    _mm512_store_ps (to + k * BLOCK, _mm512_add_ps (_mm512_load_ps (to + k * BLOCK), sums[k]));
}

/* All of a block's 16 input channels with one block of the output's: as many sums as there are weights. */
AVX512 static void
run_one (const float *in, const float *grad, gsize slab, int pixels, int channels, float *to)
{
  if (channels > HALF)
    run_tile (in, grad, slab, pixels, BLOCK, 1, to);
  else
    run_tile (in, grad, slab, pixels, HALF, 1, to);
}

AVX512 static void
run_two (const float *in, const float *grad, gsize slab, int pixels, int channels, float *to)
{
  for (int i = 0; i < channels; i += HALF)
    run_tile (in + i, grad, slab, pixels, HALF, 2, to + i * 2 * BLOCK);
}

AVX512 static void
run_three (const float *in, const float *grad, gsize slab, int pixels, int channels, float *to)
{
  for (int i = 0; i < channels; i += HALF)
    run_tile (in + i, grad, slab, pixels, HALF, 3, to + i * 3 * BLOCK);
}

/* @sums: input channel, output block, output channel. */
static void
run_unit (const Plan *plan, const Unit *unit, int channels, float *sums)
{
  static void (*const runs[OUTS]) (const float *, const float *, gsize, int, int, float *) = { run_one, run_two, run_three };
  const gsize each = (gsize) unit->outs * CHUNK;

  memset (sums, 0, (gsize) unit->ins * each * sizeof *sums);
  for (int t = unit->first; t < unit->last; t++)
    {
      const int image = t / plan->across, k = t % plan->across;
      const int from = (int) ((gint64) k * plan->pixels / plan->across), to = (int) ((gint64) (k + 1) * plan->pixels / plan->across);
      const float *in = unit->in + (gsize) image * unit->in_image + (gsize) from * BLOCK;
      const float *grad = unit->grad + (gsize) image * unit->grad_image + (gsize) from * BLOCK;

      for (int b = 0; b < unit->ins; b++)
        runs[unit->outs - 1](in + (gsize) b * unit->slab, grad, unit->slab, to - from, MIN (BLOCK, channels - (unit->in0 + b) * BLOCK),
                             sums + (gsize) b * each);
    }
}

/* Part @part of group @group: groups of output blocks, then of input blocks. */
static Unit
find_unit (const EspCall *call, const Plan *plan, int group, int part)
{
  const EspSpec *spec = &call->kernel->spec;
  const int i = group % plan->in_groups, o = group / plan->in_groups;
  const gsize slab = esp_slab_size (&spec->in[0]);
  Unit unit = { .slab = slab, .in_image = slab * (gsize) plan->ins, .grad_image = slab * (gsize) plan->outs };

  unit.in0 = i * plan->ins / plan->in_groups;
  unit.ins = (i + 1) * plan->ins / plan->in_groups - unit.in0;
  unit.out0 = o * plan->outs / plan->out_groups;
  unit.outs = (o + 1) * plan->outs / plan->out_groups - unit.out0;
  unit.in = (const float *) call->in[0] + (gsize) unit.in0 * slab;
  unit.grad = (const float *) call->in[1] + (gsize) unit.out0 * slab;
  unit.first = (int) ((gint64) part * plan->tiles / plan->parts);
  unit.last = (int) ((gint64) (part + 1) * plan->tiles / plan->parts);
  return unit;
}

/* Block @i of the unit's inputs to block @o of its outputs, into plain order: rows of 16 output channels become columns. */
AVX512 static void
leave_block (const EspCall *call, const Unit *unit, const float *sums, int i, int o)
{
  const EspSpec *spec = &call->kernel->spec;
  const int channels = spec->in[0].shape.c, i0 = (unit->in0 + i) * BLOCK, o0 = (unit->out0 + o) * BLOCK;
  const __mmask16 mask = (__mmask16) ((1u << MIN (BLOCK, channels - i0)) - 1);
  float *out = (float *) call->out + (gsize) o0 * (gsize) channels + (gsize) i0;
  __m512 rows[BLOCK];

#pragma GCC unroll 16
  for (int l = 0; l < BLOCK; l++)
    rows[l] = _mm512_load_ps (sums + ((gsize) (i * BLOCK + l) * (gsize) unit->outs + (gsize) o) * BLOCK);
  esp_transpose (rows);
#pragma GCC unroll 16
  for (int l = 0; l < BLOCK; l++)
    {
      float *to = out + (gsize) l * (gsize) channels;

      if (o0 + l < spec->in[1].shape.c)
        _mm512_mask_storeu_ps (to, mask, call->add ? _mm512_add_ps (_mm512_maskz_loadu_ps (mask, to), rows[l]) : rows[l]);
    }
}

static void
leave (const EspCall *call, const Unit *unit, const float *sums)
{
  for (int i = 0; i < unit->ins; i++)
    for (int o = 0; o < unit->outs; o++)
      leave_block (call, unit, sums, i, o);
}

/* Numbers of the sums of a unit, at most. */
static gsize
count_sums (const Plan *plan)
{
  const int ins = (plan->ins + plan->in_groups - 1) / plan->in_groups, outs = (plan->outs + plan->out_groups - 1) / plan->out_groups;

  return (gsize) ins * (gsize) outs * CHUNK;
}

/* The parts of a group, first to last. */
static void
add_parts (float *sums, gsize apart, gsize n, int parts)
{
  for (int part = 1; part < parts; part++)
    for (gsize k = 0; k < n; k++)
      sums[k] += sums[(gsize) part * apart + k];
}

static void
run_whole (EspCall *call, const Plan *plan)
{
  const int groups = plan->in_groups * plan->out_groups;

#pragma omp parallel for schedule(static)
  for (int group = 0; group < groups; group++)
    {
      float sums[INS * OUTS * CHUNK] __attribute__ ((aligned (64)));
      const Unit unit = find_unit (call, plan, group, 0);

      run_unit (plan, &unit, call->kernel->spec.in[0].shape.c, sums);
      leave (call, &unit, sums);
    }
}

static void
run_parts (EspCall *call, const Plan *plan)
{
  const int groups = plan->in_groups * plan->out_groups;
  const gsize each = count_sums (plan);
  float *sums = call->scratch;

#pragma omp parallel for schedule(static)
  for (int u = 0; u < groups * plan->parts; u++)
    {
      const Unit unit = find_unit (call, plan, u % groups, u / groups);

      run_unit (plan, &unit, call->kernel->spec.in[0].shape.c, sums + (gsize) u * each);
    }
  for (int group = 0; group < groups; group++)
    {
      const Unit unit = find_unit (call, plan, group, 0);

      add_parts (sums + (gsize) group * each, (gsize) groups * each, (gsize) (unit.ins * unit.outs) * CHUNK, plan->parts);
      leave (call, &unit, sums + (gsize) group * each);
    }
}

static gboolean
forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const Plan plan = make_plan (spec);

  if (plan.parts > 1)
    run_parts (call, &plan);
  else
    run_whole (call, &plan);
  if (!spec->learned)
    esp_sum_channels (&spec->in[1], call->in[1], (float *) call->out + esp_shape_count (spec->out.shape), call->add);
  return TRUE;
}

static gboolean
takes (const EspSpec *spec)
{
  const EspGeometry wanted = { .groups = 1, .size_h = 1, .size_w = 1, .stride_h = 1, .stride_w = 1, .dilation = 1 };
  const EspShape in = spec->in[0].shape, grad = spec->in[1].shape;

  return memcmp (&spec->geometry, &wanted, sizeof wanted) == 0 && spec->in[0].block == BLOCK && spec->in[1].block == BLOCK && in.w == grad.w
         && in.h == grad.h && esp_shape_count (in) <= G_MAXINT && esp_shape_count (grad) <= G_MAXINT;
}

static gboolean
compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  const Plan plan = make_plan (spec);

  kernel->name = "direct-point:avx512";
  kernel->scratch = plan.parts == 1 ? 0 : (gsize) (plan.in_groups * plan.out_groups * plan.parts) * count_sums (&plan) * sizeof (float);
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

const EspKernelRow esp_direct_point_weights = { .takes = takes, .compile = compile, .forward = forward };
