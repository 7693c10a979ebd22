/* files.c: what a dropped or opened path is, and which files beside it belong to it */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/study.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"

/* A text is looked into this far to tell a list from names. */
#define PEEK_BYTES 65536

/* Folders are listed this far when looking for siblings. */
#define MOST_SIBLINGS 20000

/** esp_study_files_clear: frees what @files holds and empties it. Thread: any. */
void
esp_study_files_clear (EspStudyFiles *files)
{
  g_clear_pointer (&files->cfg, g_free);
  g_clear_pointer (&files->weights, g_free);
  g_clear_pointer (&files->data, g_free);
  g_clear_pointer (&files->names, g_free);
  g_clear_pointer (&files->plan, g_free);
  g_clear_pointer (&files->split, g_free);
}

/** esp_study_files_copy: fills @files, whose content is not freed first, with copies of what @from holds. Thread: any. */
void
esp_study_files_copy (EspStudyFiles *files, const EspStudyFiles *from)
{
  *files = (EspStudyFiles){ .cfg = g_strdup (from->cfg),
                            .weights = g_strdup (from->weights),
                            .data = g_strdup (from->data),
                            .names = g_strdup (from->names),
                            .plan = g_strdup (from->plan),
                            .split = g_strdup (from->split) };
}

static gboolean
ends_in (const char *path, const char *suffix)
{
  const gsize n = strlen (path), m = strlen (suffix);

  return n > m && g_ascii_strcasecmp (path + n - m, suffix) == 0;
}

static gboolean
is_picture (const char *path)
{
  static const char *const suffixes[] = { ".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".gif" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (ends_in (path, suffixes[i]))
      return TRUE;
  return FALSE;
}

/* What other tools write, and what to make of it first. */
static const struct
{
  const char *suffix;
  const char *advice;
} foreign[] = {
  { ".onnx", "an ONNX network: Espalier reads darknet networks, so export the model as a darknet .cfg with .weights and open those" },
  { ".pt", "a PyTorch checkpoint: Espalier reads darknet networks, so convert it to a darknet .cfg with .weights and open those" },
  { ".pth", "a PyTorch checkpoint: Espalier reads darknet networks, so convert it to a darknet .cfg with .weights and open those" },
  { ".safetensors",
    "a bare set of tensors: Espalier reads darknet networks, so convert it to a darknet .cfg with .weights and open those" },
  { ".tflite", "a TensorFlow Lite network: Espalier reads darknet networks, so open the .cfg and .weights it was made from" },
  { ".pb", "a TensorFlow network: Espalier reads darknet networks, so open the .cfg and .weights it was made from" },
  { ".h5", "a Keras network: Espalier reads darknet networks, so convert it to a darknet .cfg with .weights and open those" },
  { ".xml", "the annotation of one picture: open the folder that holds it, or the one above with Annotations and JPEGImages" },
  { ".yaml",
    "a YAML description: write its image list as a text file (one picture a line) and its names as a .names file, and open the list" },
  { ".yml",
    "a YAML description: write its image list as a text file (one picture a line) and its names as a .names file, and open the list" },
};

static gboolean
refuse_foreign (const char *path, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    if (ends_in (path, foreign[i].suffix))
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s is %s", path, foreign[i].advice);
        return FALSE;
      }
  return TRUE;
}

static void
put (char **slot, const char *path)
{
  g_free (*slot);
  *slot = g_strdup (path);
}

static int
compare_paths (gconstpointer x, gconstpointer y)
{
  return strcmp (*(char *const *) x, *(char *const *) y);
}

/* All entries of a folder that @accept likes, as full paths, sorted. */
static GPtrArray *
entries (const char *folder, gboolean (*accept) (const char *name))
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);
  guint seen = 0;

  for (const char *name; dir != NULL && seen < MOST_SIBLINGS && (name = g_dir_read_name (dir)) != NULL; seen++)
    if (accept (name))
      g_ptr_array_add (found, g_build_filename (folder, name, NULL));
  g_ptr_array_sort (found, compare_paths);
  return found;
}

static gboolean
is_cfg (const char *name)
{
  return ends_in (name, ".cfg");
}

static gboolean
is_weights (const char *name)
{
  return ends_in (name, ".weights");
}

static gboolean
is_data (const char *name)
{
  return ends_in (name, ".data");
}

static gboolean
is_names (const char *name)
{
  return ends_in (name, ".names");
}

/* A folder is one network's when it holds a cfg and no pictures, else it is pictures. */
static gboolean
add_folder (EspStudyFiles *files, const char *path, GError **error)
{
  g_autoptr (GPtrArray) cfgs = entries (path, is_cfg);
  g_autoptr (GPtrArray) pictures = entries (path, is_picture);

  if (cfgs->len > 1 && pictures->len == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s holds %u networks: open one of its .cfg files, %s for one", path, cfgs->len,
                   (char *) g_ptr_array_index (cfgs, 0));
      return FALSE;
    }
  if (cfgs->len == 1 && pictures->len == 0)
    put (&files->cfg, g_ptr_array_index (cfgs, 0));
  else
    put (&files->data, path);
  return TRUE;
}

/* The first bytes of a text, closed by a zero. */
static char *
peek (const char *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);
  g_autofree char *text = g_malloc0 (PEEK_BYTES + 1);
  gsize n = 0;

  if (stream == NULL || !g_input_stream_read_all (G_INPUT_STREAM (stream), text, PEEK_BYTES, &n, NULL, error))
    return NULL;
  return g_steal_pointer (&text);
}

/* The first line that says something: (transfer full), NULL in an empty text. */
static char *
first_line (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", 64);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      if (*line != '\0' && *line != '#')
        return g_strdup (line);
    }
  return NULL;
}

