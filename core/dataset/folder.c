/* folder.c: a folder of pictures, or a single one, with YOLO labels or without */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset-private.h"

#include <string.h>

#include "base/error.h"

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

/** esp_content_clear: frees what @content holds. Thread: any. */
void
esp_content_clear (EspContent *content)
{
  g_clear_pointer (&content->images, g_ptr_array_unref);
  g_clear_pointer (&content->folders, g_ptr_array_unref);
}

/**
 * esp_content_read:
 * @path: a folder
 * @content: (out caller-allocates): names of its pictures and folders, sorted; what begins with a dot is passed over
 * @error: ESP_ERROR_IO
 */
gboolean
esp_content_read (const char *path, EspContent *content, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &local);

  *content = (EspContent){ g_ptr_array_new_with_free_func (g_free), g_ptr_array_new_with_free_func (g_free), FALSE };
  if (dir == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s", path, local->message);
      return FALSE;
    }
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *inside = NULL;
      const char *dot = strrchr (name, '.');

      if (name[0] == '.')
        continue;
      if (dot != NULL && g_ascii_strcasecmp (dot, ".xml") == 0)
        content->xml = TRUE;
      else if (esp_is_image_name (name))
        g_ptr_array_add (content->images, g_strdup (name));
      else if (dot == NULL || g_ascii_strcasecmp (dot, ".txt") != 0)
        {
          inside = g_build_filename (path, name, NULL);
          if (g_file_test (inside, G_FILE_TEST_IS_DIR))
            g_ptr_array_add (content->folders, g_strdup (name));
        }
    }
  g_ptr_array_sort (content->images, compare_names);
  g_ptr_array_sort (content->folders, compare_names);
  return TRUE;
}

/** esp_folder_title: Returns: (transfer full): the folder's name; a folder called images or train says little, and its parent's goes before
 * it. */
char *
esp_folder_title (const char *path)
{
  const char *const plain[] = { "images", "JPEGImages", "Annotations", "train", "val", "valid", "test" };
  g_autofree char *parent_path = g_path_get_dirname (path);
  g_autofree char *parent = g_path_get_basename (parent_path);
  g_autofree char *name = g_path_get_basename (path);

  for (guint i = 0; i < G_N_ELEMENTS (plain); i++)
    if (g_ascii_strcasecmp (name, plain[i]) == 0)
      return g_strconcat (parent, " ", name, NULL);
  return g_steal_pointer (&name);
}

static gboolean
folder_probe (const char *path, gboolean is_folder)
{
  return is_folder;
}

static gboolean
folder_read (EspDraft *draft, const char *path, EspJob *job, GError **error)
{
  g_auto (EspContent) content = { 0 };

  if (!esp_content_read (path, &content, error))
    return FALSE;
  if (content.images->len == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: no images: expected png, jpg, bmp or ppm files%s", path,
                   content.folders->len != 0 ? ", or a list of the images in its folders" : "");
      return FALSE;
    }
  if (!esp_draft_find_names (draft, path, error))
    return FALSE;
  draft->title = esp_folder_title (path);
  for (guint i = 0; i < content.images->len; i++)
    {
      g_autofree char *image = g_build_filename (path, g_ptr_array_index (content.images, i), NULL);

      if (!esp_job_check (job, error) || !esp_draft_add_image (draft, image, error))
        return FALSE;
      esp_job_set_progress (job, i + 1, content.images->len);
    }
  return TRUE;
}

static gboolean
image_probe (const char *path, gboolean is_folder)
{
  return !is_folder && esp_is_image_name (path);
}

static gboolean
image_read (EspDraft *draft, const char *path, EspJob *job, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  draft->title = g_path_get_basename (path);
  return esp_draft_find_names (draft, folder, error) && esp_draft_add_image (draft, path, error);
}

static gboolean
refused_probe (const char *path, gboolean is_folder)
{
  return !is_folder;
}

static gboolean
refused_read (EspDraft *draft, const char *path, EspJob *job, GError **error)
{
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
               "%s: %s: expected a .data file, a .txt list of images, a COCO .json, a folder or a picture", path,
               g_str_has_suffix (path, ".xml") ? "the annotation of one picture, give the folder that holds it"
                                               : "not a data set by its name");
  return FALSE;
}

const EspDatasetReader esp_dataset_reader_folder = { "folder", folder_probe, folder_read };
const EspDatasetReader esp_dataset_reader_image = { "image", image_probe, image_read };
const EspDatasetReader esp_dataset_reader_refused = { "refused", refused_probe, refused_read };
