/* test-study-files.c: what a path is, siblings by stem, and sentences for what must be converted first */
#include "config.h"

#include "base/error.h"
#include "base/file.h"
#include "study/study.h"

#include <glib/gstdio.h>

#include <string.h>

typedef struct
{
  char *folder;
  EspStudyFiles files;
} Fixture;

static char *
make (Fixture *f, const char *name, const char *text)
{
  char *path = g_build_filename (f->folder, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_folder_make (folder, &error));
  g_assert_true (esp_file_write (path, text, strlen (text), &error));
  g_assert_no_error (error);
  return path;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
}

static void
remove_tree (const char *folder)
{
  GDir *dir = g_dir_open (folder, 0, NULL);

  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        remove_tree (path);
      else
        g_remove (path);
    }
  g_dir_close (dir);
  g_rmdir (folder);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  remove_tree (f->folder);
  g_free (f->folder);
  esp_study_files_clear (&f->files);
}

static void
add (Fixture *f, const char *path)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_study_files_add (&f->files, path, &error));
  g_assert_no_error (error);
}

static void
test_by_stem (Fixture *f, gconstpointer data)
{
  g_autofree char *cfg = make (f, "net.cfg", "[net]\n"), *other = make (f, "other.cfg", "[net]\n");
  g_autofree char *best = make (f, "net_best.weights", ""), *others = make (f, "other_10000.weights", "");
  g_autofree char *names = make (f, "coco.names", "dog\n");

  add (f, best);
  esp_study_files_complete (&f->files);
  g_assert_cmpstr (f->files.cfg, ==, cfg);
  g_assert_cmpstr (f->files.names, ==, names);
  g_assert_null (f->files.data);
  esp_study_files_clear (&f->files);
  add (f, other);
  esp_study_files_complete (&f->files);
  g_assert_cmpstr (f->files.weights, ==, others);
}

static void
test_ambiguous (Fixture *f, gconstpointer data)
{
  g_autofree char *a = make (f, "a.cfg", "[net]\n"), *b = make (f, "b.weights", ""), *c = make (f, "c.weights", "");

  add (f, a);
  esp_study_files_complete (&f->files);
  g_assert_null (f->files.weights);
}

static void
test_texts (Fixture *f, gconstpointer data)
{
  g_autofree char *list = make (f, "val.txt", "\r\nimages/1.JPG\r\n"), *names = make (f, "classes.txt", "dog\ncat\n");
  g_autofree char *labels = make (f, "1.txt", "0 0.5 0.5 0.1 0.1\n"), *empty = make (f, "empty.txt", "\n\n");
  g_autoptr (GError) error = NULL;

  add (f, list);
  add (f, names);
  g_assert_cmpstr (f->files.data, ==, list);
  g_assert_cmpstr (f->files.names, ==, names);
  g_assert_false (esp_study_files_add (&f->files, labels, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_false (esp_study_files_add (&f->files, empty, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
}

static void
test_folders (Fixture *f, gconstpointer data)
{
  g_autofree char *cfg = make (f, "model/n.cfg", ""), *picture = make (f, "photos/a.png", "");
  g_autofree char *model = g_path_get_dirname (cfg), *photos = g_path_get_dirname (picture), *second = NULL;
  g_autoptr (GError) error = NULL;

  add (f, model);
  add (f, photos);
  g_assert_cmpstr (f->files.cfg, ==, cfg);
  g_assert_cmpstr (f->files.data, ==, photos);
  second = make (f, "model/m.cfg", "");
  g_assert_false (esp_study_files_add (&f->files, model, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, second));
}

static void
test_json (Fixture *f, gconstpointer data)
{
  g_autofree char *plan = make (f, "plan.json", "{\"groups\": []}"),
                  *coco = make (f, "instances.json", "{\"images\": [], \"annotations\": []}");

  add (f, plan);
  add (f, coco);
  g_assert_cmpstr (f->files.plan, ==, plan);
  g_assert_cmpstr (f->files.data, ==, coco);
}

/* A VOC root and folders of classes are data sets, also where names lie in them. */
static void
test_data_folders (Fixture *f, gconstpointer data)
{
  g_autofree char *xml = make (f, "voc/Annotations/a.xml", ""), *list = make (f, "voc/ImageSets/Main/val.txt", "a\n");
  g_autofree char *picture = make (f, "classes/cat/a.png", ""), *voc = g_build_filename (f->folder, "voc", NULL);
  g_autofree char *classes = g_build_filename (f->folder, "classes", NULL);

  add (f, voc);
  esp_study_files_complete (&f->files);
  g_assert_cmpstr (f->files.data, ==, voc);
  g_assert_null (f->files.names);
  add (f, classes);
  g_assert_cmpstr (f->files.data, ==, classes);
}

static void
test_refusals (Fixture *f, gconstpointer data)
{
  const struct
  {
    const char *name, *word;
    EspError code;
  } cases[] = {
    { "best.onnx", "ONNX", ESP_ERROR_UNSUPPORTED },   { "best.pt", "PyTorch", ESP_ERROR_UNSUPPORTED },
    { "best.PTH", "PyTorch", ESP_ERROR_UNSUPPORTED }, { "data.yaml", "list", ESP_ERROR_UNSUPPORTED },
    { "a.xml", "folder", ESP_ERROR_UNSUPPORTED },     { "song.ogg", "none of what", ESP_ERROR_UNSUPPORTED },
  };
  g_autofree char *missing = g_build_filename (f->folder, "missing.cfg", NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = make (f, cases[i].name, "");

      g_assert_false (esp_study_files_add (&f->files, path, &error));
      g_assert_error (error, ESP_ERROR, (int) cases[i].code);
      g_assert_nonnull (strstr (error->message, cases[i].word));
      g_assert_nonnull (strstr (error->message, path));
      g_clear_error (&error);
    }
  g_assert_false (esp_study_files_add (&f->files, missing, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/study/files/stem", test_by_stem);
  ADD ("/study/files/ambiguous", test_ambiguous);
  ADD ("/study/files/texts", test_texts);
  ADD ("/study/files/folders", test_folders);
  ADD ("/study/files/data-folders", test_data_folders);
  ADD ("/study/files/json", test_json);
  ADD ("/study/files/refusals", test_refusals);
  return g_test_run ();
}
