/* test-study-work.c: long work beside the document: an export, a budget, what layers bear, what a plan moves and loses; the plan goes on
 * meanwhile */
#include "config.h"

#include <math.h>
#include <string.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "base/hash.h"
#include "study-common.h"
#include "study/budget-work.h"
#include "study/drift-work.h"
#include "study/export-work.h"
#include "study/sensitivity-work.h"

#define IMAGES 24

typedef struct
{
  Bench bench;
  EspLane *lane;
  EspStudy *study;
  gboolean answered, opened;
  EspExported *exported;
  GError *error;
  guint changes, ends;
} Fixture;

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
opened (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;

  f->opened = esp_study_open_finish (f->study, result, &f->error);
  f->answered = TRUE;
}

static gboolean
is_answered (gpointer data)
{
  return ((Fixture *) data)->answered;
}

static void
set_up (Fixture *f, gconstpointer labelled)
{
  forget_state ();
  bench_make (&f->bench, IMAGES, labelled != NULL);
  f->lane = esp_lane_new (1);
  f->study = esp_study_new (f->lane);
  esp_study_open_async (f->study, &f->bench.files, NULL, opened, f);
  wait_until (is_answered, f);
  g_assert_no_error (f->error);
  g_assert_true (f->opened);
}

static void
nothing (gpointer data)
{
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  settle ();
  g_assert_finalize_object (f->study);
  esp_lane_call (f->lane, nothing, NULL);
  esp_lane_free (f->lane);
  settle ();
  g_clear_error (&f->error);
  g_clear_pointer (&f->exported, esp_exported_free);
  bench_clear (&f->bench);
}

static void
exported (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;

  g_clear_pointer (&f->exported, esp_exported_free);
  g_clear_error (&f->error);
  f->exported = esp_study_export_finish (result, &f->error);
  f->answered = TRUE;
}

static void
export_to (Fixture *f, const char *folder, EspJob *job)
{
  f->answered = FALSE;
  esp_study_export_async (f->study, folder, TRUE, job, exported, f);
}

static char *
hash_in (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  char *hash = esp_hash_file (path, &error);

  g_assert_no_error (error);
  return hash;
}

/* What espalier-cli writes for a plan file, by the same calls. */
static void
export_file (Fixture *f, const char *plan_path, const char *folder)
{
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_study_get_network (f->study);
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  g_autoptr (EspPlan) plan = esp_plan_new (network, coupling, NULL);
  g_autofree char *cfg = esp_hash_file (f->bench.files.cfg, NULL), *weights = esp_hash_file (f->bench.files.weights, NULL);
  g_auto (EspExportResult) result = { 0 };
  const EspExport what = { .plan = plan,
                           .weights = esp_study_get_weights (f->study),
                           .cfg_hash = cfg,
                           .weights_hash = weights,
                           .bn = ESP_BN_ALEXEY,
                           .seed = 1,
                           .oracle = TRUE,
                           .onnx = TRUE,
                           .names = esp_study_get_names (f->study) };

  esp_plan_set_hashes (plan, cfg, weights);
  g_assert_true (esp_plan_load (plan, plan_path, &error));
  g_assert_no_error (error);
  g_assert_true (esp_export_write (&what, folder, &result, NULL, &error));
  g_assert_no_error (error);
}

