/* test-dataset.c: lists, .data files and folders; what is read, and what is refused by file and line */
#include "config.h"

#include "dataset/dataset.h"

#include <string.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"

static char *
make_folder (void)
{
  char *folder = g_dir_make_tmp ("esp-dataset-XXXXXX", NULL);

  g_assert_nonnull (folder);
  return folder;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *inside = g_build_filename (path, name, NULL);

      remove_tree (inside);
    }
  g_remove (path);
}

/* Makes folder/name with its folders; a picture is never opened, so any bytes will do. */
static char *
put (const char *folder, const char *name, const char *text)
{
  char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_true (esp_folder_make (parent, NULL));
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return path;
}

static void
put_away (const char *folder, const char *name, const char *text)
{
  g_free (put (folder, name, text));
}

static EspDataset *
open_in (const char *folder, const char *name, const EspDatasetOptions *options)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  EspDataset *dataset = esp_dataset_open (path, options, NULL, &error);

  g_assert_no_error (error);
  return dataset;
}

/* Refused with @code, by a message that holds @part. */
static void
refused_in (const char *folder, const char *name, const EspDatasetOptions *options, EspError code, const char *part)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspDataset) dataset = esp_dataset_open (path, options, NULL, &error);

  g_assert_null (dataset);
  g_assert_error (error, ESP_ERROR, (int) code);
  g_test_message ("%s", error->message);
  if (strstr (error->message, part) == NULL)
    g_error ("“%s” lacks “%s”", error->message, part);
}

static void
test_list (void)
{
  g_autofree char *folder = make_folder ();
  g_autoptr (EspDataset) dataset = NULL;
  const EspSample *sample = NULL;
  g_autofree char *title = g_strconcat (strrchr (folder, '/') + 1, " val", NULL);
  g_autofree char *warning = NULL;

  put_away (folder, "val.txt", "\xef\xbb\xbf# a comment\r\nimages/val/a.jpg\r\n\r\n  b.PNG  \r\nJPEGImages/c.jpeg");
  put_away (folder, "labels/val/a.txt",
            "\xef\xbb\xbf"
            "0 0.5 0.25 0.1 0.2\r\n\r\n# note\r\n\t2  1.005 0 1e-1 -0.001\r\n1 .5 .5 1.0 1\r\n");
  put_away (folder, "b.txt", "");
  dataset = open_in (folder, "val.txt", NULL);
  g_assert_cmpstr (esp_dataset_get_title (dataset), ==, title);
  g_assert_cmpuint (esp_dataset_get_n (dataset), ==, 3);
  g_assert_true (esp_dataset_is_labelled (dataset));
  g_assert_null (esp_dataset_get_names (dataset));
  g_assert_cmpuint (esp_dataset_get_n_classes (dataset), ==, 2);
  sample = esp_dataset_get (dataset, 0);
  g_assert_cmpstr (sample->name, ==, "a.jpg");
  g_assert_cmpuint (sample->n_truths, ==, 2);
  g_assert_cmpfloat (sample->truths[0].box.y, ==, 0.25f);
  g_assert_cmpfloat (sample->truths[1].box.w, ==, 1);
  g_assert_cmpuint (esp_dataset_get_n_degenerate (dataset), ==, 1); /* its height was clamped to 0 */
  sample = esp_dataset_get (dataset, 1);
  g_assert_cmpint (sample->id, ==, 1);
  g_assert_cmpuint (sample->n_truths, ==, 0);
  g_assert_nonnull (sample->truths);
  g_assert_cmpuint (esp_dataset_get_n_without_labels (dataset), ==, 1);
  warning = esp_dataset_dup_warning (dataset);
  g_assert_nonnull (strstr (warning, "1 box without area"));
  g_assert_nonnull (strstr (warning, "1 of 3 images"));
  remove_tree (folder);
}

