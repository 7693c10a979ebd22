/* trainer-folder.c: the folder of a run: an earlier run there is put aside, or the files of this one are taken up, once it has begun */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/trainer-private.h"

#include <errno.h>
#include <string.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"

#define EARLIER      "earlier"
#define MOST_EARLIER 100000
#define MOST_BYTES   ((gsize) 4 << 30) /* of weights */

/* Of an earlier run, which best.weights deserve better than to be written over. */
static const char *const files[] = { "log.jsonl", "best.weights", "last.weights", "checkpoint", "net.cfg", "net.names", "run.json" };

static gboolean
is_there (const EspTrainer *trainer, const char *name)
{
  g_autofree char *path = esp_trainer_path (trainer, name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* (transfer full): a new folder of its own, so that no run ever takes the place of another. */
static char *
make_aside (EspTrainer *trainer, GError **error)
{
  for (guint i = 1; i <= MOST_EARLIER; i++)
    {
      g_autofree char *name = i == 1 ? g_strdup (EARLIER) : g_strdup_printf (EARLIER "-%u", i);
      g_autofree char *path = esp_trainer_path (trainer, name);

      if (g_mkdir (path, 0755) == 0)
        return g_steal_pointer (&path);
      if (errno == EEXIST)
        continue;
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: the folder for an earlier run's files could not be made: %s", path,
                   g_strerror (errno));
      return NULL;
    }
  g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s holds %d earlier runs: expected another folder, or fewer of them", trainer->folder,
               MOST_EARLIER);
  return NULL;
}

static gboolean
put_aside (EspTrainer *trainer, const char *aside, const char *name, GError **error)
{
  g_autofree char *path = esp_trainer_path (trainer, name), *to = g_build_filename (aside, name, NULL);

  if (g_rename (path, to) == 0)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: an earlier run's file could not be put into %s: %s", path, aside, g_strerror (errno));
  return FALSE;
}

static gboolean
put_all_aside (EspTrainer *trainer, GError **error)
{
  g_autofree char *aside = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      if (!is_there (trainer, files[i]))
        continue;
      if (aside == NULL && (aside = make_aside (trainer, error)) == NULL)
        return FALSE;
      if (!put_aside (trainer, aside, files[i], error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_text (EspTrainer *trainer, const char *name, const char *text, GError **error)
{
  g_autofree char *path = esp_trainer_path (trainer, name);

  return esp_file_write (path, text, strlen (text), error);
}

static gboolean
write_cfg (EspTrainer *trainer, GError **error)
{
  g_autofree char *text = esp_cfg_to_text (esp_network_get_cfg (trainer->network), NULL);
  g_autofree char *names = trainer->names != NULL ? g_strjoinv ("\n", trainer->names) : NULL;
  g_autofree char *lines = names != NULL ? g_strconcat (names, "\n", NULL) : NULL;

  return write_text (trainer, "net.cfg", text, error) && (lines == NULL || write_text (trainer, "net.names", lines, error))
         && (trainer->about == NULL || write_text (trainer, "run.json", trainer->about, error));
}

/** esp_trainer_check_place: Returns: whether the folder may take the run of checkpoint @path up; another run's is left alone: its log would
 * be cut, its network written over. Errors: ESP_ERROR_IO. */
gboolean
esp_trainer_check_place (EspTrainer *trainer, const char *path, GError **error)
{
  g_autofree char *own = esp_cfg_to_text (esp_network_get_cfg (trainer->network), NULL), *cfg = esp_trainer_path (trainer, "net.cfg");
  g_autofree char *its = NULL;

  if (!g_file_get_contents (cfg, &its, NULL, NULL) || strcmp (its, own) == 0)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO,
               "%s holds another run than %s: its net.cfg differs; expected the run's folder, or an empty one", trainer->folder, path);
  return FALSE;
}

/**
 * esp_trainer_read_log:
 * @path: the checkpoint, which trainer->place is of
 * @error: ESP_ERROR_IO, ESP_ERROR_FORMAT
 *
 * Reads the epochs of the log that the checkpoint counts: of the log in the folder, or where there is none of the one beside the
 * checkpoint.
 */
gboolean
esp_trainer_read_log (EspTrainer *trainer, const char *path, GError **error)
{
  g_autofree char *own = esp_trainer_path (trainer, "log.jsonl"), *folder = g_path_get_dirname (path);
  g_autofree char *beside = g_build_filename (folder, "log.jsonl", NULL);
  GArray *records;

  if (trainer->place.log_size == 0)
    return TRUE;
  if (!is_there (trainer, "log.jsonl"))
    trainer->source = g_steal_pointer (&folder);
  records = esp_train_log_load_first (trainer->source != NULL ? beside : own, trainer->place.log_size, &trainer->taken, error);
  if (records == NULL)
    {
      if (trainer->source != NULL)
        g_prefix_error (error, "%s: the log of its run is expected beside it, or in %s: ", path, trainer->folder);
      return FALSE;
    }
  g_array_unref (trainer->records);
  trainer->records = records;
  return TRUE;
}

/* Weights of epochs before, of which the best may stay the best. */
static gboolean
take_weights (EspTrainer *trainer, const char *name, GError **error)
{
  g_autofree char *to = esp_trainer_path (trainer, name), *from = g_build_filename (trainer->source, name, NULL);
  g_autoptr (GBytes) bytes = NULL;

  if (is_there (trainer, name) || !g_file_test (from, G_FILE_TEST_EXISTS))
    return TRUE;
  bytes = esp_file_read (from, MOST_BYTES, error);
  return bytes != NULL && esp_file_write (to, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
}

/* What the log has behind the checkpoint was not yet done for it. */
static gboolean
take_up (EspTrainer *trainer, GError **error)
{
  g_autofree char *path = esp_trainer_path (trainer, "log.jsonl");

  if (trainer->source == NULL)
    return esp_train_log_cut (path, trainer->place.log_size, error);
  return take_weights (trainer, "best.weights", error) && take_weights (trainer, "last.weights", error)
         && esp_file_write (path, g_bytes_get_data (trainer->taken, NULL), g_bytes_get_size (trainer->taken), error);
}

/**
 * esp_trainer_open_folder:
 * @error: ESP_ERROR_IO
 *
 * Before the first file is written, and so after the first update: a run that never came so far leaves the folder as it was. Files of an
 * earlier run go into a folder of their own, “earlier”, “earlier-2” and so on, of which none is ever written over. Of a run that goes on
 * the log is cut to what the checkpoint counts; where it goes on in another folder its log and weights are copied there. net.cfg and
 * net.names are there then. Nothing the second time. Thread: lane.
 */
gboolean
esp_trainer_open_folder (EspTrainer *trainer, GError **error)
{
  if (trainer->opened)
    return TRUE;
  if (!(trainer->options.resume != NULL ? take_up (trainer, error) : put_all_aside (trainer, error)) || !write_cfg (trainer, error))
    return FALSE;
  trainer->opened = TRUE;
  return TRUE;
}
