/* tree-find.c: the file that tree= of a section names, from where its cfg is */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include <string.h>

#include "net/cfg-private.h"
#include "net/tree.h"

/* What darknet takes for the path: blanks are nothing to it, and there are no comments behind a value. (transfer full) */
static char *
path_of (const char *value)
{
  char *path = g_strdup (value), *to = path;

  for (const char *c = value; *c != '\0'; c++)
    if (*c != ' ' && *c != '\t')
      *to++ = *c;
  *to = '\0';
  return path;
}

/* (transfer full): the places to look at, each once, in order. */
static GPtrArray *
places_of (const char *folder, const char *path)
{
  g_autofree char *base = g_path_get_basename (path), *above = g_build_filename (folder, "..", NULL);
  const gboolean rooted = g_path_is_absolute (path);
  char *tried[] = {
    rooted ? g_strdup (path) : g_build_filename (folder, path, NULL),
    g_build_filename (folder, base, NULL),
    rooted ? NULL : g_build_filename (above, path, NULL),
  };
  GPtrArray *places = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < G_N_ELEMENTS (tried); i++)
    {
      g_autofree char *place = tried[i] != NULL ? g_canonicalize_filename (tried[i], NULL) : NULL;

      if (place != NULL && !g_ptr_array_find_with_equal_func (places, place, g_str_equal, NULL))
        g_ptr_array_add (places, g_steal_pointer (&place));
      g_free (tried[i]);
    }
  return places;
}

/* (transfer full) (nullable): where it is; what was tried goes into the message. */
static char *
find_file (const EspLayerReader *reader, GError **error)
{
  g_autofree char *path = path_of (esp_cfg_get (reader->cfg, reader->section, "tree")), *list = NULL, *valid = NULL;
  g_autoptr (GPtrArray) places = NULL;

  if (reader->cfg->folder == NULL)
    {
      esp_cfg_refuse (reader->cfg, reader->section, "tree", ESP_ERROR_IO, error, "only a cfg that is a file itself can name another");
      return NULL;
    }
  places = places_of (reader->cfg->folder, path);
  for (guint i = 0; i < places->len; i++)
    if (g_file_test (g_ptr_array_index (places, i), G_FILE_TEST_EXISTS))
      return g_strdup (g_ptr_array_index (places, i));
  g_ptr_array_add (places, NULL);
  list = g_strjoinv (", ", (char **) places->pdata);
  valid = g_utf8_make_valid (list, -1);
  esp_cfg_refuse (reader->cfg, reader->section, "tree", ESP_ERROR_IO, error, "no such file: tried %s", valid);
  return NULL;
}

gboolean
esp_reader_tree (const EspLayerReader *reader, gsize n, EspTree **tree, GError **error)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) local = NULL;
  g_autoptr (EspTree) found = NULL;

  *tree = NULL;
  if (esp_cfg_get (reader->cfg, reader->section, "tree") == NULL)
    return TRUE;
  path = find_file (reader, error);
  if (path == NULL)
    return FALSE;
  found = esp_tree_load (path, &local);
  if (found == NULL)
    return esp_cfg_refuse (reader->cfg, reader->section, "tree", local->code, error, "%s", local->message);
  if ((gsize) found->n != n)
    return esp_cfg_refuse (reader->cfg, reader->section, "tree", ESP_ERROR_SHAPE, error,
                           "%d classes: expected %" G_GSIZE_FORMAT ", as many as there are numbers", found->n, n);
  *tree = g_steal_pointer (&found);
  return TRUE;
}