/* The plan is changed while it is written: what was asked for is what is there, and a saved plan gives the same bytes. */
static void
test_export (Fixture *f, gconstpointer data)
{
  static const char *const names[]
      = { "pruned.cfg", "pruned.weights", "pruned.onnx", "index-map.json", "report.json", "plan.json", "pruned.names", "pruned.data" };
  EspPlan *plan = esp_study_get_plan (f->study);
  g_autofree char *saved = g_build_filename (f->bench.folder, "saved.json", NULL);
  g_autofree char *ours = g_build_filename (f->bench.folder, "ours", NULL), *theirs = g_build_filename (f->bench.folder, "theirs", NULL);
  g_autoptr (EspJob) job = esp_job_new ("");

  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, .4);
  g_assert_true (esp_study_save_plan (f->study, saved, NULL));
  export_to (f, ours, job);
  esp_plan_reset (plan);
  wait_until (is_answered, f);
  g_assert_no_error (f->error);
  g_assert_nonnull (f->exported);
  g_assert_cmpstr (f->exported->folder, ==, ours);
  g_assert_cmpfloat (f->exported->result.cost.bflops, <, f->exported->before.bflops);
  g_assert_cmpfloat (f->exported->result.difference, <=, 1e-12);
  export_file (f, saved, theirs);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *one = hash_in (ours, names[i]), *other = hash_in (theirs, names[i]);

      g_test_message ("%s", names[i]);
      g_assert_cmpstr (one, ==, other);
    }
  remove_tree (ours);
  remove_tree (theirs);
}

