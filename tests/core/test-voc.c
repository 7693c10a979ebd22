/* test-voc.c: Pascal VOC XML: what is read, to the pixel, and what is refused by file and line */
#include "data-common.h"

#include <math.h>

#include "image/image.h"

#define HEAD "<annotation>\n<filename>a.jpg</filename>\n<size><width>200</width><height>100</height><depth>3</depth></size>\n"
#define BOX(name, rest, x1, y1, x2, y2)                                                                                                    \
  "<object><name>" name "</name>" rest "<bndbox><xmin>" #x1 "</xmin><ymin>" #y1 "</ymin><xmax>" #x2 "</xmax><ymax>" #y2                    \
  "</ymax></bndbox></object>\n"

/* The inclusive pixels, from 1, that the box stands for. */
static void
check_pixels (const EspSample *sample, guint k, double xmin, double ymin, double xmax, double ymax)
{
  const EspBox box = sample->truths[k].box;
  const double w = sample->width, h = sample->height;
  const double found[4] = { ((double) box.x - (double) box.w / 2) * w + 1, ((double) box.y - (double) box.h / 2) * h + 1,
                            ((double) box.x + (double) box.w / 2) * w, ((double) box.y + (double) box.h / 2) * h };
  const double wanted[4] = { xmin, ymin, xmax, ymax };

  for (guint i = 0; i < 4; i++)
    g_assert_cmpfloat (fabs (found[i] - wanted[i]), <, 1e-3);
  g_assert_cmpfloat (sample->truths[k].pixels.left, ==, xmin - 1);
  g_assert_cmpfloat (sample->truths[k].pixels.top, ==, ymin - 1);
  g_assert_cmpfloat (sample->truths[k].pixels.width, ==, xmax - xmin + 1);
  g_assert_cmpfloat (sample->truths[k].pixels.height, ==, ymax - ymin + 1);
}

static void
test_root (void)
{
  g_autofree char *folder = make_folder ();
  g_autofree char *title = g_strconcat (strrchr (folder, '/') + 1, " val", NULL);
  g_autofree char *warning = NULL;
  g_autoptr (EspDataset) val = NULL;
  g_autoptr (EspDataset) train = NULL;
  const EspSample *sample;

  put_away (folder, "Annotations/a.xml",
            "\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!DOCTYPE annotation>\n<!-- made by hand -->\n" HEAD
            /* a <part> has its own name and box, which are not the object's */
            "<segmented>0</segmented>" BOX ("person",
                                            "<truncated>1</truncated><difficult>1</difficult><part><name>head</name><bndbox><xmin>1</xmin>"
                                            "<ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>",
                                            48, 10, 195, 100) BOX ("<![CDATA[cat]]> ", "<pose>Left</pose>", 1, 1, 200, 100)
                BOX ("cat", "<difficult>0</difficult>", 7, 8, 7, 9) BOX ("dog &amp; co", "", 0, 0, 201.5, 30) "</annotation>\n");
  put_away (folder, "Annotations/b.xml", "<annotation><size/></annotation>");
  put_away (folder, "JPEGImages/a.PNG", "");
  put_away (folder, "JPEGImages/b.jpg", "");
  put_away (folder, "JPEGImages/c.jpg", "");
  put_away (folder, "ImageSets/Main/val.txt", "b\r\na  -1\r\n\r\nc");
  put_away (folder, "ImageSets/Main/train.txt", "b\n");
  put_away (folder, "ImageSets/Main/cat_val.txt", "a 1\n");
  val = open_in (folder, ".", NULL);
  g_assert_cmpstr (esp_dataset_get_title (val), ==, title);
  g_assert_cmpuint (esp_dataset_get_n (val), ==, 3);
  g_assert_cmpint (esp_dataset_get_task (val), ==, ESP_DATASET_DETECTION);
  g_assert_cmpuint (esp_dataset_get_n_classes (val), ==, 3);
  g_assert_cmpstr (esp_dataset_get_names (val)[0], ==, "cat"); /* by name, not as they are met */
  g_assert_cmpstr (esp_dataset_get_names (val)[1], ==, "dog & co");
  g_assert_cmpstr (esp_dataset_get_names (val)[2], ==, "person");
  g_assert_cmpint (esp_dataset_get_class_id (val, 2), ==, 2);
  g_assert_cmpuint (esp_dataset_get (val, 0)->n_truths, ==, 0);
  sample = esp_dataset_get (val, 1);
  g_assert_cmpstr (sample->name, ==, "a.PNG"); /* the picture of the annotation's own name before the one it names */
  g_assert_cmpint (sample->width, ==, 200);
  g_assert_cmpuint (sample->n_truths, ==, 3);
  g_assert_cmpint (sample->truths[0].class_index, ==, 2);
  g_assert_true (sample->truths[0].difficult);
  g_assert_false (sample->truths[1].difficult);
  check_pixels (sample, 0, 48, 10, 195, 100);
  check_pixels (sample, 1, 1, 1, 200, 100);
  check_pixels (sample, 2, 0, 0, 201.5, 30); /* a little outside is kept as it is */
  g_assert_cmpfloat (sample->truths[1].box.w, ==, 1);
  g_assert_cmpuint (esp_dataset_get_n_degenerate (val), ==, 1);
  g_assert_cmpuint (esp_dataset_get_n_without_labels (val), ==, 1);
  warning = esp_dataset_dup_warning (val);
  g_assert_nonnull (strstr (warning, "1 box without area"));
  train = open_in (folder, ".", &(EspDatasetOptions){ .split = "train" });
  g_assert_cmpuint (esp_dataset_get_n (train), ==, 1);
  refused_in (folder, ".", &(EspDatasetOptions){ .split = "test" }, ESP_ERROR_SPLIT, "no split “test”: ImageSets/Main has train val");
  refused_in (folder, ".", &(EspDatasetOptions){ .split = "../x" }, ESP_ERROR_SPLIT, "no split");
  put_away (folder, "ImageSets/Main/test.txt", "\nnone\n");
  refused_in (folder, ".", &(EspDatasetOptions){ .split = "test" }, ESP_ERROR_FORMAT, "test.txt:2: “none”: neither");
  put_away (folder, "ImageSets/Main/test.txt", "\n");
  refused_in (folder, ".", &(EspDatasetOptions){ .split = "test" }, ESP_ERROR_FORMAT, "test.txt: no images");
  remove_tree (folder);
}

