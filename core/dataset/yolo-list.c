/* yolo-list.c: a text file of image paths, one a line, YOLO labels where darknet looks for them */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset-private.h"

#include <string.h>

#include "base/error.h"
#include "dataset/lines.h"

#define MOST_BYTES ((gsize) 64 << 20)

/* (transfer full): the folder that relative entries start from: the list's, or the current one where only there the first entry is found
 * (darknet's own way). */
static char *
find_base (const EspDraft *draft, const char *list, const char *entry)
{
  g_autofree char *folder = g_path_get_dirname (list);
  g_autofree char *here = g_get_current_dir ();
  g_autofree char *beside = g_build_filename (folder, entry, NULL);
  g_autofree char *from_here = g_build_filename (here, entry, NULL);

  if (draft->options->images != NULL)
    return g_canonicalize_filename (draft->options->images, NULL);
  if (!g_file_test (beside, G_FILE_TEST_EXISTS) && g_file_test (from_here, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&here);
  return g_steal_pointer (&folder);
}

static gboolean
add_entry (EspDraft *draft, const EspLines *lines, const char *base, const char *entry, GError **error)
{
  g_autofree char *path = g_path_is_absolute (entry) ? g_strdup (entry) : g_build_filename (base, entry, NULL);
  g_autofree char *found = NULL;

  if (esp_is_image_name (entry))
    return esp_draft_add_image (draft, path, error);
  found = esp_quote (entry);
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: “%s”: expected the path of a picture (png, jpg, bmp, ppm)", lines->path,
               lines->number, found);
  return FALSE;
}

/**
 * esp_draft_read_list:
 * @draft: gets the images and their truths
 * @path: absolute; the list, at most 64 MiB
 * @job: (nullable): cancel and progress, in bytes
 * @error: ESP_ERROR_FORMAT with file and line, ESP_ERROR_IO, ESP_ERROR_LIMIT, G_IO_ERROR_CANCELLED
 */
gboolean
esp_draft_read_list (EspDraft *draft, const char *path, EspJob *job, GError **error)
{
  g_auto (EspLines) lines = { 0 };
  g_autofree char *base = NULL;
  gsize total = 0;

  if (!esp_lines_open (&lines, path, MOST_BYTES, error))
    return FALSE;
  total = strlen (lines.text);
  for (const char *entry; (entry = esp_lines_next (&lines)) != NULL;)
    {
      if (base == NULL && !g_path_is_absolute (entry))
        base = find_base (draft, path, entry);
      if (!esp_job_check (job, error) || !add_entry (draft, &lines, base, entry, error))
        return FALSE;
      esp_job_set_progress (job, lines.next != NULL ? (guint64) (lines.next - lines.text) : total, total);
    }
  if (draft->samples->len != 0)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: no images: expected the path of one a line", path);
  return FALSE;
}

/* A path such as .../coco256/val.txt is "coco256 val" for people. */
static char *
make_title (const char *path)
{
  g_autofree char *folder_path = g_path_get_dirname (path);
  g_autofree char *folder = g_path_get_basename (folder_path);
  g_autofree char *name = g_path_get_basename (path);
  char *dot = strrchr (name, '.');

  if (dot != NULL && dot != name)
    *dot = '\0';
  return g_strconcat (folder, " ", name, NULL);
}

static gboolean
list_probe (const char *path, gboolean is_folder)
{
  return !is_folder && (g_str_has_suffix (path, ".txt") || g_str_has_suffix (path, ".list"));
}

static gboolean
list_read (EspDraft *draft, const char *path, EspJob *job, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  draft->title = make_title (path);
  return esp_draft_find_names (draft, folder, error) && esp_draft_read_list (draft, path, job, error);
}

const EspDatasetReader esp_dataset_reader_list = { "list", list_probe, list_read };
