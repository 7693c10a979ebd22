/* test-study.c: the document driven as a window drives it: open, look, explain, cut, undo, save, close */
#include "config.h"

#include <math.h>
#include <string.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"
#include "study-common.h"

typedef struct
{
  Bench bench;
  EspLane *lane;
  EspStudy *study;
  gboolean answered, opened;
  GError *error;
  guint failures, views;
} Fixture;

static void
count_failure (EspStudy *study, const GError *error, gpointer data)
{
  g_test_message ("%s", error->message);
  ++*(guint *) data;
}

static void
count_view (EspStudy *study, gpointer data)
{
  ++*(guint *) data;
}

static void
set_up_images (Fixture *f, guint n, gboolean labelled)
{
  forget_state ();
  bench_make (&f->bench, n, labelled);
  f->lane = esp_lane_new (1);
  f->study = esp_study_new (f->lane);
  g_signal_connect (f->study, "failed", G_CALLBACK (count_failure), &f->failures);
  g_signal_connect (f->study, "view-changed", G_CALLBACK (count_view), &f->views);
}

static void
set_up (Fixture *f, gconstpointer labelled)
{
  set_up_images (f, 24, labelled != NULL);
}

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
nothing (gpointer data)
{
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  /* a scoring under way holds a weak reference alone; tasks that were answered let go on the next turn */
  settle ();
  g_assert_finalize_object (f->study);
  esp_lane_call (f->lane, nothing, NULL);
  esp_lane_free (f->lane);
  settle ();
  g_assert_cmpuint (f->failures, ==, 0);
  g_clear_error (&f->error);
  bench_clear (&f->bench);
}

static void
opened (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;

  g_clear_error (&f->error);
  f->opened = esp_study_open_finish (f->study, result, &f->error);
  f->answered = TRUE;
}

static gboolean
is_answered (gpointer data)
{
  return ((Fixture *) data)->answered;
}

static gboolean
try_open (Fixture *f, const EspStudyFiles *files)
{
  f->answered = FALSE;
  esp_study_open_async (f->study, files, NULL, opened, f);
  wait_until (is_answered, f);
  return f->opened;
}

static void
open_bench (Fixture *f)
{
  g_assert_true (try_open (f, &f->bench.files));
  g_assert_no_error (f->error);
}

static EspNumbers
numbers_of (Fixture *f)
{
  EspNumbers numbers;

  esp_study_get_numbers (f->study, &numbers);
  return numbers;
}

static gboolean
is_final (gpointer data)
{
  return numbers_of (data).map.state == ESP_STATE_FINAL;
}

static gboolean
is_idle (gpointer data)
{
  gboolean busy = TRUE;

  g_object_get (((Fixture *) data)->study, "busy", &busy, NULL);
  return !busy && is_final (data);
}

static gboolean
is_at_rest (gpointer data)
{
  gboolean busy = TRUE;

  g_object_get (((Fixture *) data)->study, "busy", &busy, NULL);
  return !busy;
}

static guint
count (GListModel *model)
{
  return g_list_model_get_n_items (model);
}

static void
test_open (Fixture *f, gconstpointer data)
{
  g_autofree char *title = NULL, *criterion = NULL;
  g_autoptr (EspMask) full = NULL;
  g_autoptr (EspRow) row = NULL;
  int truths = 0, detections = 0, missed = 0;

  open_bench (f);
  g_object_get (f->study, "title", &title, NULL);
  g_assert_cmpstr (title, ==, "net");
  g_assert_cmpuint (count (esp_study_get_images (f->study)), ==, 24);
  g_assert_cmpuint (count (esp_study_get_layers (f->study)), ==, 5);
  g_assert_cmpuint (count (esp_study_get_groups (f->study)), >, 0);
  g_assert_cmpuint (count (esp_study_get_channels (f->study)), >=, 24);
  g_assert_cmpuint (numbers_of (f).cost.params, ==, numbers_of (f).whole.params);
  wait_until (is_idle, f);
  full = esp_mask_new_full (esp_study_get_network (f->study));
  g_assert_cmpfloat (numbers_of (f).map.map, ==, direct_map (f->lane, &f->bench.files, full));
  row = g_list_model_get_item (esp_study_get_images (f->study), 5);
  g_object_get (row, "truths", &truths, "detections", &detections, "missed", &missed, NULL);
  g_assert_cmpint (truths, ==, 4);
  g_assert_cmpint (detections, >=, 0);
  g_assert_cmpint (missed, >=, 0);
  g_assert_cmpint (missed, <=, 4);
  g_assert_cmpuint (count (esp_study_get_trials (f->study)), ==, 1);
  g_object_get (f->study, "criterion", &criterion, NULL);
  g_assert_cmpstr (criterion, ==, esp_criterion_find ("attribution") != NULL ? "attribution" : "l1");
}

