/* prefix-cache.h: what the layers before a change made of each image, within a budget */
#pragma once

#include "base/hash.h"

G_BEGIN_DECLS

typedef struct _EspPrefixCache EspPrefixCache;

/* A place to continue a forward from: the layers before @layer, cut by the bits that @hash stands for. */
typedef struct
{
  guint   layer;
  EspHash hash;
} EspPrefix;

/* Owned by one thread. */
EspPrefixCache *esp_prefix_cache_new      (gsize                 budget); /* bytes; 0 keeps nothing */
void            esp_prefix_cache_free     (EspPrefixCache       *cache);
gconstpointer   esp_prefix_cache_get      (EspPrefixCache       *cache,   /* (nullable): valid until the next add */
                                           guint                 image,
                                           const EspPrefix      *prefix);
gpointer        esp_prefix_cache_add      (EspPrefixCache       *cache,   /* (nullable): where to write; NULL: there is no room */
                                           guint                 image,
                                           const EspPrefix      *prefix,
                                           gsize                 bytes);
gsize           esp_prefix_cache_get_used (const EspPrefixCache *cache);
guint           esp_prefix_cache_get_hits (const EspPrefixCache *cache);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspPrefixCache, esp_prefix_cache_free)

G_END_DECLS
