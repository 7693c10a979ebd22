/* test-checkpoint.c: a run's checkpoint: back bit for bit, damaged anywhere, of another run, a disk that fills; one run a folder */
#include "config.h"

#include "train/checkpoint.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/file.h"
#include "net-common.h"
#include "train/lock.h"

static const char small[] = "[net]\nwidth=4\nheight=4\nchannels=3\n"
                            "[convolutional]\nbatch_normalize=1\nfilters=2\nsize=3\npad=1\nactivation=leaky\n"
                            "[convolutional]\nfilters=3\nsize=1\nactivation=linear\n";
static const char other[] = "[net]\nwidth=4\nheight=4\nchannels=3\n[convolutional]\nfilters=3\nsize=1\nactivation=linear\n";
static const char settings[] = "cfg: 11\ndata: 22\nthreads: 2\n";
static const EspOptimiserOptions options = { .momentum = .9, .decay = .001, .average = .9 };

static EspParameterVector *
vector_of (const char *text, guint64 seed)
{
  g_autoptr (EspNetwork) network = network_of (text, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, seed);

  return esp_parameter_vector_new (network, weights);
}

static void
update (EspParameterVector *vector, EspOptimiser *optimiser, int times)
{
  float *gradients = esp_parameter_vector_get_gradients (vector);

  for (int t = 0; t < times; t++)
    {
      for (gsize i = 0; i < esp_parameter_vector_get_n (vector); i++)
        gradients[i] = sinf ((float) i + (float) esp_optimiser_get_n_steps (optimiser));
      g_assert_true (esp_optimiser_step (optimiser, .01, .5));
    }
}

static EspCheckpoint *
checkpoint_of (EspParameterVector *vector, EspOptimiser *optimiser)
{
  EspCheckpoint *checkpoint = esp_checkpoint_new ();

  esp_checkpoint_add_settings (checkpoint, settings);
  esp_checkpoint_add_words (checkpoint, "place", (const guint64[]){ 7, G_MAXUINT64 }, 2);
  esp_checkpoint_add_numbers (checkpoint, "best", (const double[]){ NAN, .1, -INFINITY }, 3);
  esp_checkpoint_add_training (checkpoint, vector, optimiser);
  return checkpoint;
}

static char *
folder_of_test (void)
{
  char *folder = g_dir_make_tmp ("esp-checkpoint-XXXXXX", NULL);

  g_assert_nonnull (folder);
  return folder;
}

static guint
remove_all (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  for (const char *name; (name = g_dir_read_name (dir)) != NULL; n++)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  return n;
}

