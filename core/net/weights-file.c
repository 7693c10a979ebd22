/* weights-file.c: the weights file of darknet, both widths of its count of images */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/weights.h"

#include "base/error.h"
#include "base/file.h"
#include "net/layer-private.h"
#include "net/weights-private.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#define SHORT_HEADER 16u /* three versions and 4 bytes of seen */
#define LONG_HEADER  20u

/* Where a reader stands in the file. */
typedef struct
{
  const guint8 *data;
  gsize at;
  const char *name;
} Cursor;

static gsize
header_bytes (EspWeightsHeader header)
{
  return (gint64) header.major * 10 + header.minor >= 2 ? LONG_HEADER : SHORT_HEADER;
}

static guint64
count_params (const EspNetwork *network)
{
  guint64 n = 0;

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    n += esp_layer_count_params (esp_network_get_layer (network, i));
  return n;
}

static guint32
get_word (const guint8 *data)
{
  guint32 word;

  memcpy (&word, data, sizeof word);
  return GUINT32_FROM_LE (word);
}

/* Reads the versions; @n of the file's bytes are there. */
static gboolean
read_header (const guint8 *data, gsize n, const char *name, EspWeightsHeader *header, GError **error)
{
  if (n < SHORT_HEADER)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %" G_GSIZE_FORMAT " bytes found: expected a header of at least %u", name, n,
                   SHORT_HEADER);
      return FALSE;
    }
  *header = (EspWeightsHeader){ (gint32) get_word (data), (gint32) get_word (data + 4), (gint32) get_word (data + 8), 0 };
  if (header->major < 0 || header->minor < 0 || header->major > 1000 || header->minor > 1000)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: bytes 0 to 11 give version %d.%d.%d: expected 0.1 or 0.2 or near it", name,
                   header->major, header->minor, header->revision);
      return FALSE;
    }
  header->seen = get_word (data + 12);
  if (header_bytes (*header) == LONG_HEADER && n >= LONG_HEADER)
    header->seen |= (guint64) get_word (data + 16) << 32;
  return TRUE;
}

static gboolean
check_bytes (const EspNetwork *network, EspWeightsHeader header, guint64 found, const char *name, GError **error)
{
  const guint64 n = count_params (network), expected = header_bytes (header) + n * sizeof (float);

  if (found == expected)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
               "%s: %" G_GUINT64_FORMAT " bytes found: expected %" G_GUINT64_FORMAT " for %s (a header of %" G_GSIZE_FORMAT
               " and %" G_GUINT64_FORMAT " parameters); it belongs to another network or is %s",
               name, found, expected, esp_cfg_get_name (esp_network_get_cfg (network)), header_bytes (header), n,
               found < expected ? "cut short" : "damaged");
  return FALSE;
}

static gboolean
read_floats (Cursor *cursor, float *values, gsize n, gboolean variance, guint layer, GError **error)
{
  for (gsize i = 0; i < n; i++, cursor->at += sizeof (float))
    {
      const guint32 word = get_word (cursor->data + cursor->at);

      memcpy (&values[i], &word, sizeof (float));
      if (!isfinite (values[i]) || (variance && values[i] < 0))
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: byte %" G_GSIZE_FORMAT ", in layer %u, is %g: expected %s", cursor->name,
                       cursor->at, layer, (double) values[i], variance ? "a variance of 0 or more" : "a finite number");
          return FALSE;
        }
    }
  return TRUE;
}

/* One stretch of a layer's numbers. */
typedef struct
{
  float *values;
  gsize n;
  gboolean is_variance;
} Part;

#define N_PARTS 5

/* The parts of a layer in the file's order; those that it has not are empty. */
static void
list_parts (const EspLayer *layer, const EspParams *params, Part parts[N_PARTS])
{
  const gboolean weights_first = esp_layer_row (layer->kind)->weights_first;
  const gsize filters = params->filters, n = params->scales != NULL ? filters : 0;
  const Part weights = { params->weights, params->n_weights, FALSE };
  guint i = 0;

  parts[i++] = (Part){ params->biases, filters, FALSE };
  if (weights_first)
    parts[i++] = weights;
  parts[i++] = (Part){ params->scales, n, FALSE };
  parts[i++] = (Part){ params->means, n, FALSE };
  parts[i++] = (Part){ params->variances, n, TRUE };
  if (!weights_first)
    parts[i++] = weights;
}

