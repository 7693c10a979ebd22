/* voc.c: Pascal VOC: a root with Annotations/, or XML beside the pictures */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset-private.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/lines.h"
#include "dataset/voc-xml.h"

#define MOST_XML_BYTES  ((gsize) 4 << 20)
#define MOST_LIST_BYTES ((gsize) 64 << 20)

/* Where the parts are, and which files there are by their names without extension. */
typedef struct
{
  EspDraft *draft;
  char *xml_folder, *image_folder;
  char *list; /* (nullable): the split's file */
  GHashTable *xmls, *images;
} Voc;

static void
voc_clear (Voc *voc)
{
  g_free (voc->xml_folder);
  g_free (voc->image_folder);
  g_free (voc->list);
  g_clear_pointer (&voc->xmls, g_hash_table_unref);
  g_clear_pointer (&voc->images, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Voc, voc_clear)

/* (transfer full) (nullable): the folder inside @path of that name, in either case. */
static char *
find_folder (const char *path, const char *name)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autofree char *found = NULL;

  for (const char *entry; dir != NULL && (entry = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *inside = g_build_filename (path, entry, NULL);

      if (g_ascii_strcasecmp (entry, name) != 0 || !g_file_test (inside, G_FILE_TEST_IS_DIR))
        continue;
      if (found == NULL || strcmp (inside, found) < 0)
        {
          g_free (found);
          found = g_steal_pointer (&inside);
        }
    }
  return g_steal_pointer (&found);
}

static gboolean
is_xml (const char *name)
{
  const char *dot = strrchr (name, '.');

  return name[0] != '.' && dot != NULL && g_ascii_strcasecmp (dot, ".xml") == 0;
}

static gboolean
holds_xml (const char *path)
{
  g_autoptr (GDir) dir = path != NULL ? g_dir_open (path, 0, NULL) : NULL;

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    if (is_xml (name))
      return TRUE;
  return FALSE;
}

/* Notes the files of @folder that @accept likes by their names without extension; of two alike the first by name counts. */
static gboolean
note_files (const char *folder, gboolean (*accept) (const char *name), GHashTable *files, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &local);

  if (dir == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s", folder, local->message);
      return FALSE;
    }
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *stem = NULL;
      const char *other;

      if (name[0] == '.' || !accept (name))
        continue;
      stem = g_strndup (name, (gsize) (strrchr (name, '.') - name));
      other = g_hash_table_lookup (files, stem);
      if (other == NULL || strcmp (name, other) < 0)
        g_hash_table_insert (files, g_steal_pointer (&stem), g_strdup (name));
    }
  return TRUE;
}

/* An edge may lie a pixel and a hundredth of the side outside: there are tools that count from 0, and roundings. */
static gboolean
is_inside (double low, double high, int side)
{
  const double slack = 1 + 0.01 * side;

  return low >= 1 - slack && high <= side + slack;
}

static gboolean
add_object (const Voc *voc, const char *xml, const EspVocObject *object, int width, int height, GError **error)
{
  g_autofree char *where = g_strdup_printf ("%s:%d", xml, object->line);
  EspTruth truth = { .difficult = object->difficult };

  truth.class_index = esp_draft_class (voc->draft, object->name, where, error);
  if (truth.class_index < 0)
    return FALSE;
  if (object->xmax <= object->xmin || object->ymax <= object->ymin)
    {
      voc->draft->n_degenerate++;
      return TRUE;
    }
  if (!is_inside (object->xmin, object->xmax, width) || !is_inside (object->ymin, object->ymax, height))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s at x %g to %g, y %g to %g: expected it inside the picture of %d × %d pixels",
                   where, object->name, object->xmin, object->xmax, object->ymin, object->ymax, width, height);
      return FALSE;
    }
  truth.pixels = (EspPixels){ object->xmin - 1, object->ymin - 1, object->xmax - object->xmin + 1, object->ymax - object->ymin + 1 };
  truth.box = esp_truth_box (truth.pixels, width, height);
  return esp_draft_add_truth (voc->draft, &truth, where, error);
}

