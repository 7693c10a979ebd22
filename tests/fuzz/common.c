/* common.c: what the targets share: a folder for files, and what a reader's answer must be */
#define G_LOG_DOMAIN "esp-fuzz"
#include "config.h"

#include "fuzz.h"

#include <stdlib.h>

#include <glib/gstdio.h>

#include "base/error.h"

static char *folder;
static guint64 counts[2];

/* Nothing of a reader's may reach a terminal: warnings stop the process, and what is below them is dropped. Refusals are shown with
 * G_MESSAGES_DEBUG=esp-fuzz. */
static void
on_log (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  if (g_strcmp0 (domain, G_LOG_DOMAIN) == 0 || level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING))
    g_log_default_handler (domain, level, message, data);
}

static void
remove_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
}

/** LLVMFuzzerInitialize: called once before the first input. */
int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  g_log_set_default_handler (on_log, NULL);
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  folder = g_dir_make_tmp ("esp-fuzz-XXXXXX", NULL);
  g_assert_nonnull (folder);
  atexit (remove_folder);
  return 0;
}

/** fuzz_put: Returns: (transfer full): the path of the file @name that now holds @n bytes. Not synced: it lives for one input. */
char *
fuzz_put (const char *name, gconstpointer data, gsize n)
{
  char *path = g_build_filename (folder, name, NULL);
  FILE *file = g_fopen (path, "wb");

  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (n != 0 ? data : "", 1, n, file), ==, n);
  g_assert_cmpint (fclose (file), ==, 0);
  return path;
}

/** fuzz_tell: a reader took its input and set no error, or it refused it in words of ours that a label can show. */
void
fuzz_tell (gboolean taken, GError *error)
{
  counts[taken != FALSE]++;
  if (taken)
    g_assert_no_error (error);
  else if (error == NULL || error->domain != ESP_ERROR || *error->message == '\0' || !g_utf8_validate (error->message, -1, NULL))
    g_error ("refused without a proper message: %s", error != NULL ? error->message : "no error set");
  g_debug ("%s", error != NULL ? error->message : "taken");
  g_clear_error (&error);
}

/** fuzz_count: Returns: how many inputs were taken, or refused. */
guint64
fuzz_count (gboolean taken)
{
  return counts[taken != FALSE];
}
