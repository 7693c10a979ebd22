/* join-save.c: a joined data set in darknet's form: pictures, labels, lists, names; the whole of it or nothing */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/join-private.h"

#include <errno.h>
#include <string.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"
#include "image/upright.h"

#define MOST_BYTES ((gsize) 512 << 20) /* of a picture, as its reader has it */

/* Nothing is there under its name before all is: no file needs to be synced by itself. */
static gboolean
write_file (const char *path, gconstpointer data, gsize n, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (g_file_set_contents_full (path, n != 0 ? data : "", (gssize) n, G_FILE_SET_CONTENTS_NONE, 0644, &local))
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s", path, local->message);
  return FALSE;
}

static void
append_number (GString *text, float value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_c (text, ' ');
  g_string_append (text, g_ascii_formatd (number, sizeof number, "%.9g", value));
}

/* A box that reaches beyond the picture is cut to it where its numbers leave 0 to 1, which readers refuse. */
static EspBox
clip (EspBox box)
{
  const float left = MAX (box.x - box.w / 2, 0.0f), right = MIN (box.x + box.w / 2, 1.0f);
  const float top = MAX (box.y - box.h / 2, 0.0f), bottom = MIN (box.y + box.h / 2, 1.0f);

  if (box.x >= 0 && box.x <= 1 && box.y >= 0 && box.y <= 1 && box.w <= 1 && box.h <= 1)
    return box;
  return (EspBox){ .x = (left + right) / 2, .y = (top + bottom) / 2, .w = right - left, .h = bottom - top };
}

static gboolean
save_labels (const EspJoinImage *image, const char *folder, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *dot = strrchr (image->name, '.');
  const int n = dot != NULL ? (int) (dot - image->name) : (int) strlen (image->name);
  g_autofree char *path = g_strdup_printf ("%s/labels/%.*s.txt", folder, n, image->name);

  for (guint k = 0; k < image->truths->len; k++)
    {
      const EspTruth *truth = &g_array_index (image->truths, EspTruth, k);
      const EspBox box = clip (truth->box);

      if (box.w <= 0 || box.h <= 0)
        continue; /* beyond the picture */
      g_string_append_printf (text, "%d", truth->class_index);
      append_number (text, box.x);
      append_number (text, box.y);
      append_number (text, box.w);
      append_number (text, box.h);
      g_string_append_c (text, '\n');
    }
  return write_file (path, text->str, text->len, error);
}

/* The bytes as they are, unless the labels belong to the picture as it is stored and readers would turn it. */
static gboolean
save_picture (const EspJoinImage *image, const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "images", image->name, NULL);
  g_autoptr (GBytes) bytes = esp_file_read (image->sample->path, MOST_BYTES, error);
  g_autoptr (GBytes) upright = NULL;
  gsize n;
  gconstpointer data;

  if (bytes == NULL)
    return FALSE;
  upright = esp_image_unturned (bytes, image->sample->width, image->sample->height);
  data = g_bytes_get_data (upright, &n);
  return write_file (path, data, n, error);
}

static gboolean
save_text (const char *folder, const char *name, const GString *text, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return write_file (path, text->str, text->len, error);
}

static gboolean
save_list (const EspJoin *join, int part, const char *folder, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *name = g_strconcat (esp_part_names[part], ".txt", NULL);

  for (guint i = 0; i < join->images->len; i++)
    if (g_array_index (join->images, EspJoinImage, i).part == part)
      g_string_append_printf (text, "images/%s\n", g_array_index (join->images, EspJoinImage, i).name);
  return text->len == 0 || save_text (folder, name, text, error);
}

static gboolean
save_texts (const EspJoin *join, const char *folder, GError **error)
{
  static const char *const keys[ESP_N_PARTS] = { "train", "valid", "test" };
  const EspJoinReport *report = join->report;
  g_autoptr (GString) names = g_string_new (NULL), data = g_string_new (NULL), origin = g_string_new ("picture\tpart\tfrom\n");

  g_string_append_printf (data, "classes = %u\n", g_strv_length (report->names));
  for (guint i = 0; report->names[i] != NULL; i++)
    g_string_append_printf (names, "%s\n", report->names[i]);
  for (int part = 0; part < ESP_N_PARTS; part++)
    {
      if (report->n_images[part] > 0)
        g_string_append_printf (data, "%s = %s.txt\n", keys[part], esp_part_names[part]);
      if (!save_list (join, part, folder, error))
        return FALSE;
    }
  g_string_append (data, "names = set.names\n");
  for (guint i = 0; i < join->images->len; i++)
    {
      const EspJoinImage *image = &g_array_index (join->images, EspJoinImage, i);

      g_string_append_printf (origin, "%s\t%s\t%s\n", image->name, esp_part_names[image->part], image->sample->path);
    }
  return save_text (folder, "set.names", names, error) && save_text (folder, "set.data", data, error)
         && save_text (folder, "origin.tsv", origin, error);
}

static gboolean
save_all (const EspJoin *join, const char *folder, EspJob *job, GError **error)
{
  g_autofree char *images = g_build_filename (folder, "images", NULL), *labels = g_build_filename (folder, "labels", NULL);

  if (!esp_folder_make (images, error) || !esp_folder_make (labels, error))
    return FALSE;
  for (guint i = 0; i < join->images->len; i++)
    {
      const EspJoinImage *image = &g_array_index (join->images, EspJoinImage, i);

      if (!esp_job_check (job, error) || !save_picture (image, folder, error) || !save_labels (image, folder, error))
        return FALSE;
      esp_job_set_progress (job, i + 1, join->images->len);
    }
  return save_texts (join, folder, error);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *inside = g_build_filename (path, name, NULL);

      remove_tree (inside);
    }
  g_remove (path);
}

static gboolean
refuse_folder (const char *folder, const char *why, GError **error)
{
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s", folder, why);
  return FALSE;
}

/** esp_join_save: writes @join beside @folder, then renames. Errors: ESP_ERROR_IO, G_IO_ERROR_CANCELLED; then nothing is left. */
gboolean
esp_join_save (EspJoin *join, const char *folder, EspJob *job, GError **error)
{
  g_autofree char *full = g_canonicalize_filename (folder, NULL), *parent = g_path_get_dirname (full);
  g_autofree char *beside = g_strconcat (full, ".XXXXXX", NULL);
  g_autoptr (GDir) there = g_dir_open (full, 0, NULL);

  if ((there != NULL && g_dir_read_name (there) != NULL) || (there == NULL && g_file_test (full, G_FILE_TEST_EXISTS)))
    return refuse_folder (folder, "it is there already: expected a new or an empty folder", error);
  if (!esp_folder_make (parent, error))
    return FALSE;
  if (g_mkdtemp_full (beside, 0755) == NULL)
    return refuse_folder (beside, g_strerror (errno), error);
  if (!save_all (join, beside, job, error))
    {
      remove_tree (beside);
      return FALSE;
    }
  if (g_rename (beside, full) == 0)
    return TRUE;
  refuse_folder (folder, g_strerror (errno), error);
  remove_tree (beside);
  return FALSE;
}
