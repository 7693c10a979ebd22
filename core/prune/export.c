/* export.c: writes a pruned network whole or not at all, read again and proved before it is there
 *
 * The files are made in a folder of their own on the same file system; that folder is read again, its byte count is checked against its
 * cfg, and the network in it is compared with the masked one and, where it can hold it, run in the oracle.
 * Only then is it renamed into place. */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/export-private.h"

#include <errno.h>
#include <string.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "prune/plan-file.h"

#define DOUBLE_BOUND 1e-12
#define FLOAT_BOUND  1e-5

typedef EspExportRun Export;

static void
remove_files (const char *folder)
{
  for (guint i = 0; i < ESP_N_EXPORT_FILES; i++)
    {
      g_autofree char *path = g_build_filename (folder, esp_export_file_name (i), NULL);

      g_remove (path);
    }
  g_rmdir (folder);
}

static void
export_clear (Export *export)
{
  g_clear_pointer (&export->mask, esp_mask_unref);
  g_clear_pointer (&export->cut, esp_cut_unref);
  g_clear_pointer (&export->small, esp_network_unref);
  g_clear_pointer (&export->small_weights, esp_weights_unref);
  if (export->folder != NULL)
    remove_files (export->folder);
  g_clear_pointer (&export->folder, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Export, export_clear)

/* A new folder in the nearest folder above @target that is there. */
static char *
make_folder (const char *target, GError **error)
{
  g_autofree char *above = g_strdup (target);
  g_autofree char *folder = NULL;

  do
    {
      char *next = g_path_get_dirname (above);

      g_free (above);
      above = next;
    }
  while (!g_file_test (above, G_FILE_TEST_IS_DIR) && !g_str_equal (above, "/"));
  folder = g_build_filename (above, ".espalier-XXXXXX", NULL);
  if (g_mkdtemp_full (folder, 0755) != NULL)
    return g_steal_pointer (&folder);
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: no folder could be made there: %s", above, g_strerror (errno));
  return NULL;
}

static gboolean
write_cfg (const Export *export, GError **error)
{
  g_autofree char *path = esp_export_path (export, ESP_EXPORT_CFG);
  gsize n = 0;
  g_autofree char *text = esp_cfg_to_text (esp_network_get_cfg (export->small), &n);

  return esp_file_write (path, text, n, error);
}

/* Of a layer whose classes are cut: the first channel that each row comes from, or @all of them, under a name of their own.
 * FALSE for another layer. */
static gboolean
append_rows (GString *to, const Export *export, guint layer, gboolean all)
{
  const guint rows = (guint) esp_network_get_layer (export->small, layer)->out.c;

  for (guint row = 0; row < rows && export->keep != NULL; row++)
    {
      guint n = 0;
      g_autofree guint *sources = esp_keep_classes_row (export->keep, export->network, layer, row, &n);

      if (sources == NULL)
        return FALSE;
      if (all)
        g_string_append (to, row > 0 ? ", [" : ", \"mean_of\": [[");
      else
        g_string_append (to, row > 0 ? ", " : "");
      for (guint i = 0; i < (all ? n : 1); i++)
        g_string_append_printf (to, i > 0 ? ", %u" : "%u", sources[i]);
      g_string_append (to, all ? "]" : "");
    }
  if (all)
    g_string_append_c (to, ']');
  return export->keep != NULL;
}

static void
append_layer (GString *to, const Export *export, guint layer)
{
  const EspLayer *one = esp_network_get_layer (export->network, layer);
  guint n = 0;
  const guint *kept = esp_cut_get_kept (export->cut, layer, &n);

  g_string_append_printf (to, "%s\n  {\"layer\": %u, \"kind\": \"%s\", \"channels\": %d, \"kept\": [", layer > 0 ? "," : "", layer,
                          esp_layer_kind_name (one->kind), one->out.c);
  if (!append_rows (to, export, layer, FALSE))
    for (guint c = 0; c < n; c++)
      g_string_append_printf (to, c > 0 ? ", %u" : "%u", kept[c]);
  g_string_append (to, "]");
  if (export->keep != NULL)
    append_rows (to, export, layer, TRUE);
  g_string_append (to, "}");
}

/* Per layer of any kind the original channel of each that is left. */
static gboolean
write_map (const Export *export, GError **error)
{
  g_autofree char *path = esp_export_path (export, ESP_EXPORT_MAP);
  g_autoptr (GString) text = g_string_new ("{\"format\": \"espalier-index-map\", \"version\": 1,\n \"cfg\": ");

  esp_json_append_string (text, export->what->cfg_hash);
  g_string_append (text, ",\n \"weights\": ");
  esp_json_append_string (text, export->what->weights_hash);
  if (export->keep != NULL)
    {
      g_string_append (text, ",\n \"classes\": ");
      esp_plan_classes_append (text, export->keep);
    }
  g_string_append (text, ",\n \"layers\": [");
  for (guint l = 0; l < esp_network_get_n_layers (export->network); l++)
    append_layer (text, export, l);
  g_string_append (text, "]}\n");
  return esp_file_write (path, text->str, text->len, error);
}

static gboolean
write_files (const Export *export, GError **error)
{
  g_autofree char *weights = esp_export_path (export, ESP_EXPORT_WEIGHTS), *plan = esp_export_path (export, ESP_EXPORT_PLAN);

  return write_cfg (export, error) && esp_weights_save (export->small, export->small_weights, weights, error) && write_map (export, error)
         && esp_export_write_beside (export, error)
         && esp_plan_save (export->what->plan, export->what->cfg_hash, export->what->weights_hash, plan, error);
}

static gboolean
compare (const Export *export,
         EspNetwork *whole,
         EspNetwork *small,
         EspWeights *weights,
         EspBackendKind backend,
         double bound,
         double *difference,
         EspJob *job,
         GError **error)
{
  EspCutCheck check;

  if (!esp_cut_check_classes (whole, export->what->weights, export->mask, small, weights, export->cut, export->keep, backend,
                              export->what->bn, export->what->seed, &check, job, error))
    return FALSE;
  *difference = check.difference;
  return esp_cut_check_accept (&check, bound, FLOAT_BOUND, error);
}

static gboolean
check_bytes (const char *path, const EspNetwork *network, guint64 *bytes, GError **error)
{
  GStatBuf info;
  const guint64 expected = esp_cost_of (network, NULL).file_bytes;

  if (g_stat (path, &info) != 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s", path, g_strerror (errno));
      return FALSE;
    }
  *bytes = (guint64) info.st_size;
  if (*bytes == expected || *bytes + 4 == expected) /* the header's count of images has 8 bytes, or 4 in an old one */
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: %" G_GUINT64_FORMAT " bytes were written, the cfg asks for %" G_GUINT64_FORMAT, path,
               *bytes, expected);
  return FALSE;
}