/* "0 0.5 0.5 0.1 0.1": the truth of one picture. */
static gboolean
is_label_line (const char *line)
{
  g_auto (GStrv) words = g_strsplit_set (line, " \t", -1);
  guint n = 0;

  for (guint i = 0; words[i] != NULL; i++)
    {
      char *end = NULL;

      if (*words[i] == '\0')
        continue;
      g_ascii_strtod (words[i], &end);
      if (*end != '\0')
        return FALSE;
      n++;
    }
  return n == 5;
}

/* A .txt is a list of pictures, a list of class names, or the labels of one picture. */
static gboolean
add_text (EspStudyFiles *files, const char *path, GError **error)
{
  g_autofree char *text = peek (path, error);
  g_autofree char *line = text != NULL ? first_line (text) : NULL;

  if (text == NULL)
    return FALSE;
  if (line == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s is empty: expected a list of pictures or of class names", path);
      return FALSE;
    }
  if (is_label_line (line))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s holds the labels of one picture: open the list of pictures or their folder",
                   path);
      return FALSE;
    }
  put (is_picture (line) ? &files->data : &files->names, path);
  return TRUE;
}

/* COCO has "images" with "annotations"; every other json is offered to the plan reader, which says what it lacks. */
static gboolean
add_json (EspStudyFiles *files, const char *path, GError **error)
{
  g_autofree char *text = peek (path, error);

  if (text == NULL)
    return FALSE;
  put (strstr (text, "\"annotations\"") != NULL || strstr (text, "\"images\"") != NULL ? &files->data : &files->plan, path);
  return TRUE;
}

/**
 * esp_study_files_add:
 * @files: what is known so far
 * @path: one dropped or opened path of any sort
 * @error: ESP_ERROR_UNSUPPORTED for what must be converted first (the sentence says how), ESP_ERROR_IO where there is nothing
 *
 * Puts @path where it belongs; a later one of the same sort takes the place of an earlier one. Only looks at names and at the first bytes
 * of .txt and .json. Thread: any.
 */
gboolean
esp_study_files_add (EspStudyFiles *files, const char *path, GError **error)
{
  g_return_val_if_fail (files != NULL && path != NULL, FALSE);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s is not there", path);
      return FALSE;
    }
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return add_folder (files, path, error);
  if (!refuse_foreign (path, error))
    return FALSE;
  if (ends_in (path, ".json"))
    return add_json (files, path, error);
  if (ends_in (path, ".txt"))
    return add_text (files, path, error);
  if (is_cfg (path))
    put (&files->cfg, path);
  else if (is_weights (path))
    put (&files->weights, path);
  else if (is_names (path))
    put (&files->names, path);
  else if (is_data (path) || is_picture (path))
    put (&files->data, path);
  else
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
                   "%s is none of what can be opened: a .cfg, .weights, .data or .names file, a list of pictures, a COCO .json, a picture, "
                   "a folder, or a plan",
                   path);
      return FALSE;
    }
  return TRUE;
}

/* "yolo-obj" of "/a/yolo-obj_best.weights": what darknet adds while training does not count. */
static char *
stem_of (const char *path)
{
  static const char *const added[] = { "_best", "_last", "_final" };
  g_autofree char *name = g_path_get_basename (path);
  char *dot = strrchr (name, '.'), *bar;

  if (dot != NULL && dot != name)
    *dot = '\0';
  for (guint i = 0; i < G_N_ELEMENTS (added); i++)
    if (ends_in (name, added[i]))
      name[strlen (name) - strlen (added[i])] = '\0';
  bar = strrchr (name, '_');
  if (bar != NULL && bar != name && bar[1] != '\0' && strspn (bar + 1, "0123456789") == strlen (bar + 1) && strlen (bar + 1) >= 3)
    *bar = '\0';
  return g_steal_pointer (&name);
}

/* One of a sort beside @path: the one of the same stem, else the only one. */
static char *
sibling (const char *path, gboolean (*accept) (const char *name))
{
  g_autofree char *folder = g_path_get_dirname (path), *stem = stem_of (path);
  g_autoptr (GPtrArray) found = entries (folder, accept);

  for (guint i = 0; i < found->len; i++)
    {
      g_autofree char *other = stem_of (g_ptr_array_index (found, i));

      if (strcmp (stem, other) == 0)
        return g_strdup (g_ptr_array_index (found, i));
    }
  return found->len == 1 ? g_strdup (g_ptr_array_index (found, 0)) : NULL;
}

static void
fill (char **slot, const char *beside, gboolean (*accept) (const char *name))
{
  if (*slot == NULL && beside != NULL)
    *slot = sibling (beside, accept);
}

/**
 * esp_study_files_complete:
 * @files: at least one of cfg, weights, data or plan
 *
 * Fills in what lies beside: a cfg and its weights by stem ("net.cfg", "net_best.weights"), else the only one in the folder; a .data and
 * names likewise, the network's names before the data's. What is not found stays NULL. A plan is never picked up unasked. Thread: any.
 */
void
esp_study_files_complete (EspStudyFiles *files)
{
  fill (&files->cfg, files->weights, is_cfg);
  fill (&files->cfg, files->plan, is_cfg);
  fill (&files->cfg, files->data, is_cfg);
  fill (&files->weights, files->cfg, is_weights);
  fill (&files->weights, files->plan, is_weights);
  fill (&files->data, files->cfg, is_data);
  fill (&files->data, files->plan, is_data);
  fill (&files->names, files->cfg, is_names);
  if (files->data == NULL || !is_data (files->data)) /* which names its own */
    fill (&files->names, files->data, is_names);
}
