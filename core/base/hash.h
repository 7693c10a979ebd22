/* hash.h: short content hashes, the keys of caches and files */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint64 a, b; /* the first 16 bytes of SHA-256 */
} EspHash;

EspHash  esp_hash_bytes     (gconstpointer  data,
                             gsize          n);
EspHash  esp_hash_combine   (EspHash        x,
                             EspHash        y);
gboolean esp_hash_equal     (EspHash        x,
                             EspHash        y);
char    *esp_hash_to_string (EspHash        hash); /* 32 hexadecimal digits */
char    *esp_hash_file      (const char    *path,  /* whole SHA-256, 64 hexadecimal digits */
                             GError       **error);

G_END_DECLS
