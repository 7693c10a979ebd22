/* test-training.c: a run beside the study: its curves, its trial, stopping and going on */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "study-common.h"
#include "study/training.h"

#define IMAGES 8

typedef struct
{
  Bench bench;
  EspLane *lane;
  EspStudy *study;
  EspTraining *training;
  GError *error; /* of the last call that answered */
  gboolean answered, ended;
} Fixture;

static gboolean
has_answered (gpointer data)
{
  return ((Fixture *) data)->answered;
}

static gboolean
has_ended (gpointer data)
{
  return ((Fixture *) data)->ended;
}

static void
opened (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;

  esp_study_open_finish (f->study, result, &f->error);
  f->answered = TRUE;
}

static void
data_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;

  esp_training_open_finish (f->training, result, &f->error);
  f->answered = TRUE;
}

static void
started (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;

  esp_training_start_finish (f->training, result, &f->error);
  f->answered = TRUE;
}

static void
wait_answer (Fixture *f)
{
  wait_until (has_answered, f);
  f->answered = FALSE;
}

static void
note_ended (EspTraining *training, const GError *error, gpointer data)
{
  Fixture *f = data;

  g_assert_no_error (error);
  f->ended = TRUE;
}

static void
set_up (Fixture *f, gconstpointer unused)
{
  isolate_state ();
  bench_make (&f->bench, IMAGES, TRUE);
  f->lane = esp_lane_new (2);
  f->study = esp_study_new (f->lane);
  f->training = esp_training_new (f->study);
  g_signal_connect (f->training, "ended", G_CALLBACK (note_ended), f);
  esp_study_open_async (f->study, &f->bench.files, NULL, opened, f);
  wait_answer (f);
  g_assert_no_error (f->error);
  esp_training_open_async (f->training, f->bench.files.data, NULL, data_opened, f);
  wait_answer (f);
  g_assert_no_error (f->error);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  g_object_unref (f->training);
  g_object_unref (f->study);
  esp_lane_free (f->lane);
  bench_clear (&f->bench);
  forget_state ();
}

static char *
start (Fixture *f, guint epochs, gboolean cut)
{
  char *folder = g_build_filename (f->bench.folder, "run", NULL);
  const EspTrainingOptions options = { .epochs = epochs, .rate = 0.001, .policy = "constant", .cut = cut, .folder = folder };

  f->ended = FALSE;
  esp_training_start_async (f->training, &options, started, f);
  g_assert_true (esp_training_is_busy (f->training));
  wait_answer (f);
  return folder;
}

static gboolean
has_trained_trial (gpointer data)
{
  Fixture *f = data;
  EspStudyFiles files = { 0 };
  const gboolean found = g_list_model_get_n_items (esp_study_get_trials (f->study)) > 0 && esp_study_get_trial_files (f->study, 0, &files);

  esp_study_files_clear (&files);
  return found;
}

/* The trial's number is what evaluate says of the files that the run left. */
static void
check_trial (Fixture *f)
{
  g_autoptr (GObject) row = g_list_model_get_item (esp_study_get_trials (f->study), 0);
  EspStudyFiles files = { 0 };
  double map = NAN, low = NAN, high = NAN;

  g_assert_true (esp_study_get_trial_files (f->study, 0, &files));
  g_object_get (row, "map", &map, "low", &low, "high", &high, NULL);
  g_assert_cmpfloat (map, ==, direct_map (f->lane, &files, NULL));
  g_assert_cmpfloat (low, <=, high);
  esp_study_files_clear (&files);
}

static void
test_run (Fixture *f, gconstpointer unused)
{
  g_autofree char *folder = start (f, 3, FALSE);
  guint n_loss, n_map;
  const EspTrainingPoint *map;

  g_assert_no_error (f->error);
  wait_until (has_ended, f);
  g_assert_cmpint (esp_training_get_state (f->training), ==, ESP_TRAINER_FINISHED);
  g_assert_false (esp_training_is_busy (f->training));
  esp_training_get_loss (f->training, &n_loss);
  map = esp_training_get_map (f->training, &n_map);
  g_assert_cmpuint (n_loss, >=, 1);
  g_assert_cmpuint (n_map, ==, 3);
  g_assert_cmpfloat (map[2].epoch, ==, 3);
  g_assert_true (esp_training_has_trial (f->training));
  wait_until (has_trained_trial, f);
  check_trial (f);
}

