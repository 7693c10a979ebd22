/* test-coco.c: COCO json: what is read, and what is refused by member and index */
#include "data-common.h"

#include <math.h>

#define IMAGES                                                                                                                             \
  "\"images\": [{\"id\": 7, \"file_name\": \"a.jpg\", \"width\": 200, \"height\": 100}, {\"id\": 0, \"file_name\": \"s/b.png\", "          \
  "\"width\": 10, \"height\": 20, \"license\": 3}]"
#define CATEGORIES                                                                                                                         \
  "\"categories\": [{\"id\": 90, \"name\": \"zebra\"}, {\"id\": 0, \"name\": \"cat\", \"supercategory\": \"animal\"}, {\"id\": 44, "       \
  "\"name\": \"bottle\"}]"

static void
test_read (void)
{
  g_autofree char *folder = make_folder ();
  g_autoptr (EspDataset) dataset = NULL;
  const EspSample *sample;

  put_away (
      folder, "val.json",
      "{\"info\": {}, \"licenses\": [], " IMAGES ", \"annotations\": ["
      "{\"id\": 0, \"image_id\": 0, \"category_id\": 44, \"bbox\": [1, 2, 5.5, 4], \"area\": 17.25, \"iscrowd\": 0, \"segmentation\": "
      "[[1, 2, 3, 4, 5, 6]]},"
      "{\"id\": 9000000000000, \"image_id\": 7, \"category_id\": 90, \"bbox\": [0, 0, 200, 100], \"iscrowd\": 1, \"segmentation\": "
      "{\"counts\": [3, 4], \"size\": [100, 200]}},"
      "{\"id\": -4, \"image_id\": 0, \"category_id\": 0, \"bbox\": [0.25, 0, 3, 0]},"
      "{\"id\": 3, \"image_id\": 0, \"category_id\": 0, \"bbox\": [-0.5, 19.0, 3, 1.25]}], " CATEGORIES "}");
  dataset = open_in (folder, "val.json", NULL);
  g_assert_cmpstr (esp_dataset_get_title (dataset), ==, "val");
  g_assert_cmpuint (esp_dataset_get_n (dataset), ==, 2);
  g_assert_cmpuint (esp_dataset_get_n_classes (dataset), ==, 3);
  g_assert_cmpstr (esp_dataset_get_names (dataset)[0], ==, "cat"); /* by id, without the gaps */
  g_assert_cmpstr (esp_dataset_get_names (dataset)[2], ==, "zebra");
  g_assert_cmpint (esp_dataset_get_class_id (dataset, 0), ==, 0);
  g_assert_cmpint (esp_dataset_get_class_id (dataset, 1), ==, 44);
  g_assert_cmpint (esp_dataset_get_class_id (dataset, 2), ==, 90);
  sample = esp_dataset_get (dataset, 0);
  g_assert_cmpint (sample->id, ==, 7);
  g_assert_cmpuint (sample->n_truths, ==, 1);
  g_assert_true (sample->truths[0].difficult && sample->truths[0].crowd);
  g_assert_cmpint (sample->truths[0].class_index, ==, 2);
  g_assert_cmpfloat (sample->truths[0].area, ==, 0);
  g_assert_false (sample->truths[0].has_area);
  sample = esp_dataset_get (dataset, 1);
  g_assert_cmpint (sample->id, ==, 0);
  g_assert_cmpstr (sample->name, ==, "b.png");
  g_assert_true (g_str_has_suffix (sample->path, "/s/b.png"));
  g_assert_cmpuint (sample->n_truths, ==, 2);
  g_assert_cmpint (sample->truths[0].class_index, ==, 1);
  g_assert_cmpfloat (sample->truths[0].area, ==, 17.25f);
  g_assert_true (sample->truths[0].has_area);
  g_assert_false (sample->truths[0].difficult || sample->truths[0].crowd);
  g_assert_true (sample->truths[0].pixels.left == 1 && sample->truths[0].pixels.width == 5.5);
  g_assert_cmpfloat (sample->truths[0].box.x, ==, 0.375f);
  g_assert_cmpfloat (sample->truths[0].box.w, ==, 0.55f);
  g_assert_cmpfloat (sample->truths[0].box.y, ==, 0.2f);
  g_assert_cmpfloat (fabsf ((sample->truths[1].box.x - sample->truths[1].box.w / 2) * 10 + 0.5f), <, 1e-6f);
  g_assert_cmpuint (esp_dataset_get_n_degenerate (dataset), ==, 1);
  g_assert_cmpuint (esp_dataset_get_n_without_labels (dataset), ==, 0);
  refused_in (folder, "val.json", &(EspDatasetOptions){ .split = "val" }, ESP_ERROR_SPLIT, "no split “val”");
  remove_tree (folder);
}

