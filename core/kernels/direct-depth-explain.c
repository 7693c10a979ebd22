/* direct-depth-explain.c: convolutions of each channel by itself, of side 3 or 5, on AVX-512, in explaining
 *
 * Such operations wait for memory more than they compute, and explaining keeps every value, far from the processor: what is written is
 * asked for before it is reached; gradients lie near. On the way back the slopes of the activations on both sides, and the largest products
 * there, are taken as rows pass by. One image's block of 16 channels is one unit of work; each number is summed up in the order of the
 * window's weights, so that the bits depend neither on the batch nor on the threads. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/direct-depth.h"

#include <float.h>
#include <string.h>

#define BLOCK 16
#define SIDE  5  /* at most */
#define AHEAD 96 /* pixels from what is done to what is fetched */
#define TURN  8  /* even pixels before the odd ones between them */
#define FEW   8  /* units that are split, and their parts */

#ifdef __x86_64__
#include <immintrin.h>
#include <omp.h>

#define AVX512 __attribute__ ((target ("avx512f,prfchw")))
#define INLINE static inline __attribute__ ((always_inline))

typedef struct
{
  float *weights; /* of each block of channels those of one place in the window, then of the next, then the biases */
} Depth;

/* A row of what is written. */
typedef struct
{
  const float *rows[SIDE]; /* what each row of the window lies on, NULL where that is beyond the border */
  const float *weights, *bias;
  int begin, columns; /* pixels to write: from the first of these up to the other */
  int shift, w;       /* the column that the first tap of the first pixel lies on, and columns in all */
} Row;

/* How a pixel is read and written: constants wherever they are used. */
typedef struct
{
  int side;
  int first, every; /* of the window's columns: which there are taps for */
  int pace, way;    /* columns from pixel to pixel, from tap to tap */
  int apart;        /* pixels written are so far from each other */
} Kind;

/* A slope on the way back, of one slab. */
typedef struct
{
  const float *value;
  __m512 shift, below, slope, most;
} Slope;

/* What is done with a sum: forward, with or without an activation; backward it is stored, added, or goes through a slope. */
typedef enum
{
  END_PLAIN,
  END_LEAKY,
  END_STORE,
  END_ADD,
  END_SLOPE
} End;

/* The gradient behind the slope at one pixel; the largest product there goes on. */
AVX512 INLINE __m512
go_through (Slope *slope, const float *value, __m512 gradient)
{
  const __m512 zero = _mm512_setzero_ps (), v = _mm512_loadu_ps (value);
  const __m512 before = _mm512_mask_mul_ps (v, _mm512_cmp_ps_mask (v, zero, _CMP_LT_OS), v, slope->below);

  _mm_prefetch ((const char *) (value + AHEAD * BLOCK), _MM_HINT_T0);
  gradient = _mm512_mask_mul_ps (gradient, _mm512_cmp_ps_mask (v, zero, _CMP_NGT_US), gradient, slope->slope);
  slope->most = _mm512_maskz_max_ps (0xffff, _mm512_mul_ps (_mm512_sub_ps (before, slope->shift), gradient), slope->most);
  return gradient;
}