/* The smaller network is trained, and is what the trial opens. */
static void
test_cut (Fixture *f, gconstpointer unused)
{
  EspPlan *plan = esp_study_get_plan (f->study);
  g_autofree char *folder = NULL;
  g_autoptr (EspNetwork) trained = NULL;
  EspStudyFiles files = { 0 };

  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, 0.5);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  folder = start (f, 1, TRUE);
  g_assert_no_error (f->error);
  wait_until (has_ended, f);
  wait_until (has_trained_trial, f);
  check_trial (f);
  g_assert_true (esp_study_get_trial_files (f->study, 0, &files));
  trained = esp_network_load (files.cfg, NULL);
  g_assert_cmpint (esp_network_get_layer (trained, 0)->out.c, <, esp_network_get_layer (esp_study_get_network (f->study), 0)->out.c);
  esp_study_files_clear (&files);
}

static gboolean
has_loss (gpointer data)
{
  guint n;

  esp_training_get_loss (((Fixture *) data)->training, &n);
  return n > 0;
}

/* Stopped after an update, it leaves a checkpoint; continued, it ends where it was to end. */
static void
test_continue (Fixture *f, gconstpointer unused)
{
  g_autofree char *folder = start (f, 40, FALSE);

  g_assert_no_error (f->error);
  wait_until (has_loss, f);
  esp_training_stop (f->training);
  wait_until (has_ended, f);
  g_assert_cmpint (esp_training_get_state (f->training), ==, ESP_TRAINER_CANCELLED);
  f->ended = FALSE;
  esp_training_continue_async (f->training, folder, started, f);
  wait_answer (f);
  g_assert_no_error (f->error);
  wait_until (has_ended, f);
  g_assert_cmpint (esp_training_get_state (f->training), ==, ESP_TRAINER_FINISHED);
}