static guint
count_entries (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
test_export_refused (Fixture *f, gconstpointer data)
{
  g_autofree char *folder = g_build_filename (f->bench.folder, "given-up", NULL);
  g_autoptr (EspJob) given_up = esp_job_new (""), other = esp_job_new ("");
  const guint before = count_entries (f->bench.folder);

  export_to (f, folder, given_up);
  esp_job_cancel (given_up);
  wait_until (is_answered, f);
  g_assert_null (f->exported);
  g_assert_error (f->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  export_to (f, f->bench.files.cfg, other);
  wait_until (is_answered, f);
  g_assert_null (f->exported);
  g_assert_error (f->error, ESP_ERROR, ESP_ERROR_IO);
  g_assert_nonnull (strstr (f->error->message, "not a folder"));
  g_assert_cmpuint (count_entries (f->bench.folder), ==, before);
}

static void
count_change (GObject *work, gpointer data)
{
  ((Fixture *) data)->changes++;
}

static void
note_end (GObject *work, const GError *error, gpointer data)
{
  Fixture *f = data;

  g_clear_error (&f->error);
  f->error = error != NULL ? g_error_copy (error) : NULL;
  f->ends++;
  f->answered = TRUE;
}

/* @work: (transfer full). */
static gpointer
follow (Fixture *f, gpointer work)
{
  g_signal_connect (work, "changed", G_CALLBACK (count_change), f);
  g_signal_connect (work, "ended", G_CALLBACK (note_end), f);
  f->answered = FALSE;
  return work;
}

static void
search (Fixture *f, EspBudgetWork *work, const EspBudgetWish *wish)
{
  f->answered = FALSE;
  g_clear_error (&f->error);
  g_assert_true (esp_budget_work_start (work, wish, &f->error));
  g_assert_no_error (f->error);
}

/* What is found is what was measured, whatever became of the plan meanwhile, and undone in one act. */
static void
test_budget (Fixture *f, gconstpointer data)
{
  const EspBudgetWish wish = { { ESP_BUDGET_BFLOPS, .6, TRUE }, NAN, 0, 10 };
  EspPlan *plan = esp_study_get_plan (f->study);
  g_autoptr (EspBudgetWork) work = follow (f, esp_budget_work_new (f->study));
  g_autoptr (EspMask) before = NULL, after = NULL, undone = NULL;
  g_autoptr (GArray) points = NULL;
  const EspBudgetTry *found;
  const EspBudget *budget;
  g_autofree char *label = NULL;

  g_assert_cmpint (esp_budget_work_get_state (work), ==, ESP_BUDGET_IDLE);
  g_assert_null (esp_budget_work_get_found (work));
  search (f, work, &wish);
  esp_plan_set_ratio (plan, 0, .3);
  before = esp_plan_get_mask (plan);
  wait_until (is_answered, f);
  g_assert_no_error (f->error);
  g_assert_cmpint (esp_budget_work_get_state (work), ==, ESP_BUDGET_FOUND);
  budget = esp_budget_work_get_found (work);
  found = esp_budget_get (budget, esp_budget_get_found (budget));
  points = esp_budget_work_dup_points (work);
  g_assert_cmpuint (points->len, ==, esp_budget_get_n (budget));
  g_assert_cmpfloat (g_array_index (points, EspBudgetPoint, esp_budget_get_found (budget)).map, ==, found->map);
  g_assert_cmpfloat (found->cost.bflops, <=, esp_budget_work_get_most (work));
  g_assert_cmpuint (esp_budget_get_half (budget, FALSE)->n_images, ==, IMAGES / 2);
  g_assert_nonnull (esp_budget_work_get_criterion (work));
  g_assert_true (esp_budget_work_apply (work, "Within the budget"));
  after = esp_plan_get_mask (plan);
  g_assert_true (esp_hash_equal (esp_mask_get_hash (after), esp_mask_get_hash (found->mask)));
  g_object_get (plan, "undo-label", &label, NULL);
  g_assert_cmpstr (label, ==, "Within the budget");
  esp_plan_undo (plan);
  undone = esp_plan_get_mask (plan);
  g_assert_true (esp_hash_equal (esp_mask_get_hash (undone), esp_mask_get_hash (before)));
}

static void
test_budget_refused (Fixture *f, gconstpointer data)
{
  const EspBudgetWish little = { { ESP_BUDGET_MB, 1e-6, FALSE }, NAN, 8, 6 }, half = { { ESP_BUDGET_MB, .5, TRUE }, NAN, 0, 40 };
  g_autoptr (EspBudgetWork) work = follow (f, esp_budget_work_new (f->study));

  search (f, work, &little);
  wait_until (is_answered, f);
  g_assert_error (f->error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_assert_cmpint (esp_budget_work_get_state (work), ==, ESP_BUDGET_FAILED);
  g_assert_false (esp_budget_work_apply (work, ""));
  search (f, work, &half);
  esp_work_stop (ESP_WORK (work));
  g_assert_cmpint (esp_budget_work_get_state (work), ==, ESP_BUDGET_ENDING);
  wait_until (is_answered, f);
  g_assert_no_error (f->error);
  g_assert_cmpint (esp_budget_work_get_state (work), ==, ESP_BUDGET_STOPPED);
  g_assert_cmpuint (f->ends, ==, 2);
  search (f, work, &half); /* the window goes while it runs */
}

static void
test_budget_unlabelled (Fixture *f, gconstpointer data)
{
  const EspBudgetWish wish = { { ESP_BUDGET_MB, .5, TRUE }, NAN, 0, 8 };
  g_autoptr (EspBudgetWork) work = follow (f, esp_budget_work_new (f->study));

  g_assert_false (esp_budget_work_start (work, &wish, &f->error));
  g_assert_error (f->error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_assert_cmpint (esp_budget_work_get_state (work), ==, ESP_BUDGET_IDLE);
}

static gboolean
is_idle (gpointer data)
{
  EspNumbers numbers;
  gboolean busy = TRUE;

  g_object_get (((Fixture *) data)->study, "busy", &busy, NULL);
  esp_study_get_numbers (((Fixture *) data)->study, &numbers);
  return !busy && numbers.map.state == ESP_STATE_FINAL;
}

/* Each group alone, as espalier-cli has it; a point of its curve is one act of the plan; chance lies beside. */
static void
test_sensitivity (Fixture *f, gconstpointer data)
{
  EspPlan *plan = esp_study_get_plan (f->study);
  g_autoptr (EspSensitivityWork) work = follow (f, esp_sensitivity_work_new (f->study));
  const EspSensitivity *row;
  const EspBandPoint *band;
  g_autoptr (EspMask) mask = NULL;
  guint n;
  const double *ratios = esp_sensitivity_work_get_ratios (work, &n);

  g_assert_cmpuint (esp_sensitivity_work_get_n (work), ==, 0);
  g_assert_false (esp_work_is_current (ESP_WORK (work)));
  wait_until (is_idle, f); /* scores in the background have taken over, or not */
  g_assert_true (esp_sensitivity_work_start (work, TRUE, 0, &f->error));
  g_assert_cmpint (esp_sensitivity_work_get_state (work), ==, ESP_SENSITIVITY_MEASURING);
  wait_until (is_answered, f);
  g_assert_no_error (f->error);
  g_assert_cmpuint (esp_sensitivity_work_get_n (work), ==, esp_plan_get_n_groups (plan));
  g_assert_cmpuint (esp_sensitivity_work_get_n_images (work), ==, IMAGES);
  g_assert_true (esp_sensitivity_work_is_ranked_so (work));
  row = esp_sensitivity_work_get (work, 0);
  g_assert_cmpstr (row->name, ==, esp_plan_get_group (plan, 0)->name);
  g_assert_cmpfloat (esp_sensitivity_work_get_planned (work, 0), ==, 0);
  g_assert_true (esp_sensitivity_work_apply (work, 0, 4));
  g_assert_cmpfloat (esp_sensitivity_work_get_planned (work, 0), ==, ratios[4]);
  mask = esp_plan_get_mask (plan);
  g_assert_cmpfloat (direct_map (f->lane, &f->bench.files, mask), ==, row->points[4].map);
  esp_plan_undo (plan);
  g_assert_cmpfloat (esp_plan_get_ratio (plan, 0), ==, 0);
  g_assert_null (esp_sensitivity_work_get_chance (work, 0));
  f->answered = FALSE;
  g_assert_true (esp_sensitivity_work_start_chance (work, 0, &f->error));
  g_assert_cmpint (esp_sensitivity_work_get_state (work), ==, ESP_SENSITIVITY_CHANCE);
  wait_until (is_answered, f);
  g_assert_no_error (f->error);
  band = esp_sensitivity_work_get_chance (work, 0);
  g_assert_nonnull (band);
  for (guint i = 0; i < n; i++)
    g_assert_true (band[i].low <= band[i].median && band[i].median <= band[i].high && band[i].high <= 1);
  g_assert_null (esp_sensitivity_work_get_chance (work, 1));
}

/* By layer, a stop leaves what was measured; without truth there is nothing to measure. */
static void
test_sensitivity_layers (Fixture *f, gconstpointer data)
{
  g_autoptr (EspSensitivityWork) work = follow (f, esp_sensitivity_work_new (f->study));
  EspPlan *plan = esp_study_get_plan (f->study);

  if (data == NULL)
    {
      g_assert_false (esp_sensitivity_work_start (work, FALSE, 4, &f->error));
      g_assert_error (f->error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
      return;
    }
  g_assert_true (esp_sensitivity_work_start (work, FALSE, 4, &f->error));
  wait_until (is_answered, f);
  g_assert_no_error (f->error);
  g_assert_cmpuint (esp_sensitivity_work_get_n_images (work), ==, 4);
  g_assert_cmpuint (esp_sensitivity_work_get_n (work), >, 1);
  g_assert_true (isnan (esp_sensitivity_work_get_planned (work, 0)));
  g_assert_true (esp_sensitivity_work_apply (work, 0, 2));
  g_assert_cmpint (esp_plan_get_layer_share (plan, esp_sensitivity_work_get (work, 0)->layers[0]).kind, ==, ESP_SHARE_RATIO);
  f->answered = FALSE;
  g_assert_true (esp_sensitivity_work_start (work, FALSE, 0, &f->error));
  esp_work_stop (ESP_WORK (work));
  g_assert_cmpint (esp_sensitivity_work_get_state (work), ==, ESP_SENSITIVITY_ENDING);
  wait_until (is_answered, f);
  g_assert_no_error (f->error);
  g_assert_cmpint (esp_sensitivity_work_get_state (work), ==, ESP_SENSITIVITY_IDLE);
}

static void
compare (Fixture *f, EspDriftWork *work)
{
  f->answered = FALSE;
  g_assert_true (esp_drift_work_start (work, &f->error));
  g_assert_no_error (f->error);
}

static char *
label_of (GListModel *rows, guint i)
{
  g_autoptr (EspRow) row = g_list_model_get_item (rows, i);

  return row != NULL ? g_strdup (esp_row_get_label (row)) : NULL;
}

/* Nothing cut: said. Else what the report has, row by row, marked as soon as the plan is another; a stop leaves nothing. */
static void
test_drift (Fixture *f, gconstpointer data)
{
  EspPlan *plan = esp_study_get_plan (f->study);
  g_autoptr (EspDriftWork) work = follow (f, esp_drift_work_new (f->study));
  GListModel *boxes = esp_drift_work_get_boxes (work), *lost = esp_drift_work_get_lost (work);
  const EspDriftReport *report;
  g_autofree char *first = NULL, *beyond = NULL;

  g_assert_nonnull (esp_drift_work_get_obstacle (work));
  g_assert_false (esp_drift_work_start (work, &f->error));
  g_assert_error (f->error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_clear_error (&f->error);
  for (guint i = 0; i < esp_plan_get_n_groups (plan); i++)
    esp_plan_set_ratio (plan, i, .5);
  g_assert_null (esp_drift_work_get_obstacle (work));
  compare (f, work);
  g_assert_cmpint (esp_drift_work_get_state (work), ==, ESP_DRIFT_COMPARING);
  wait_until (is_answered, f);
  g_assert_no_error (f->error);
  report = esp_drift_work_get_report (work);
  g_assert_nonnull (report);
  g_assert_true (esp_drift_work_is_of_plan (work));
  g_assert_cmpuint (g_list_model_get_n_items (boxes), ==, report->drifts->len);
  g_assert_cmpuint (g_list_model_get_n_items (lost), ==, report->lost->len);
  g_assert_cmpuint (report->drifts->len, >, 0);
  first = label_of (boxes, 0);
  g_assert_nonnull (strstr (first, " %"));
  beyond = label_of (boxes, report->drifts->len);
  g_assert_null (beyond);
  for (guint i = 0; i < report->lost->len; i++)
    {
      g_autofree char *label = label_of (lost, i);
      g_autofree char *of = esp_lost_box_channels (&g_array_index (report->lost, EspLostBox, i));

      g_assert_nonnull (strstr (label, esp_lost_as_words (g_array_index (report->lost, EspLostBox, i).loss)));
      g_assert_true (g_str_has_suffix (label, of));
    }
  esp_plan_set_ratio (plan, 0, .25);
  g_assert_false (esp_drift_work_is_of_plan (work));
  g_assert_nonnull (esp_drift_work_get_report (work));
  compare (f, work);
  g_assert_null (esp_drift_work_get_report (work));
  esp_work_stop (ESP_WORK (work));
  g_assert_cmpint (esp_drift_work_get_state (work), ==, ESP_DRIFT_ENDING);
  wait_until (is_answered, f);
  g_assert_no_error (f->error);
  g_assert_cmpint (esp_drift_work_get_state (work), ==, ESP_DRIFT_IDLE);
  g_assert_cmpuint (g_list_model_get_n_items (boxes), ==, 0);
}

#define ADD(path, labelled, func) g_test_add (path, Fixture, labelled, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  int status;

  isolate_state ();
  g_test_init (&argc, &argv, NULL);
  ADD ("/study-work/export", "labelled", test_export);
  ADD ("/study-work/export-refused", "labelled", test_export_refused);
  ADD ("/study-work/budget", "labelled", test_budget);
  ADD ("/study-work/budget-refused", "labelled", test_budget_refused);
  ADD ("/study-work/budget-unlabelled", NULL, test_budget_unlabelled);
  ADD ("/study-work/sensitivity", "labelled", test_sensitivity);
  ADD ("/study-work/sensitivity-layers", "labelled", test_sensitivity_layers);
  ADD ("/study-work/sensitivity-unlabelled", NULL, test_sensitivity_layers);
  ADD ("/study-work/drift", "labelled", test_drift);
  ADD ("/study-work/drift-unlabelled", NULL, test_drift);
  status = g_test_run ();
  forget_state ();
  return status;
}