/* The names given keep their order; what they lack follows. */
static void
test_names (void)
{
  g_autofree char *folder = make_folder ();
  g_autofree char *names = g_build_filename (folder, "my.list", NULL);
  g_autoptr (EspDataset) dataset = NULL;
  const char *const wanted[] = { "zebra", "cat", "horse", "ant", "bee" };

  put_away (folder, "my.list", "zebra\ncat\nhorse\n");
  put_away (folder, "d/a.xml", HEAD BOX ("bee", "", 1, 1, 9, 9) BOX ("cat", "", 1, 1, 9, 9) BOX ("ant", "", 1, 1, 9, 9) "</annotation>");
  dataset = open_in (folder, "d", &(EspDatasetOptions){ .names = names, .n_classes = 3 });
  g_assert_cmpuint (esp_dataset_get_n_classes (dataset), ==, 5);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpstr (esp_dataset_get_names (dataset)[i], ==, wanted[i]);
  g_assert_cmpint (esp_dataset_get (dataset, 0)->truths[0].class_index, ==, 4);
  g_assert_cmpint (esp_dataset_get (dataset, 0)->truths[1].class_index, ==, 1);
  g_assert_cmpint (esp_dataset_get (dataset, 0)->truths[2].class_index, ==, 3);
  g_assert_cmpstr (esp_dataset_get (dataset, 0)->name, ==, "a.jpg"); /* the picture need not be there */
  remove_tree (folder);
}

/* Without a size, or 0 × 0, the picture's own counts. */
static void
test_no_size (void)
{
  g_autofree char *folder = make_folder ();
  g_autoptr (EspDataset) dataset = NULL;
  const char *const sizes[] = { "", "<size><width>0</width><height>0</height></size>", "<size><width>9</width></size>" };

  put_away (folder, "d/a.ppm", "P3\n4 2\n255\n0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *text = g_strconcat ("<annotation>", sizes[i], BOX ("cat", "", 2, 1, 3, 2), "</annotation>", NULL);
      g_autoptr (EspDataset) one = NULL;

      put_away (folder, "d/a.xml", text);
      one = open_in (folder, "d", NULL);
      g_assert_cmpint (esp_dataset_get (one, 0)->width, ==, 4);
      check_pixels (esp_dataset_get (one, 0), 0, 2, 1, 3, 2);
    }
  put_away (folder, "d/a.ppm", "P9");
  refused_in (folder, "d", NULL, ESP_ERROR_FORMAT, "a.xml: no annotated size, and the picture gives none: ");
  remove_tree (folder);
}