static gboolean
read_params (Cursor *cursor, const EspLayer *layer, EspParams *params, GError **error)
{
  Part parts[N_PARTS];

  list_parts (layer, params, parts);
  for (guint i = 0; i < N_PARTS; i++)
    if (!read_floats (cursor, parts[i].values, parts[i].n, parts[i].is_variance, layer->index, error))
      return FALSE;
  return TRUE;
}

/**
 * esp_weights_parse:
 * @network: whose
 * @bytes: a weights file
 * @name: what messages call it
 * @error: ESP_ERROR_FORMAT
 *
 * darknet's order: three versions and seen; then for each convolution biases, with batch normalisation scales, means and variances, then
 * weights; for each connected layer biases, weights, then the rest. The byte count must be exactly the network's; numbers must be finite
 * and variances not below 0.
 * Returns: (transfer full): the numbers. Thread: any.
 */
EspWeights *
esp_weights_parse (const EspNetwork *network, GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (EspWeights) weights = NULL;
  Cursor cursor = { .name = name };
  EspWeightsHeader header;
  gsize n;

  cursor.data = g_bytes_get_data (bytes, &n);
  if (!read_header (cursor.data, n, name, &header, error) || !check_bytes (network, header, n, name, error))
    return NULL;
  weights = esp_weights_new_bare (network, header);
  cursor.at = header_bytes (header);
  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);
      g_autoptr (EspParams) params = esp_layer_count_params (layer) > 0 ? esp_params_new_for (layer) : NULL;

      if (params != NULL && !read_params (&cursor, layer, params, error))
        return NULL;
      esp_weights_take (weights, i, g_steal_pointer (&params));
    }
  return g_steal_pointer (&weights);
}

/* Refuses a file that is longer than it can be by its first bytes alone. */
static gboolean
refuse_long (const EspNetwork *network, const char *path, guint64 n, GError **error)
{
  guint8 start[LONG_HEADER];
  EspWeightsHeader header;
  FILE *file = g_fopen (path, "rb");
  gsize got;

  if (file == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s", path, g_strerror (errno));
      return FALSE;
    }
  got = fread (start, 1, sizeof start, file);
  fclose (file);
  return read_header (start, got, path, &header, error) && check_bytes (network, header, n, path, error);
}

/**
 * esp_weights_load:
 * @network: whose
 * @path: a weights file
 * @error: as esp_weights_parse(), or ESP_ERROR_IO
 *
 * Returns: (transfer full): its numbers; nothing is allocated for a file of the wrong length. Thread: any.
 */
EspWeights *
esp_weights_load (const EspNetwork *network, const char *path, GError **error)
{
  const guint64 most = LONG_HEADER + count_params (network) * sizeof (float);
  g_autoptr (GBytes) bytes = NULL;
  GStatBuf status;

  if (g_stat (path, &status) == 0 && S_ISREG (status.st_mode) && (guint64) status.st_size > most
      && !refuse_long (network, path, (guint64) status.st_size, error))
    return NULL;
  bytes = esp_file_read (path, most, error);
  return bytes != NULL ? esp_weights_parse (network, bytes, path, error) : NULL;
}

/* The layers that @n parameters fill exactly, from the first one on, with those behind that have none; 0 where they end within one. */
static guint
count_layers (const EspNetwork *network, guint64 n)
{
  guint64 sum = 0;
  guint filled = 0;

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      sum += esp_layer_count_params (esp_network_get_layer (network, i));
      if (sum == n && n > 0)
        filled = i + 1;
    }
  return filled;
}

static guint64
count_params_before (const EspNetwork *network, guint end)
{
  guint64 n = 0;

  for (guint i = 0; i < MIN (end, esp_network_get_n_layers (network)); i++)
    n += esp_layer_count_params (esp_network_get_layer (network, i));
  return n;
}

/* How many layers of a file with @found parameters to read; 0 after an error. */
static guint
layers_to_read (const EspNetwork *network, guint upto, guint64 found, const char *path, GError **error)
{
  const guint n = upto != 0 ? MIN (upto, esp_network_get_n_layers (network)) : count_layers (network, found);
  const char *cfg = esp_cfg_get_name (esp_network_get_cfg (network));

  if (n == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                 "%s: %" G_GUINT64_FORMAT " parameters found: expected %" G_GUINT64_FORMAT
                 " for %s, or as many as some of its first layers have; it belongs to another network or is damaged",
                 path, found, count_params (network), cfg);
  else if (found < count_params_before (network, n))
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                 "%s: %" G_GUINT64_FORMAT " parameters found: expected at least %" G_GUINT64_FORMAT " for the first %u layers of %s", path,
                 found, count_params_before (network, n), n, cfg);
  else
    return n;
  return 0;
}