/* (transfer full): the picture of that name, else the one that the annotation names, which need not be there. */
static char *
find_picture (const Voc *voc, const char *stem, const char *filename)
{
  const char *image = g_hash_table_lookup (voc->images, stem);
  const char *cut = filename != NULL ? MAX (strrchr (filename, '/'), strrchr (filename, '\\')) : NULL;
  const char *named = cut != NULL ? cut + 1 : filename;
  g_autofree char *usual = g_strconcat (stem, ".jpg", NULL);

  if (image == NULL)
    image = named != NULL && esp_is_image_name (named) ? named : usual;
  return g_build_filename (voc->image_folder, image, NULL);
}

static gboolean
add_annotated (const Voc *voc, const char *stem, const char *xml_name, GError **error)
{
  g_autofree char *xml = g_build_filename (voc->xml_folder, xml_name, NULL);
  g_autoptr (GBytes) bytes = esp_file_read (xml, MOST_XML_BYTES, error);
  g_auto (EspVocPicture) picture = { 0 };
  g_autofree char *image = NULL;
  const gsize first = voc->draft->truths->len;
  const char *text;
  gsize n = 0;

  if (bytes == NULL)
    return FALSE;
  text = g_bytes_get_data (bytes, &n);
  if (!esp_voc_parse (&picture, xml, n != 0 ? text : "", n, error))
    return FALSE;
  image = find_picture (voc, stem, picture.filename);
  if (picture.objects->len != 0 && !esp_draft_size (image, &picture.width, &picture.height, error))
    {
      g_prefix_error (error, "%s: ", xml);
      return FALSE;
    }
  for (guint i = 0; i < picture.objects->len; i++)
    if (!add_object (voc, xml, &g_array_index (picture.objects, EspVocObject, i), picture.width, picture.height, error))
      return FALSE;
  voc->draft->n_label_files++;
  return esp_draft_add (voc->draft, image, (EspSample){ .id = voc->draft->samples->len, .width = picture.width, .height = picture.height },
                        first, error);
}

static gboolean
add_stem (const Voc *voc, const char *stem, const char *where, GError **error)
{
  const char *xml = g_hash_table_lookup (voc->xmls, stem), *image = g_hash_table_lookup (voc->images, stem);
  g_autofree char *found = esp_quote (stem);
  g_autofree char *path = NULL;

  if (xml != NULL)
    return add_annotated (voc, stem, xml, error);
  if (image == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: “%s”: neither an annotation in %s nor a picture in %s has that name", where,
                   found, voc->xml_folder, voc->image_folder);
      return FALSE;
    }
  path = g_build_filename (voc->image_folder, image, NULL);
  return esp_draft_add (voc->draft, path, (EspSample){ .id = voc->draft->samples->len }, voc->draft->truths->len, error);
}

/* The first field of each line; files of one class have a second that says whether it is there. */
static gboolean
add_listed (const Voc *voc, EspJob *job, GError **error)
{
  g_auto (EspLines) lines = { 0 };
  gsize total;

  if (!esp_lines_open (&lines, voc->list, MOST_LIST_BYTES, error))
    return FALSE;
  total = strlen (lines.text);
  for (char *line; (line = esp_lines_next (&lines)) != NULL;)
    {
      g_autofree char *where = g_strdup_printf ("%s:%u", voc->list, lines.number);

      line[strcspn (line, " \t")] = '\0';
      if (!esp_job_check (job, error) || !add_stem (voc, line, where, error))
        return FALSE;
      esp_job_set_progress (job, lines.next != NULL ? (guint64) (lines.next - lines.text) : total, total);
    }
  return TRUE;
}

