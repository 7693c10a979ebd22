/* oracle-answer.c: reads the oracle's result file, which must be exactly what was asked for */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/oracle-private.h"

#include <string.h>

#include <sys/stat.h>

#include "base/error.h"
#include "measure/oracle-format.h"

static gboolean refuse (const EspOracleAnswer *answer, GError **error, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
refuse (const EspOracleAnswer *answer, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, ESP_ERROR, ESP_ERROR_ORACLE, "libdarknet's answer (%s): %s", answer->name, text);
  return FALSE;
}

/* The size of a file that holds just these layers. */
static guint64
expected_bytes (const EspNetwork *network, const guint *layers, guint n)
{
  guint64 bytes = sizeof (EspOracleHead) + n * sizeof (EspOracleEntry);

  for (guint i = 0; i < n; i++)
    bytes += esp_shape_count (esp_network_get_layer (network, layers[i])->out) * sizeof (float);
  return bytes;
}

static gboolean
check_head (EspOracleAnswer *answer, const EspNetwork *network, guint64 expected, guint n, GError **error)
{
  EspOracleHead head;
  struct stat info;

  if (fstat (fileno (answer->file), &info) != 0 || !S_ISREG (info.st_mode) || (guint64) info.st_size != expected)
    return refuse (answer, error, "%" G_GINT64_FORMAT " bytes found, expected %" G_GUINT64_FORMAT, (gint64) info.st_size, expected);
  if (fread (&head, sizeof head, 1, answer->file) != 1 || memcmp (head.magic, ESP_ORACLE_MAGIC, sizeof head.magic) != 0)
    return refuse (answer, error, "it does not begin as espalier-oracle's of this version do");
  if (head.n_layers != esp_network_get_n_layers (network))
    return refuse (answer, error, "libdarknet read %u layers, expected %u", head.n_layers, esp_network_get_n_layers (network));
  if (head.n_entries != n || head.bytes != expected)
    return refuse (answer, error, "%u layers in %" G_GUINT64_FORMAT " bytes announced, expected %u in %" G_GUINT64_FORMAT, head.n_entries,
                   head.bytes, n, expected);
  return TRUE;
}

static gboolean
check_entry (EspOracleAnswer *answer, const EspLayer *layer, EspAt at, GError **error)
{
  const EspShape shape = layer->out;
  EspOracleEntry entry;
  gboolean same;

  if (fread (&entry, sizeof entry, 1, answer->file) != 1)
    return refuse (answer, error, "it ends before layer %u", layer->index);
  if (entry.layer != layer->index || entry.before != (at == ESP_AT_CONV ? 1 : 0))
    return refuse (answer, error, "layer %u found, expected %u", entry.layer, layer->index);
  same = (entry.c == shape.c && entry.h == shape.h && entry.w == shape.w) || (entry.c <= 0 && entry.h <= 0 && entry.w <= 0);
  if (same && entry.count == esp_shape_count (shape))
    return TRUE;
  return refuse (answer, error, "layer %u is %d × %d × %d, %" G_GUINT64_FORMAT " numbers there: expected %d × %d × %d", layer->index,
                 entry.c, entry.h, entry.w, entry.count, shape.c, shape.h, shape.w);
}

/* Checks the head and every entry before a number is read; @layers in the order asked for. */
gboolean
esp_oracle_open (
    EspOracleAnswer *answer, const char *path, const EspNetwork *network, const guint *layers, guint n_layers, EspAt at, GError **error)
{
  g_auto (EspOracleAnswer) opened = { fopen (path, "rb"), g_path_get_basename (path) };

  if (opened.file == NULL)
    return refuse (&opened, error, "none was written");
  if (!check_head (&opened, network, expected_bytes (network, layers, n_layers), n_layers, error))
    return FALSE;
  for (guint i = 0; i < n_layers; i++)
    if (!check_entry (&opened, esp_network_get_layer (network, layers[i]), at, error))
      return FALSE;
  *answer = opened;
  opened = (EspOracleAnswer){ NULL };
  return TRUE;
}

gboolean
esp_oracle_read (EspOracleAnswer *answer, float *values, gsize n, GError **error)
{
  if (fread (values, sizeof (float), n, answer->file) == n)
    return TRUE;
  return refuse (answer, error, "it ends too early");
}

void
esp_oracle_close (EspOracleAnswer *answer)
{
  if (answer->file != NULL)
    fclose (answer->file);
  g_clear_pointer (&answer->name, g_free);
  answer->file = NULL;
}