static void
test_cut_and_undo (Fixture *f, gconstpointer data)
{
  g_autoptr (EspRow) group = NULL, trial = NULL;
  g_autoptr (EspMask) mask = NULL;
  g_autofree char *act = NULL, *title = NULL;
  double baseline, map;

  open_bench (f);
  wait_until (is_idle, f);
  baseline = numbers_of (f).map.map;
  group = g_list_model_get_item (esp_study_get_groups (f->study), 0);
  g_object_set (group, "ratio", .5, NULL);
  g_object_get (esp_study_get_plan (f->study), "undo-label", &act, NULL);
  settle ();
  g_assert_cmpuint (numbers_of (f).cost.params, <, numbers_of (f).whole.params);
  g_assert_cmpint (numbers_of (f).map.state, !=, ESP_STATE_NONE);
  g_assert_true (numbers_of (f).map.has_plan);
  wait_until (is_final, f);
  mask = esp_plan_get_mask (esp_study_get_plan (f->study));
  g_assert_false (esp_mask_is_full (mask));
  map = numbers_of (f).map.map;
  g_assert_cmpfloat (map, ==, direct_map (f->lane, &f->bench.files, mask));
  settle ();
  g_assert_cmpuint (count (esp_study_get_trials (f->study)), ==, 2);
  trial = g_list_model_get_item (esp_study_get_trials (f->study), 0);
  g_object_get (trial, "title", &title, NULL);
  g_assert_cmpstr (title, ==, act);

  esp_plan_undo (esp_study_get_plan (f->study));
  settle ();
  g_assert_true (is_final (f)); /* at once, from the cache */
  g_assert_cmpfloat (numbers_of (f).map.map, ==, baseline);
  g_assert_false (numbers_of (f).map.has_plan);
  esp_plan_redo (esp_study_get_plan (f->study));
  settle ();
  g_assert_true (is_final (f));
  g_assert_cmpfloat (numbers_of (f).map.map, ==, map);
  g_assert_cmpuint (count (esp_study_get_trials (f->study)), ==, 2);
}

static char *
title_of_trial (Fixture *f, guint trial)
{
  g_autoptr (EspRow) row = g_list_model_get_item (esp_study_get_trials (f->study), trial);
  char *title = NULL;

  g_object_get (row, "title", &title, NULL);
  return title;
}

static char *
undo_label (Fixture *f)
{
  char *label = NULL;

  g_object_get (esp_study_get_plan (f->study), "undo-label", &label, NULL);
  return label;
}

/* A pass that ends while the hand still holds the slider: the trial bears the words of that act, not of the one before. Activating a trial
 * brings its plan back, channels chosen by hand and all; one undo takes that away again. */