static void
test_back (void)
{
  g_autofree char *folder = folder_of_test ();
  g_autofree char *path = g_build_filename (folder, "checkpoint", NULL);
  g_autoptr (EspParameterVector) a = vector_of (small, 1), b = vector_of (small, 2);
  g_autoptr (EspOptimiser) with_a = esp_optimiser_new (a, &options), with_b = esp_optimiser_new (b, &options);
  g_autoptr (EspCheckpoint) written = NULL, read = NULL;
  g_autoptr (GError) error = NULL;
  guint64 place[2];
  double best[3];

  update (a, with_a, 3);
  written = checkpoint_of (a, with_a);
  g_assert_true (esp_checkpoint_save (written, path, &error));
  g_assert_no_error (error);
  update (a, with_a, 2);

  read = esp_checkpoint_load (path, &error);
  g_assert_no_error (error);
  g_assert_true (esp_checkpoint_check_settings (read, settings, &error));
  g_assert_true (esp_checkpoint_read_words (read, "place", place, 2, &error));
  g_assert_true (esp_checkpoint_read_numbers (read, "best", best, 3, &error));
  g_assert_true (esp_checkpoint_read_training (read, b, with_b, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (place[0], ==, 7);
  g_assert_cmpuint (place[1], ==, G_MAXUINT64);
  g_assert_true (isnan (best[0]) && best[1] == .1 && isinf (best[2]) && best[2] < 0);
  update (b, with_b, 2);
  g_assert_cmpmem (esp_parameter_vector_get_parameters (a), 67 * sizeof (float), esp_parameter_vector_get_parameters (b),
                   67 * sizeof (float));
  g_assert_cmpmem (esp_parameter_vector_get_statistics (a), 4 * sizeof (float), esp_parameter_vector_get_statistics (b),
                   4 * sizeof (float));
  g_assert_null (esp_checkpoint_get (read, "nothing"));
  g_assert_cmpuint (remove_all (folder), ==, 1);
}

static GByteArray *
bytes_of_one (void)
{
  g_autofree char *folder = folder_of_test ();
  g_autofree char *path = g_build_filename (folder, "checkpoint", NULL);
  g_autoptr (EspParameterVector) vector = vector_of (small, 1);
  g_autoptr (EspOptimiser) optimiser = esp_optimiser_new (vector, &options);
  g_autoptr (EspCheckpoint) checkpoint = checkpoint_of (vector, optimiser);
  g_autoptr (GBytes) bytes = NULL;

  g_assert_true (esp_checkpoint_save (checkpoint, path, NULL));
  bytes = esp_file_read (path, 1 << 20, NULL);
  remove_all (folder);
  return g_bytes_unref_to_array (g_steal_pointer (&bytes));
}

static void
assert_refused_bytes (const guint8 *data, gsize n, const char *message)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, n);
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_checkpoint_parse (bytes, "out/checkpoint", &error));
  g_assert_nonnull (error);
  g_assert_true (error->domain == ESP_ERROR);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
}

/* Cut off anywhere, or with any one bit turned over, it is not taken. */
static void
test_damaged (void)
{
  g_autoptr (GByteArray) whole = bytes_of_one ();

  g_assert_cmpuint (whole->len, <, 4000);
  for (guint n = 0; n < whole->len; n++)
    assert_refused_bytes (whole->data, n, "out/checkpoint: ");
  for (guint bit = 0; bit < 8 * whole->len; bit++)
    {
      whole->data[bit / 8] ^= (guint8) (1u << bit % 8);
      assert_refused_bytes (whole->data, whole->len, "out/checkpoint: ");
      whole->data[bit / 8] ^= (guint8) (1u << bit % 8);
    }
  assert_refused_bytes ((const guint8 *) "", 0, "0 bytes found: expected a checkpoint of at least 56");
  assert_refused_bytes (whole->data, whole->len - 1, "bytes 16 to 23 say");
  whole->data[700] ^= 1;
  assert_refused_bytes (whole->data, whole->len, "are not the checksum of those before: the file is damaged");
}

/* Wrong ones whose checksum is right: written by something else than us. */
static void
assert_refused_forged (GByteArray *whole, gsize at, guint64 value, guint bytes, const char *message)
{
  g_autofree guint8 *data = g_memdup2 (whole->data, whole->len);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize length = 32;

  for (guint i = 0; i < bytes; i++)
    data[at + i] = (guint8) (value >> 8 * i);
  g_checksum_update (checksum, data, (gssize) whole->len - 32);
  g_checksum_get_digest (checksum, data + whole->len - 32, &length);
  assert_refused_bytes (data, whole->len, message);
}