/* Pixels @x .. @x + n - 1; @whole: no window leaves the value on a side, @tall: nor above or below. */
AVX512 INLINE void
run_pixels (const Row *row,
            const Kind kind,
            const End end,
            gboolean tall,
            int x,
            int n,
            gboolean whole,
            const __m512 *weights,
            __m512 start,
            float *out,
            Slope *slope)
{
  const int taps = (kind.side - kind.first + kind.every - 1) / kind.every;
  __m512 sums[8];

#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    sums[j] = start;
#pragma GCC unroll 5
  for (int y = 0; y < kind.side; y++)
    {
      if (!tall && row->rows[y] == NULL)
        continue;
#pragma GCC unroll 5
      for (int k = 0; k < taps; k++)
        {
          const int column = x * kind.pace + row->shift + k * kind.way, at = y * kind.side + kind.first + k * kind.every;
          const __m512 weight = kind.side == 3 ? weights[at] : _mm512_loadu_ps (row->weights + at * BLOCK);
          const float *in = row->rows[y] + (gssize) column * BLOCK;

          if (!whole && (column < 0 || column >= row->w))
            continue;
#pragma GCC unroll 8
          for (int j = 0; j < n; j++)
            sums[j] = _mm512_fmadd_ps (_mm512_loadu_ps (in + j * kind.pace * BLOCK), weight, sums[j]);
        }
    }
#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    {
      const gsize at = (gsize) ((x + j) * kind.apart) * BLOCK;
      __m512 sum = sums[j];

      if (end == END_ADD)
        sum = _mm512_add_ps (_mm512_loadu_ps (out + at), sum);
      else if (end == END_LEAKY)
        sum = _mm512_mask_mul_ps (sum, _mm512_cmp_ps_mask (sum, _mm512_setzero_ps (), _CMP_NGT_US), sum, _mm512_set1_ps (0.1f));
      else if (end == END_SLOPE)
        sum = go_through (slope, slope->value + at, sum);
      if (end == END_PLAIN || end == END_LEAKY)
        _mm_prefetch ((const char *) (out + at + AHEAD * BLOCK), _MM_HINT_ET0);
      _mm512_storeu_ps (out + at, sum);
    }
}

AVX512 INLINE void
run_row (const Row *row, const Kind kind, const End end, gboolean tall, float *out, Slope *slope)
{
  const int taps = (kind.side - kind.first + kind.every - 1) / kind.every, many = kind.side == 3 ? 8 : 4;
  const int low = row->shift + MIN (0, kind.way * (taps - 1)), high = row->shift + MAX (0, kind.way * (taps - 1));
  const int left = MIN (low < 0 ? (-low + kind.pace - 1) / kind.pace : 0, row->columns);
  const int right = CLAMP (high < row->w ? (row->w - 1 - high) / kind.pace + 1 : 0, left, row->columns);
  const __m512 start = end == END_PLAIN || end == END_LEAKY ? _mm512_loadu_ps (row->bias) : _mm512_setzero_ps ();
  Slope through = end == END_SLOPE ? *slope : (Slope){ 0 };
  __m512 weights[9];
  int x = row->begin;

#pragma GCC unroll 9
  for (int k = 0; k < 9; k++)
    weights[k] = _mm512_loadu_ps (row->weights + k * BLOCK);
  for (; x < left; x++)
    run_pixels (row, kind, end, tall, x, 1, FALSE, weights, start, out, &through);
  for (; x + many <= right; x += many)
    run_pixels (row, kind, end, tall, x, many, TRUE, weights, start, out, &through);
  for (; x + 2 <= right; x += 2)
    run_pixels (row, kind, end, tall, x, 2, TRUE, weights, start, out, &through);
  for (; x < row->columns; x++)
    run_pixels (row, kind, end, tall, x, 1, FALSE, weights, start, out, &through);
  if (end == END_SLOPE)
    *slope = through;
}

/* Rows of one slab. */
typedef struct
{
  const EspSpec *spec;
  const float *from, *weights;
  float *to;
  gboolean back;
  End end;
} Slab;

/* What row @y of the output, or of the gradient of the input, reads. */
static Row
find_row (const Slab *slab, int y)
{
  const EspGeometry *g = &slab->spec->geometry;
  const EspShape from = (slab->back ? &slab->spec->out : &slab->spec->in[0])->shape;
  Row row = { .weights = slab->weights, .bias = slab->weights + g->size_h * g->size_h * BLOCK, .w = from.w };

  for (int k = 0; k < g->size_h; k++)
    {
      const int at = slab->back ? y + g->pad - k : y * g->stride_h - g->pad + k;
      const gboolean halves = slab->back && g->stride_h == 2;
      const int of = halves ? at >> 1 : at;

      if (of >= 0 && of < from.h && !(halves && (at & 1)))
        row.rows[k] = slab->from + (gsize) of * (gsize) from.w * BLOCK;
    }
  return row;
}

static gboolean
is_tall (const Row *row, int side)
{
  for (int k = 0; k < side; k++)
    if (row->rows[k] == NULL)
      return FALSE;
  return TRUE;
}

