/* class-folders.c: a folder a class, its pictures inside: classification */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset-private.h"

#include "base/error.h"

/* Folders that hold pictures and labels of detection, not a class. */
static gboolean
is_layout (const char *name)
{
  const char *const known[] = { "images", "JPEGImages", "labels", "Annotations", "ImageSets" };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strcasecmp (name, known[i]) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
class_probe (const char *path, gboolean is_folder)
{
  g_auto (EspContent) content = { 0 };
  guint n = 0;

  if (!is_folder || !esp_content_read (path, &content, NULL) || content.images->len != 0)
    return FALSE;
  for (guint i = 0; i < content.folders->len; i++)
    {
      if (is_layout (g_ptr_array_index (content.folders, i)))
        return FALSE;
      n++;
    }
  return n >= 2; /* a folder in a folder is no choice of classes */
}

static gboolean
add_class (EspDraft *draft, const char *folder, const char *name, EspJob *job, GError **error)
{
  g_autofree char *label = g_utf8_make_valid (name, -1);
  g_auto (EspContent) content = { 0 };
  EspTruth truth = { .class_index = esp_draft_class (draft, label, folder, error), .box = { 0.5f, 0.5f, 1, 1 } };

  if (truth.class_index < 0 || !esp_content_read (folder, &content, error))
    return FALSE;
  for (guint i = 0; i < content.images->len; i++)
    {
      g_autofree char *image = g_build_filename (folder, g_ptr_array_index (content.images, i), NULL);
      const gsize first = draft->truths->len;

      if (!esp_job_check (job, error) || !esp_draft_add_truth (draft, &truth, image, error)
          || !esp_draft_add (draft, image, (EspSample){ .id = draft->samples->len }, first, error))
        return FALSE;
      draft->n_label_files++;
    }
  return TRUE;
}

/* Folders in the order of their names, so are the pictures of each. The classes are the folders' names, in that order, or in that of a file
 * of names. A folder without pictures is a class without any; folders inside a class are not looked into. */
static gboolean
class_read (EspDraft *draft, const char *path, EspJob *job, GError **error)
{
  g_auto (EspContent) content = { 0 };

  if (!esp_draft_find_names (draft, path, error) || !esp_content_read (path, &content, error))
    return FALSE;
  draft->task = ESP_DATASET_CLASSIFICATION;
  draft->title = esp_folder_title (path);
  for (guint i = 0; i < content.folders->len; i++)
    {
      g_autofree char *folder = g_build_filename (path, g_ptr_array_index (content.folders, i), NULL);

      if (!add_class (draft, folder, g_ptr_array_index (content.folders, i), job, error))
        return FALSE;
      esp_job_set_progress (job, i + 1, content.folders->len);
    }
  esp_draft_close_classes (draft);
  if (draft->samples->len != 0)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: no images: expected png, jpg, bmp or ppm files in a folder for each class", path);
  return FALSE;
}

const EspDatasetReader esp_dataset_reader_class_folders = { "class folders", class_probe, class_read };
