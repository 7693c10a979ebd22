/* driver.c: a target without libFuzzer: runs files, and the files of folders, that are given as arguments */
#define G_LOG_DOMAIN "esp-fuzz"
#include "config.h"

#include "fuzz.h"

#include <stdlib.h>

static guint n_inputs, n_folders;

static void
run_file (const char *path)
{
  g_autofree char *text = NULL;
  g_autofree guint8 *exact = NULL;
  gsize n = 0;

  if (!g_file_get_contents (path, &text, &n, NULL))
    g_error ("%s could not be read", path);
  exact = g_memdup2 (text, n); /* without the zero byte that GLib puts behind a file: reading past the end shows */
  LLVMFuzzerTestOneInput (exact != NULL ? exact : (const guint8 *) "", n);
  n_inputs++;
}

static void
run_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  n_folders++;
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      run_file (file);
    }
}

/* A corpus holds what is taken and what is refused: where all of it goes one way, the target no longer reaches its reader. */
int
main (int argc, char **argv)
{
  g_autofree char *name = g_path_get_basename (argv[0]);
  const char *times = g_getenv ("ESP_FUZZ_TIMES");
  const guint64 n = times != NULL ? g_ascii_strtoull (times, NULL, 10) : 1;

  LLVMFuzzerInitialize (&argc, &argv);
  for (guint64 turn = 0; turn < n; turn++)
    for (int i = 1; i < argc; i++)
      if (g_file_test (argv[i], G_FILE_TEST_IS_DIR))
        run_folder (argv[i]);
      else
        run_file (argv[i]);
  g_print ("%s: %u inputs: %" G_GUINT64_FORMAT " taken, %" G_GUINT64_FORMAT " refused\n", name, n_inputs, fuzz_count (TRUE),
           fuzz_count (FALSE));
  if (n_inputs == 0 || (n_folders != 0 && (fuzz_count (TRUE) == 0 || fuzz_count (FALSE) == 0)))
    return EXIT_FAILURE;
  return EXIT_SUCCESS;
}