static void
test_trials (Fixture *f, gconstpointer data)
{
  const EspChannel by_hand = { 4, 3 };
  g_autofree char *held = NULL, *second = NULL, *back = NULL;
  g_autoptr (EspMask) first = NULL, again = NULL, last = NULL;
  EspPlan *plan;
  double map;

  open_bench (f);
  wait_until (is_idle, f);
  plan = esp_study_get_plan (f->study);
  esp_plan_set_rules (plan, &by_hand, 1, ESP_CHANNEL_CUT);
  settle ();
  wait_until (is_final, f);
  esp_plan_begin (plan);
  esp_plan_set_ratio (plan, 0, .3);
  settle ();
  esp_plan_set_ratio (plan, 0, .5);
  settle ();
  wait_until (is_final, f);
  settle ();
  held = title_of_trial (f, 0);
  g_assert_true (g_str_has_suffix (held, " to 50 %"));
  esp_plan_end (plan);
  first = esp_plan_get_mask (plan);
  map = numbers_of (f).map.map;

  esp_plan_reset (plan);
  esp_plan_set_ratio (plan, 0, .25);
  settle ();
  wait_until (is_final, f);
  settle ();
  second = title_of_trial (f, 0);
  g_assert_true (g_str_has_suffix (second, " to 25 %"));
  last = esp_plan_get_mask (plan);

  esp_study_restore_trial (f->study, 1);
  settle ();
  again = esp_plan_get_mask (plan);
  g_assert_true (esp_hash_equal (esp_mask_get_hash (again), esp_mask_get_hash (first)));
  g_assert_cmpint (esp_plan_get_rule (plan, 4, 3), ==, ESP_CHANNEL_CUT);
  g_assert_cmpfloat (esp_plan_get_ratio (plan, 0), ==, .5);
  g_assert_true (is_final (f));
  g_assert_cmpfloat (numbers_of (f).map.map, ==, map);
  back = undo_label (f);
  g_assert_nonnull (strstr (back, held));
  esp_plan_undo (plan);
  g_clear_pointer (&again, esp_mask_unref);
  again = esp_plan_get_mask (plan);
  g_assert_true (esp_hash_equal (esp_mask_get_hash (again), esp_mask_get_hash (last)));
  esp_study_restore_trial (f->study, count (esp_study_get_trials (f->study)) - 1);
  g_clear_pointer (&again, esp_mask_unref);
  again = esp_plan_get_mask (plan);
  g_assert_true (esp_mask_is_full (again)); /* the unpruned network */
  settle ();
}

/* A trial ranked by another criterion brings that back as well, and the study says so. */
static void
test_trial_scores (Fixture *f, gconstpointer data)
{
  g_autofree char *before = NULL, *other = NULL, *after = NULL, *undone = NULL;

  open_bench (f);
  wait_until (is_idle, f);
  g_object_get (f->study, "criterion", &before, NULL);
  esp_plan_set_ratio (esp_study_get_plan (f->study), 0, .5);
  settle ();
  wait_until (is_final, f);
  settle ();
  g_object_set (f->study, "criterion", "random", NULL);
  wait_until (is_idle, f);
  g_object_get (f->study, "criterion", &other, NULL);
  g_assert_cmpstr (other, ==, "random");
  settle ();
  g_assert_cmpuint (count (esp_study_get_trials (f->study)), ==, 3);
  esp_study_restore_trial (f->study, 1);
  settle ();
  g_object_get (f->study, "criterion", &after, NULL);
  g_assert_cmpstr (after, ==, before);
  esp_plan_undo (esp_study_get_plan (f->study));
  settle ();
  g_object_get (f->study, "criterion", &undone, NULL);
  g_assert_cmpstr (undone, ==, "random");
}

/* Two channels by hand: their rows say so, partners follow. */
static void
test_channels (Fixture *f, gconstpointer data)
{
  const EspChannel channels[] = { { 4, 3 }, { 4, 7 } };
  g_autoptr (EspRow) cut = NULL, kept = NULL;

  open_bench (f);
  esp_study_select_layer (f->study, 4);
  esp_plan_set_rules (esp_study_get_plan (f->study), channels, 2, ESP_CHANNEL_CUT);
  settle ();
  cut = g_list_model_get_item (esp_study_get_channels (f->study), 3);
  kept = g_list_model_get_item (esp_study_get_channels (f->study), 4);
  g_assert_true (g_str_has_prefix (esp_row_get_label (cut), "Channel 3, score "));
  g_assert_true (g_str_has_suffix (esp_row_get_label (cut), ", cut"));
  g_assert_true (g_str_has_suffix (esp_row_get_label (kept), ", kept"));
  esp_study_select_layer (f->study, 0);
  g_assert_cmpuint (count (esp_study_get_channels (f->study)), ==, 24);
  esp_study_select_layer (f->study, 2); /* a shortcut has no channels of its own */
  g_assert_cmpuint (count (esp_study_get_channels (f->study)), ==, 24);
  wait_until (is_idle, f);
}

static gboolean
has_picture (gpointer data)
{
  Fixture *f = data;

  return esp_study_get_image (f->study) != NULL && esp_study_get_heatmap (f->study) != NULL;
}

typedef struct
{
  Fixture *f;
  char *sentence;
} Sentence;