static void
test_forged (void)
{
  g_autoptr (GByteArray) whole = bytes_of_one ();
  const gsize first = 24 + 6 * 48; /* header and entries */

  assert_refused_forged (whole, 0, 'X', 1, "bytes 0 to 7 are not “ESPALCKP”: expected a checkpoint of a training run");
  assert_refused_forged (whole, 8, 2, 4, "bytes 8 to 11 give version 2 of checkpoints: expected 1");
  assert_refused_forged (whole, 12, 65, 4, "bytes 12 to 15 give 65 sections: at most 64");
  assert_refused_forged (whole, 12, 64, 4, "for the names of 64 sections");
  assert_refused_forged (whole, 12, 5, 4, "byte 24: the section “settings”");
  assert_refused_forged (whole, 24, '/', 1, "bytes 24 to 55 are no name of a section");
  assert_refused_forged (whole, 24, 0, 1, "bytes 24 to 55 are no name of a section");
  assert_refused_forged (whole, 24 + 32, first + 1, 8, "byte 24: the section “settings”");
  assert_refused_forged (whole, 24 + 40, G_MAXUINT64, 8, "and at most to");
  assert_refused_forged (whole, 24 + 5 * 48 + 40, 3, 8, "the sections end at byte");
  memcpy (whole->data + 24 + 48, "settings", 9);
  assert_refused_forged (whole, 23, 0, 1, "byte 72: the section “settings” stands there for the second time");
}

static void
assert_says (gboolean taken, GError **error, const char *message)
{
  g_assert_false (taken);
  g_assert_nonnull (*error);
  if (strstr ((*error)->message, message) == NULL)
    g_error ("“%s” does not say “%s”", (*error)->message, message);
  g_clear_error (error);
}

static void
test_another_run (void)
{
  g_autoptr (GByteArray) array = bytes_of_one ();
  g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (g_steal_pointer (&array));
  g_autoptr (EspCheckpoint) checkpoint = esp_checkpoint_parse (bytes, "out/checkpoint", NULL);
  g_autoptr (EspParameterVector) vector = vector_of (other, 3), same = vector_of (small, 3);
  const EspOptimiserOptions adam = { .kind = ESP_OPTIMISER_ADAM, .b1 = .9, .b2 = .99, .epsilon = 1e-6 };
  g_autoptr (EspOptimiser) optimiser = esp_optimiser_new (vector, &options), wrong = esp_optimiser_new (same, &adam);
  g_autofree float *before = g_memdup2 (esp_parameter_vector_get_parameters (same), 67 * sizeof (float));
  g_autoptr (GError) error = NULL;
  guint64 words[3];

  assert_says (esp_checkpoint_check_settings (checkpoint, "cfg: 11\ndata: 23\nthreads: 2\n", &error), &error,
               "out/checkpoint: it belongs to another run: it has “data: 22” where this run has “data: 23”: go on with what");
  assert_says (esp_checkpoint_check_settings (checkpoint, "cfg: 11\ndata: 22\n", &error), &error,
               "it has “threads: 2” where this run has nothing");
  assert_says (esp_checkpoint_check_settings (checkpoint, "cfg: 11\ndata: 22\nthreads: 2\nmore: 1\n", &error), &error,
               "it has nothing where this run has “more: 1”");
  assert_says (esp_checkpoint_read_training (checkpoint, vector, optimiser, &error), &error, "the section “parameters” at byte ");
  assert_says (esp_checkpoint_read_training (checkpoint, same, wrong, &error), &error, "the section “optimiser” at byte ");
  g_assert_cmpmem (before, 67 * sizeof (float), esp_parameter_vector_get_parameters (same), 67 * sizeof (float));
  assert_says (esp_checkpoint_read_words (checkpoint, "place", words, 3, &error), &error, " has 16 bytes: expected 24");
  assert_says (esp_checkpoint_read_words (checkpoint, "where", words, 3, &error), &error, "it has no section “where”");
}

/* The file may not grow beyond so much: what a full disk does, without one. */
static gboolean
save_within (EspCheckpoint *checkpoint, const char *path, rlim_t most, GError **error)
{
  struct rlimit before, limit;
  gboolean saved;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  limit = before;
  limit.rlim_cur = most;
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  saved = esp_checkpoint_save (checkpoint, path, error);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  signal (SIGXFSZ, SIG_DFL);
  return saved;
}

