/* clones.h: one source of a loop, compiled for each vector width, the processor chooses when the program starts */
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define ESP_CLONES __attribute__ ((target_clones ("avx512f", "avx2", "default")))
#else
#define ESP_CLONES
#endif

#define ESP_INLINE static inline __attribute__ ((always_inline))