static gboolean
sentence_changed (gpointer data)
{
  Sentence *s = data;
  g_autofree char *now = NULL;

  g_object_get (s->f->study, "sentence", &now, NULL);
  return *now != '\0' && strcmp (now, s->sentence) != 0;
}

static gboolean
has_map (gpointer data)
{
  return esp_study_get_channel_map (((Fixture *) data)->study, 2) != NULL;
}

static gboolean
has_layer_4 (gpointer data)
{
  const EspHeatmap *heat = esp_study_get_heatmap (((Fixture *) data)->study);

  return heat != NULL && heat->layer == 4;
}

static void
test_view (Fixture *f, gconstpointer data)
{
  Sentence sentence = { f, NULL };
  const EspDetection *boxes;
  g_autoptr (EspRow) row = NULL;
  g_autofree char *start = NULL;
  float low, high;
  guint n = 0;

  open_bench (f);
  g_object_set (f->study, "threshold", .05, NULL);
  esp_study_select_image (f->study, 3);
  g_assert_null (esp_study_get_image (f->study));
  wait_until (has_picture, f);
  boxes = esp_study_get_boxes (f->study, &n);
  g_assert_nonnull (boxes);
  g_assert_cmpuint (n, ==, count (esp_study_get_detections (f->study)));
  row = g_list_model_get_item (esp_study_get_detections (f->study), 0);
  start = g_strdup_printf ("%s %.0f %%, x ", boxes[0].class_index == 0 ? "dog" : "cat", 100 * (double) boxes[0].score);
  g_assert_true (g_str_has_prefix (esp_row_get_label (row), start));

  g_object_get (f->study, "sentence", &sentence.sentence, NULL);
  esp_study_select_detection (f->study, 0);
  wait_until (sentence_changed, &sentence);
  g_free (sentence.sentence);
  g_object_get (f->study, "sentence", &sentence.sentence, NULL);
  g_assert_nonnull (strstr (sentence.sentence, " here, by "));
  g_assert_nonnull (strstr (sentence.sentence, "chance"));
  esp_study_get_heat_range (f->study, &low, &high);
  g_assert_cmpfloat (low, <, high);

  esp_study_select_layer (f->study, 4);
  wait_until (has_layer_4, f);
  wait_until (has_map, f);
  g_assert_cmpint (esp_study_get_channel_map (f->study, 2)->channel, ==, 2);
  g_assert_cmpint (esp_study_get_channel_map (f->study, 2)->layer, ==, 4);
  esp_study_select_image (f->study, 4);
  g_assert_null (esp_study_get_channel_map (f->study, 2)); /* of another picture now */
  wait_until (has_map, f);
  wait_until (is_idle, f);
  g_free (sentence.sentence);
}

typedef struct
{
  Fixture *f;
  const char *words;
} Said;

static gboolean
says (gpointer data)
{
  const Said *said = data;
  g_autofree char *sentence = NULL;

  g_object_get (said->f->study, "sentence", &sentence, NULL);
  return strstr (sentence, said->words) != NULL;
}

static void
wait_for_words (Fixture *f, const char *words)
{
  Said said = { f, words };

  wait_until (says, &said);
}

static gboolean
has_badge (gpointer data)
{
  EspStudyBadge badge;

  return esp_study_get_badge (((Fixture *) data)->study, &badge);
}