static void
test_disk_full (void)
{
  g_autofree char *folder = folder_of_test ();
  g_autofree char *path = g_build_filename (folder, "checkpoint", NULL);
  g_autoptr (EspParameterVector) vector = vector_of (small, 1);
  g_autoptr (EspOptimiser) optimiser = esp_optimiser_new (vector, &options);
  g_autoptr (EspCheckpoint) first = checkpoint_of (vector, optimiser), second = NULL, read = NULL;
  g_autoptr (GBytes) before = NULL, after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_checkpoint_save (first, path, NULL));
  before = esp_file_read (path, 1 << 20, NULL);
  update (vector, optimiser, 1);
  second = checkpoint_of (vector, optimiser);
  g_assert_false (save_within (second, path, 1000, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
  g_assert_nonnull (strstr (error->message, path));
  after = esp_file_read (path, 1 << 20, NULL);
  g_assert_true (g_bytes_equal (before, after));
  g_clear_error (&error);
  read = esp_checkpoint_load (path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (read);
  g_assert_true (save_within (second, path, 1 << 20, &error));
  g_assert_cmpuint (remove_all (folder), ==, 1); /* nothing beside it */
}

static void
assert_locked (const char *folder, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_folder_lock_take (folder, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
}

static void
test_lock (void)
{
  g_autofree char *folder = folder_of_test ();
  g_autofree char *none = g_build_filename (folder, "none", NULL);
  g_autoptr (EspFolderLock) lock = esp_folder_lock_take (folder, NULL), again = NULL;

  g_assert_nonnull (lock);
  assert_locked (folder, "another run of this program trains in this folder");
  assert_locked (none, "none/.lock: ");
  g_clear_pointer (&lock, esp_folder_lock_free);
  again = esp_folder_lock_take (folder, NULL);
  g_assert_nonnull (again);
  remove_all (folder);
}

/* Another process has it, and is killed. */
static void
test_lock_killed (void)
{
  g_autofree char *folder = folder_of_test ();
  g_autofree char *message = NULL;
  g_autoptr (EspFolderLock) lock = NULL;
  int ends[2], status;
  char byte;
  pid_t child;

  g_assert_cmpint (pipe (ends), ==, 0);
  child = fork ();
  if (child == 0)
    {
      if (esp_folder_lock_take (folder, NULL) == NULL || write (ends[1], "x", 1) != 1)
        _exit (1);
      for (;;)
        pause ();
    }
  g_assert_cmpint (read (ends[0], &byte, 1), ==, 1);
  message = g_strdup_printf ("%s: process %ld trains in this folder", folder, (long) child);
  assert_locked (folder, message);
  kill (child, SIGKILL);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  lock = esp_folder_lock_take (folder, NULL);
  g_assert_nonnull (lock);
  close (ends[0]);
  close (ends[1]);
  remove_all (folder);
}

/* What a killed run was writing goes; all else stays. */
static void
test_lock_sweeps (void)
{
  static const char *const names[] = { "checkpoint.A1b2C3", "last.weights.zzzzzz", "checkpoint",        "checkpoint.old",
                                       "last.weights",      "notes.A1b2C3",        "checkpoint.A1b2C3d" };
  g_autofree char *folder = folder_of_test ();
  g_autoptr (EspFolderLock) lock = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      g_assert_true (g_file_set_contents (path, "x", 1, NULL));
    }
  lock = esp_folder_lock_take (folder, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS) == (i >= 2));
    }
  remove_all (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/checkpoint/back", test_back);
  g_test_add_func ("/checkpoint/damaged", test_damaged);
  g_test_add_func ("/checkpoint/forged", test_forged);
  g_test_add_func ("/checkpoint/another-run", test_another_run);
  g_test_add_func ("/checkpoint/disk-full", test_disk_full);
  g_test_add_func ("/checkpoint/lock", test_lock);
  g_test_add_func ("/checkpoint/lock-killed", test_lock_killed);
  g_test_add_func ("/checkpoint/lock-sweeps", test_lock_sweeps);
  return g_test_run ();
}
