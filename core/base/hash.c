/* hash.c: short content hashes, the keys of caches and files */
#define G_LOG_DOMAIN "esp-base"
#include "config.h"

#include "base/hash.h"

#include "base/file.h"

#include <string.h>

/** esp_hash_bytes: Returns: the first 16 bytes of SHA-256 of @n bytes at @data. Thread: any. */
EspHash
esp_hash_bytes (gconstpointer data, gsize n)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize length = sizeof digest;
  EspHash hash;

  g_checksum_update (sum, data, (gssize) n);
  g_checksum_get_digest (sum, digest, &length);
  memcpy (&hash, digest, sizeof hash);
  return hash;
}

/** esp_hash_combine: Returns: the hash of @x followed by @y. Thread: any. */
EspHash
esp_hash_combine (EspHash x, EspHash y)
{
  const EspHash both[2] = { x, y };

  return esp_hash_bytes (both, sizeof both);
}

/** esp_hash_equal: Returns: whether both are the same. Thread: any. */
gboolean
esp_hash_equal (EspHash x, EspHash y)
{
  return x.a == y.a && x.b == y.b;
}

/** esp_hash_to_string: Returns: (transfer full): 32 hexadecimal digits, in the order of the digest. Thread: any. */
char *
esp_hash_to_string (EspHash hash)
{
  return g_strdup_printf ("%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x", GUINT64_FROM_BE (hash.a), GUINT64_FROM_BE (hash.b));
}

/**
 * esp_hash_file:
 * @path: a file
 * @error: ESP_ERROR_IO or ESP_ERROR_LIMIT as esp_file_read()
 *
 * Returns: (transfer full): the whole SHA-256 of its bytes, 64 hexadecimal digits. Thread: any.
 */
char *
esp_hash_file (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = esp_file_read (path, G_MAXSIZE, error);

  return bytes != NULL ? g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes) : NULL;
}