static void
test_unlabelled (void)
{
  g_autofree char *folder = make_folder ();
  g_autoptr (EspDataset) list = NULL;
  g_autoptr (EspDataset) photos = NULL;
  g_autoptr (EspDataset) one = NULL;

  put_away (folder, "list.txt", "p/z.jpg\np/a.bmp\n");
  put_away (folder, "p/z.jpg", "");
  put_away (folder, "p/a.bmp", "");
  put_away (folder, "p/notes.md", "");
  list = open_in (folder, "list.txt", NULL);
  g_assert_false (esp_dataset_is_labelled (list));
  g_assert_null (esp_dataset_get (list, 0)->truths);
  g_assert_cmpuint (esp_dataset_get_n_without_labels (list), ==, 0);
  photos = open_in (folder, "p", NULL);
  g_assert_cmpuint (esp_dataset_get_n (photos), ==, 2);
  g_assert_cmpstr (esp_dataset_get (photos, 0)->name, ==, "a.bmp");
  g_assert_cmpstr (esp_dataset_get_title (photos), ==, "p");
  one = open_in (folder, "p/z.jpg", NULL);
  g_assert_cmpuint (esp_dataset_get_n (one), ==, 1);
  g_assert_false (esp_dataset_is_labelled (one));
  put_away (folder, "labels/z.txt", "3 .5 .5 .5 .5\n"); /* a sibling of the pictures' folder */
  esp_dataset_unref (g_steal_pointer (&photos));
  photos = open_in (folder, "p", NULL);
  g_assert_true (esp_dataset_is_labelled (photos));
  g_assert_cmpuint (esp_dataset_get (photos, 1)->n_truths, ==, 1);
  remove_tree (folder);
}

static void
test_names (void)
{
  g_autofree char *folder = make_folder ();
  g_autofree char *other = put (folder, "elsewhere/two.names", "x\ny\n");
  g_autoptr (EspDataset) beside = NULL;
  g_autoptr (EspDataset) asked = NULL;
  g_autoptr (EspDataset) several = NULL;

  put_away (folder, "list.txt", "a.jpg\n");
  put_away (folder, "three.names", "one\r\n\r\ntwo words\r\n# c\r\nthree\r\n\r\n");
  beside = open_in (folder, "list.txt", NULL);
  g_assert_cmpuint (esp_dataset_get_n_classes (beside), ==, 3);
  g_assert_cmpstr (esp_dataset_get_names (beside)[1], ==, "two words");
  asked = open_in (folder, "list.txt", &(EspDatasetOptions){ .names = other });
  g_assert_cmpstr (esp_dataset_get_names (asked)[1], ==, "two words"); /* its own go first */
  put_away (folder, "more.names", "p\n");
  several = open_in (folder, "list.txt", NULL);
  g_assert_null (esp_dataset_get_names (several));
  g_clear_pointer (&several, esp_dataset_unref);
  several = open_in (folder, "list.txt", &(EspDatasetOptions){ .names = other });
  g_assert_cmpstr (esp_dataset_get_names (several)[1], ==, "y");
  remove_tree (folder);
}

