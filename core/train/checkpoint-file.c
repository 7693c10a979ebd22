/* checkpoint-file.c: the bytes of a checkpoint
 *
 *   0  "ESPALCKP"        8  uint32 version      12  uint32 sections      16  uint64 bytes of the file
 *  24  of each section: name in 32 bytes, uint64 place in the file, uint64 bytes; they follow each other without gaps
 *      the sections
 *      SHA-256 of all before, the last 32 bytes
 *
 * All little-endian. */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/checkpoint-private.h"

#include <string.h>

#include "base/file.h"

#define MAGIC      "ESPALCKP"
#define VERSION    1u
#define HEADER     ((gsize) 24)
#define ENTRY      ((gsize) ESP_CHECKPOINT_NAME + 16)
#define DIGEST     ((gsize) 32)
#define MOST_BYTES ((gsize) 1 << 35)

static guint32
get_word (const guint8 *data)
{
  guint32 word;

  memcpy (&word, data, sizeof word);
  return GUINT32_FROM_LE (word);
}

static guint64
get_long (const guint8 *data)
{
  guint64 word;

  memcpy (&word, data, sizeof word);
  return GUINT64_FROM_LE (word);
}

static void
put_word (guint8 *data, guint32 word)
{
  word = GUINT32_TO_LE (word);
  memcpy (data, &word, sizeof word);
}

static void
put_long (guint8 *data, guint64 word)
{
  word = GUINT64_TO_LE (word);
  memcpy (data, &word, sizeof word);
}

static void
digest (const guint8 *data, gsize n, guint8 sum[DIGEST])
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize length = DIGEST;

  for (gsize done = 0, part; done < n; done += part)
    {
      part = MIN (n - done, (gsize) 1 << 30); /* GLib takes a gssize */
      g_checksum_update (checksum, data + done, (gssize) part);
    }
  g_checksum_get_digest (checksum, sum, &length);
}

static gsize
file_bytes (const EspCheckpoint *checkpoint)
{
  gsize n = HEADER + checkpoint->sections->len * ENTRY + DIGEST;

  for (guint i = 0; i < checkpoint->sections->len; i++)
    n += g_bytes_get_size (g_array_index (checkpoint->sections, EspCheckpointSection, i).bytes);
  return n;
}

/* @data: file_bytes() of zeros. */
static void
write_all (const EspCheckpoint *checkpoint, guint8 *data, gsize n)
{
  gsize at = HEADER + checkpoint->sections->len * ENTRY;

  memcpy (data, MAGIC, strlen (MAGIC));
  put_word (data + 8, VERSION);
  put_word (data + 12, checkpoint->sections->len);
  put_long (data + 16, n);
  for (guint i = 0; i < checkpoint->sections->len; i++)
    {
      const EspCheckpointSection *section = &g_array_index (checkpoint->sections, EspCheckpointSection, i);
      guint8 *entry = data + HEADER + i * ENTRY;
      gsize size;
      gconstpointer bytes = g_bytes_get_data (section->bytes, &size);

      memcpy (entry, section->name, ESP_CHECKPOINT_NAME);
      put_long (entry + ESP_CHECKPOINT_NAME, at);
      put_long (entry + ESP_CHECKPOINT_NAME + 8, size);
      if (size > 0)
        memcpy (data + at, bytes, size);
      at += size;
    }
  digest (data, at, data + at);
}

/**
 * esp_checkpoint_save:
 * @checkpoint: with all its sections
 * @path: the file
 * @error: ESP_ERROR_IO, where the disk is full for one; ESP_ERROR_LIMIT where there is no memory for its bytes
 *
 * Writes beside @path, syncs and renames: an older checkpoint is whole until the new one is. Thread: any.
 * Returns: whether it is there.
 */
gboolean
esp_checkpoint_save (const EspCheckpoint *checkpoint, const char *path, GError **error)
{
  const gsize n = file_bytes (checkpoint);
  g_autofree guint8 *data = g_try_malloc0 (n);

  if (data == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s: no memory for the %" G_GSIZE_FORMAT " bytes of a checkpoint", path, n);
      return FALSE;
    }
  write_all (checkpoint, data, n);
  return esp_file_write (path, data, n, error);
}

G_GNUC_PRINTF (4, 5)
static gboolean
refuse (const char *name, EspError code, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, ESP_ERROR, (int) code, "%s: %s", name, text);
  return FALSE;
}

static gboolean
check_header (const guint8 *data, gsize n, const char *name, GError **error)
{
  const gsize least = HEADER + DIGEST;

  if (n < least)
    return refuse (name, ESP_ERROR_FORMAT, error, "%" G_GSIZE_FORMAT " bytes found: expected a checkpoint of at least %" G_GSIZE_FORMAT, n,
                   least);
  if (memcmp (data, MAGIC, strlen (MAGIC)) != 0)
    return refuse (name, ESP_ERROR_FORMAT, error, "bytes 0 to 7 are not “" MAGIC "”: expected a checkpoint of a training run");
  if (get_word (data + 8) != VERSION)
    return refuse (name, ESP_ERROR_UNSUPPORTED, error, "bytes 8 to 11 give version %u of checkpoints: expected %u", get_word (data + 8),
                   VERSION);
  if (get_word (data + 12) > ESP_CHECKPOINT_MOST)
    return refuse (name, ESP_ERROR_LIMIT, error, "bytes 12 to 15 give %u sections: at most %u are accepted", get_word (data + 12),
                   ESP_CHECKPOINT_MOST);
  if (get_long (data + 16) != n)
    return refuse (name, ESP_ERROR_FORMAT, error, "%" G_GSIZE_FORMAT " bytes found: bytes 16 to 23 say %" G_GUINT64_FORMAT, n,
                   get_long (data + 16));
  if (n < least + get_word (data + 12) * ENTRY)
    return refuse (name, ESP_ERROR_FORMAT, error,
                   "%" G_GSIZE_FORMAT " bytes found: expected at least %" G_GSIZE_FORMAT " for the names of %u sections", n,
                   least + get_word (data + 12) * ENTRY, get_word (data + 12));
  return TRUE;
}

