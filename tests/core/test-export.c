/* test-export.c: a pruned network is there whole, or not at all */
#include "config.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "net/cost.h"
#include "prune/export.h"

#include "oracle-common.h"
#include "prune-common.h"

#include <glib/gstdio.h>
#include <math.h>

#define SHA1 "1111111111111111111111111111111111111111111111111111111111111111"

typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  EspPlan *plan;
  char *folder, *target;
  gboolean oracle, onnx;
  const char *const *names;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (EspScores) scores = NULL;

  self->network = fastest_network ();
  self->weights = esp_weights_new_random (self->network, 3);
  scores = random_scores (self->network, "l1", 3);
  self->plan = plan_of (self->network, scores);
  for (guint g = 0; g < esp_plan_get_n_groups (self->plan); g++)
    esp_plan_set_ratio (self->plan, g, .4);
  self->folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  self->target = g_build_filename (self->folder, "a", "b", NULL);
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_all (child);
    }
  g_remove (path);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  remove_all (self->folder);
  g_free (self->folder);
  g_free (self->target);
  g_object_unref (self->plan);
  esp_weights_unref (self->weights);
  esp_network_unref (self->network);
}

static guint
count_entries (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static gboolean export(Fixture *self, const char *target, EspExportResult *result, EspJob *job, GError **error)
{
  const EspExport what = { .plan = self->plan,
                           .weights = self->weights,
                           .weights_hash = SHA1,
                           .seed = 1,
                           .oracle = self->oracle,
                           .onnx = self->onnx,
                           .names = self->names };
  g_autofree char *hash = NULL;
  EspExport whole = what;
  gsize n = 0;
  g_autofree char *text = esp_cfg_to_text (esp_network_get_cfg (self->network), &n);

  hash = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) text, n);
  whole.cfg_hash = hash;
  return esp_export_write (&whole, target, result, job, error);
}

static void
assert_map (Fixture *self)
{
  g_autofree char *path = g_build_filename (self->target, "index-map.json", NULL);
  g_autoptr (JsonNode) root = esp_json_load (path, 1 << 20, NULL);
  g_autoptr (EspMask) mask = esp_plan_get_mask (self->plan);
  JsonArray *layers = NULL;

  g_assert_true (esp_json_read_array (json_node_get_object (root), path, "layers", &layers, NULL));
  g_assert_cmpuint (json_array_get_length (layers), ==, esp_network_get_n_layers (self->network));
  for (guint l = 0; l < json_array_get_length (layers); l++)
    {
      JsonArray *kept = json_object_get_array_member (json_array_get_object_element (layers, l), "kept");
      guint n = 0;
      g_autofree guint8 *bits = esp_mask_flow (mask, self->network, (int) l, &n);
      guint at = 0;

      for (guint c = 0; c < n; c++)
        if (bits[c])
          g_assert_cmpuint (json_array_get_int_element (kept, at++), ==, c);
      g_assert_cmpuint (json_array_get_length (kept), ==, at);
    }
}

