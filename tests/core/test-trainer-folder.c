/* test-trainer-folder.c: what a run of training does with its folder: an earlier run's files, checkpoints, logs, runs that fail */
#include "config.h"

#include "trainer-common.h"

static void
test_refused_folder (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions options = options_of (fixture, "run"), other = options_of (fixture, "other");
  g_autofree char *checkpoint = g_build_filename (options.folder, "checkpoint", NULL);
  g_autoptr (EspTrainer) first = NULL;

  options.epochs = other.epochs = 2;
  run_whole (&options);
  other.resume = checkpoint;
  other.seed = 3;
  refused (&other, ESP_ERROR_FORMAT, "seed");
  other.seed = 1;
  other.resume = "/nowhere/checkpoint";
  refused (&other, ESP_ERROR_IO, "/nowhere");
  other.resume = NULL;
  first = esp_trainer_new (&other, NULL);
  g_assert_nonnull (first);
  refused (&other, ESP_ERROR_IO, "other");
}

/* A checkpoint that cannot be written ends the run in words. */
static void
test_no_room (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions options = options_of (fixture, "run");
  g_autofree char *path = g_build_filename (options.folder, "checkpoint", NULL), *inside = g_build_filename (path, "in the way", NULL);
  g_autofree char *copy = g_build_filename (fixture->folder, "copy", NULL);
  g_autoptr (EspTrainer) trainer = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (run_until (&options, 3, 0));
  g_assert_cmpint (g_rename (path, copy), ==, 0);
  put_away (inside, "file", "");
  options.resume = copy;
  trainer = begin (&options);
  g_assert_cmpint (end (trainer).state, ==, ESP_TRAINER_FAILED);
  error = esp_trainer_dup_error (trainer);
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "checkpoint"));
}

static void
same_bytes (const EspTrainerOptions *options, const char *name, GBytes *expected)
{
  g_autoptr (GBytes) bytes = file_of (options, name);

  g_assert_true (g_bytes_equal (bytes, expected));
}

static gboolean
has (const EspTrainerOptions *options, const char *name)
{
  g_autofree char *path = g_build_filename (options->folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* An earlier run's files are put aside, each run's into a folder of its own. */
static void
test_earlier (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions options = options_of (fixture, "run");
  g_autoptr (GBytes) first = NULL, second = NULL;

  options.epochs = 2;
  run_whole (&options);
  g_assert_false (has (&options, "earlier"));
  first = file_of (&options, "best.weights");
  options.seed = 4;
  run_whole (&options);
  same_bytes (&options, "earlier/best.weights", first);
  second = file_of (&options, "best.weights");
  options.seed = 5;
  run_whole (&options);
  same_bytes (&options, "earlier/best.weights", first);
  same_bytes (&options, "earlier-2/best.weights", second);
}

static void
fail_start (const EspTrainerOptions *options, const char *part)
{
  g_autoptr (EspTrainer) trainer = begin (options);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (end (trainer).state, ==, ESP_TRAINER_FAILED);
  error = esp_trainer_dup_error (trainer);
  if (strstr (error->message, part) == NULL)
    g_error ("“%s” lacks “%s”", error->message, part);
}

static void
cut_picture (const Fixture *fixture, guint number)
{
  g_autofree char *path = g_strdup_printf ("%s/%u.png", fixture->folder, number);
  g_autoptr (GBytes) bytes = esp_file_read (path, 1 << 24, NULL);

  g_assert_true (esp_file_write (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes) / 2, NULL));
}

/* However often a run fails before its first update, what lay in the folder lies there; behind it nothing is lost either. */
static void
test_failed_starts (Fixture *fixture, gconstpointer data)
{
  const char *const names[] = { "best.weights", "last.weights", "log.jsonl", "checkpoint", "net.cfg", "run.json" };
  EspTrainerOptions options = options_of (fixture, "run");
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autofree char *checkpoint = g_build_filename (options.folder, "checkpoint", NULL);

  options.epochs = 2;
  options.about = "{\"run\": 1}";
  run_whole (&options);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_ptr_array_add (files, file_of (&options, names[i]));
  options.about = "{\"run\": 2}";
  options.memory = 1000;
  for (guint i = 0; i < 3; i++)
    {
      options.resume = i == 2 ? checkpoint : NULL;
      fail_start (&options, "expected at least");
    }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    same_bytes (&options, names[i], files->pdata[i]);
  g_assert_false (has (&options, "earlier"));
  options.memory = 0;
  options.resume = NULL;
  for (guint i = 0; i < N_IMAGES; i++)
    cut_picture (fixture, i);
  for (guint i = 0; i < 2; i++)
    refused (&options, ESP_ERROR_IO, ".png");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    same_bytes (&options, names[i], files->pdata[i]);
}

/* A picture that is another one by its size ends it; what was begun with it would not end with the same bits. */
static void
test_changed_picture (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions options = options_of (fixture, "run");
  g_autofree char *checkpoint = g_build_filename (options.folder, "checkpoint", NULL);
  g_autofree char *from = g_build_filename (fixture->folder, "0.png", NULL), *to = g_build_filename (fixture->folder, "3.png", NULL);
  g_autoptr (GBytes) other = esp_file_read (from, 1 << 24, NULL);

  options.epochs = 2;
  options.val = NULL;
  run_whole (&options);
  options.resume = checkpoint;
  run_whole (&options);
  g_assert_true (esp_file_write (to, g_bytes_get_data (other, NULL), g_bytes_get_size (other), NULL));
  refused (&options, ESP_ERROR_FORMAT, "train: ");
}

/* Into an empty folder: with the log and the weights that lie beside the checkpoint. */
static void
test_elsewhere (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions whole = options_of (fixture, "whole"), cut = options_of (fixture, "cut"), moved = options_of (fixture, "moved");
  g_autofree char *checkpoint = g_build_filename (cut.folder, "checkpoint", NULL), *log = g_build_filename (cut.folder, "log.jsonl", NULL);
  g_autoptr (GBytes) before = NULL;

  run_whole (&whole);
  g_assert_true (run_until (&cut, 17, 0));
  before = file_of (&cut, "log.jsonl");
  moved.resume = checkpoint;
  run_whole (&moved);
  same_files (&whole, &moved, TRUE);
  same_logs (&whole, &moved);
  same_bytes (&cut, "log.jsonl", before);
  moved.folder = path_in (fixture, "once more"); /* of a run that is over */
  moved.resume = path_in (fixture, "whole/checkpoint");
  run_whole (&moved);
  same_files (&whole, &moved, TRUE);
  same_logs (&whole, &moved);
  g_assert_cmpint (g_remove (log), ==, 0);
  moved.folder = path_in (fixture, "without");
  moved.resume = checkpoint;
  refused (&moved, ESP_ERROR_IO, "expected beside it");
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  lane = esp_lane_new (1);
#define ADD(name, func, text) g_test_add ("/trainer-folder/" name, Fixture, text, set_up, func, tear_down)
  ADD ("refused-folder", test_refused_folder, NULL);
  ADD ("no-room", test_no_room, NULL);
  ADD ("earlier", test_earlier, NULL);
  ADD ("failed-starts", test_failed_starts, NULL);
  ADD ("changed-picture", test_changed_picture, NULL);
  ADD ("elsewhere", test_elsewhere, NULL);
  status = g_test_run ();
  esp_lane_free (lane);
  return status;
}