/* A row forward, with each kind of end. */
AVX512 INLINE void
run_forward (const Slab *slab, const int side, const int stride, gboolean tall, Row *row, float *out)
{
  const Kind kind = { side, 0, 1, stride, 1, 1 };

  row->begin = 0;
  row->columns = slab->spec->out.shape.w;
  row->shift = -slab->spec->geometry.pad;
  if (slab->end == END_LEAKY)
    run_row (row, kind, END_LEAKY, tall, out, NULL);
  else
    run_row (row, kind, END_PLAIN, tall, out, NULL);
}

AVX512 INLINE void
run_back (const Slab *slab, const Kind kind, gboolean tall, const Row *row, float *out, Slope *slope)
{
  if (slab->end == END_SLOPE)
    run_row (row, kind, END_SLOPE, tall, out, slope);
  else if (slab->end == END_ADD)
    run_row (row, kind, END_ADD, tall, out, NULL);
  else
    run_row (row, kind, END_STORE, tall, out, NULL);
}

/* A row of the gradient of the input. With stride 2 some even pixels and the odd ones between them in turn, since they lie under other
 * taps. */
AVX512 INLINE void
run_backward (const Slab *slab, const int side, const int stride, gboolean tall, Row *row, float *out, Slope *slope)
{
  const int pad = slab->spec->geometry.pad, w = slab->spec->in[0].shape.w, some = stride == 1 ? w : TURN;
  const float *value = slope != NULL ? slope->value : NULL;

  for (int begin = 0; begin * stride < w; begin += some)
    for (int r = 0; r < stride; r++)
      {
        row->begin = begin;
        row->columns = MIN (begin + some, (w - r + stride - 1) / stride);
        row->shift = (r + pad) / stride;
        if (slope != NULL)
          slope->value = value + r * BLOCK;
        if ((r + pad) % stride == 0)
          run_back (slab, (Kind){ side, 0, stride, 1, -1, stride }, tall, row, out + r * BLOCK, slope);
        else
          run_back (slab, (Kind){ side, 1, stride, 1, -1, stride }, tall, row, out + r * BLOCK, slope);
      }
}

/* Row @y; @slope: (nullable): its value is that of this row. */
AVX512 INLINE void
run_sided (const Slab *slab, const int side, Row *row, float *out, Slope *slope)
{
  const gboolean tall = is_tall (row, side), one = slab->spec->geometry.stride_h == 1;

  if (!slab->back && tall && one)
    run_forward (slab, side, 1, TRUE, row, out);
  else if (!slab->back && tall)
    run_forward (slab, side, 2, TRUE, row, out);
  else if (!slab->back && one)
    run_forward (slab, side, 1, FALSE, row, out);
  else if (!slab->back)
    run_forward (slab, side, 2, FALSE, row, out);
  else if (tall && one)
    run_backward (slab, side, 1, TRUE, row, out, slope);
  else if (one)
    run_backward (slab, side, 1, FALSE, row, out, slope);
  else
    run_backward (slab, side, 2, FALSE, row, out, slope);
}

AVX512 static void
run_3 (const Slab *slab, Row *row, float *out, Slope *slope)
{
  run_sided (slab, 3, row, out, slope);
}

AVX512 static void
run_5 (const Slab *slab, Row *row, float *out, Slope *slope)
{
  run_sided (slab, 5, row, out, slope);
}

/* The gradient of @pixels through a slope, maybe where it lies. */
AVX512 static void
bend (Slope *slope, const float *from, float *to, gsize pixels)
{
  Slope through = *slope;

  for (gsize i = 0; i < pixels * BLOCK; i += BLOCK)
    _mm512_storeu_ps (to + i, go_through (&through, through.value + i, _mm512_loadu_ps (from + i)));
  slope->most = through.most;
}

AVX512 static Slope
slope_of (const EspProductBend *bend, const EspLayout *layout, int slab)
{
  const int first = slab % esp_count_blocks (layout) * BLOCK, used = MIN (BLOCK, layout->shape.c - first);
  float shifts[BLOCK] = { 0 };

  for (int l = 0; bend->shift != NULL && l < used; l++)
    shifts[l] = (float) bend->shift[first + l];
  return (Slope){ .value = (const float *) bend->value + (gsize) slab * esp_slab_size (layout),
                  .shift = _mm512_loadu_ps (shifts),
                  .below = _mm512_set1_ps (bend->below),
                  .slope = _mm512_set1_ps (bend->slope),
                  .most = _mm512_set1_ps (-FLT_MAX) };
}