/* A second run is refused while one is under way; so is a folder that holds none. */
static void
test_refused (Fixture *f, gconstpointer unused)
{
  g_autofree char *folder = start (f, 200, FALSE), *second = NULL;

  g_assert_no_error (f->error);
  second = start (f, 1, FALSE);
  g_assert_error (f->error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_clear_error (&f->error);
  esp_training_stop (f->training);
  wait_until (has_ended, f);
  esp_training_continue_async (f->training, f->bench.folder, started, f);
  wait_answer (f);
  g_assert_nonnull (f->error);
  g_assert_nonnull (strstr (f->error->message, "run.json"));
  g_clear_error (&f->error);
}

static gboolean
has_map (gpointer data)
{
  guint n;

  esp_training_get_map (((Fixture *) data)->training, &n);
  return n > 0;
}

static void
nothing (gpointer data)
{
}

/* What the run left can be opened with the data that it was begun beside. */
static void
check_files (Fixture *f, const char *folder)
{
  g_autofree char *best = g_build_filename (folder, "best.weights", NULL);
  EspStudyFiles files = { 0 };

  g_assert_true (esp_training_get_files (f->training, &files));
  g_assert_cmpstr (files.weights, ==, best);
  g_assert_cmpstr (files.data, ==, f->bench.files.data);
  esp_study_files_clear (&files);
}

static void
check_options (Fixture *f, const char *folder)
{
  EspTrainingOptions options;

  g_assert_true (esp_training_get_options (f->training, &options));
  g_assert_cmpuint (options.epochs, ==, 2000);
  g_assert_cmpfloat (options.rate, ==, 0.001);
  g_assert_cmpstr (options.policy, ==, "constant");
  g_assert_false (options.cut);
  g_assert_cmpstr (options.folder, ==, folder);
}

/* Continued by another session, it shows what it was begun with, and its curves from the first epoch on. */
static void
test_continue_shown (Fixture *f, gconstpointer unused)
{
  g_autofree char *folder = start (f, 2000, FALSE);
  const EspTrainingPoint *loss;
  guint n;

  g_assert_no_error (f->error);
  wait_until (has_map, f);
  esp_training_stop (f->training);
  wait_until (has_ended, f);
  f->ended = FALSE;
  g_object_unref (f->training);
  f->training = esp_training_new (f->study);
  g_signal_connect (f->training, "ended", G_CALLBACK (note_ended), f);
  esp_training_continue_async (f->training, folder, started, f);
  wait_answer (f);
  g_assert_no_error (f->error);
  check_options (f, folder);
  g_assert_nonnull (esp_training_get_run_data (f->training));
  wait_until (has_loss, f);
  loss = esp_training_get_loss (f->training, &n);
  g_assert_cmpfloat (loss[0].epoch, ==, 1);
  esp_training_stop (f->training);
  wait_until (has_ended, f);
}

/* Another study opened meanwhile: the run goes on and ends, and its network is no trial among images that it has nothing to do with. */
static void
test_other_study (Fixture *f, gconstpointer unused)
{
  g_autofree char *folder = start (f, 2000, FALSE);

  g_assert_no_error (f->error);
  wait_until (has_map, f);
  esp_study_open_async (f->study, &f->bench.files, NULL, opened, f);
  wait_answer (f);
  g_assert_no_error (f->error);
  esp_training_forget_data (f->training);
  g_assert_null (esp_training_get_data (f->training));
  g_assert_nonnull (esp_training_get_run_data (f->training));
  g_assert_true (esp_training_is_busy (f->training));
  esp_training_stop (f->training);
  wait_until (has_ended, f);
  esp_lane_call (f->lane, nothing, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_false (has_trained_trial (f));
  g_assert_false (esp_training_has_trial (f->training));
  check_files (f, folder);
}

typedef struct
{
  GError *error;
  gboolean answered;
} Answer;

static void
chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  esp_training_open_finish (ESP_TRAINING (source), result, &answer->error);
  answer->answered = TRUE;
}

static gboolean
is_answered (gpointer data)
{
  return ((Answer *) data)->answered;
}

/* Whichever is read first, what was asked for last is trained on. */
static void
test_chosen_last (Fixture *f, gconstpointer unused)
{
  Answer first = { 0 }, second = { 0 };

  esp_training_open_async (f->training, f->bench.files.data, NULL, chosen, &first);
  esp_training_open_async (f->training, f->bench.files.data, NULL, chosen, &second);
  wait_until (is_answered, &first);
  wait_until (is_answered, &second);
  g_assert_error (first.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_no_error (second.error);
  g_clear_error (&first.error);
}

/* A train split that cannot be read is no reason to train on what is measured on. */
static void
test_broken_split (Fixture *f, gconstpointer unused)
{
  const char *const files[][2] = { { "split.data", "classes=2\ntrain=train.list\nvalid=list.txt\nnames=net.names\n" },
                                   { "train.list", "broken.png\n" },
                                   { "broken.txt", "no label\n" } };
  g_autofree char *data = g_build_filename (f->bench.folder, files[0][0], NULL);

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (f->bench.folder, files[i][0], NULL);

      g_assert_true (g_file_set_contents (path, files[i][1], -1, NULL));
    }
  esp_training_open_async (f->training, data, NULL, data_opened, f);
  wait_answer (f);
  g_assert_error (f->error, ESP_ERROR, ESP_ERROR_FORMAT);
  g_assert_nonnull (strstr (f->error->message, "broken.txt:1"));
  g_clear_error (&f->error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/training/run", Fixture, NULL, set_up, test_run, tear_down);
  g_test_add ("/training/cut", Fixture, NULL, set_up, test_cut, tear_down);
  g_test_add ("/training/continue", Fixture, NULL, set_up, test_continue, tear_down);
  g_test_add ("/training/continue-shown", Fixture, NULL, set_up, test_continue_shown, tear_down);
  g_test_add ("/training/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/training/other-study", Fixture, NULL, set_up, test_other_study, tear_down);
  g_test_add ("/training/chosen-last", Fixture, NULL, set_up, test_chosen_last, tear_down);
  g_test_add ("/training/broken-split", Fixture, NULL, set_up, test_broken_split, tear_down);
  return g_test_run ();
}