static void
test_refused (void)
{
  g_autofree char *folder = make_folder ();
  const struct
  {
    const char *text, *part;
  } bad[] = {
    { "", "a.xml:1: not XML" },
    { "<annotation>\n<object>\n</annotation>", "a.xml:3: not XML" },
    { "<html></html>", "a.xml:1: <html>: expected <annotation>" },
    { "<annotation/>\n<annotation/>", "a.xml:2: <annotation>: expected the end" },
    { HEAD "<object><name>x</name></object></annotation>", "a.xml:4: an object without <xmin>" },
    { HEAD BOX ("x", "<name>y</name>", 1, 1, 2, 2) "</annotation>", "a.xml:4: <name> is there twice" },
    { HEAD BOX ("x", "<bndbox><xmin>1</xmin></bndbox>", 1, 1, 2, 2) "</annotation>", "<xmin> is there twice" },
    { HEAD "<size><width>3</width></size></annotation>", "a.xml:4: <width> is there twice" },
    { HEAD BOX (" ", "", 1, 1, 2, 2) "</annotation>", "<name> is empty" },
    { HEAD BOX ("x", "<difficult>yes</difficult>", 1, 1, 2, 2) "</annotation>", "<difficult>yes: expected 0 or 1" },
    { HEAD BOX ("x", "", nan, 1, 2, 2) "</annotation>", "<xmin>nan: expected a number" },
    { HEAD BOX ("x", "", 1, 1, 1e300, 2) "</annotation>", "<xmax>1e300: expected a number" },
    { HEAD BOX ("x", "", 0x1, 1, 2, 2) "</annotation>", "<xmin>0x1: expected a number" },
    { HEAD BOX ("x", "", 1, 1, 205, 2) "</annotation>", "a.xml:4: x at x 1 to 205, y 1 to 2: expected it inside the picture of 200 × 100" },
    { HEAD BOX ("x", "", 1, -2, 20, 2) "</annotation>", "expected it inside" },
    { "<annotation><size><width>-1</width></size></annotation>", "<width>-1: expected a whole number" },
    { "<annotation><size><width>1.5</width></size></annotation>", "<width>1.5: expected a whole number" },
    { "<annotation><size><width>1000001</width></size></annotation>", "<width>1000001: expected a whole number from 0 to 1000000" },
    { "<annotation>\n<a>\xff</a></annotation>", "not XML" },
  };
  g_autoptr (GString) deep = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      put_away (folder, "a.xml", bad[i].text);
      refused_in (folder, ".", NULL, ESP_ERROR_FORMAT, bad[i].part);
    }
  for (guint i = 0; i < 5000; i++)
    g_string_append (deep, "<annotation>");
  put_away (folder, "a.xml", deep->str);
  refused_in (folder, ".", NULL, ESP_ERROR_FORMAT, "nested deeper than 64");
  refused_in (folder, "a.xml", NULL, ESP_ERROR_UNSUPPORTED, "give the folder that holds it");
  remove_tree (folder);
}

static void
test_damage (void)
{
  g_autofree char *folder = make_folder ();
  g_autofree char *at = g_build_filename (folder, "Annotations", "a.xml", NULL);
  const char *text = "<?xml version=\"1.0\"?>\n" HEAD BOX ("cat", "<difficult>1</difficult>", 3, 4, 50, 60)
      BOX ("dog", "<part><name>x</name></part>", 5, 6, 70, 80) "</annotation>\n";

  put_away (folder, "Annotations/a.xml", text);
  put_away (folder, "JPEGImages/a.jpg", "");
  open_damaged (folder, at, text, 4000, 1000);
  remove_tree (folder);
}