static void
test_whole (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_auto (EspExportResult) result = { 0 };
  g_autofree char *cfg = g_build_filename (self->target, "pruned.cfg", NULL);
  g_autofree char *numbers = g_build_filename (self->target, "pruned.weights", NULL);
  g_autofree char *plan = g_build_filename (self->target, "plan.json", NULL);
  g_autoptr (EspNetwork) again = NULL;
  g_autoptr (EspWeights) weights = NULL;
  g_autoptr (EspMask) mask = esp_plan_get_mask (self->plan), read = NULL;
  EspCost cost;

  g_assert_true (export(self, self->target, &result, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (result.difference, <=, 1e-12);
  g_assert_cmpfloat (result.difference_float, <=, 1e-5);
  g_assert_cmpstr (result.oracle_reason, ==, "it was not asked");
  g_assert_cmpuint (count_entries (self->target), ==, 5);
  g_assert_cmpuint (count_entries (self->folder), ==, 1); /* nothing else is left */
  again = esp_network_load (cfg, &error);
  g_assert_no_error (error);
  weights = esp_weights_load (again, numbers, &error);
  g_assert_no_error (error);
  cost = esp_cost_of (self->network, mask);
  g_assert_cmpuint (cost.params, ==, esp_cost_of (again, NULL).params);
  g_assert_cmpuint (cost.params, <, esp_cost_of (self->network, NULL).params);
  g_assert_cmpuint (result.file_bytes, ==, cost.file_bytes);
  read = esp_plan_read_mask (self->network, plan, NULL, SHA1, &error);
  g_assert_no_error (error);
  g_assert_true (esp_hash_equal (esp_mask_get_hash (read), esp_mask_get_hash (mask)));
  assert_map (self);
  esp_export_result_clear (&result);
  g_assert_true (export(self, self->target, &result, NULL, &error)); /* again, over what is there */
  g_assert_cmpuint (count_entries (self->target), ==, 5);
  g_assert_cmpuint (count_entries (self->folder), ==, 1);
}

/* Names, .data and ONNX are there when they are asked for, and gone when the next export has none. */
static void
test_beside (Fixture *self, gconstpointer data)
{
  static const char *const names[] = { "ripe", "unripe", NULL };
  g_autoptr (GError) error = NULL;
  g_auto (EspExportResult) result = { 0 };
  g_autofree char *path = g_build_filename (self->target, "pruned.data", NULL),
                  *report = g_build_filename (self->target, "report.json", NULL);
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) root = NULL;
  double params = 0;
  JsonObject *after = NULL;

  self->onnx = TRUE;
  self->names = names;
  g_assert_true (export(self, self->target, &result, NULL, &error));
  g_assert_cmpuint (count_entries (self->target), ==, 8);
  g_assert_true (g_file_get_contents (path, &text, NULL, &error));
  g_assert_cmpstr (text, ==, "classes = 2\nnames = pruned.names\n");
  root = esp_json_load (report, 1 << 16, &error);
  g_assert_no_error (error);
  g_assert_true (esp_json_read_object (json_node_get_object (root), report, "after", &after, &error));
  g_assert_true (esp_json_read_number (after, report, "params", 0, 1e9, &params, &error));
  g_assert_cmpfloat (params, ==, (double) result.cost.params);
  esp_export_result_clear (&result);
  self->names = names + 1; /* one for two classes */
  g_assert_false (export(self, self->target, &result, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_assert_nonnull (strstr (error->message, "1 names of classes were given, and the network has 2 classes"));
  g_assert_cmpuint (count_entries (self->target), ==, 8); /* the one before */
  g_clear_error (&error);
  self->onnx = FALSE;
  self->names = NULL;
  esp_export_result_clear (&result);
  g_assert_true (export(self, self->target, &result, NULL, &error));
  g_assert_cmpuint (count_entries (self->target), ==, 5);
}

static void
assert_nothing (Fixture *self, const char *target, EspJob *job, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_auto (EspExportResult) result = { 0 };

  g_assert_false (export(self, target, &result, job, &error));
  g_assert_nonnull (error);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
  g_assert_cmpuint (count_entries (self->folder), ==, 0);
}

static void
test_nothing (Fixture *self, gconstpointer data)
{
  g_autoptr (EspJob) job = esp_job_new ("export");
  g_autofree char *within = NULL;

  esp_job_cancel (job);
  assert_nothing (self, self->target, job, "cancelled");
  esp_weights_get (self->weights, 27)->biases[0] = INFINITY; /* the weights, read again, are refused */
  assert_nothing (self, self->target, NULL, "pruned.weights: byte ");
  esp_weights_get (self->weights, 27)->biases[0] = 0;
  for (gsize i = 0; i < esp_weights_get (self->weights, 27)->n_weights; i++) /* overflows: cut and masked cannot be compared */
    esp_weights_get (self->weights, 27)->weights[i] = G_MAXFLOAT;
  assert_nothing (self, self->target, NULL, "nothing was written");
  esp_plan_set_floor (self->plan, 0);
  esp_plan_set_ratio (self->plan, 0, 1);
  assert_nothing (self, self->target, NULL, "layer 0");
  g_assert_true (esp_file_write (self->target, "", 0, NULL) == FALSE);
  within = g_build_filename ("/proc/none", "a", NULL);
  esp_plan_set_ratio (self->plan, 0, 0);
  assert_nothing (self, within, NULL, "no folder could be made");
}

/* A helper that runs @script; the real one is $ORACLE. */
static char *
use_script (const char *script)
{
  char *path = g_build_filename (g_get_tmp_dir (), "espalier-helper-XXXXXX", NULL);
  g_autofree char *text = g_strconcat ("#!/bin/sh\n", script, "\n", NULL);

  g_assert_cmpint (g_close (g_mkstemp (path), NULL), ==, TRUE);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
  g_setenv ("ESPALIER_ORACLE", path, TRUE);
  return path;
}

static void
test_oracle (Fixture *self, gconstpointer data)
{
  g_auto (EspExportResult) result = { 0 };
  g_autoptr (GError) error = NULL;

  if (!use_built_oracle ())
    return;
  self->oracle = TRUE;
  g_assert_true (export(self, self->target, &result, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (result.oracle_reason, ==, NULL);
  g_assert_cmpfloat (result.oracle_difference, >, 0);
  g_assert_cmpfloat (result.oracle_difference, <=, ESP_ORACLE_BOUND);
  g_test_message ("libdarknet: %.2e", result.oracle_difference);
}

/* The last number of the last layer is another one: the export is refused, and nothing of it is there. */
static void
test_oracle_disagrees (Fixture *self, gconstpointer data)
{
  g_autofree char *path = NULL;

  if (!use_built_oracle ())
    return;
  g_setenv ("ORACLE", g_getenv ("ESPALIER_ORACLE"), TRUE);
  path = use_script (
      "\"$ORACLE\" \"$@\"\nprintf '\\177\\177' | dd of=\"$4\" bs=1 seek=$(($(stat -c %s \"$4\") - 2)) conv=notrunc 2>/dev/null");
  self->oracle = TRUE;
  assert_nothing (self, self->target, NULL, "libdarknet gives something else for the cut network");
  g_remove (path);
}

static void
test_oracle_fails (Fixture *self, gconstpointer data)
{
  g_autofree char *path = use_script ("kill -9 $$");
  g_auto (EspExportResult) result = { 0 };
  g_autoptr (GError) error = NULL;

  self->oracle = TRUE;
  assert_nothing (self, self->target, NULL, "without an answer, by signal 9");
  g_remove (path); /* now there is none, which is no failure */
  g_assert_true (export(self, self->target, &result, NULL, &error));
  g_assert_no_error (error);
  g_assert_nonnull (strstr (result.oracle_reason, "no such program"));
  g_assert_cmpuint (count_entries (self->target), ==, 5);
}

/* Classes are cut with the channels, said in the plan and in the map; a plan that is read again exports the same bytes. */
static void
test_classes (Fixture *self, gconstpointer data)
{
  static const char *const files[]
      = { "pruned.cfg", "pruned.weights", "index-map.json", "plan.json", "report.json", "pruned.names", "pruned.data" };
  g_autoptr (GError) error = NULL;
  g_auto (EspExportResult) result = { 0 };
  g_autoptr (EspKeepClasses) keep = esp_keep_classes_parse ("both=1+0", NULL, 2, NULL);
  g_autofree char *plan = g_build_filename (self->target, "plan.json", NULL), *other = g_build_filename (self->folder, "other", NULL);
  g_autofree char *cfg = g_build_filename (self->target, "pruned.cfg", NULL),
                  *names = g_build_filename (self->target, "pruned.names", NULL);
  g_autofree char *text = NULL;
  g_autoptr (EspNetwork) again = NULL;

  esp_plan_set_keep_classes (self->plan, keep);
  g_assert_true (export(self, self->target, &result, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (result.difference, <=, 1e-12);
  again = esp_network_load (cfg, NULL);
  g_assert_cmpint (esp_network_get_classes (again), ==, 1);
  g_assert_cmpuint (result.cost.params, ==, esp_cost_of (again, NULL).params);
  g_assert_true (g_file_get_contents (names, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "both\n");
  esp_plan_set_keep_classes (self->plan, NULL);
  g_assert_true (esp_plan_load (self->plan, plan, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (esp_keep_classes_get_name (esp_plan_get_keep_classes (self->plan), 0), ==, "both");
  esp_export_result_clear (&result);
  g_assert_true (export(self, other, &result, NULL, &error));
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *a = g_build_filename (self->target, files[i], NULL), *b = g_build_filename (other, files[i], NULL);
      g_autofree char *x = esp_hash_file (a, NULL), *y = esp_hash_file (b, NULL);

      g_assert_cmpstr (x, ==, y);
    }
}

/* A seed comes back to the last bit, above 2^53 and above 2^63, from a string or, as files had it, from a number. */
static void
test_seed (Fixture *self, gconstpointer data)
{
  static const guint64 seeds[] = { 0, G_GUINT64_CONSTANT (9007199254740993), G_GUINT64_CONSTANT (18446744073709551615) };
  g_autofree char *path = g_build_filename (self->folder, "plan.json", NULL), *text = NULL, *number = NULL;
  g_autoptr (EspKeepClasses) keep = esp_keep_classes_parse ("both=1+0", NULL, 2, NULL);
  g_autoptr (GString) old = NULL;
  guint64 seed = 0;

  for (guint i = 0; i < G_N_ELEMENTS (seeds); i++)
    {
      g_autoptr (EspKeepClasses) redrawn = esp_keep_classes_redrawn (keep, seeds[i]);
      g_autoptr (GError) error = NULL;

      esp_plan_set_keep_classes (self->plan, redrawn);
      g_assert_true (esp_plan_save (self->plan, NULL, NULL, path, NULL));
      esp_plan_set_keep_classes (self->plan, NULL);
      g_assert_true (esp_plan_load (self->plan, path, &error));
      g_assert_no_error (error);
      g_assert_true (esp_keep_classes_is_redrawn (esp_plan_get_keep_classes (self->plan), &seed));
      g_assert_cmpuint (seed, ==, seeds[i]);
    }
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  old = g_string_new (text);
  g_assert_cmpuint (g_string_replace (old, "\"18446744073709551615\"", "9007199254740993", 1), ==, 1);
  g_assert_true (g_file_set_contents (path, old->str, -1, NULL));
  g_assert_true (esp_plan_load (self->plan, path, NULL));
  g_assert_true (esp_keep_classes_is_redrawn (esp_plan_get_keep_classes (self->plan), &seed));
  g_assert_cmpuint (seed, ==, seeds[1]);
}

/* Classes go and come back with the act that set them: alone, and when a plan is opened. */
static void
test_undo_classes (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->folder, "plan.json", NULL), *label = NULL;
  g_autoptr (EspKeepClasses) keep = esp_keep_classes_parse ("both=1+0", NULL, 2, NULL);

  esp_plan_set_keep_classes (self->plan, keep);
  label = esp_plan_dup_act_label (self->plan);
  g_assert_cmpstr (label, ==, "Classes of the export: 1");
  g_assert_true (esp_plan_save (self->plan, NULL, NULL, path, NULL));
  esp_plan_undo (self->plan);
  g_assert_null (esp_plan_get_keep_classes (self->plan));
  esp_plan_redo (self->plan);
  g_assert_true (esp_plan_get_keep_classes (self->plan) == keep);
  esp_plan_set_keep_classes (self->plan, NULL);
  g_assert_true (esp_plan_load (self->plan, path, NULL));
  g_assert_nonnull (esp_plan_get_keep_classes (self->plan));
  esp_plan_undo (self->plan);
  g_assert_null (esp_plan_get_keep_classes (self->plan));
  esp_plan_undo (self->plan);
  g_assert_true (esp_plan_get_keep_classes (self->plan) == keep);
}

/* What goes wrong is told with its own layer and its own bound. */
static void
test_bounds (void)
{
  const EspCutCheck good = { 1e-13, 3, 1e-7, 9 }, of_means = { 1e-13, 3, 2e-5, 9 }, of_all = { 2e-12, 3, 1e-7, 9 }, none = { NAN, 3, 0, 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_cut_check_accept (&good, 1e-12, 1e-5, &error));
  g_assert_no_error (error);
  g_assert_false (esp_cut_check_accept (&of_means, 1e-12, 1e-5, &error));
  g_assert_nonnull (strstr (error->message, "by 2e-05 of the maximum of layer 9, at most 1e-05"));
  g_clear_error (&error);
  g_assert_false (esp_cut_check_accept (&of_all, 1e-12, 1e-5, &error));
  g_assert_nonnull (strstr (error->message, "by 2e-12 of the maximum of layer 3, at most 1e-12"));
  g_clear_error (&error);
  g_assert_false (esp_cut_check_accept (&none, 1e-12, 1e-5, &error));
}

/* What a plan file says of classes that are not there is refused whole. */
static void
test_classes_refused (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *text, *message;
  } bad[] = {
    { "{\"seed\": null, \"kept\": []}", "expected at least one" },
    { "{\"seed\": null, \"kept\": [{\"name\": \"a\", \"from\": []}]}", "expected a name, and 1 to 2 classes" },
    { "{\"seed\": null, \"kept\": [{\"name\": \"a\", \"from\": [2]}]}", "classes: kept[0]" },
    { "{\"seed\": null, \"kept\": [{\"name\": \"\", \"from\": [0]}]}", "expected a name" },
    { "{\"seed\": \"18446744073709551616\", \"kept\": [{\"name\": \"a\", \"from\": [0]}]}", "seed" },
    { "{\"seed\": 1.5, \"kept\": [{\"name\": \"a\", \"from\": [0]}]}", "seed" },
    { "{\"seed\": -1, \"kept\": [{\"name\": \"a\", \"from\": [0]}]}", "seed" },
    { "{\"kept\": [{\"name\": \"a\", \"from\": [0]}]}", "seed" },
    { "[]", "classes" },
  };
  g_autofree char *path = g_build_filename (self->folder, "plan.json", NULL), *good = NULL;

  g_assert_true (esp_plan_save (self->plan, NULL, NULL, path, NULL));
  g_assert_true (g_file_get_contents (path, &good, NULL, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GString) text = g_string_new (good);
      g_autofree char *member = g_strdup_printf ("\"classes\": %s, \"ranking\": ", bad[i].text);

      g_assert_cmpuint (g_string_replace (text, "\"ranking\": ", member, 1), ==, 1);
      g_assert_true (g_file_set_contents (path, text->str, -1, NULL));
      g_assert_false (esp_plan_load (self->plan, path, &error));
      if (strstr (error->message, bad[i].message) == NULL)
        g_error ("“%s” does not say “%s”", error->message, bad[i].message);
      g_assert_null (esp_plan_get_keep_classes (self->plan));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/export/whole", Fixture, NULL, set_up, test_whole, tear_down);
  g_test_add_func ("/export/bounds", test_bounds);
  g_test_add ("/export/seed", Fixture, NULL, set_up, test_seed, tear_down);
  g_test_add ("/export/undo-classes", Fixture, NULL, set_up, test_undo_classes, tear_down);
  g_test_add ("/export/beside", Fixture, NULL, set_up, test_beside, tear_down);
  g_test_add ("/export/classes", Fixture, NULL, set_up, test_classes, tear_down);
  g_test_add ("/export/classes/refused", Fixture, NULL, set_up, test_classes_refused, tear_down);
  g_test_add ("/export/nothing", Fixture, NULL, set_up, test_nothing, tear_down);
  g_test_add ("/export/oracle/agrees", Fixture, NULL, set_up, test_oracle, tear_down);
  g_test_add ("/export/oracle/disagrees", Fixture, NULL, set_up, test_oracle_disagrees, tear_down);
  g_test_add ("/export/oracle/fails", Fixture, NULL, set_up, test_oracle_fails, tear_down);
  return g_test_run ();
}
