/* raw.c: numbers of layers as raw files */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "raw.h"

#include "base/error.h"
#include "base/file.h"

/**
 * esp_raw_parse_layers:
 * @options: what the command line says
 * @network: whose layers
 * @lowest: 0, or -1 where the image counts as a layer
 * @n: (out): how many
 * @error: a G_OPTION_ERROR where there are none, no --output, or one is no layer
 *
 * Returns: (transfer full): the layers asked for, or NULL. Thread: any.
 */
int *
esp_raw_parse_layers (const EspRawOptions *options, const EspNetwork *network, int lowest, guint *n, GError **error)
{
  int most = (int) esp_network_get_n_layers (network) - 1;
  g_autofree int *layers = NULL;

  *n = options->layers != NULL ? g_strv_length (options->layers) : 0;
  if (*n == 0 || options->output == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "expected --layer N and --output DIR");
      return NULL;
    }
  layers = g_new (int, *n);
  for (guint i = 0; i < *n; i++)
    {
      gint64 layer;

      if (!g_ascii_string_to_signed (options->layers[i], 10, lowest, most, &layer, NULL))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--layer %s: expected a layer from %d to %d", options->layers[i],
                       lowest, most);
          return NULL;
        }
      layers[i] = (int) layer;
    }
  return g_steal_pointer (&layers);
}

/** esp_raw_parse_at: @at (out): what --at says, the output without it. FALSE with a G_OPTION_ERROR for another word. Thread: any. */
gboolean
esp_raw_parse_at (const EspRawOptions *options, EspAt *at, GError **error)
{
  static const char *const words[] = { [ESP_AT_CONV] = "conv", [ESP_AT_PRE] = "pre", [ESP_AT_OUT] = "out" };

  *at = ESP_AT_OUT;
  for (guint i = 0; options->at != NULL && i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (words[i], options->at))
      {
        *at = (EspAt) i;
        return TRUE;
      }
  if (options->at != NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--at %s: expected conv, pre or out", options->at);
  return options->at == NULL;
}

/**
 * esp_raw_read:
 * @path: raw float32, little-endian
 * @shape: n c h w that it holds
 * @error: ESP_ERROR_SHAPE where it has another length, or that of the file system
 *
 * Returns: (transfer full): its numbers, or NULL. Nothing is read of a file much too long. Thread: any.
 */
float *
esp_raw_read (const char *path, EspShape shape, GError **error)
{
  gsize wanted = esp_shape_count (shape) * sizeof (float), got;
  g_autoptr (GBytes) bytes = esp_file_read (path, wanted, error);
  g_autofree char *images = shape.n > 1 ? g_strdup_printf ("%d images of ", shape.n) : g_strdup ("");

  if (bytes == NULL)
    return NULL;
  got = g_bytes_get_size (bytes);
  if (got == wanted)
    return g_memdup2 (g_bytes_get_data (bytes, NULL), wanted);
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE,
               "%s: %" G_GSIZE_FORMAT " bytes: expected %" G_GSIZE_FORMAT ", %s%d × %d × %d numbers of 4 bytes", path, got, wanted, images,
               shape.c, shape.h, shape.w);
  return NULL;
}

static gboolean
write_numbers (const char *path, gboolean f64, const double *values, gsize n, GError **error)
{
  g_autofree float *rounded = f64 ? NULL : g_new (float, MAX (n, 1));

  if (f64)
    return esp_file_write (path, values, n * sizeof *values, error);
  for (gsize i = 0; i < n; i++)
    rounded[i] = (float) values[i];
  return esp_file_write (path, rounded, n * sizeof *rounded, error);
}

/** esp_raw_write: writes n numbers into --output as STEM.f32, or as STEM.f64 with --f64. Errors: those of the file system. */
gboolean
esp_raw_write (const EspRawOptions *options,
               const char *stem,
               const double *values,
               gsize n,
               const EspCommon *common,
               JsonBuilder *json,
               GError **error)
{
  g_autofree char *name = g_strconcat (stem, options->f64 ? ".f64" : ".f32", NULL);
  g_autofree char *path = g_build_filename (options->output, name, NULL);

  if (!write_numbers (path, options->f64, values, n, error))
    return FALSE;
  esp_json_string (json, "file", path);
  if (!common->json)
    g_print ("%s: %" G_GSIZE_FORMAT " numbers\n", path, n);
  return TRUE;
}

/** esp_raw_add_shape: adds "shape": [c, h, w] to the open object. */
void
esp_raw_add_shape (JsonBuilder *json, EspShape shape)
{
  const int sides[] = { shape.c, shape.h, shape.w };

  json_builder_set_member_name (json, "shape");
  json_builder_begin_array (json);
  for (guint i = 0; i < G_N_ELEMENTS (sides); i++)
    json_builder_add_int_value (json, sides[i]);
  json_builder_end_array (json);
}
