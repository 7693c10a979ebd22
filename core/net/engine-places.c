/* engine-places.c: where each value lies in one arena: the lowest offset that is free while it lives */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-private.h"

#include <string.h>

#include "base/error.h"
#include "base/pages.h"

#define ALIGNED(bytes) (((bytes) + 63) & ~(gsize) 63)
#define MOST_BYTES     ((gsize) 1 << 36) /* 64 GiB: beyond is a mistake in the cfg, not a network */

/** esp_place_want: asks for @bytes from time @from until @to, both included. */
void
esp_place_want (EspPlace *place, gsize bytes, int from, int to)
{
  *place = (EspPlace){ .bytes = bytes, .at = ESP_NOWHERE, .from = from, .to = to };
}

static int
larger_first (gconstpointer a, gconstpointer b)
{
  const EspPlace *p = *(EspPlace *const *) a, *q = *(EspPlace *const *) b;

  return p->bytes != q->bytes ? (p->bytes < q->bytes ? 1 : -1) : p->from - q->from;
}

/* The lowest offset where @place overlaps none of @placed, ascending by offset, that live at the same time. */
static gsize
lowest_free (EspPlace *const *placed, guint n, const EspPlace *place)
{
  const gsize bytes = ALIGNED (place->bytes);
  gsize at = 0;

  for (guint i = 0; i < n && placed[i]->at < at + bytes; i++)
    if (placed[i]->from <= place->to && place->from <= placed[i]->to)
      at = MAX (at, placed[i]->at + ALIGNED (placed[i]->bytes));
  return at;
}

static void
insert (EspPlace **placed, guint n, EspPlace *place)
{
  guint i = n;

  for (; i > 0 && placed[i - 1]->at > place->at; i--)
    placed[i] = placed[i - 1];
  placed[i] = place;
}

/**
 * esp_places_plan:
 * @places: (element-type EspPlace): with bytes, from and to; put into another order
 *
 * Sets every offset, the largest place first. Returns: bytes of the arena that holds them all.
 */
gsize
esp_places_plan (GPtrArray *places)
{
  g_autofree EspPlace **placed = g_new (EspPlace *, MAX (places->len, 1));
  gsize bytes = 0;

  g_ptr_array_sort (places, larger_first);
  for (guint i = 0; i < places->len; i++)
    {
      EspPlace *place = places->pdata[i];

      place->at = lowest_free (placed, i, place);
      insert (placed, i, place);
      bytes = MAX (bytes, place->at + ALIGNED (place->bytes));
    }
  return bytes;
}

/**
 * esp_engine_allocate:
 * @engine: without arena
 * @places: (element-type EspPlace): all that it needs, planned
 * @bytes: what esp_places_plan() said
 * @error: ESP_ERROR_LIMIT where the memory cannot be had
 *
 * Gives every place its address; all numbers are 0.
 */
gboolean
esp_engine_allocate (EspEngine *engine, GPtrArray *places, gsize bytes, GError **error)
{
  void *arena = NULL;

  engine->arena_bytes = bytes;
  if (bytes > MOST_BYTES || (arena = esp_pages_new (bytes)) == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "the network needs %" G_GSIZE_FORMAT " MB for its layers, which could not be had",
                   bytes >> 20);
      return FALSE;
    }
  engine->arena = arena;
  memset (arena, 0, bytes);
  for (guint i = 0; i < places->len; i++)
    ((EspPlace *) places->pdata[i])->data = engine->arena + ((EspPlace *) places->pdata[i])->at;
  return TRUE;
}
