/* normalize.c: the loops of batch normalization over a stretch of pixels of one block of channels
 *
 * Blocks of 16, which are those of processors with AVX-512, by vectors: what these loops cost is to be no more than what memory takes. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/normalize.h"

#define VECTOR 16
#define ALL    0xff /* lanes of 8; the headers of the plain conversions alarm the compiler */

#ifdef __x86_64__
#include <immintrin.h>

#define AVX512 __attribute__ ((target ("avx512f")))
#define INLINE static inline __attribute__ ((always_inline))

/* Two strands, even and odd pixels, so that additions need not wait for each other. */
AVX512 static void
vector_total (const float *x, gsize pixels, EspTotals *totals)
{
  __m512d sums[4], squares[4];

  for (int k = 0; k < 4; k++)
    sums[k] = squares[k] = _mm512_setzero_pd ();
  for (gsize p = 0; p + 1 < pixels; p += 2, x += 2 * VECTOR)
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++)
      {
        const __m512d v = _mm512_maskz_cvtps_pd (ALL, _mm256_loadu_ps (x + 8 * k));

        sums[k] = _mm512_add_pd (sums[k], v);
        squares[k] = _mm512_fmadd_pd (v, v, squares[k]);
      }
  for (int k = 0; k < 2 && pixels % 2 != 0; k++)
    {
      const __m512d v = _mm512_maskz_cvtps_pd (ALL, _mm256_loadu_ps (x + 8 * k));

      sums[k] = _mm512_add_pd (sums[k], v);
      squares[k] = _mm512_fmadd_pd (v, v, squares[k]);
    }
  for (int k = 0; k < 2; k++)
    {
      _mm512_storeu_pd (totals->first + 8 * k, _mm512_add_pd (sums[k], sums[k + 2]));
      _mm512_storeu_pd (totals->second + 8 * k, _mm512_add_pd (squares[k], squares[k + 2]));
    }
}

/* What all pixels of a block need. */
typedef struct
{
  __m512 mean, times, plus, slope;
} Line;

AVX512 INLINE Line
line_of (const EspForth *forth, float slope)
{
  return (Line){ _mm512_loadu_ps (forth->mean), _mm512_loadu_ps (forth->times), _mm512_loadu_ps (forth->plus), _mm512_set1_ps (slope) };
}

/* @v, times the slope where z is not above 0. */
AVX512 INLINE __m512
vector_bend (const Line *line, __m512 d, __m512 v)
{
  const __m512 z = _mm512_fmadd_ps (d, line->times, line->plus);

  return _mm512_mask_mul_ps (v, _mm512_cmp_ps_mask (z, _mm512_setzero_ps (), _CMP_NGT_UQ), v, line->slope);
}

AVX512 static void
vector_run (const EspForth *forth, const float *x, float *out, gsize pixels, float slope)
{
  const Line line = line_of (forth, slope);

  for (gsize p = 0; p < pixels; p++, x += VECTOR, out += VECTOR)
    {
      const __m512 d = _mm512_sub_ps (_mm512_loadu_ps (x), line.mean), z = _mm512_fmadd_ps (d, line.times, line.plus);

      _mm512_storeu_ps (out, vector_bend (&line, d, z));
    }
}

AVX512 INLINE __m512d
half_of (__m512 v, int k)
{
  const __m512d both = _mm512_castps_pd (v);
  const __m256d half = k == 0 ? _mm512_maskz_extractf64x4_pd (ALL, both, 0) : _mm512_maskz_extractf64x4_pd (ALL, both, 1);

  return _mm512_maskz_cvtps_pd (ALL, _mm256_castpd_ps (half));
}

AVX512 static void
vector_total_back (const EspForth *forth, const float *x, const float *grad, gsize pixels, gboolean bent, float slope, EspTotals *totals)
{
  const Line line = line_of (forth, slope);
  __m512d sums[4], products[4];

  for (int k = 0; k < 4; k++)
    sums[k] = products[k] = _mm512_setzero_pd ();
  for (gsize p = 0; p < pixels; p += 2)
#pragma GCC unroll 2
    for (gsize s = 0; s < 2; s++)
      {
        __m512 d, g;

        if (p + s == pixels)
          break;
        d = _mm512_sub_ps (_mm512_loadu_ps (x + (p + s) * VECTOR), line.mean);
        g = _mm512_loadu_ps (grad + (p + s) * VECTOR);
        g = bent ? g : vector_bend (&line, d, g);
#pragma GCC unroll 2
        for (int k = 0; k < 2; k++)
          {
            const __m512d half = half_of (g, k);

            sums[2 * s + (gsize) k] = _mm512_add_pd (sums[2 * s + (gsize) k], half);
            products[2 * s + (gsize) k] = _mm512_fmadd_pd (half, half_of (d, k), products[2 * s + (gsize) k]);
          }
      }
  for (int k = 0; k < 2; k++)
    {
      double *first = totals->first + 8 * k, *second = totals->second + 8 * k;

      _mm512_storeu_pd (first, _mm512_add_pd (_mm512_loadu_pd (first), _mm512_add_pd (sums[k], sums[k + 2])));
      _mm512_storeu_pd (second, _mm512_add_pd (_mm512_loadu_pd (second), _mm512_add_pd (products[k], products[k + 2])));
    }
}

