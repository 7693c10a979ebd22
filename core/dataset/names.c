/* names.c: files of class names, one a line */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset-private.h"

#include "base/error.h"
#include "dataset/lines.h"

#define MOST_BYTES ((gsize) 16 << 20)

/**
 * esp_names_load:
 * @path: a text file, one class name a line; blank and # lines are passed over
 * @error: ESP_ERROR_IO, ESP_ERROR_LIMIT beyond 16 MiB or a million names, ESP_ERROR_FORMAT where there is none
 *
 * Returns: (transfer full): NULL-terminated, valid UTF-8. Thread: any.
 */
char **
esp_names_load (const char *path, GError **error)
{
  g_auto (EspLines) lines = { 0 };
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  g_return_val_if_fail (path != NULL, NULL);
  if (!esp_lines_open (&lines, path, MOST_BYTES, error))
    return NULL;
  for (const char *line; (line = esp_lines_next (&lines)) != NULL;)
    {
      if (names->len == ESP_DATASET_MOST_CLASSES)
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s:%u: at most a million names are accepted", path, lines.number);
          return NULL;
        }
      g_ptr_array_add (names, g_utf8_make_valid (line, -1));
    }
  if (names->len == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: no class names: expected one a line", path);
      return NULL;
    }
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_steal (names, NULL);
}

/** esp_draft_set_names: reads @path and lets it say how many classes there are. Errors: as esp_names_load(). */
gboolean
esp_draft_set_names (EspDraft *draft, const char *path, GError **error)
{
  g_auto (GStrv) names = esp_names_load (path, error);

  if (names == NULL)
    return FALSE;
  g_strfreev (draft->names);
  g_free (draft->names_from);
  draft->n_classes = g_strv_length (names);
  draft->names_from = g_path_get_basename (path);
  draft->names = g_steal_pointer (&names);
  return TRUE;
}

/* (transfer full) (nullable): the one file of @folder that ends in .names; NULL where there are none or several. */
static char *
find_one (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autofree char *found = NULL;

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      if (!g_str_has_suffix (name, ".names") || name[0] == '.')
        continue;
      if (found != NULL)
        return NULL;
      found = g_build_filename (folder, name, NULL);
    }
  return g_steal_pointer (&found);
}

/**
 * esp_draft_find_names:
 * @draft: gets the names
 * @folder: where the list or the images are
 * @error: as esp_names_load()
 *
 * The single *.names of @folder, else the option's file, else none, and then the network says how many classes there may be.
 */
gboolean
esp_draft_find_names (EspDraft *draft, const char *folder, GError **error)
{
  g_autofree char *beside = find_one (folder);
  const char *path = beside != NULL ? beside : draft->options->names;

  if (path != NULL)
    return esp_draft_set_names (draft, path, error);
  if (draft->options->n_classes > 0)
    {
      draft->n_classes = (guint) draft->options->n_classes;
      g_free (draft->names_from);
      draft->names_from = g_strdup ("the network");
    }
  return TRUE;
}
