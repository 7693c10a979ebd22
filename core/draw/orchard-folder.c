/* orchard-folder.c: whose scenes a folder has: they are written into a folder of their own, and never among others */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"

#define RECORD      "sample.scenes"
#define MOST_RECORD 4096 /* bytes */

/* What a set writes under names that do not hang on how many scenes there are. */
static const char *const own_names[] = {
  "train.txt",
  "val.txt",
  "test.txt",
  "train-cue.txt",
  "val-cue.txt",
  "test-cue.txt",
  "sample.data",
  "images/train-00000.png",
  "images/val-00000.png",
  "images/test-00000.png",
};

static char *
describe (const EspOrchardSet *set)
{
  char present[G_ASCII_DTOSTR_BUF_SIZE], absent[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup_printf ("seed %" G_GUINT64_FORMAT ", train %u, val %u, test %u, cue %s (%s, %s), %s masks\n", set->seed,
                          set->n_scenes[ESP_ORCHARD_TRAIN], set->n_scenes[ESP_ORCHARD_VAL], set->n_scenes[ESP_ORCHARD_TEST],
                          esp_cue_word (set->scene.cue), g_ascii_dtostr (present, sizeof present, set->scene.present),
                          g_ascii_dtostr (absent, sizeof absent, set->scene.absent), set->masks ? "with" : "no");
}

/* No record, so that nothing which has one of the names can be these scenes. */
static gboolean
check_free (const char *folder, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (own_names); i++)
    {
      g_autofree char *path = g_build_filename (folder, own_names[i], NULL);

      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        continue;
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s is there already, and no %s says of which scenes: expected a folder without scenes",
                   path, RECORD);
      return FALSE;
    }
  return TRUE;
}

/**
 * esp_orchard_claim:
 * @folder: made if absent
 * @set: the scenes that are to be written there
 * @error: ESP_ERROR_IO where it has other scenes, or files that scenes would write over
 *
 * Writes sample.scenes, which says what the scenes are, before any of them; what is there already is neither deleted nor mixed with. The
 * same set is let in again, whole or not. Thread: any.
 */
gboolean
esp_orchard_claim (const char *folder, const EspOrchardSet *set, GError **error)
{
  g_autofree char *path = g_build_filename (folder, RECORD, NULL), *text = describe (set);
  g_autoptr (GBytes) bytes = NULL;
  gsize n = 0;
  const char *found;

  if (!esp_folder_make (folder, error))
    return FALSE;
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return check_free (folder, error) && esp_file_write (path, text, strlen (text), error);
  bytes = esp_file_read (path, MOST_RECORD, error);
  if (bytes == NULL)
    return FALSE;
  found = g_bytes_get_data (bytes, &n);
  found = found != NULL ? found : "";
  if (n == strlen (text) && memcmp (found, text, n) == 0)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s has other scenes: “%.*s”: expected the same again, “%s”, or another folder", folder,
               (int) (n > 0 && found[n - 1] == '\n' ? n - 1 : n), found, g_strchomp (text));
  esp_error_make_utf8 (error);
  return FALSE;
}
