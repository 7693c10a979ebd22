/* export-beside.c: what an export writes beside the network: names, .data, ONNX, and the report */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/export-private.h"

#include "base/file.h"
#include "base/json.h"
#include "onnx/onnx.h"

/** esp_export_file_name: Returns: (transfer none): what @file is called in the folder. */
const char *
esp_export_file_name (EspExportFile file)
{
  static const char *const names[]
      = { "pruned.cfg", "pruned.weights", "index-map.json", "plan.json", "report.json", "pruned.names", "pruned.data", "pruned.onnx" };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == ESP_N_EXPORT_FILES);
  return names[file];
}

/** esp_export_path: Returns: (transfer full): where @file is made. */
char *
esp_export_path (const EspExportRun *run, EspExportFile file)
{
  return g_build_filename (run->folder, esp_export_file_name (file), NULL);
}

/* Names of the classes of pruned.cfg; NULL where nobody said them. */
static GStrv
dup_names (const EspExportRun *run)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  if (run->keep == NULL)
    return g_strdupv ((GStrv) run->what->names);
  for (guint c = 0; c < esp_keep_classes_get_n (run->keep); c++)
    g_strv_builder_add (names, esp_keep_classes_get_name (run->keep, c));
  return g_strv_builder_end (names);
}

static gboolean
write_text (const EspExportRun *run, EspExportFile file, const char *text, GError **error)
{
  g_autofree char *path = esp_export_path (run, file);

  return esp_file_write (path, text, strlen (text), error);
}

static gboolean
write_names (const EspExportRun *run, GStrv names, GError **error)
{
  g_autofree char *lines = g_strjoinv ("\n", names);
  g_autofree char *text = g_strconcat (lines, "\n", NULL);
  g_autofree char *data = g_strdup_printf ("classes = %u\nnames = %s\n", g_strv_length (names), esp_export_file_name (ESP_EXPORT_NAMES));

  return write_text (run, ESP_EXPORT_NAMES, text, error) && write_text (run, ESP_EXPORT_DATA, data, error);
}

static gboolean
write_onnx (const EspExportRun *run, GStrv names, GError **error)
{
  g_autofree char *path = esp_export_path (run, ESP_EXPORT_ONNX);

  return esp_onnx_save (run->small, run->small_weights, &(EspOnnxOptions){ run->what->bn, (const char *const *) names }, path, error);
}

/**
 * esp_export_write_beside:
 * @run: an export whose network is cut
 * @error: ESP_ERROR_IO; ESP_ERROR_UNSUPPORTED where the network cannot be said in ONNX operators
 *
 * The paths of training and validation are the user's own, so pruned.data has none. Thread: lane.
 */
gboolean
esp_export_write_beside (const EspExportRun *run, GError **error)
{
  g_auto (GStrv) names = dup_names (run);

  return (names == NULL || write_names (run, names, error)) && (!run->what->onnx || write_onnx (run, names, error));
}

static void
append_cost (GString *to, const char *name, const EspNetwork *network)
{
  const EspCost cost = esp_cost_of (network, NULL);

  g_string_append_printf (to, ",\n \"%s\": {\"params\": %" G_GUINT64_FORMAT ", \"bflops\": ", name, cost.params);
  esp_json_append_number (to, cost.bflops);
  g_string_append_printf (to, ", \"file_bytes\": %" G_GUINT64_FORMAT "}", cost.file_bytes);
}

static void
append_number (GString *to, const char *name, double value)
{
  g_string_append_printf (to, ",\n \"%s\": ", name);
  esp_json_append_number (to, value);
}

static void
append_string (GString *to, const char *name, const char *value)
{
  g_string_append_printf (to, ",\n \"%s\": ", name);
  esp_json_append_string (to, value);
}

static void
append_checks (GString *to, const EspExportResult *result)
{
  append_number (to, "max_difference", result->difference);
  append_number (to, "max_difference_float32", result->difference_float);
  g_string_append_printf (to, ",\n \"compared_at\": [%d, %d]", result->width, result->height);
  append_string (to, "oracle", result->oracle_reason == NULL ? ESP_ORACLE_NAME : NULL);
  if (result->oracle_reason != NULL)
    append_string (to, "oracle_reason", result->oracle_reason);
  else
    append_number (to, "oracle_max_difference", result->oracle_difference);
}

/**
 * esp_export_write_report:
 * @run: an export whose files have been read again and compared
 * @result: what came of that
 * @error: ESP_ERROR_IO
 *
 * Without a date: the same plan gives the same bytes. Thread: lane.
 */
gboolean
esp_export_write_report (const EspExportRun *run, const EspExportResult *result, GError **error)
{
  g_autoptr (GString) text = g_string_new ("{\"format\": \"espalier-export-report\", \"version\": 1");

  append_string (text, "program", ESP_VERSION);
  append_string (text, "cfg", run->what->cfg_hash);
  append_string (text, "weights", run->what->weights_hash);
  append_cost (text, "before", run->network);
  append_cost (text, "after", run->small);
  append_checks (text, result);
  g_string_append (text, "}\n");
  return write_text (run, ESP_EXPORT_REPORT, text->str, error);
}