/* bccd: three splits, two boxes without area. */
static void
test_bccd (void)
{
  g_autofree char *path = shared_data ("bccd");
  const char *const splits[] = { "train", "val", "test" };
  const guint images[] = { 205, 87, 72 };
  guint objects = 0, degenerate = 0;

  for (guint i = 0; path != NULL && i < 3; i++)
    {
      g_autoptr (EspDataset) dataset = open_in (path, ".", &(EspDatasetOptions){ .split = splits[i] });

      g_assert_cmpuint (esp_dataset_get_n (dataset), ==, images[i]);
      g_assert_cmpuint (esp_dataset_get_n_without_labels (dataset), ==, 0);
      g_assert_cmpuint (esp_dataset_get_n_classes (dataset), ==, 3);
      g_assert_cmpstr (esp_dataset_get_names (dataset)[1], ==, "RBC");
      objects += count_objects (dataset);
      degenerate += esp_dataset_get_n_degenerate (dataset);
      for (guint k = 0; k < esp_dataset_get_n (dataset); k++)
        g_assert_true (g_file_test (esp_dataset_get (dataset, k)->path, G_FILE_TEST_EXISTS));
    }
  if (path == NULL)
    return;
  g_assert_cmpuint (degenerate, ==, 2);
  g_assert_cmpuint (objects + degenerate, ==, 4888);
}

/* raccoon: annotations/ and images/ in small letters, no splits: they are drawn. */
static void
test_raccoon (void)
{
  g_autofree char *path = shared_data ("raccoon");
  const char *const splits[] = { "train", "val", "test" };
  const guint images[] = { 120, 40, 40 };
  EspDatasetDraw draw = { .seed = 1 };
  g_autoptr (GHashTable) met = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (EspDataset) whole = path != NULL ? open_in (path, ".", NULL) : NULL;

  if (path == NULL)
    return;
  g_assert_cmpuint (esp_dataset_get_n (whole), ==, 200);
  g_assert_cmpuint (count_objects (whole), ==, 217);
  g_assert_cmpuint (esp_dataset_get_n_classes (whole), ==, 1);
  for (guint k = 0; k < 200; k++)
    {
      g_assert_true (g_file_test (esp_dataset_get (whole, k)->path, G_FILE_TEST_EXISTS));
      g_assert_cmpuint (esp_dataset_get (whole, k)->n_truths, >, 0);
    }
  refused_in (path, ".", &(EspDatasetOptions){ .split = "val" }, ESP_ERROR_SPLIT, "a seed is needed");
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (EspDataset) part = open_in (path, ".", &(EspDatasetOptions){ .split = splits[i], .draw = &draw });

      g_assert_cmpuint (esp_dataset_get_n (part), ==, images[i]);
      for (guint k = 0; k < images[i]; k++)
        g_assert_true (g_hash_table_add (met, g_strdup (esp_dataset_get (part, k)->name)));
    }
  g_assert_cmpuint (g_hash_table_size (met), ==, 200);
}

/* cards: XML beside the pictures, in a folder a split. */
static void
test_cards (void)
{
  g_autofree char *path = shared_data ("cards");
  g_autoptr (EspDataset) train = path != NULL ? open_in (path, "train", NULL) : NULL;
  g_autoptr (EspDataset) test = path != NULL ? open_in (path, ".", &(EspDatasetOptions){ .split = "test" }) : NULL;

  if (path == NULL)
    return;
  g_assert_cmpuint (esp_dataset_get_n (train), ==, 296);
  g_assert_cmpuint (esp_dataset_get_n (test), ==, 67);
  g_assert_cmpuint (count_objects (train) + count_objects (test), ==, 670);
  g_assert_cmpuint (esp_dataset_get_n_classes (train), ==, 6);
  g_assert_cmpstr (esp_dataset_get_names (train)[0], ==, "ace");
  g_assert_cmpstr (esp_dataset_get_title (test), ==, "cards test");
  g_assert_cmpuint (esp_dataset_get_n_without_labels (train), ==, 0);
  for (guint k = 0; k < 296; k++)
    g_assert_true (g_file_test (esp_dataset_get (train, k)->path, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/voc/root", test_root);
  g_test_add_func ("/voc/names", test_names);
  g_test_add_func ("/voc/no-size", test_no_size);
  g_test_add_func ("/voc/refused", test_refused);
  g_test_add_func ("/voc/damage", test_damage);
  g_test_add_func ("/voc/bccd", test_bccd);
  g_test_add_func ("/voc/raccoon", test_raccoon);
  g_test_add_func ("/voc/cards", test_cards);
  return g_test_run ();
}