/* The largest products of slab @s, of some parts of it. */
static void
join (const EspLayout *layout, int s, int parts, const float *largest, float *scores)
{
  const int blocks = esp_count_blocks (layout), first = s % blocks * BLOCK;

  for (int l = 0; l < MIN (BLOCK, layout->shape.c - first); l++)
    {
      float *to = &scores[s / blocks * layout->shape.c + first + l];

      *to = largest[l];
      for (int k = 1; k < parts; k++)
        *to = MAX (*to, largest[k * BLOCK + l]);
    }
}

/* Where the largest products of the slopes of the output (0) and of the input (1) go, some for each part of each slab. */
static float *
most_of (const EspCall *call, int side)
{
  return (float *) call->scratch + (gsize) (side * esp_count_slabs (&call->kernel->spec.out) * FEW) * BLOCK;
}

/* Part @part of @parts of the rows of slab @s on the way back; where it goes through the slope of the output, too, it is all of them. */
AVX512 static void
back_part (const EspCall *call, const EspProductBend *out, const EspProductBend *in, gboolean add, int s, int part, int parts)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspGeometry *g = &spec->geometry;
  const Depth *depth = call->kernel->compiled;
  const EspShape from = spec->out.shape, to = spec->in[0].shape;
  const gsize size = esp_slab_size (&spec->in[0]), far = esp_slab_size (&spec->out), each = (gsize) (g->size_h * g->size_h + 1) * BLOCK;
  const Slab slab = { spec,
                      (const float *) call->grad_out + (gsize) s * far,
                      depth->weights + (gsize) (s % esp_count_blocks (&spec->out)) * each,
                      (float *) call->grad_in + (gsize) s * size,
                      TRUE,
                      in != NULL ? END_SLOPE
                      : add      ? END_ADD
                                 : END_STORE };
  Slope before = { 0 }, behind = { 0 };
  int bent = out != NULL ? 0 : from.h;

  if (out != NULL)
    before = slope_of (out, &spec->out, s);
  if (in != NULL)
    behind = slope_of (in, &spec->in[0], s);
  for (int y = part * to.h / parts; y < (part + 1) * to.h / parts; y++)
    {
      const int wanted = MIN (y == to.h - 1 ? from.h : (y + g->pad) / g->stride_h + 1, from.h);
      const gsize at = (gsize) y * (gsize) to.w * BLOCK, row = (gsize) from.w * BLOCK;
      Slope own = behind;
      Row reads;

      if (wanted > bent)
        {
          Slope passed = before;

          passed.value += (gsize) bent * row;
          bend (&passed, (const float *) out->grad_out + (gsize) s * far + (gsize) bent * row,
                (float *) out->grad_in + (gsize) s * far + (gsize) bent * row, (gsize) (wanted - bent) * (gsize) from.w);
          before.most = passed.most;
          bent = wanted;
        }
      reads = find_row (&slab, y);
      own.value = in != NULL ? behind.value + at : NULL;
      (g->size_h == 3 ? run_3 : run_5) (&slab, &reads, slab.to + at, in != NULL ? &own : NULL);
      behind.most = own.most;
    }
  if (out != NULL)
    _mm512_storeu_ps (most_of (call, 0) + (gsize) s * BLOCK, before.most);
  if (in != NULL)
    _mm512_storeu_ps (most_of (call, 1) + (gsize) (s * parts + part) * BLOCK, behind.most);
}

/* How many parts the rows of each slab are split in, so that no thread waits for long. */
static int
count_parts (int slabs)
{
  const int threads = omp_get_max_threads ();

  return threads == 1 || slabs % threads == 0 || slabs >= FEW * threads ? 1 : FEW;
}

