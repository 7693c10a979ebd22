/* test-class-folders.c: a folder a class, folders of splits, and splits drawn by a seed */
#include "data-common.h"

static void
test_classes (void)
{
  g_autofree char *folder = make_folder ();
  g_autofree char *names = g_build_filename (folder, "order.list", NULL);
  g_autoptr (EspDataset) dataset = NULL;
  g_autoptr (EspDataset) ordered = NULL;
  const EspSample *sample;

  put_away (folder, "d/dog/2.jpg", "");
  put_away (folder, "d/dog/1.png", "");
  put_away (folder, "d/cat/1.jpg", "");
  put_away (folder, "d/cat/1.txt", "0 .5 .5 .5 .5\n"); /* no label of a class */
  put_away (folder, "d/none/notes.md", "");
  put_away (folder, "d/LICENSE", "");
  put_away (folder, "order.list", "none\ndog\ncat\n");
  dataset = open_in (folder, "d", NULL);
  g_assert_cmpint (esp_dataset_get_task (dataset), ==, ESP_DATASET_CLASSIFICATION);
  g_assert_true (esp_dataset_is_labelled (dataset));
  g_assert_cmpuint (esp_dataset_get_n (dataset), ==, 3);
  g_assert_cmpuint (esp_dataset_get_n_classes (dataset), ==, 3);
  g_assert_cmpstr (esp_dataset_get_names (dataset)[1], ==, "dog");
  sample = esp_dataset_get (dataset, 1);
  g_assert_true (g_str_has_suffix (sample->path, "/d/dog/1.png"));
  g_assert_cmpuint (sample->n_truths, ==, 1);
  g_assert_cmpint (sample->truths[0].class_index, ==, 1);
  g_assert_true (sample->truths[0].box.x == 0.5f && sample->truths[0].box.w == 1 && sample->truths[0].box.h == 1);
  ordered = open_in (folder, "d", &(EspDatasetOptions){ .names = names });
  g_assert_cmpint (esp_dataset_get (ordered, 0)->truths[0].class_index, ==, 2);
  remove_tree (folder);
}

/* Folders that are no classes are not taken for some. */
static void
test_no_classes (void)
{
  g_autofree char *folder = make_folder ();
  g_autoptr (EspDataset) photos = NULL;

  put_away (folder, "yolo/images/a.jpg", "");
  put_away (folder, "yolo/labels/a.txt", "");
  refused_in (folder, "yolo", NULL, ESP_ERROR_FORMAT, "or a list of the images in its folders");
  put_away (folder, "one/photos/a.jpg", "");
  refused_in (folder, "one", NULL, ESP_ERROR_FORMAT, "no images");
  put_away (folder, "bare/a/x.md", "");
  put_away (folder, "bare/b/x.md", "");
  refused_in (folder, "bare", NULL, ESP_ERROR_FORMAT, "a folder for each class");
  put_away (folder, "mixed/a.jpg", "");
  put_away (folder, "mixed/b/c.jpg", "");
  put_away (folder, "mixed/d/c.jpg", "");
  photos = open_in (folder, "mixed", NULL);
  g_assert_cmpint (esp_dataset_get_task (photos), ==, ESP_DATASET_DETECTION);
  g_assert_cmpuint (esp_dataset_get_n (photos), ==, 1);
  remove_tree (folder);
}

static void
test_split_folders (void)
{
  g_autofree char *folder = make_folder ();
  g_autoptr (EspDataset) usual = NULL;
  g_autoptr (EspDataset) valid = NULL;
  g_autofree char *title = g_strconcat (strrchr (folder, '/') + 1, " train", NULL);

  put_away (folder, "train/cat/1.jpg", "");
  put_away (folder, "train/dog/1.jpg", "");
  put_away (folder, "test/cat/1.jpg", "");
  put_away (folder, "test/dog/1.jpg", "");
  usual = open_in (folder, ".", NULL); /* never test unasked */
  g_assert_cmpstr (esp_dataset_get_title (usual), ==, title);
  g_assert_cmpint (esp_dataset_get_task (usual), ==, ESP_DATASET_CLASSIFICATION);
  refused_in (folder, ".", &(EspDatasetOptions){ .split = "val" }, ESP_ERROR_SPLIT, "no split “val”: it has test train");
  put_away (folder, "valid/cat/7.jpg", "");
  put_away (folder, "valid/dog/8.jpg", "");
  valid = open_in (folder, ".", &(EspDatasetOptions){ .split = "val" });
  g_assert_cmpstr (esp_dataset_get (valid, 0)->name, ==, "7.jpg");
  remove_tree (folder);
}