static void
test_data_file (void)
{
  g_autofree char *folder = make_folder ();
  g_autoptr (EspDataset) val = NULL;
  g_autoptr (EspDataset) train = NULL;

  put_away (folder, "set.data",
            "classes= 2\r\ntrain = lists/train.txt\r\n; note\r\nvalid=lists/val.txt\r\nnames = my.list\r\nbackup=/nowhere\r\n");
  put_away (folder, "lists/train.txt", "a.jpg\n");
  put_away (folder, "lists/val.txt", "b.jpg\nc.jpg\n");
  put_away (folder, "lists/b.txt", "1 .5 .5 .1 .1\n");
  put_away (folder, "my.list", "cat\ndog\n");
  val = open_in (folder, "set.data", NULL);
  g_assert_cmpuint (esp_dataset_get_n (val), ==, 2);
  g_assert_cmpstr (esp_dataset_get_title (val), ==, "set val");
  g_assert_cmpstr (esp_dataset_get_names (val)[1], ==, "dog");
  g_assert_cmpint (esp_dataset_get (val, 0)->truths[0].class_index, ==, 1);
  train = open_in (folder, "set.data", &(EspDatasetOptions){ .split = "train" });
  g_assert_cmpstr (esp_dataset_get_title (train), ==, "set train");
  refused_in (folder, "set.data", &(EspDatasetOptions){ .split = "test" }, ESP_ERROR_SPLIT, "no split “test”: it has train val");
  put_away (folder, "bad.data", "classes=3\nvalid=lists/val.txt\nnames=my.list\n");
  refused_in (folder, "bad.data", NULL, ESP_ERROR_SHAPE, "bad.data:1: classes=3");
  put_away (folder, "bad.data", "\nclasses=-1\n");
  refused_in (folder, "bad.data", NULL, ESP_ERROR_FORMAT, "bad.data:2: classes=-1");
  put_away (folder, "bad.data", "valid\n");
  refused_in (folder, "bad.data", NULL, ESP_ERROR_FORMAT, "bad.data:1: “valid”: expected key = value");
  put_away (folder, "bad.data", "classes=2\n");
  refused_in (folder, "bad.data", NULL, ESP_ERROR_FORMAT, "neither valid= nor train=");
  put_away (folder, "bad.data", "valid=gone.txt\n");
  refused_in (folder, "bad.data", NULL, ESP_ERROR_IO, "gone.txt: no such file");
  remove_tree (folder);
}

static void
test_labels_refused (void)
{
  g_autofree char *folder = make_folder ();
  const EspDatasetOptions head = { .n_classes = 3 };
  const struct
  {
    const char *line, *part;
  } bad[] = {
    { "0 nan .5 .5 .5", "x=nan" },
    { "0 .5 inf .5 .5", "y=inf" },
    { "0 .5 .5 0x1 .5", "w=0x1" },
    { "0 .5 .5 .5 1e999", "h=1e999" },
    { "0 1.0101 .5 .5 .5", "x=1.0101: expected 0 to 1" },
    { "0 .5 .5 .5 -.02", "h=-.02" },
    { "0 .5 .5 .5 640", "h=640" },
    { "-1 .5 .5 .5 .5", "class -1" },
    { "1.5 .5 .5 .5 .5", "class 1.5: expected a whole number" },
    { "dog .5 .5 .5 .5", "class dog" },
    { "3 .5 .5 .5 .5", "class 3: expected 0 to 2, the classes of the network" },
    { "0 .5 .5 .5", "too few" },
    { "0 .5 .5 .5 .5 .9", "too many" },
    { "0 .5 .5 .5 .5x", "h=.5x" },
  };

  put_away (folder, "list.txt", "a.jpg\n");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text = g_strconcat ("0 .5 .5 .5 .5\n\n", bad[i].line, "\n", NULL);

      put_away (folder, "a.txt", text);
      refused_in (folder, "list.txt", &head, ESP_ERROR_FORMAT, "a.txt:3: ");
      refused_in (folder, "list.txt", &head, ESP_ERROR_FORMAT, bad[i].part);
    }
  put_away (folder, "a.txt", "3 .5 .5 .5 .5\n");
  put_away (folder, "some.names", "p\nq\nr\n");
  refused_in (folder, "list.txt", NULL, ESP_ERROR_FORMAT, "class 3: expected 0 to 2, the classes of some.names");
  remove_tree (folder);
}

static void
test_refused (void)
{
  g_autofree char *folder = make_folder ();
  g_autofree char *zero = g_build_filename (folder, "zero.txt", NULL);

  refused_in (folder, "nowhere", NULL, ESP_ERROR_IO, "nowhere: no such file");
  refused_in (folder, ".", NULL, ESP_ERROR_FORMAT, "no images");
  put_away (folder, "empty.txt", "\n# nothing\n");
  refused_in (folder, "empty.txt", NULL, ESP_ERROR_FORMAT, "empty.txt: no images");
  put_away (folder, "odd.txt", "a.jpg\nb.mov\n");
  refused_in (folder, "odd.txt", NULL, ESP_ERROR_FORMAT, "odd.txt:2: “b.mov”");
  g_assert_true (g_file_set_contents (zero, "a.jpg\n\0\n", 8, NULL));
  refused_in (folder, "zero.txt", NULL, ESP_ERROR_FORMAT, "byte 6: a zero byte");
  put_away (folder, "set.mat", "");
  refused_in (folder, "set.mat", NULL, ESP_ERROR_UNSUPPORTED, "not a data set by its name");
  remove_tree (folder);
}

