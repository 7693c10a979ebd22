/* label-path.c: where the YOLO labels of an image are, as darknet looks for them */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset-private.h"

#include <string.h>

/** esp_is_image_name: TRUE where @name ends as the pictures do that esp_image_load() reads, in either case. Thread: any. */
gboolean
esp_is_image_name (const char *name)
{
  const char *const known[] = { "png", "jpg", "jpeg", "jpe", "bmp", "dib", "ppm", "pgm", "pbm", "pnm" };
  const char *dot = strrchr (name, '.');

  for (guint i = 0; dot != NULL && i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strcasecmp (dot + 1, known[i]) == 0)
      return TRUE;
  return FALSE;
}

/* @path with its extension made .txt. */
static char *
with_txt (const char *path)
{
  const char *slash = strrchr (path, '/');
  const char *dot = strrchr (slash != NULL ? slash : path, '.');

  return g_strdup_printf ("%.*s.txt", (int) (dot != NULL ? dot - path : (gssize) strlen (path)), path);
}

/* Where the last folder called @folder begins (at its slash) in @path, or NULL. */
static const char *
last_folder (const char *path, const char *folder)
{
  g_autofree char *needle = g_strconcat ("/", folder, "/", NULL);

  return g_strrstr (path, needle);
}

/* (transfer full) (nullable): the path under labels/ in place of the last images/ or JPEGImages/. */
static char *
under_labels (const char *beside)
{
  const char *images = last_folder (beside, "images"), *jpeg = last_folder (beside, "JPEGImages");
  const char *at = MAX (images, jpeg);

  if (at == NULL)
    return NULL;
  return g_strdup_printf ("%.*s/labels%s", (int) (at - beside), beside, strchr (at + 1, '/'));
}

/* (transfer full): labels/ as a sibling of the image's own folder, whatever that is called. */
static char *
sibling_labels (const char *beside)
{
  g_autofree char *folder = g_path_get_dirname (beside);
  g_autofree char *parent = g_path_get_dirname (folder);
  g_autofree char *name = g_path_get_basename (beside);

  return g_build_filename (parent, "labels", name, NULL);
}

/**
 * esp_label_path:
 * @image_path: absolute
 *
 * Under labels/ where images/ or JPEGImages/ stands last in the path, else beside the image, else in a labels/ beside its folder.
 * Returns: (transfer full) (nullable): the first of these that exists. Thread: any.
 * Source: darknet's replace_image_to_label(), made general to folders of any depth.
 */
char *
esp_label_path (const char *image_path)
{
  g_autofree char *beside = with_txt (image_path);
  char *tried[3] = { under_labels (beside), g_strdup (beside), sibling_labels (beside) };
  char *found = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (tried); i++)
    {
      if (found == NULL && tried[i] != NULL && g_file_test (tried[i], G_FILE_TEST_EXISTS))
        found = g_steal_pointer (&tried[i]);
      g_free (tried[i]);
    }
  return found;
}