/* The pictures are where people keep them, or where they are said to be. */
static void
test_folders (void)
{
  const char *const places[] = { "annotations", "annotations/images", "val2017", "images", "images/val2017" };
  const char *text = "{" IMAGES ", " CATEGORIES "}";

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *folder = make_folder ();
      g_autofree char *name = g_strconcat (places[i], "/a.jpg", NULL), *wanted = g_build_filename (folder, name, NULL);
      g_autofree char *other = g_build_filename (folder, "other", NULL), *said = g_build_filename (other, "a.jpg", NULL);
      g_autoptr (EspDataset) dataset = NULL;
      g_autoptr (EspDataset) asked = NULL;

      put_away (folder, "annotations/instances_val2017.json", text);
      put_away (folder, name, "");
      dataset = open_in (folder, "annotations/instances_val2017.json", NULL);
      g_assert_cmpstr (esp_dataset_get (dataset, 0)->path, ==, wanted);
      g_assert_false (esp_dataset_is_labelled (dataset)); /* no annotations at all */
      g_assert_null (esp_dataset_get (dataset, 0)->truths);
      asked = open_in (folder, "annotations/instances_val2017.json", &(EspDatasetOptions){ .images = other });
      g_assert_cmpstr (esp_dataset_get (asked, 0)->path, ==, said);
      remove_tree (folder);
    }
}

