/* pages.c: large stretches of memory that the processor finds quickly */
#define G_LOG_DOMAIN "esp-base"
#include "config.h"

#include "base/pages.h"

#include <unistd.h>

#include <stdlib.h>
#include <sys/mman.h>

#define LINE ((gsize) 64)
#define HUGE ((gsize) 2 << 20)

/**
 * esp_pages_new:
 * @bytes: how many
 *
 * Memory for weights and activations, aligned to cache lines. From 2 MB on it lies on huge pages where the system grants them: one look
 * into the page tables then serves 512 times as much, and the processor's own prefetching does not stop every 4 kB.
 *
 * Returns: (transfer full) (nullable): memory of undefined content, to be given back with free(), or NULL. Thread: any.
 */
gpointer
esp_pages_new (gsize bytes)
{
  gboolean large = bytes >= HUGE;
  gpointer memory = NULL;

  if (posix_memalign (&memory, large ? HUGE : LINE, MAX (bytes, LINE)) != 0)
    return NULL;
#ifdef MADV_HUGEPAGE
  if (large && madvise (memory, bytes & ~(HUGE - 1), MADV_HUGEPAGE) != 0)
    g_debug ("no huge pages for %" G_GSIZE_FORMAT " bytes", bytes);
#endif
  return memory;
}

/** esp_pages_get_memory: Returns: bytes of the machine's memory, 0 where it does not say. Thread: any. */
gsize
esp_pages_get_memory (void)
{
  const long pages = sysconf (_SC_PHYS_PAGES), bytes = sysconf (_SC_PAGESIZE);

  return pages > 0 && bytes > 0 ? (gsize) pages * (gsize) bytes : 0;
}