static int
compare_stems (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

/* Every annotation and every picture, in the order of their names. */
static gboolean
add_all (const Voc *voc, EspJob *job, GError **error)
{
  g_autoptr (GList) stems = g_hash_table_get_keys (voc->images);
  g_autoptr (GList) annotated = g_hash_table_get_keys (voc->xmls);
  guint done = 0, total;

  for (GList *at = annotated; at != NULL; at = at->next)
    if (!g_hash_table_contains (voc->images, at->data))
      stems = g_list_prepend (stems, at->data);
  stems = g_list_sort (stems, compare_stems);
  total = g_list_length (stems);
  for (GList *at = stems; at != NULL; at = at->next)
    {
      if (!esp_job_check (job, error) || !add_stem (voc, at->data, voc->xml_folder, error))
        return FALSE;
      esp_job_set_progress (job, ++done, total);
    }
  return TRUE;
}

/* (transfer full): the splits that @main has, with a space before each. */
static char *
name_splits (const char *main)
{
  g_autoptr (GDir) dir = g_dir_open (main, 0, NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  const char *const known[] = { "train", "val", "trainval", "test" };

  for (guint i = 0; dir != NULL && i < G_N_ELEMENTS (known); i++)
    {
      g_autofree char *list = g_strdup_printf ("%s/%s.txt", main, known[i]);

      if (g_file_test (list, G_FILE_TEST_EXISTS))
        g_string_append_printf (text, " %s", known[i]);
    }
  return g_strdup (text->len != 0 ? text->str : " none of train, val, trainval, test");
}

/* Finds the list of the split asked for, else val, train, trainval, test; @split is what it is called, NULL where there are no lists at
 * all. */
static gboolean
choose_split (Voc *voc, const char *root, const char **split, GError **error)
{
  const char *const usual[] = { "val", "train", "trainval", "test" };
  const char *wanted = voc->draft->options->split;
  g_autofree char *main = g_build_filename (root, "ImageSets", "Main", NULL);
  g_autofree char *have = NULL;
  const guint n = wanted != NULL ? 1 : G_N_ELEMENTS (usual);

  *split = NULL;
  if (!g_file_test (main, G_FILE_TEST_IS_DIR))
    return TRUE;
  for (guint i = 0; i < n; i++)
    {
      const char *name = wanted != NULL ? wanted : usual[i];
      g_autofree char *list = g_strdup_printf ("%s/%s.txt", main, name);

      if (strchr (name, '/') != NULL || !g_file_test (list, G_FILE_TEST_IS_REGULAR))
        continue;
      voc->draft->has_splits = TRUE;
      voc->list = g_steal_pointer (&list);
      *split = name;
      return TRUE;
    }
  if (wanted == NULL)
    return TRUE;
  have = name_splits (main);
  g_set_error (error, ESP_ERROR, ESP_ERROR_SPLIT, "%s: no split “%s”: ImageSets/Main has%s", root, wanted, have);
  return FALSE;
}

/* (transfer full): --images, else JPEGImages/ or images/ of the root, else the root. */
static char *
find_images (const Voc *voc, const char *root)
{
  char *found = NULL;

  if (voc->draft->options->images != NULL)
    return g_canonicalize_filename (voc->draft->options->images, NULL);
  found = find_folder (root, "JPEGImages");
  found = found != NULL ? found : find_folder (root, "images");
  return found != NULL ? found : g_strdup (root);
}

static gboolean
voc_open (Voc *voc, const char *path, GError **error)
{
  g_autofree char *annotations = find_folder (path, "Annotations");
  g_autofree char *title = esp_folder_title (path);
  const char *split = NULL;

  if (holds_xml (annotations))
    {
      voc->xml_folder = g_steal_pointer (&annotations);
      voc->image_folder = find_images (voc, path);
      if (!choose_split (voc, path, &split, error))
        return FALSE;
    }
  else
    {
      voc->xml_folder = g_strdup (path);
      voc->image_folder = g_canonicalize_filename (voc->draft->options->images != NULL ? voc->draft->options->images : path, NULL);
    }
  voc->draft->title = split != NULL ? g_strconcat (title, " ", split, NULL) : g_steal_pointer (&title);
  voc->xmls = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  voc->images = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return note_files (voc->xml_folder, is_xml, voc->xmls, error) && note_files (voc->image_folder, esp_is_image_name, voc->images, error);
}

static gboolean
voc_probe (const char *path, gboolean is_folder)
{
  g_autofree char *annotations = is_folder ? find_folder (path, "Annotations") : NULL;

  return is_folder && (holds_xml (annotations) || holds_xml (path));
}

/* Classes are in the order of their names; those of a file of names come first, in its order. A picture without XML has no objects. */
static gboolean
voc_read (EspDraft *draft, const char *path, EspJob *job, GError **error)
{
  g_auto (Voc) voc = { .draft = draft };

  if (!esp_draft_find_names (draft, path, error) || !voc_open (&voc, path, error))
    return FALSE;
  if (!(voc.list != NULL ? add_listed (&voc, job, error) : add_all (&voc, job, error)))
    return FALSE;
  if (draft->samples->len == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: no images: expected the name of one a line",
                   voc.list != NULL ? voc.list : path);
      return FALSE;
    }
  esp_draft_close_classes (draft);
  return TRUE;
}

const EspDatasetReader esp_dataset_reader_voc = { "Pascal VOC", voc_probe, voc_read };