static void
test_draw (void)
{
  g_autofree char *folder = make_folder ();
  g_autoptr (GString) list = g_string_new (NULL);
  g_autoptr (EspDataset) whole = NULL;
  g_autoptr (GError) error = NULL;
  const char *const names[] = { "train", "val", "test" };
  const guint sizes[] = { 70, 20, 10 };
  EspDatasetDraw draw = { .seed = 4 };
  gboolean seen[100] = { FALSE };

  for (int i = 0; i < 100; i++)
    g_string_append_printf (list, "%02d.jpg\n", i);
  put_away (folder, "list.txt", list->str);
  put_away (folder, "00.txt", "0 .5 .5 0 .5\n0 .5 .5 .5 .5\n");
  g_assert_true (esp_dataset_draw_parse (&draw, "7/2/1", &error));
  for (guint p = 0; p < 3; p++)
    {
      const EspDatasetOptions options = { .split = names[p], .draw = &draw };
      g_autoptr (EspDataset) part = open_in (folder, "list.txt", &options);
      g_autoptr (EspDataset) again = open_in (folder, "list.txt", &options);
      g_autofree char *warning = esp_dataset_dup_warning (part);

      g_assert_cmpuint (esp_dataset_get_n (part), ==, sizes[p]);
      g_assert_true (g_str_has_suffix (esp_dataset_get_title (part), names[p]));
      g_assert_nonnull (strstr (warning, "1 box without area")); /* the whole's */
      for (guint i = 0; i < esp_dataset_get_n (part); i++)
        {
          const gint64 id = esp_dataset_get (part, i)->id;

          g_assert_false (seen[id]);
          seen[id] = TRUE;
          g_assert_cmpint (id, ==, esp_dataset_get (again, i)->id);
          g_assert_true (i == 0 || id > esp_dataset_get (part, i - 1)->id);
        }
    }
  for (guint i = 0; i < 100; i++)
    g_assert_true (seen[i]);
  whole = open_in (folder, "list.txt", NULL);
  g_assert_null (esp_dataset_split (whole, "some", &draw, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_true (esp_dataset_draw_parse (&draw, "1/0/0", NULL));
  g_assert_null (esp_dataset_split (whole, "val", &draw, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  refused_in (folder, "list.txt", &(EspDatasetOptions){ .split = "val" }, ESP_ERROR_SPLIT, "a seed is needed to draw one");
  remove_tree (folder);
}

static void
test_parts_refused (void)
{
  const char *const bad[] = { "", "1/2", "1/2/3/4", "0/0/0", "-1/1/1", "a/1/1", "1/1/1e99", "nan/1/1" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      EspDatasetDraw draw = { 0 };

      g_assert_false (esp_dataset_draw_parse (&draw, bad[i], &error));
      g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
    }
}

static void
test_cifar (void)
{
  g_autofree char *path = shared_data ("cifar10");
  g_autoptr (EspDataset) train = path != NULL ? open_in (path, ".", NULL) : NULL;
  g_autoptr (EspDataset) test = path != NULL ? open_in (path, "test", NULL) : NULL;

  if (path == NULL)
    return;
  g_assert_cmpuint (esp_dataset_get_n (train), ==, 5000);
  g_assert_cmpuint (esp_dataset_get_n (test), ==, 1000);
  g_assert_cmpuint (esp_dataset_get_n_classes (train), ==, 10);
  g_assert_cmpstr (esp_dataset_get_names (train)[9], ==, "truck");
  for (guint i = 0; i < 5000; i++)
    g_assert_cmpuint ((guint) esp_dataset_get (train, i)->truths[0].class_index, ==, i / 500);
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpuint ((guint) esp_dataset_get (test, i)->truths[0].class_index, ==, i / 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/class-folders/classes", test_classes);
  g_test_add_func ("/class-folders/no-classes", test_no_classes);
  g_test_add_func ("/class-folders/split-folders", test_split_folders);
  g_test_add_func ("/class-folders/draw", test_draw);
  g_test_add_func ("/class-folders/parts-refused", test_parts_refused);
  g_test_add_func ("/class-folders/cifar", test_cifar);
  return g_test_run ();
}