/* A box, one of its numbers, what was missed, the class: each in words, and the badge where a score is explained. */
static void
test_targets (Fixture *f, gconstpointer data)
{
  const EspBox box = { .5F, .5F, .3F, .4F };
  EspStudyBadge badge;
  int detection, part;

  open_bench (f);
  g_object_set (f->study, "threshold", .05, NULL);
  esp_study_select_image (f->study, 3);
  wait_until (has_picture, f);
  wait_for_words (f, "everywhere, by gradient × activation");
  wait_for_words (f, "; spatial mask ");
  wait_for_words (f, ", above 0.02");
  g_assert_false (has_badge (f));
  esp_study_select_part (f->study, ESP_PART_Y); /* of nothing */
  g_object_get (f->study, "part", &part, NULL);
  g_assert_cmpint (part, ==, -1);

  esp_study_select_detection (f->study, 0);
  wait_for_words (f, " here, by ");
  wait_until (has_badge, f);
  g_assert_true (esp_study_get_badge (f->study, &badge));
  g_assert_cmpuint (badge.steps, ==, 6);
  g_assert_cmpfloat (badge.random_deletion, >=, 0);
  g_assert_cmpfloat (badge.random_deletion, <=, 1);
  g_assert_cmpint (esp_study_find_road (f->study, 0), >=, 0);
  g_assert_true (esp_study_guess_class (f->study, esp_study_get_boxes (f->study, &badge.steps)[0].box) >= 0);

  esp_study_select_part (f->study, ESP_PART_Y);
  g_assert_false (has_badge (f));
  wait_for_words (f, "why y of ");
  g_assert_true (esp_study_explain_missed (f->study, box, 1, &f->error));
  g_object_get (f->study, "detection", &detection, "part", &part, NULL);
  g_assert_cmpint (detection, ==, -1);
  g_assert_cmpint (part, ==, -1);
  g_assert_cmpint (esp_study_get_missed (f->study)->class_index, ==, 1);
  wait_for_words (f, "why missed cat, by ");
  g_assert_false (esp_study_explain_missed (f->study, box, 99, &f->error));
  g_assert_error (f->error, ESP_ERROR, ESP_ERROR_SHAPE);
  esp_study_select_detection (f->study, -1);
  g_assert_null (esp_study_get_missed (f->study));
  wait_for_words (f, "everywhere, by ");
  wait_until (is_idle, f);
}

/* Without a turn of the main loop: whatever it comes to, the study has not heard of it. */
static EspJob *
job_under_way (Fixture *f)
{
  const gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  for (;;)
    {
      g_autoptr (EspJob) job = esp_study_dup_look_job (f->study);
      guint64 done = 0, total = 0;

      esp_job_get_progress (job, &done, &total, NULL);
      if (total > 0)
        return g_steal_pointer (&job);
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_thread_yield ();
    }
}

/* A method of the pixels leaves no layer to choose; one that wants a box says so; a slow one can be cancelled, and begun again. */
static void
test_methods (Fixture *f, gconstpointer data)
{
  g_autoptr (EspJob) job = NULL;
  gboolean at_pixels;

  open_bench (f);
  g_object_set (f->study, "threshold", .05, NULL);
  esp_study_select_image (f->study, 3);
  wait_until (has_picture, f);
  g_object_set (f->study, "method", "gradient", "at-pixels", TRUE, NULL);
  wait_for_words (f, "by gradient;");
  g_assert_cmpint (esp_study_get_heatmap (f->study)->layer, ==, -1);
  g_object_set (f->study, "method", "d-rise", NULL);
  wait_for_words (f, "explains one box: choose one");
  g_assert_null (esp_study_get_heatmap (f->study));
  esp_study_select_detection (f->study, 0);
  job = job_under_way (f);
  esp_job_cancel (job);
  wait_for_words (f, "the explanation was cancelled");
  g_assert_null (esp_study_get_heatmap (f->study));
  esp_study_select_part (f->study, ESP_PART_CLASS);
  wait_for_words (f, "why class logit of ");
  g_object_set (f->study, "at-pixels", FALSE, NULL); /* it gives nothing else */
  g_object_get (f->study, "at-pixels", &at_pixels, NULL);
  g_assert_true (at_pixels);
  g_object_set (f->study, "method", "grad-cam", NULL);
  g_object_get (f->study, "at-pixels", &at_pixels, NULL);
  g_assert_false (at_pixels);
  wait_for_words (f, "by Grad-CAM at layer ");
  wait_until (is_idle, f);
}

static gboolean
pruned_differ (gpointer data)
{
  Fixture *f = data;
  guint n = 0, m = 0;
  const EspDetection *boxes = esp_study_get_boxes (f->study, &n), *pruned = esp_study_get_pruned_boxes (f->study, &m);

  return pruned != NULL && boxes != NULL && (n != m || boxes[0].score != pruned[0].score);
}

static void
test_pruned_boxes (Fixture *f, gconstpointer data)
{
  open_bench (f);
  g_object_set (f->study, "threshold", .05, NULL);
  wait_until (has_picture, f);
  esp_plan_set_ratio (esp_study_get_plan (f->study), 0, .5);
  wait_until (pruned_differ, f);
  wait_until (is_idle, f);
}

