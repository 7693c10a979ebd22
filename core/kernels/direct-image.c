/* direct-image.c: convolutions of side 3, stride 1 and pad 1 that read an image of up to 4 channels, on AVX-512, forward
 *
 * A tile is 14 columns of one row, one block of output channels: its sums stay in registers from the first number to the last, each input
 * number that is loaded serves the three columns whose windows it lies in. The sum of one output goes over input channels, then rows and
 * columns of the window, whatever the threads and the batch. A window that leaves the image reads a copy with zeros about it.
 *
 * A max-pool of side 2 and stride 2 behind the convolution takes two tiles, one above the other, while they are in registers: what comes
 * out of the first layer of a detector is larger than its cache, and would be written and read again for nothing. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/kernel-private.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pages.h"

#define BLOCK   16
#define TAPS    9
#define COLUMNS 14            /* of a tile: even, and leaves registers for three weights */
#define REACH   (COLUMNS + 2) /* columns that a tile reads */
#define MOST    4             /* channels of the image */
#define ALL     0xffff        /* lanes; the header of the plain maximum alarms the compiler */

#ifdef __x86_64__
#include <immintrin.h>

#define AVX512 __attribute__ ((target ("avx512f")))
#define INLINE static inline __attribute__ ((always_inline))

typedef struct
{
  float *weights; /* output block, channel, row, column, output channel */
  float *bias;
  EspShape from, to; /* to: of the convolution, before the pool */
  float slope;
  gboolean pools;
} Image;

/* What a tile reads: from the number up and left of its first window on. */
typedef struct
{
  const float *data;
  gsize row, plane; /* numbers between two rows and two channels */
} View;

AVX512 INLINE void
convolve (const View *view, const float *weights, const float *bias, int channels, __m512 sums[COLUMNS])
{
  const __m512 start = _mm512_load_ps (bias);

#pragma GCC unroll 14
  for (int j = 0; j < COLUMNS; j++)
    sums[j] = start;
  for (int c = 0; c < channels; c++)
    for (int y = 0; y < 3; y++, weights += 3 * BLOCK)
      {
        const float *in = view->data + (gsize) c * view->plane + (gsize) y * view->row;
        const __m512 w0 = _mm512_load_ps (weights), w1 = _mm512_load_ps (weights + BLOCK), w2 = _mm512_load_ps (weights + 2 * BLOCK);

#pragma GCC unroll 16
        for (int i = 0; i < REACH; i++)
          {
            const __m512 v = _mm512_set1_ps (in[i]);

            if (i < COLUMNS)
              sums[i] = _mm512_fmadd_ps (v, w0, sums[i]);
            if (i > 0 && i <= COLUMNS)
              sums[i - 1] = _mm512_fmadd_ps (v, w1, sums[i - 1]);
            if (i > 1)
              sums[i - 2] = _mm512_fmadd_ps (v, w2, sums[i - 2]);
          }
      }
}

AVX512 INLINE __m512
bend (__m512 v, __m512 slope)
{
  return _mm512_mask_mul_ps (v, _mm512_cmp_ps_mask (v, _mm512_setzero_ps (), _CMP_LE_OQ), v, slope);
}

AVX512 static void
run_tile (const Image *image, const View *view, const float *weights, const float *bias, float *out)
{
  const __m512 slope = _mm512_set1_ps (image->slope);
  __m512 sums[COLUMNS];

  convolve (view, weights, bias, image->from.c, sums);
#pragma GCC unroll 14
  for (int j = 0; j < COLUMNS; j++)
    _mm512_store_ps (out + j * BLOCK, bend (sums[j], slope));
}

/* The largest of each window of two rows, begun from the lowest number and in row-major order as the pool alone has it: the same bits, also
 * of NaN and of signed zeros. */
AVX512 static void
run_pooled_tile (const Image *image, const View views[2], const float *weights, const float *bias, float *out)
{
  const __m512 slope = _mm512_set1_ps (image->slope);
  __m512 sums[COLUMNS];

  for (int y = 0; y < 2; y++)
    {
      convolve (&views[y], weights, bias, image->from.c, sums);
#pragma GCC unroll 7
      for (int j = 0; j < COLUMNS / 2; j++)
        {
          __m512 best = y == 0 ? _mm512_set1_ps (-FLT_MAX) : _mm512_load_ps (out + j * BLOCK);

          best = _mm512_maskz_max_ps (ALL, bend (sums[2 * j], slope), best);
          best = _mm512_maskz_max_ps (ALL, bend (sums[2 * j + 1], slope), best);
          _mm512_store_ps (out + j * BLOCK, best);
        }
    }
}

