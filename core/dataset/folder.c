/* folder.c: a folder of pictures, or a single one, with YOLO labels or without */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset-private.h"

#include "base/error.h"

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

/* What a folder holds, itself alone. */
typedef struct
{
  GPtrArray *images; /* of char *, sorted */
  gboolean xml, annotations, folders;
} Content;

static void
content_clear (Content *content)
{
  g_clear_pointer (&content->images, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Content, content_clear)

static gboolean
list_content (const char *path, Content *content, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &local);

  content->images = g_ptr_array_new_with_free_func (g_free);
  if (dir == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s", path, local->message);
      return FALSE;
    }
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *inside = NULL;

      if (name[0] == '.')
        continue;
      if (esp_is_image_name (name))
        {
          g_ptr_array_add (content->images, g_strdup (name));
          continue;
        }
      content->xml |= g_str_has_suffix (name, ".xml") || g_str_has_suffix (name, ".XML");
      inside = g_build_filename (path, name, NULL);
      content->folders |= !content->folders && g_file_test (inside, G_FILE_TEST_IS_DIR);
      content->annotations |= g_strcmp0 (name, "Annotations") == 0;
    }
  g_ptr_array_sort (content->images, compare_names);
  return TRUE;
}

/* FALSE and a sentence for the folders that are other formats, or hold nothing. */
static gboolean
check_content (const char *path, const Content *content, GError **error)
{
  const char *const instead = "give a .data file, a list of images with YOLO labels, or a folder of images";

  if (content->annotations || content->xml)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s: VOC annotations (XML) are not read yet: %s", path, instead);
  else if (content->images->len == 0 && content->folders)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s: holds folders and no images; class folders are not read yet: %s", path,
                 instead);
  else if (content->images->len == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: no images: expected png, jpg, bmp or ppm files", path);
  else
    return TRUE;
  return FALSE;
}

/* A folder called images says little: its parent's name goes before it. */
static char *
make_title (const char *path)
{
  g_autofree char *parent_path = g_path_get_dirname (path);
  g_autofree char *parent = g_path_get_basename (parent_path);
  g_autofree char *name = g_path_get_basename (path);

  if (g_ascii_strcasecmp (name, "images") == 0 || g_ascii_strcasecmp (name, "JPEGImages") == 0)
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
  g_auto (Content) content = { 0 };

  if (!list_content (path, &content, error) || !check_content (path, &content, error) || !esp_draft_find_names (draft, path, error))
    return FALSE;
  draft->title = make_title (path);
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
  const gboolean xml = g_str_has_suffix (path, ".xml"), json = g_str_has_suffix (path, ".json");

  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
               "%s: %s: expected a .data file, a .txt list of images, a folder of images or a picture", path,
               xml    ? "VOC annotations (XML) are not read yet"
               : json ? "COCO annotations (json) are not read yet"
                      : "not a data set by its name");
  return FALSE;
}

const EspDatasetReader esp_dataset_reader_folder = { "folder", folder_probe, folder_read };
const EspDatasetReader esp_dataset_reader_image = { "image", image_probe, image_read };
const EspDatasetReader esp_dataset_reader_refused = { "refused", refused_probe, refused_read };