/* A refused file leaves the study as it was, with a sentence that names it. */
static void
test_refused (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->bench.folder, "broken.cfg", NULL);
  EspStudyFiles files = f->bench.files;

  open_bench (f);
  g_assert_true (esp_file_write (path, "[net]\nwidth=64\n[mystery]\n", 24, NULL));
  files.cfg = path;
  g_assert_false (try_open (f, &files));
  g_assert_nonnull (f->error);
  g_assert_nonnull (strstr (f->error->message, "broken.cfg"));
  g_assert_cmpuint (count (esp_study_get_images (f->study)), ==, 24);
  g_assert_nonnull (esp_study_get_plan (f->study));
  files = f->bench.files;
  files.weights = NULL;
  g_assert_false (try_open (f, &files));
  g_assert_error (f->error, ESP_ERROR, ESP_ERROR_IO);
  wait_until (is_idle, f);
}

/* The network knows “dog” and “cat”, the data “cat” and “zebra”: by name, not by place, and what is lacking is said. */
static void
test_other_names (Fixture *f, gconstpointer data)
{
  g_autofree char *folder = g_build_filename (f->bench.folder, "data", NULL);
  g_autofree char *set = g_build_filename (folder, "set.data", NULL), *names = g_build_filename (folder, "animals.names", NULL);
  g_autofree char *notice = NULL;
  const char *text = "classes=2\nvalid=../list.txt\nnames=animals.names\n";
  EspStudyFiles files = f->bench.files;

  g_assert_cmpint (g_mkdir (folder, 0755), ==, 0);
  g_assert_true (esp_file_write (set, text, strlen (text), NULL));
  g_assert_true (esp_file_write (names, "cat\nzebra\n", 10, NULL));
  files.data = set;
  g_assert_true (try_open (f, &files));
  g_assert_cmpstr (esp_study_get_names (f->study)[0], ==, "dog");
  g_object_get (f->study, "notice", &notice, NULL);
  g_assert_nonnull (strstr (notice, "the network lacks 1 of its classes"));
  g_assert_nonnull (strstr (notice, "zebra ("));
  g_assert_null (strstr (notice, "cat"));
  wait_until (is_idle, f);
}

static void
test_save (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->bench.folder, "plan.json", NULL), *left = NULL;
  g_autoptr (EspMask) before = NULL, after = NULL;
  g_autoptr (GError) error = NULL;
  EspStudyFiles files = f->bench.files;

  open_bench (f);
  g_assert_null (esp_study_find_autosave (f->study));
  esp_plan_set_ratio (esp_study_get_plan (f->study), 0, .5);
  settle ();
  before = esp_plan_get_mask (esp_study_get_plan (f->study));
  g_assert_true (esp_study_save_plan (f->study, path, &error));
  g_assert_no_error (error);
  files.plan = path;
  g_assert_true (try_open (f, &files)); /* opening anew leaves what was in hand to be offered again */
  after = esp_plan_get_mask (esp_study_get_plan (f->study));
  g_assert_true (esp_hash_equal (esp_mask_get_hash (before), esp_mask_get_hash (after)));
  left = esp_study_find_autosave (f->study);
  g_assert_nonnull (left);
  g_assert_true (esp_study_load_plan (f->study, left, &error));
  g_assert_no_error (error);
  wait_until (is_idle, f);
}

static void
test_close_under_way (Fixture *f, gconstpointer data)
{
  open_bench (f);
  esp_plan_set_ratio (esp_study_get_plan (f->study), 0, .5);
  g_main_context_iteration (NULL, FALSE);
}

/* The unpruned pass is cancelled from the list of jobs: the study goes on, and is not busy for ever. */
static void
test_cancel (Fixture *f, gconstpointer data)
{
  open_bench (f);
  esp_job_cancel (esp_study_get_job (f->study));
  wait_until (is_at_rest, f);
  g_assert_null (esp_study_get_job (f->study));
  esp_plan_set_ratio (esp_study_get_plan (f->study), 0, .5);
  settle ();
  g_assert_cmpuint (numbers_of (f).cost.params, <, numbers_of (f).whole.params);
}