/* The cfg has another name and place when the reason is read. */
static void
give_reason (EspExportResult *result, const char *reason, const char *cfg_path)
{
  const gboolean named = g_str_has_prefix (reason, cfg_path);

  g_free (result->oracle_reason);
  result->oracle_reason = g_strconcat (named ? esp_export_file_name (ESP_EXPORT_CFG) : "", reason + (named ? strlen (cfg_path) : 0), NULL);
}

/* Another program's word on the files themselves, where there is one that can hold this network. */
static gboolean
ask_oracle (const Export *export, EspNetwork *again, EspWeights *weights, EspExportResult *result, EspJob *job, GError **error)
{
  g_autofree char *cfg_path = esp_export_path (export, ESP_EXPORT_CFG), *weights_path = esp_export_path (export, ESP_EXPORT_WEIGHTS);
  g_autofree float *input = esp_oracle_noise (again, export->what->seed);
  const EspOracleQuestion question = { again, weights, weights_path, input, ESP_AT_OUT, 0 };
  g_auto (EspOracleReport) report = { NULL };

  if (!export->what->oracle)
    {
      result->oracle_reason = g_strdup ("it was not asked");
      return TRUE;
    }
  if (!esp_oracle_compare (&question, &report, job, error))
    return FALSE;
  if (report.reason != NULL)
    {
      give_reason (result, report.reason, cfg_path);
      return TRUE;
    }
  result->oracle_difference = report.worst.difference;
  if (esp_oracle_agrees (&report))
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_ORACLE,
               ESP_ORACLE_NAME " gives something else for the cut network: layer %u differs by %g of its maximum, at most %g is accepted: "
                               "nothing was written",
               report.worst.layer, report.worst.difference, ESP_ORACLE_BOUND);
  return FALSE;
}

static gboolean
verify (const Export *export, EspExportResult *result, EspJob *job, GError **error)
{
  g_autofree char *cfg_path = esp_export_path (export, ESP_EXPORT_CFG), *weights_path = esp_export_path (export, ESP_EXPORT_WEIGHTS),
                  *plan_path = esp_export_path (export, ESP_EXPORT_PLAN);
  g_autoptr (EspNetwork) again = esp_network_load_dialect (cfg_path, esp_network_get_dialect (export->network), error);
  g_autoptr (EspWeights) weights = again != NULL ? esp_weights_load (again, weights_path, error) : NULL;
  g_autoptr (EspMask) mask = NULL;
  g_autoptr (EspNetwork) whole = NULL, small = NULL;
  const double bflops = esp_cost_of (export->network, NULL).bflops;

  if (weights == NULL || !check_bytes (weights_path, again, &result->file_bytes, error))
    return FALSE;
  result->cost = esp_cost_of (again, NULL);
  mask = esp_plan_read_mask (export->network, plan_path, export->what->cfg_hash, export->what->weights_hash, error);
  if (mask == NULL)
    return FALSE;
  if (!esp_hash_equal (esp_mask_get_hash (mask), esp_mask_get_hash (export->mask)))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: read again, it does not keep what the plan keeps", plan_path);
      return FALSE;
    }
  whole = esp_cut_check_network (export->network, bflops);
  small = whole != export->network ? esp_cut_check_network (again, bflops) : esp_network_ref (again);
  result->width = esp_network_get_input (whole).w;
  result->height = esp_network_get_input (whole).h;
  return compare (export, whole, small, weights, ESP_BACKEND_REFERENCE_DOUBLE, DOUBLE_BOUND, &result->difference, job, error)
         && compare (export, export->network, again, weights, ESP_BACKEND_ONEDNN, FLOAT_BOUND, &result->difference_float, job, error)
         && ask_oracle (export, again, weights, result, job, error);
}