static gboolean
check_digest (const guint8 *data, gsize n, const char *name, GError **error)
{
  guint8 sum[DIGEST];

  digest (data, n - DIGEST, sum);
  if (memcmp (sum, data + n - DIGEST, DIGEST) == 0)
    return TRUE;
  return refuse (name, ESP_ERROR_FORMAT, error,
                 "bytes %" G_GSIZE_FORMAT " to %" G_GSIZE_FORMAT " are not the checksum of those before: the file is damaged", n - DIGEST,
                 n - 1);
}

/* Takes the section of the entry at @entry; *at is where it must begin, and then where the next one must. */
static gboolean
take_section (EspCheckpoint *checkpoint, GBytes *file, gsize entry, gsize *at, GError **error)
{
  gsize n;
  const guint8 *data = g_bytes_get_data (file, &n);
  const guint8 *words = data + entry + ESP_CHECKPOINT_NAME;
  const gsize end = n - DIGEST;
  EspCheckpointSection section = { .at = *at };

  memcpy (section.name, data + entry, ESP_CHECKPOINT_NAME);
  if (memchr (section.name, '\0', ESP_CHECKPOINT_NAME) == NULL || !esp_checkpoint_is_name (section.name))
    return refuse (checkpoint->title, ESP_ERROR_FORMAT, error, "bytes %" G_GSIZE_FORMAT " to %" G_GSIZE_FORMAT " are no name of a section",
                   entry, entry + ESP_CHECKPOINT_NAME - 1);
  if (esp_checkpoint_find (checkpoint, section.name) != NULL)
    return refuse (checkpoint->title, ESP_ERROR_FORMAT, error,
                   "byte %" G_GSIZE_FORMAT ": the section “%s” stands there for the second time", entry, section.name);
  if (get_long (words) != *at || get_long (words + 8) > end - *at)
    return refuse (checkpoint->title, ESP_ERROR_FORMAT, error,
                   "byte %" G_GSIZE_FORMAT ": the section “%s” has %" G_GUINT64_FORMAT " bytes from %" G_GUINT64_FORMAT
                   " on: expected it from %" G_GSIZE_FORMAT " on, and at most to %" G_GSIZE_FORMAT,
                   entry, section.name, get_long (words + 8), get_long (words), *at, end);
  section.bytes = g_bytes_new_from_bytes (file, *at, (gsize) get_long (words + 8));
  *at += g_bytes_get_size (section.bytes);
  g_array_append_val (checkpoint->sections, section);
  return TRUE;
}

static gboolean
take_all (EspCheckpoint *checkpoint, GBytes *file, GError **error)
{
  gsize n;
  const guint8 *data = g_bytes_get_data (file, &n);
  const guint n_sections = get_word (data + 12);
  gsize at = HEADER + n_sections * ENTRY;

  for (guint i = 0; i < n_sections; i++)
    if (!take_section (checkpoint, file, HEADER + i * ENTRY, &at, error))
      return FALSE;
  if (at == n - DIGEST)
    return TRUE;
  return refuse (checkpoint->title, ESP_ERROR_FORMAT, error, "the sections end at byte %" G_GSIZE_FORMAT ": expected %" G_GSIZE_FORMAT, at,
                 n - DIGEST);
}

/**
 * esp_checkpoint_parse:
 * @bytes: of a file; the checkpoint keeps a reference
 * @name: what messages call it
 * @error: ESP_ERROR_FORMAT, ESP_ERROR_LIMIT or ESP_ERROR_UNSUPPORTED, with the byte, what was found and what was expected
 *
 * Returns: (transfer full): the checkpoint, all of it checked but what its sections say. Thread: any.
 */
EspCheckpoint *
esp_checkpoint_parse (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (EspCheckpoint) checkpoint = esp_checkpoint_new ();
  gsize n;
  const guint8 *data = g_bytes_get_data (bytes, &n);

  checkpoint->title = g_strdup (name);
  if (!check_header (data, n, name, error) || !check_digest (data, n, name, error) || !take_all (checkpoint, bytes, error))
    return NULL;
  return g_steal_pointer (&checkpoint);
}

/**
 * esp_checkpoint_load:
 * @path: a file of esp_checkpoint_save()
 * @error: ESP_ERROR_IO, or as esp_checkpoint_parse()
 *
 * Returns: (transfer full): the checkpoint. Thread: any.
 */
EspCheckpoint *
esp_checkpoint_load (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = esp_file_read (path, MOST_BYTES, error);

  return bytes != NULL ? esp_checkpoint_parse (bytes, path, error) : NULL;
}