static void
test_cancelled (void)
{
  g_autofree char *folder = make_folder ();
  g_autofree char *path = put (folder, "list.txt", "a.jpg\n");
  g_autoptr (EspJob) job = esp_job_new ("open");
  g_autoptr (GError) error = NULL;

  esp_job_cancel (job);
  g_assert_null (esp_dataset_open (path, NULL, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  remove_tree (folder);
}

/* 200 images: class 0 in 150 of them, class 1 in 40, class 2 in 10, a few with two, 10 without. */
static EspDataset *
make_uneven (const char *folder)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (int i = 0; i < 200; i++)
    {
      g_autofree char *name = g_strdup_printf ("%03d.txt", i);
      const char *text = i < 10    ? ""
                         : i < 150 ? "0 .5 .5 .1 .1\n"
                         : i < 190 ? "1 .5 .5 .1 .1\n1 .4 .4 .1 .1\n"
                                   : "2 .5 .5 .1 .1\n0 .2 .2 .1 .1\n";

      put_away (folder, name, text);
      g_string_append_printf (list, "%03d.jpg\n", i);
    }
  put_away (folder, "list.txt", list->str);
  return open_in (folder, "list.txt", NULL);
}

static void
count_prefix (const EspDataset *dataset, const guint *order, guint n, guint counts[4])
{
  memset (counts, 0, 4 * sizeof *counts);
  for (guint i = 0; i < n; i++)
    {
      const EspSample *sample = esp_dataset_get (dataset, order[i]);
      gboolean shown[3] = { FALSE };

      for (guint k = 0; k < sample->n_truths; k++)
        shown[sample->truths[k].class_index] = TRUE;
      for (guint c = 0; c < 3; c++)
        counts[c] += shown[c];
      counts[3] += sample->n_truths == 0;
    }
}

static void
test_order (void)
{
  g_autofree char *folder = make_folder ();
  g_autoptr (EspDataset) dataset = make_uneven (folder);
  g_autofree guint *order = esp_dataset_order (dataset, 7);
  g_autofree guint *again = esp_dataset_order (dataset, 7);
  g_autofree guint *other = esp_dataset_order (dataset, 8);
  gboolean seen[200] = { FALSE };

  g_assert_cmpmem (order, 200 * sizeof *order, again, 200 * sizeof *again);
  g_assert_true (memcmp (order, other, 200 * sizeof *order) != 0);
  for (guint i = 0; i < 200; i++)
    {
      g_assert_false (seen[order[i]]);
      seen[order[i]] = TRUE;
    }
  for (guint n = 4; n <= 36; n++) /* while no class has run out */
    {
      guint counts[4];

      count_prefix (dataset, order, n, counts);
      for (guint c = 0; c < 4; c++)
        g_assert_true (counts[c] + 1 >= n / 4 && counts[c] <= n / 3 + 2);
    }
  remove_tree (folder);
}

static void
test_subset (void)
{
  g_autofree char *folder = make_folder ();
  EspDataset *dataset = make_uneven (folder);
  const guint wanted[] = { 195, 3 };
  g_autoptr (EspDataset) subset = esp_dataset_subset (dataset, wanted, 2);

  esp_dataset_unref (dataset); /* the subset keeps what it needs */
  g_assert_cmpuint (esp_dataset_get_n (subset), ==, 2);
  g_assert_cmpint (esp_dataset_get (subset, 0)->id, ==, 195);
  g_assert_cmpint (esp_dataset_get (subset, 0)->truths[0].class_index, ==, 2);
  g_assert_cmpstr (esp_dataset_get (subset, 1)->name, ==, "003.jpg");
  g_assert_cmpuint (esp_dataset_get_n_classes (subset), ==, 3);
  remove_tree (folder);
}

/* Bytes changed, dropped and cut at random: read or refused, never a crash. */
static void
test_damage (void)
{
  const char *texts[] = { "classes=2\nvalid=list.txt\nnames=my.list\n", "images/a.jpg\nimages/b.jpg\n# c\nimages/c.jpg\n",
                          "0 0.5 0.25 0.125 0.0625\n1 1.0 0.0 0.5 0.5\n", "cat\ndog\n" };
  const char *names[] = { "set.data", "list.txt", "labels/a.txt", "my.list" };
  g_autofree char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "set.data", NULL);
  g_autoptr (GRand) rng = g_rand_new_with_seed (3);
  guint refused = 0;

  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspDataset) dataset = NULL;

      for (guint k = 0; k < 4; k++)
        {
          g_autofree char *text = g_strdup (texts[k]);
          g_autofree char *at = g_build_filename (folder, names[k], NULL);
          gsize n = strlen (text);

          for (int m = k == i % 4 ? g_rand_int_range (rng, 1, 5) : 0; m > 0; m--)
            text[g_rand_int_range (rng, 0, (gint32) n)] = (char) g_rand_int_range (rng, 0, 256);
          if (k == i % 4 && g_rand_int_range (rng, 0, 3) == 0)
            n = (gsize) g_rand_int_range (rng, 0, (gint32) n);
          if (i < 4)
            put_away (folder, names[k], "");
          g_assert_true (g_file_set_contents_full (at, text, (gssize) n, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
        }
      dataset = esp_dataset_open (path, NULL, NULL, &error);
      g_assert_true ((dataset == NULL) == (error != NULL));
      if (error != NULL)
        g_assert_true (g_utf8_validate (error->message, -1, NULL));
      refused += dataset == NULL;
    }
  g_test_message ("%u of 2000 refused", refused);
  g_assert_cmpuint (refused, >, 200);
  remove_tree (folder);
}