/* The first @n_layers; zeros from there on. */
static EspWeights *
read_start (const EspNetwork *network, Cursor *cursor, EspWeightsHeader header, guint n_layers, GError **error)
{
  g_autoptr (EspWeights) weights = esp_weights_new_zero (network);

  esp_weights_set_header (weights, header);
  cursor->at = header_bytes (header);
  for (guint i = 0; i < n_layers; i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);
      g_autoptr (EspParams) params = esp_layer_count_params (layer) > 0 ? esp_params_new_for (layer) : NULL;

      if (params == NULL)
        continue;
      if (!read_params (cursor, layer, params, error))
        return NULL;
      esp_weights_set (weights, i, g_steal_pointer (&params));
    }
  return g_steal_pointer (&weights);
}

/**
 * esp_weights_load_start:
 * @network: whose first layers
 * @path: a weights file, of these layers alone (darknet's partial, "yolov4.conv.137") or of a network that begins alike
 * @upto: how many layers to read, whatever follows; 0: those that the file's length says, which must end with a layer
 * @n_layers: (out): how many were read
 * @error: ESP_ERROR_IO, ESP_ERROR_FORMAT, ESP_ERROR_LIMIT beyond 2 GiB
 *
 * Returns: (transfer full): their numbers, and zeros in all further layers. Thread: any.
 */
EspWeights *
esp_weights_load_start (const EspNetwork *network, const char *path, guint upto, guint *n_layers, GError **error)
{
  g_autoptr (GBytes) bytes = esp_file_read (path, (gsize) 2 << 30, error);
  Cursor cursor = { .name = path };
  EspWeightsHeader header;
  gsize n;

  if (bytes == NULL)
    return NULL;
  cursor.data = g_bytes_get_data (bytes, &n);
  if (!read_header (cursor.data, n, path, &header, error))
    return NULL;
  if (n < header_bytes (header) || (n - header_bytes (header)) % sizeof (float) != 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                   "%s: %" G_GSIZE_FORMAT " bytes found: expected a header of %" G_GSIZE_FORMAT " and 4 for each parameter", path, n,
                   header_bytes (header));
      return NULL;
    }
  *n_layers = layers_to_read (network, upto, (n - header_bytes (header)) / sizeof (float), path, error);
  return *n_layers > 0 ? read_start (network, &cursor, header, *n_layers, error) : NULL;
}

static void
put_word (GByteArray *out, guint32 word)
{
  word = GUINT32_TO_LE (word);
  g_byte_array_append (out, (const guint8 *) &word, sizeof word);
}

static void
put_floats (GByteArray *out, const float *values, gsize n)
{
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
  g_byte_array_append (out, (const guint8 *) values, (guint) (n * sizeof (float)));
#else
  for (gsize i = 0; i < n; i++)
    {
      guint32 word;

      memcpy (&word, &values[i], sizeof word);
      put_word (out, word);
    }
#endif
}

/**
 * esp_weights_to_bytes:
 * @network: whose
 * @weights: its numbers
 *
 * Returns: (transfer full): the weights file, little-endian, in darknet's order; what was loaded comes back byte for byte. Thread: any.
 */
GBytes *
esp_weights_to_bytes (const EspNetwork *network, const EspWeights *weights)
{
  const EspWeightsHeader header = esp_weights_get_header (weights);
  GByteArray *out = g_byte_array_sized_new ((guint) (LONG_HEADER + count_params (network) * sizeof (float)));

  put_word (out, (guint32) header.major);
  put_word (out, (guint32) header.minor);
  put_word (out, (guint32) header.revision);
  put_word (out, (guint32) header.seen);
  if (header_bytes (header) == LONG_HEADER)
    put_word (out, (guint32) (header.seen >> 32));
  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      const EspParams *params = esp_weights_get (weights, i);
      Part parts[N_PARTS];

      if (params == NULL)
        continue;
      list_parts (esp_network_get_layer (network, i), params, parts);
      for (guint k = 0; k < N_PARTS; k++)
        put_floats (out, parts[k].values, parts[k].n);
    }
  return g_byte_array_free_to_bytes (out);
}

/**
 * esp_weights_save:
 * @network: whose
 * @weights: its numbers
 * @path: where to; the old file or the whole new one
 * @error: ESP_ERROR_IO
 *
 * Thread: any.
 */
gboolean
esp_weights_save (const EspNetwork *network, const EspWeights *weights, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = esp_weights_to_bytes (network, weights);

  return esp_file_write (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
}