AVX512 static void
vector_run_back (const EspForth *forth, const EspBack *back, const float *x, const float *grad, float *to, gsize pixels, float slope)
{
  const Line line = line_of (forth, slope);
  const __m512 shift = _mm512_loadu_ps (back->shift), tilt = _mm512_loadu_ps (back->tilt);

  for (gsize p = 0; p < pixels; p++, x += VECTOR, grad += VECTOR, to += VECTOR)
    {
      const __m512 d = _mm512_sub_ps (_mm512_loadu_ps (x), line.mean), g = vector_bend (&line, d, _mm512_loadu_ps (grad));

      _mm512_storeu_ps (to, _mm512_fnmadd_ps (d, tilt, _mm512_fmsub_ps (line.times, g, shift)));
    }
}
#else
#define vector_total(...)      g_assert_not_reached ()
#define vector_run(...)        g_assert_not_reached ()
#define vector_total_back(...) g_assert_not_reached ()
#define vector_run_back(...)   g_assert_not_reached ()
#endif

ESP_CLONES static void
plain_total (const float *x, gsize pixels, int block, EspTotals *totals)
{
  *totals = (EspTotals){ 0 };
  for (gsize p = 0; p < pixels; p++, x += block)
    for (int l = 0; l < block; l++)
      {
        totals->first[l] += (double) x[l];
        totals->second[l] += (double) x[l] * (double) x[l];
      }
}

void
esp_normalize_total (const float *x, gsize pixels, int block, EspTotals *totals)
{
  if (block == VECTOR)
    vector_total (x, pixels, totals);
  else
    plain_total (x, pixels, block, totals);
}

ESP_INLINE float
bend (const EspForth *forth, int lane, float d, float v, float slope)
{
  return d * forth->times[lane] + forth->plus[lane] > 0 ? v : slope * v;
}

ESP_CLONES static void
plain_run (const EspForth *forth, const float *x, float *out, gsize pixels, int block, float slope)
{
  for (gsize p = 0; p < pixels; p++, x += block, out += block)
    for (int l = 0; l < block; l++)
      {
        const float d = x[l] - forth->mean[l];

        out[l] = bend (forth, l, d, d * forth->times[l] + forth->plus[l], slope);
      }
}

void
esp_normalize_run (const EspForth *forth, const float *x, float *out, gsize pixels, int block, float slope)
{
  if (block == VECTOR)
    vector_run (forth, x, out, pixels, slope);
  else
    plain_run (forth, x, out, pixels, block, slope);
}

ESP_CLONES static void
plain_total_back (
    const EspForth *forth, const float *x, const float *grad, gsize pixels, int block, gboolean bent, float slope, EspTotals *totals)
{
  for (gsize p = 0; p < pixels; p++, x += block, grad += block)
    for (int l = 0; l < block; l++)
      {
        const float d = x[l] - forth->mean[l], g = bent ? grad[l] : bend (forth, l, d, grad[l], slope);

        totals->first[l] += (double) g;
        totals->second[l] += (double) g * (double) d;
      }
}

void
esp_normalize_total_back (
    const EspForth *forth, const float *x, const float *grad_out, gsize pixels, int block, gboolean bent, float slope, EspTotals *totals)
{
  if (block == VECTOR)
    vector_total_back (forth, x, grad_out, pixels, bent, slope, totals);
  else
    plain_total_back (forth, x, grad_out, pixels, block, bent, slope, totals);
}

ESP_CLONES static void
plain_run_back (
    const EspForth *forth, const EspBack *back, const float *x, const float *grad, float *to, gsize pixels, int block, float slope)
{
  for (gsize p = 0; p < pixels; p++, x += block, grad += block, to += block)
    for (int l = 0; l < block; l++)
      {
        const float d = x[l] - forth->mean[l], g = bend (forth, l, d, grad[l], slope);

        to[l] = forth->times[l] * g - back->shift[l] - d * back->tilt[l];
      }
}

void
esp_normalize_run_back (
    const EspForth *forth, const EspBack *back, const float *x, const float *grad_out, float *grad_in, gsize pixels, int block, float slope)
{
  if (block == VECTOR)
    vector_run_back (forth, back, x, grad_out, grad_in, pixels, slope);
  else
    plain_run_back (forth, back, x, grad_out, grad_in, pixels, block, slope);
}