static gboolean
backward_bent (EspCall *call, gboolean add, const EspProductBend *out, float *out_scores, const EspProductBend *in, float *in_scores)
{
  const EspSpec *spec = &call->kernel->spec;
  const int slabs = esp_count_slabs (&spec->out), parts = count_parts (slabs);
  const EspProductBend *along = parts == 1 ? out : NULL;

  if (out != along) /* parts read rows of each other */
    esp_product_bend (&spec->out, out, out_scores);
#pragma omp parallel for schedule(static)
  for (int k = 0; k < slabs * parts; k++)
    back_part (call, along, in, add, k / parts, k % parts, parts);
  for (int s = 0; s < slabs; s++)
    {
      if (along != NULL)
        join (&spec->out, s, 1, most_of (call, 0) + (gsize) s * BLOCK, out_scores);
      if (in != NULL)
        join (&spec->in[0], s, parts, most_of (call, 1) + (gsize) (s * parts) * BLOCK, in_scores);
    }
  return TRUE;
}

static gboolean
backward (EspCall *call, gboolean add)
{
  return backward_bent (call, add, NULL, NULL, NULL, NULL);
}

static gboolean
forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const Depth *depth = call->kernel->compiled;
  const int side = spec->geometry.size_h, slabs = esp_count_slabs (&spec->out), parts = count_parts (slabs),
            blocks = esp_count_blocks (&spec->out);
  const gboolean leaky = spec->activation == ESP_ACTIVATION_LEAKY;
  const EspShape to = spec->out.shape;
  const gsize row = (gsize) to.w * BLOCK;

#pragma omp parallel for schedule(static)
  for (int k = 0; k < slabs * parts; k++)
    {
      const int s = k / parts, part = k % parts;
      const Slab slab = { spec,
                          (const float *) call->in[0] + (gsize) s * esp_slab_size (&spec->in[0]),
                          depth->weights + (gsize) (s % blocks * (side * side + 1)) * BLOCK,
                          (float *) call->out + (gsize) s * esp_slab_size (&spec->out),
                          FALSE,
                          leaky ? END_LEAKY : END_PLAIN };

      for (int y = part * to.h / parts; y < (part + 1) * to.h / parts; y++)
        {
          Row reads = find_row (&slab, y);
          float *written = slab.to + (gsize) y * row;

          (side == 3 ? run_3 : run_5) (&slab, &reads, written, NULL);
          if (!leaky && spec->activation != ESP_ACTIVATION_LINEAR)
            esp_activate (spec->activation, written, written, row);
        }
    }
  return TRUE;
}

static gboolean
takes (const EspSpec *spec)
{
  const EspGeometry *g = &spec->geometry;

  return spec->backward && !spec->learned && esp_is_depth (g, &spec->in[0], &spec->out) && g->stride_h == g->stride_w && g->stride_h <= 2
         && spec->in[0].size == sizeof (float) && esp_activation_keeps_zero (spec->activation);
}

static gboolean
compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  const int taps = spec->geometry.size_h * spec->geometry.size_w;
  Depth *depth = g_new0 (Depth, 1);

  kernel->compiled = depth;
  kernel->name = "direct-depth:avx512";
  kernel->packed = (gsize) (esp_count_blocks (&spec->out) * (taps + 1)) * BLOCK * sizeof (float);
  kernel->scratch = (gsize) (esp_count_slabs (&spec->out) * 2 * FEW) * BLOCK * sizeof (float);
  depth->weights = g_malloc0 (kernel->packed);
  for (int c = 0; c < spec->out.shape.c; c++)
    {
      const double gain = spec->gain != NULL ? spec->gain[c] : 1;
      float *to = depth->weights + (gsize) (c / BLOCK * (taps + 1)) * BLOCK + c % BLOCK;

      for (int k = 0; k < taps; k++)
        to[k * BLOCK] = (float) (gain * (double) spec->weights[c * taps + k]);
      to[taps * BLOCK] = (float) spec->bias[c];
    }
  return TRUE;
}

static void
release (gpointer compiled)
{
  Depth *depth = compiled;

  g_free (depth->weights);
  g_free (depth);
}
#else
static gboolean
takes (const EspSpec *spec)
{
  return FALSE;
}
#define compile       NULL
#define release       NULL
#define forward       NULL
#define backward      NULL
#define backward_bent NULL
#endif

const EspKernelRow esp_direct_depth_explain
    = { .takes = takes, .compile = compile, .release = release, .forward = forward, .backward = backward, .backward_bent = backward_bent };