/* The view of the tile at row @y, column @x: the image itself or, where windows leave it, a copy in @edge. */
static View
look (const Image *image, const float *in, int y, int x, float edge[MOST][3][REACH])
{
  const int h = image->from.h, w = image->from.w;
  const gsize plane = (gsize) h * (gsize) w;

  if (y > 0 && y < h - 1 && x > 0 && x + COLUMNS < w)
    return (View){ in + (gsize) (y - 1) * (gsize) w + (gsize) (x - 1), (gsize) w, plane };
  for (int c = 0; c < image->from.c; c++)
    for (int k = 0; k < 3; k++)
      for (int i = 0; i < REACH; i++)
        {
          const int row = y - 1 + k, column = x - 1 + i;
          const gboolean is_inside = row >= 0 && row < h && column >= 0 && column < w;

          edge[c][k][i] = is_inside ? in[(gsize) c * plane + (gsize) row * (gsize) w + (gsize) column] : 0;
        }
  return (View){ &edge[0][0][0], REACH, 3 * REACH };
}

/* Brings near what the tile one row further down will need: the processor's own prefetching follows lines, and rows are too short for it.
 * Always inline: a function that only prefetches counts as one without effect, and the calls would be dropped. */
INLINE void
fetch (const Image *image, const float *in, const float *out, gsize written, int y, int x)
{
  const int rows = image->pools ? 2 : 1;
  const gsize w = (gsize) image->from.w, plane = w * (gsize) image->from.h;

  for (int c = 0; c < image->from.c; c++)
    for (int k = 0; k < rows; k++)
      __builtin_prefetch (in + (gsize) c * plane + (gsize) MIN (y + rows + 1 + k, image->from.h - 1) * w + (gsize) x, 0, 3);
  for (int j = 0; j < COLUMNS / rows; j++)
    __builtin_prefetch (out + written + (gsize) j * BLOCK, 1, 3);
}

/* One row of one block of what is written, or two rows that a pool makes one of. The last tile begins earlier rather than end beyond the
 * row: what it computes anew comes out the same. */
static void
run_row (const Image *image, const float *in, float *out, int block, int row)
{
  const int w = image->to.w, h = image->pools ? image->to.h / 2 : image->to.h, step = image->pools ? 2 : 1;
  const float *weights = image->weights + (gsize) (block * image->from.c * TAPS) * BLOCK, *bias = image->bias + block * BLOCK;
  float edge[2][MOST][3][REACH];

  out += ((gsize) block * (gsize) h + (gsize) row) * (gsize) (w / step) * BLOCK;
  for (int from = 0; from < w; from += COLUMNS)
    {
      const int x = MIN (from, w - COLUMNS);
      View views[2];

      for (int k = 0; k < step; k++)
        views[k] = look (image, in, row * step + k, x, edge[k]);
      fetch (image, in, out + (gsize) (x / step) * BLOCK, (gsize) (w / step) * BLOCK, row * step, x);
      if (image->pools)
        run_pooled_tile (image, views, weights, bias, out + (gsize) (x / 2) * BLOCK);
      else
        run_tile (image, views, weights, bias, out + (gsize) x * BLOCK);
    }
}

static int
count_blocks (const Image *image)
{
  return (image->to.c + BLOCK - 1) / BLOCK;
}

static gsize
bias_bytes (const Image *image)
{
  return (gsize) count_blocks (image) * BLOCK * sizeof (float);
}

static gsize
weights_bytes (const Image *image)
{
  return bias_bytes (image) * (gsize) image->from.c * TAPS;
}

