/* lock.c: one run of training a folder
 *
 * The kernel holds the lock and lets go of it however the process ends, so that none is ever stale: the file that stays behind means
 * nothing. */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <glib/gstdio.h>

#define NAME ".lock"

struct _EspFolderLock
{
  int file;
};

/* What is written whole or not at all is written beside its place first, and stays there where a process is killed meanwhile. */
static const char *const written[] = { "best.weights", "checkpoint", "last.weights", "net.cfg", "net.names" };

static gboolean
is_left_over (const char *name)
{
  const char *dot = strrchr (name, '.');

  if (dot == NULL || strlen (dot) != 7)
    return FALSE;
  for (const char *c = dot + 1; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c))
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (written); i++)
    if (strlen (written[i]) == (gsize) (dot - name) && strncmp (name, written[i], (gsize) (dot - name)) == 0)
      return TRUE;
  return FALSE;
}

static void
sweep (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    if (is_left_over (name))
      {
        g_autofree char *path = g_build_filename (folder, name, NULL);

        g_debug ("%s was left half-written", path);
        g_unlink (path);
      }
}

/* The process that has it, as it wrote itself down; 0 where it did not come so far. */
static long
holder (int file)
{
  char text[32] = "";

  if (pread (file, text, sizeof text - 1, 0) <= 0)
    return 0;
  return strtol (text, NULL, 10);
}

static void
sign (int file)
{
  g_autofree char *text = g_strdup_printf ("%ld\n", (long) getpid ());

  if (ftruncate (file, 0) != 0 || pwrite (file, text, strlen (text), 0) < 0)
    g_debug ("the lock has no name in it: %s", g_strerror (errno)); /* it holds all the same */
}

static void
refuse (const char *folder, int file, GError **error)
{
  const int reason = errno;
  const long process = holder (file);

  if (reason != EWOULDBLOCK)
    g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: the folder could not be locked: %s", folder, g_strerror (reason));
  else if (process == (long) getpid ())
    g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: another run of this program trains in this folder: expected one that is free",
                 folder);
  else if (process > 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: process %ld trains in this folder: expected one that is free", folder, process);
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: another process trains in this folder: expected one that is free", folder);
}

/**
 * esp_folder_lock_take:
 * @folder: where a run writes
 * @error: ESP_ERROR_IO, with the process that has it; never waits
 *
 * Nobody else gets the folder until the lock is freed or the process ends, in whatever way. What a killed run left half-written there is
 * removed. Returns: (transfer full): the lock. Thread: any.
 */
EspFolderLock *
esp_folder_lock_take (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, NAME, NULL);
  const int file = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  EspFolderLock *lock;

  if (file < 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s", path, g_strerror (errno));
      return NULL;
    }
  if (flock (file, LOCK_EX | LOCK_NB) != 0)
    {
      refuse (folder, file, error);
      close (file);
      return NULL;
    }
  sign (file);
  sweep (folder);
  lock = g_new0 (EspFolderLock, 1);
  lock->file = file;
  return lock;
}

/** esp_folder_lock_free: lets the next one in. */
void
esp_folder_lock_free (EspFolderLock *lock)
{
  close (lock->file);
  g_free (lock);
}