static void
test_refused (void)
{
  g_autofree char *folder = make_folder ();
  const struct
  {
    const char *text, *part;
  } whole[] = {
    { "[]", "expected a JSON object" },
    { "{}", "no member \"images\"" },
    { "{\"images\": []}", "no member \"categories\"" },
    { "{\"images\": {}, \"categories\": []}", "images: found an object, expected an array" },
    { "{\"images\": [], \"categories\": []}", "images is empty" },
    { "{\"images\": [3], \"categories\": []}", "images: element 0: found a number, expected an object" },
    { "{\"images\": [{\"id\": \"1\"}], \"categories\": []}", "images[0]: id: expected a whole number" },
    { "{\"images\": [{\"id\": 1.5}], \"categories\": []}", "images[0]: id: expected a whole number" },
    { "{\"images\": [{\"file_name\": \"a.jpg\"}], \"categories\": []}", "images[0]: no member \"id\"" },
    { "{\"images\": [{\"id\": 1, \"file_name\": \"a.mov\"}], \"categories\": []}", "images[0]: file_name: “a.mov”" },
    { "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}, {\"id\": 1, \"file_name\": \"b.jpg\"}], \"categories\": []}",
      "images[1]: id: 1 is there twice" },
    { "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\", \"width\": -1}], \"categories\": []}", "images[0]: width: found -1" },
    { "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\", \"width\": 1.5}], \"categories\": []}", "images[0]: size 1.5" },
    { "{\"images\": [], \"categories\": [{\"id\": 1, \"name\": \"a\"}, {\"id\": 1, \"name\": \"b\"}]}",
      "categories[1]: id: 1 is there twice" },
    { "{\"images\": [], \"categories\": [{\"id\": 1, \"name\": 4}]}", "categories[0]: name: found a number, expected a string" },
    { "{" IMAGES ", " CATEGORIES ", \"annotations\": null}", "annotations: found null, expected an array" },
  };
  const struct
  {
    const char *text, *part;
  } annotations[] = {
    { "[]", "annotations: element 0: found an array" },
    { "{\"image_id\": 7, \"category_id\": 0, \"bbox\": [0, 0, 1, 1]}", "annotations[0]: no member \"id\"" },
    { "{\"id\": 1, \"image_id\": 8, \"category_id\": 0, \"bbox\": [0, 0, 1, 1]}",
      "annotations[0]: image_id: 8 is not the id of any of the images" },
    { "{\"id\": 1, \"image_id\": 7, \"category_id\": 1, \"bbox\": [0, 0, 1, 1]}",
      "annotations[0]: category_id: 1 is not the id of any of the categories" },
    { "{\"id\": 1, \"image_id\": 7, \"category_id\": 0, \"bbox\": [0, 0, 1, 1], \"iscrowd\": 2}", "annotations[0]: iscrowd: found 2" },
    { "{\"id\": 1, \"image_id\": 7, \"category_id\": 0, \"bbox\": [0, 0, 1, 1], \"area\": -1}", "annotations[0]: area: found -1" },
    { "{\"id\": 1, \"image_id\": 7, \"category_id\": 0}", "annotations[0]: no member \"bbox\"" },
    { "{\"id\": 1, \"image_id\": 7, \"category_id\": 0, \"bbox\": []}", "annotations[0]: bbox: 0 numbers: expected four" },
    { "{\"id\": 1, \"image_id\": 7, \"category_id\": 0, \"bbox\": [0, 0, 1, \"1\"]}", "annotations[0]: bbox: element 3: found a string" },
    { "{\"id\": 1, \"image_id\": 7, \"category_id\": 0, \"bbox\": [0, 0, 1, 1e999]}", "annotations[0]: bbox: element 3" },
    { "{\"id\": 1, \"image_id\": 7, \"category_id\": 0, \"bbox\": [0, 0, 1e308, 1e308]}", "annotations[0]: bbox: 0, 0, 1e+308" },
    { "{\"id\": 1, \"image_id\": 7, \"category_id\": 0, \"bbox\": [100, 0, 104, 10]}",
      "annotations[0]: bbox: 100, 0, 104 × 10: expected it inside the picture of 200 × 100 pixels" },
    { "{\"id\": 1, \"image_id\": 7, \"category_id\": 0, \"bbox\": [0, 0, 1, 1]}, {\"id\": 1, \"image_id\": 7, \"category_id\": 0, "
      "\"bbox\": "
      "[0, 0, 1, 1]}",
      "annotations[1]: id: 1 is there twice" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (whole); i++)
    {
      put_away (folder, "set.json", whole[i].text);
      refused_in (folder, "set.json", NULL, ESP_ERROR_FORMAT, whole[i].part);
    }
  for (guint i = 0; i < G_N_ELEMENTS (annotations); i++)
    {
      g_autofree char *text = g_strconcat ("{" IMAGES ", " CATEGORIES ", \"annotations\": [", annotations[i].text, "]}", NULL);

      put_away (folder, "set.json", text);
      refused_in (folder, "set.json", NULL, ESP_ERROR_FORMAT, annotations[i].part);
    }
  put_away (
      folder, "set.json",
      "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}], \"categories\": [{\"id\": 1, \"name\": \"a\"}], \"annotations\": [{\"id\": 1, "
      "\"image_id\": 1, \"category_id\": 1, \"bbox\": [0, 0, 1, 1]}]}");
  refused_in (folder, "set.json", NULL, ESP_ERROR_IO, "annotations[0]: no annotated size, and the picture gives none: ");
  remove_tree (folder);
}

static void
test_damage (void)
{
  g_autofree char *folder = make_folder ();
  g_autofree char *at = g_build_filename (folder, "set.json", NULL);
  const char *text = "{" IMAGES ", " CATEGORIES ", \"annotations\": ["
                     "{\"id\": 1, \"image_id\": 7, \"category_id\": 0, \"bbox\": [3, 4, 10, 11], \"area\": 110, \"iscrowd\": 1},"
                     "{\"id\": 2, \"image_id\": 0, \"category_id\": 90, \"bbox\": [0.5, 4e0, 1, 11], \"segmentation\": [[1, 2, 3]]}]}";

  open_damaged (at, at, text, 4000, 1000);
  remove_tree (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/coco/read", test_read);
  g_test_add_func ("/coco/folders", test_folders);
  g_test_add_func ("/coco/refused", test_refused);
  g_test_add_func ("/coco/damage", test_damage);
  return g_test_run ();
}
