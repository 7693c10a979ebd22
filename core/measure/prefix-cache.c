/* prefix-cache.c: what the layers before a change made of each image, within a budget
 *
 * While a slider is dragged nothing before its group's first layer changes: what those layers made of an image is kept and the next forward
 * goes on from there. The least recently used entry goes first, but never for another of its own prefix: passes follow one order, and a set
 * too large for the budget would push out each entry shortly before it is asked for. */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/prefix-cache.h"

typedef struct
{
  EspPrefix prefix;
  guint image;
  gsize bytes;
  GList link; /* of the queue; data is the entry */
  char *data;
} Entry;

struct _EspPrefixCache
{
  gsize budget, used;
  guint hits;
  GHashTable *entries; /* a set of Entry */
  GQueue queue;        /* the least recently used first */
};

static guint
entry_hash (gconstpointer data)
{
  const Entry *entry = data;

  return (guint) entry->prefix.hash.a ^ entry->image * 2654435761u ^ entry->prefix.layer << 7;
}

static gboolean
same_prefix (const EspPrefix *a, const EspPrefix *b)
{
  return a->layer == b->layer && esp_hash_equal (a->hash, b->hash);
}

static gboolean
entry_equal (gconstpointer a, gconstpointer b)
{
  const Entry *x = a, *y = b;

  return x->image == y->image && same_prefix (&x->prefix, &y->prefix);
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->data);
  g_free (entry);
}

/**
 * esp_prefix_cache_new:
 * @budget: bytes that may be kept; 0 keeps nothing
 *
 * Returns: (transfer full): empty. Thread: the one that uses it.
 */
EspPrefixCache *
esp_prefix_cache_new (gsize budget)
{
  EspPrefixCache *cache = g_new0 (EspPrefixCache, 1);

  cache->budget = budget;
  cache->entries = g_hash_table_new_full (entry_hash, entry_equal, NULL, entry_free);
  g_queue_init (&cache->queue);
  return cache;
}

/** esp_prefix_cache_free: frees @cache (nullable) and all it keeps. Thread: its owner. */
void
esp_prefix_cache_free (EspPrefixCache *cache)
{
  if (cache == NULL)
    return;
  g_hash_table_unref (cache->entries); /* the queue's links are part of the entries */
  g_free (cache);
}

static void
drop_oldest (EspPrefixCache *cache)
{
  Entry *entry = cache->queue.head->data;

  g_queue_unlink (&cache->queue, &entry->link);
  cache->used -= entry->bytes;
  g_hash_table_remove (cache->entries, entry);
}

/** esp_prefix_cache_get: Returns: (nullable): what was kept of @image, valid until the next add; it is the most recently used now. */
gconstpointer
esp_prefix_cache_get (EspPrefixCache *cache, guint image, const EspPrefix *prefix)
{
  const Entry wanted = { .prefix = *prefix, .image = image };
  Entry *entry = g_hash_table_lookup (cache->entries, &wanted);

  if (entry == NULL)
    return NULL;
  g_queue_unlink (&cache->queue, &entry->link);
  g_queue_push_tail_link (&cache->queue, &entry->link);
  cache->hits++;
  return entry->data;
}

/**
 * esp_prefix_cache_add:
 * @cache: the cache
 * @image: of the data set
 * @prefix: what it was run through
 * @bytes: how much there is to keep
 *
 * Makes room by dropping the least recently used of other prefixes. Thread: its owner.
 *
 * Returns: (nullable): @bytes to write to, valid until the next add; NULL where it is there already or there is no room
 */
gpointer
esp_prefix_cache_add (EspPrefixCache *cache, guint image, const EspPrefix *prefix, gsize bytes)
{
  Entry *entry;
  const Entry wanted = { .prefix = *prefix, .image = image };

  if (bytes == 0 || bytes > cache->budget || g_hash_table_contains (cache->entries, &wanted))
    return NULL;
  while (cache->used + bytes > cache->budget)
    {
      if (same_prefix (&((Entry *) cache->queue.head->data)->prefix, prefix))
        return NULL;
      drop_oldest (cache);
    }
  entry = g_new0 (Entry, 1);
  *entry = wanted;
  entry->bytes = bytes;
  entry->data = g_try_malloc (bytes);
  if (entry->data == NULL)
    {
      g_free (entry);
      return NULL;
    }
  entry->link.data = entry;
  g_queue_push_tail_link (&cache->queue, &entry->link);
  g_hash_table_add (cache->entries, entry);
  cache->used += bytes;
  return entry->data;
}

/** esp_prefix_cache_get_used: Returns: bytes kept, within the budget. Thread: its owner. */
gsize
esp_prefix_cache_get_used (const EspPrefixCache *cache)
{
  return cache->used;
}

/** esp_prefix_cache_get_hits: Returns: how often something was found. Thread: its owner. */
guint
esp_prefix_cache_get_hits (const EspPrefixCache *cache)
{
  return cache->hits;
}