static gboolean
move (const char *from, const char *to, GError **error)
{
  if (g_rename (from, to) == 0)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: could not be put into place: %s", to, g_strerror (errno));
  return FALSE;
}

/* A new folder appears as one; into one that is there the files go one by one, each whole. */
static gboolean
put_into_place (Export *export, const char *folder, GError **error)
{
  g_autofree char *above = g_path_get_dirname (folder);

  if (!g_file_test (folder, G_FILE_TEST_EXISTS))
    {
      if (!esp_folder_make (above, error) || !move (export->folder, folder, error))
        return FALSE;
      g_clear_pointer (&export->folder, g_free);
      return TRUE;
    }
  for (guint i = 0; i < ESP_N_EXPORT_FILES; i++)
    {
      g_autofree char *from = esp_export_path (export, i), *to = g_build_filename (folder, esp_export_file_name (i), NULL);

      if (!g_file_test (from, G_FILE_TEST_EXISTS))
        g_remove (to); /* what an earlier export left there is of another network */
      else if (!move (from, to, error))
        return FALSE;
    }
  return TRUE;
}

/* The network that is written. */
static gboolean
keep_classes (Export *export, GError **error)
{
  EspNetwork *network = esp_cut_get_network (export->cut);
  EspWeights *weights = esp_cut_get_weights (export->cut);

  if (export->keep != NULL)
    return esp_keep_classes (network, weights, export->keep, &export->small, &export->small_weights, error);
  export->small = esp_network_ref (network);
  export->small_weights = esp_weights_ref (weights);
  return TRUE;
}

/* Names that are said are of the network's own classes: pruned.names and pruned.data say one for each. */
static gboolean
check_names (const EspExport *what, GError **error)
{
  const EspNetwork *network = esp_plan_get_network (what->plan);
  const guint classes = (guint) MAX (MAX (esp_network_get_classes (network), esp_network_get_scores (network)), 0);
  const guint n = what->names != NULL ? g_strv_length ((char **) what->names) : classes;

  if (n == classes)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%u names of classes were given, and the network has %u classes: expected as many", n,
               classes);
  return FALSE;
}

/**
 * esp_export_write:
 * @what: the plan, its weights, and whose they are
 * @folder: where to; made if it is not there
 * @result: (out): what was measured on the way
 * @job: (nullable): cancels; nothing is left behind then
 * @error: ESP_ERROR_SHAPE where the plan cannot be cut (the reason), names are not one a class, or the cut is not the masked network;
 *   ESP_ERROR_ORACLE where the oracle was asked and failed, or disagrees; ESP_ERROR_IO
 *
 * Cost: two forwards in the plain double reference (over 96 × 96 where the network is large), three in the engine, one in the oracle.
 * Thread: lane.
 */
gboolean
esp_export_write (const EspExport *what, const char *folder, EspExportResult *result, EspJob *job, GError **error)
{
  g_auto (Export) export = { .what = what };
  g_autofree char *target = NULL;

  g_return_val_if_fail (what != NULL && folder != NULL && result != NULL, FALSE);
  *result = (EspExportResult){ 0 };
  if (g_file_test (folder, G_FILE_TEST_EXISTS) && !g_file_test (folder, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: not a folder", folder);
      return FALSE;
    }
  if (!check_names (what, error))
    return FALSE;
  target = g_canonicalize_filename (folder, NULL); /* without a slash at its end */
  export.network = esp_plan_get_network (what->plan);
  export.mask = esp_plan_get_mask (what->plan);
  export.cut = esp_cut_new (export.network, what->weights, export.mask, NULL, error);
  export.keep = esp_plan_get_keep_classes (what->plan);
  if (export.cut == NULL || !keep_classes (&export, error) || (export.folder = make_folder (target, error)) == NULL)
    return FALSE;
  return write_files (&export, error) && verify (&export, result, job, error) && esp_export_write_report (&export, result, error)
         && esp_job_check (job, error) && put_into_place (&export, target, error);
}

/** esp_export_result_clear: frees what a result holds. */
void
esp_export_result_clear (EspExportResult *result)
{
  g_clear_pointer (&result->oracle_reason, g_free);
}