/* Real photographs, where they are: counts as their own description gives them. */
static void
test_shared (void)
{
  const char *shared = g_getenv ("ESP_SHARED_DATA"), *root = g_getenv ("ESP_SOURCE_ROOT");
  g_autofree char *data = shared != NULL ? g_strdup (shared) : g_build_filename (root != NULL ? root : ".", "..", "shared", "data", NULL);
  g_autofree char *list = g_build_filename (data, "coco256", "val.txt", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspDataset) dataset = NULL;
  guint objects = 0;

  if (!g_file_test (list, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("no coco256 here: set ESP_SHARED_DATA");
      return;
    }
  dataset = esp_dataset_open (list, NULL, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < esp_dataset_get_n (dataset); i++)
    objects += esp_dataset_get (dataset, i)->n_truths;
  g_assert_cmpuint (esp_dataset_get_n (dataset), ==, 128);
  g_assert_cmpuint (objects, ==, 898);
  g_assert_cmpstr (esp_dataset_get_title (dataset), ==, "coco256 val");
  g_assert_cmpuint (esp_dataset_get_n_classes (dataset), ==, 80);
  g_assert_cmpstr (esp_dataset_get_names (dataset)[79], ==, "toothbrush");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/list", test_list);
  g_test_add_func ("/dataset/unlabelled", test_unlabelled);
  g_test_add_func ("/dataset/names", test_names);
  g_test_add_func ("/dataset/data-file", test_data_file);
  g_test_add_func ("/dataset/labels-refused", test_labels_refused);
  g_test_add_func ("/dataset/refused", test_refused);
  g_test_add_func ("/dataset/cancelled", test_cancelled);
  g_test_add_func ("/dataset/order", test_order);
  g_test_add_func ("/dataset/subset", test_subset);
  g_test_add_func ("/dataset/damage", test_damage);
  g_test_add_func ("/dataset/shared", test_shared);
  return g_test_run ();
}