/* From plain order; what only fills the last block becomes 0. */
static void
pack (const EspSpec *spec, const Image *image, const float *weights)
{
  memset (image->weights, 0, weights_bytes (image));
  for (int f = 0; f < image->to.c; f++)
    {
      const int each = image->from.c * TAPS;
      float *to = image->weights + (gsize) (f / BLOCK * each) * BLOCK + f % BLOCK;
      const double gain = spec->gain != NULL ? spec->gain[f] : 1.0;

      for (int k = 0; k < each; k++)
        to[k * BLOCK] = (float) (gain * (double) weights[f * each + k]);
    }
}

/* Of weights that are values: an image over what it packs into the call's scratch. */
static Image
pack_learned (const EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  Image image = *(const Image *) call->kernel->compiled;

  image.bias = call->scratch;
  image.weights = image.bias + bias_bytes (&image) / sizeof (float);
  memset (image.bias, 0, bias_bytes (&image));
  if (spec->n_in > 2)
    memcpy (image.bias, call->in[2], (gsize) image.to.c * sizeof (float));
  pack (spec, &image, call->in[1]);
  return image;
}

static gboolean
forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const Image image = spec->learned ? pack_learned (call) : *(const Image *) call->kernel->compiled;
  const int blocks = count_blocks (&image), rows = image.pools ? image.to.h / 2 : image.to.h;
  const gsize from = esp_layout_get_bytes (&spec->in[0]) / sizeof (float) / (gsize) image.from.n;
  const gsize to = esp_layout_get_bytes (&spec->out) / sizeof (float) / (gsize) image.from.n;

#pragma omp parallel for schedule(static)
  for (int i = 0; i < image.from.n * blocks * rows; i++)
    {
      const gsize n = (gsize) (i / (blocks * rows));

      run_row (&image, (const float *) call->in[0] + n * from, (float *) call->out + n * to, i / rows % blocks, i % rows);
    }
  return TRUE;
}

static gboolean
takes (const EspSpec *spec)
{
  const int pool = spec->geometry.pool, shrink = pool == 0 ? 1 : 2;
  const EspGeometry wanted = { .groups = 1, .size_h = 3, .size_w = 3, .stride_h = 1, .stride_w = 1, .pad = 1, .dilation = 1, .pool = pool };
  const EspShape in = spec->in[0].shape, out = spec->out.shape;

  return !spec->backward && memcmp (&spec->geometry, &wanted, sizeof wanted) == 0 && (pool == 0 || pool == 2) && spec->in[0].block == 1
         && spec->out.block == BLOCK && in.c <= MOST && in.w >= COLUMNS && in.w == out.w * shrink && in.h == out.h * shrink
         && (gint64) in.n * in.h * (out.c + BLOCK) <= G_MAXINT
         && (spec->activation == ESP_ACTIVATION_LINEAR || spec->activation == ESP_ACTIVATION_LEAKY
             || spec->activation == ESP_ACTIVATION_RELU);
}

static gboolean
compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  Image *image = g_new0 (Image, 1);

  kernel->compiled = image;
  kernel->name = "direct-image:avx512";
  image->from = image->to = spec->in[0].shape;
  image->to.c = spec->out.shape.c;
  image->pools = spec->geometry.pool == 2;
  image->slope = spec->activation == ESP_ACTIVATION_LEAKY ? 0.1f : spec->activation == ESP_ACTIVATION_RELU ? 0.0f : 1.0f;
  if (spec->learned)
    {
      kernel->scratch = weights_bytes (image) + bias_bytes (image);
      return TRUE;
    }
  image->weights = esp_pages_new (weights_bytes (image));
  image->bias = esp_pages_new (bias_bytes (image));
  if (image->weights == NULL || image->bias == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "no memory for the weights of %d filters", image->to.c);
      return FALSE;
    }
  memset (image->bias, 0, bias_bytes (image));
  for (int f = 0; f < image->to.c; f++)
    image->bias[f] = (float) spec->bias[f];
  pack (spec, image, spec->weights);
  kernel->packed = weights_bytes (image) + bias_bytes (image);
  return TRUE;
}

static void
release (gpointer compiled)
{
  Image *image = compiled;

  free (image->weights);
  free (image->bias);
  g_free (image);
}
#else
static gboolean
takes (const EspSpec *spec)
{
  return FALSE;
}
#define compile NULL
#define release NULL
#define forward NULL
#endif

const EspKernelRow esp_direct_image = { .takes = takes, .compile = compile, .release = release, .forward = forward };