static void
test_network_alone (Fixture *f, gconstpointer data)
{
  EspStudyFiles files = f->bench.files;

  files.data = NULL;
  g_assert_true (try_open (f, &files));
  g_assert_cmpuint (count (esp_study_get_images (f->study)), ==, 0);
  esp_plan_set_ratio (esp_study_get_plan (f->study), 0, .5);
  settle ();
  g_assert_cmpuint (numbers_of (f).cost.params, <, numbers_of (f).whole.params);
  g_assert_cmpint (numbers_of (f).map.state, ==, ESP_STATE_NONE);
  g_assert_cmpuint (numbers_of (f).map.total, ==, 0);
}

static void
test_unlabelled (Fixture *f, gconstpointer data)
{
  g_autoptr (EspRow) row = NULL;
  int truths = 0, missed = 0;

  open_bench (f);
  wait_until (is_idle, f);
  g_assert_false (numbers_of (f).map.labelled);
  row = g_list_model_get_item (esp_study_get_images (f->study), 0);
  g_object_get (row, "truths", &truths, "missed", &missed, NULL);
  g_assert_cmpint (truths, ==, -1);
  g_assert_cmpint (missed, ==, -1);
}

/* Too few photographs for the criterion that is scored unasked: no failure (the tear-down counts them), but an answer to who asks. */
static void
set_up_few (Fixture *f, gconstpointer labelled)
{
  set_up_images (f, 3, labelled != NULL);
}

static void
criterion_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;

  f->opened = esp_study_set_criterion_finish (f->study, result, &f->error);
  f->answered = TRUE;
}

static void
test_criterion (Fixture *f, gconstpointer data)
{
  g_autofree char *criterion = NULL;

  open_bench (f);
  wait_until (is_idle, f);
  f->answered = FALSE;
  esp_study_set_criterion_async (f->study, "bn-gamma", NULL, criterion_chosen, f);
  wait_until (is_answered, f);
  g_assert_true (f->opened);
  g_object_get (f->study, "criterion", &criterion, NULL);
  g_assert_cmpstr (criterion, ==, "bn-gamma");
  g_assert_cmpstr (esp_scores_get_criterion (esp_plan_get_scores (esp_study_get_plan (f->study))), ==, "bn-gamma");
  f->answered = FALSE;
  esp_study_set_criterion_async (f->study, "no-such", NULL, criterion_chosen, f);
  wait_until (is_answered, f);
  g_assert_false (f->opened);
  g_assert_error (f->error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
}

static void
test_few (Fixture *f, gconstpointer data)
{
  open_bench (f);
  wait_until (is_idle, f);
  g_assert_cmpuint (f->failures, ==, 0);
  f->answered = FALSE;
  esp_study_set_criterion_async (f->study, "attribution", NULL, criterion_chosen, f);
  wait_until (is_answered, f);
  g_assert_false (f->opened);
  g_assert_error (f->error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (f->error->message, "at least 20"));
}

#define ADD(path, labelled, func) g_test_add (path, Fixture, labelled, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  int status;

  isolate_state ();
  g_test_init (&argc, &argv, NULL);
  ADD ("/study/open", "labelled", test_open);
  ADD ("/study/cut-and-undo", "labelled", test_cut_and_undo);
  ADD ("/study/trials", "labelled", test_trials);
  ADD ("/study/trial-scores", "labelled", test_trial_scores);
  ADD ("/study/channels", "labelled", test_channels);
  ADD ("/study/view", "labelled", test_view);
  ADD ("/study/targets", "labelled", test_targets);
  ADD ("/study/methods", "labelled", test_methods);
  ADD ("/study/pruned-boxes", "labelled", test_pruned_boxes);
  ADD ("/study/refused", "labelled", test_refused);
  ADD ("/study/other-names", "labelled", test_other_names);
  ADD ("/study/save", "labelled", test_save);
  ADD ("/study/close-under-way", "labelled", test_close_under_way);
  ADD ("/study/cancel", "labelled", test_cancel);
  ADD ("/study/network-alone", "labelled", test_network_alone);
  ADD ("/study/unlabelled", NULL, test_unlabelled);
  ADD ("/study/criterion", "labelled", test_criterion);
  g_test_add ("/study/few", Fixture, NULL, set_up_few, test_few, tear_down);
  status = g_test_run ();
  forget_state ();
  return status;
}
