/* peak.c: how fast the processor multiplies and adds at best: the yardstick of the bench */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/peak.h"

#include <omp.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define CHAINS 12 /* independent sums: enough to hide the latency of two units */
#define ROUNDS 20000

typedef float (*Burn) (
    void); /* does ROUNDS * CHAINS fused multiply-adds of its width; the result only keeps the compiler from dropping them */

#ifdef __x86_64__
__attribute__ ((target ("avx512f"))) static float
burn_16 (void)
{
  __m512 sums[CHAINS];
  float all[16], total = 0;
  const __m512 scale = _mm512_set1_ps (0.999f), step = _mm512_set1_ps (0.001f);

  for (int c = 0; c < CHAINS; c++)
    sums[c] = _mm512_set1_ps ((float) c);
  for (int i = 0; i < ROUNDS; i++)
#pragma GCC unroll 12
    for (int c = 0; c < CHAINS; c++)
      sums[c] = _mm512_fmadd_ps (sums[c], scale, step);
  for (int c = 1; c < CHAINS; c++)
    sums[0] = _mm512_add_ps (sums[0], sums[c]);
  _mm512_storeu_ps (all, sums[0]);
  for (int l = 0; l < 16; l++)
    total += all[l];
  return total;
}

__attribute__ ((target ("avx2,fma"))) static float
burn_8 (void)
{
  __m256 sums[CHAINS];
  const __m256 scale = _mm256_set1_ps (0.999f), step = _mm256_set1_ps (0.001f);
  float all[8], total = 0;

  for (int c = 0; c < CHAINS; c++)
    sums[c] = _mm256_set1_ps ((float) c);
  for (int i = 0; i < ROUNDS; i++)
#pragma GCC unroll 12
    for (int c = 0; c < CHAINS; c++)
      sums[c] = _mm256_fmadd_ps (sums[c], scale, step);
  for (int c = 1; c < CHAINS; c++)
    sums[0] = _mm256_add_ps (sums[0], sums[c]);
  _mm256_storeu_ps (all, sums[0]);
  for (int l = 0; l < 8; l++)
    total += all[l];
  return total;
}
#endif

/* Four lanes of multiply, then add: what any processor has. */
static float
burn_4 (void)
{
  typedef float Four __attribute__ ((vector_size (16)));
  Four sums[CHAINS] = { { 0 } };
  const Four scale = { .999f, .999f, .999f, .999f }, step = { .001f, .001f, .001f, .001f };

  for (int i = 0; i < ROUNDS; i++)
#pragma GCC unroll 12
    for (int c = 0; c < CHAINS; c++)
      sums[c] = sums[c] * scale + step;
  for (int c = 1; c < CHAINS; c++)
    sums[0] += sums[c];
  return sums[0][0] + sums[0][1] + sums[0][2] + sums[0][3];
}

static Burn
find_burn (int *width)
{
#ifdef __x86_64__
  if (__builtin_cpu_supports ("avx512f"))
    {
      *width = 16;
      return burn_16;
    }
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    {
      *width = 8;
      return burn_8;
    }
#endif
  *width = 4;
  return burn_4;
}

/**
 * esp_peak_measure:
 * @seconds: how long to measure, at least
 *
 * Runs chains of fused multiply-adds of the widest vectors at hand in registers, on all threads at once, and takes the best of many short
 * stretches: what no convolution can beat. A multiply and an add count as two.
 *
 * Returns: GFLOP/s. Thread: lane.
 */
double
esp_peak_measure (double seconds)
{
  int width, threads = omp_get_max_threads ();
  Burn burn = find_burn (&width);
  double best = 0, work = 2.0 * ROUNDS * CHAINS * width * 4 * threads;
  gint64 start = g_get_monotonic_time ();
  volatile float sink = 0;

  do
    {
      double from = omp_get_wtime (), took;
      float total = 0;

#pragma omp parallel reduction(+ : total)
      for (int i = 0; i < 4; i++)
        total += burn ();
      took = omp_get_wtime () - from;
      sink = sink + total;
      best = MAX (best, work / took * 1e-9);
    }
  while ((double) (g_get_monotonic_time () - start) < seconds * 1e6);
  return best;
}
