/* transpose.h: 16 vectors of 16 numbers, rows for columns, on AVX-512 */
#pragma once

#include <glib.h>

#ifdef __x86_64__
#include <immintrin.h>

/* Rows @a and @b, @d apart: of every 2 d columns those of the first half stay with @a, those of the second go to @b. */
#define ESP_SWAP(a, b, first, second)                        \
  {                                                          \
    const __m512 was = a;                                    \
                                                             \
    a = __builtin_shufflevector (was, b, ESP_LANES_##first); \
    b = __builtin_shufflevector (was, b, ESP_LANES_##second); \
  }

/* Columns of two rows, those of the second from 16 on; LOW_d: what row a becomes, HIGH_d: what row b becomes. */
#define ESP_LANES_LOW_8  0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define ESP_LANES_HIGH_8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#define ESP_LANES_LOW_4  0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define ESP_LANES_HIGH_4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define ESP_LANES_LOW_2  0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define ESP_LANES_HIGH_2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define ESP_LANES_LOW_1  0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define ESP_LANES_HIGH_1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31

#define ESP_SWAP_ALL(d)                                    \
  _Pragma ("GCC unroll 16") for (int i = 0; i < 16; i++)   \
  {                                                        \
    if ((i & d) == 0)                                      \
      ESP_SWAP (rows[i], rows[i + d], LOW_##d, HIGH_##d)   \
  }

/* Quarters are exchanged, then quarters of those, until single numbers are. */
__attribute__ ((target ("avx512f"), always_inline)) static inline void
esp_transpose (__m512 rows[16])
{
  ESP_SWAP_ALL (8)
  ESP_SWAP_ALL (4)
  ESP_SWAP_ALL (2)
  ESP_SWAP_ALL (1)
}
#endif
