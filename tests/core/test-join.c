/* test-join.c: data sets made into one: classes by name, splits given and drawn, names, the whole of it or nothing */
#include "data-common.h"

#include "dataset/join.h"
#include "image/upright.h"

static gboolean
join (const char *folder, const char *const *inputs, const char *to, const EspJoinOptions *options, EspJoinReport **report, GError **error)
{
  g_autofree char *output = g_build_filename (folder, to, NULL);
  const guint n = g_strv_length ((char **) inputs);
  g_autofree EspJoinInput *parsed = g_new0 (EspJoinInput, n);
  gboolean done;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = g_build_filename (folder, inputs[i], NULL);

      g_assert_true (esp_join_input_parse (&parsed[i], path, NULL));
    }
  done = esp_join_write (output, parsed, n, options, report, NULL, error);
  for (guint i = 0; i < n; i++)
    esp_join_input_clear (&parsed[i]);
  return done;
}

static EspJoinReport *
join_good (const char *folder, const char *const *inputs, const char *to, const EspJoinOptions *options)
{
  g_autoptr (GError) error = NULL;
  EspJoinReport *report = NULL;

  join (folder, inputs, to, options, &report, &error);
  g_assert_no_error (error);
  return report;
}

/* Refused with @part in the message, and nothing is left of it. */
static void
join_refused (const char *folder, const char *const *inputs, const EspJoinOptions *options, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = NULL;
  EspJoinReport *report = NULL;

  g_assert_false (join (folder, inputs, "refused", options, &report, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  if (strstr (error->message, part) == NULL)
    g_error ("“%s” lacks “%s”", error->message, part);
  dir = g_dir_open (folder, 0, NULL);
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    g_assert_false (g_str_has_prefix (name, "refused"));
}

static void
check_text (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL), *found = NULL;

  g_assert_true (g_file_get_contents (path, &found, NULL, NULL));
  g_assert_cmpstr (found, ==, text);
}

/* Two sets: YOLO with train and val that knows cat and dog, VOC without splits that knows Dog and fox; a.jpg is in both. */
static char *
put_two (void)
{
  char *folder = make_folder ();

  put_away (folder, "one/set.data", "classes=2\ntrain=train.txt\nvalid=val.txt\nnames=n.names\n");
  put_away (folder, "one/n.names", "cat\ndog\n");
  put_away (folder, "one/train.txt", "images/a.jpg\nimages/b.jpg\n");
  put_away (folder, "one/val.txt", "images/c.jpg\n");
  put_away (folder, "one/images/a.jpg", "A");
  put_away (folder, "one/images/b.jpg", "B");
  put_away (folder, "one/images/c.jpg", "C");
  put_away (folder, "one/labels/a.txt", "1 0.5 0.25 0.125 0.1\n");
  put_away (folder, "one/labels/b.txt", "0 .5 .5 1 1\n");
  put_away (folder, "one/labels/c.txt", "");
  put_away (folder, "two/A.JPG", "other A");
  put_away (
      folder, "two/A.xml",
      "<annotation><size><width>100</width><height>50</height></size>"
      "<object><name>fox</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>50</xmax><ymax>50</ymax></bndbox></object>"
      "<object><name>Dog</name><bndbox><xmin>51</xmin><ymin>1</ymin><xmax>100</xmax><ymax>25</ymax></bndbox></object>"
      "<object><name>fox</name><difficult>1</difficult><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>"
      "</annotation>");
  return folder;
}

static void
test_classes (void)
{
  g_autofree char *folder = put_two ();
  const char *const inputs[] = { "one/set.data", "two@test", NULL };
  g_autoptr (EspJoinReport) report = join_good (folder, inputs, "out", &(EspJoinOptions){ 0 });
  g_autoptr (EspDataset) test = NULL, val = NULL;

  check_text (folder, "out/set.names", "cat\ndog\nfox\n");
  check_text (folder, "out/set.data", "classes = 3\ntrain = train.txt\nvalid = val.txt\ntest = test.txt\nnames = set.names\n");
  check_text (folder, "out/val.txt", "images/c.jpg\n");
  check_text (folder, "out/labels/b.txt", "0 0.5 0.5 1 1\n");
  g_assert_cmpuint (report->n_renamed, ==, 2); /* a.jpg and A.JPG would have the same labels */
  g_assert_cmpuint (report->n_difficult, ==, 1);
  g_assert_cmpuint (report->n_images[0], ==, 2);
  g_assert_cmpuint (report->n_objects[2][1], ==, 1);
  g_assert_cmpuint (report->n_objects[2][2], ==, 1);
  test = open_in (folder, "out/set.data", &(EspDatasetOptions){ .split = "test" });
  g_assert_cmpuint (esp_dataset_get_n (test), ==, 1);
  g_assert_cmpuint (esp_dataset_get (test, 0)->n_truths, ==, 2);
  g_assert_cmpint (esp_dataset_get (test, 0)->truths[0].class_index, ==, 2);
  g_assert_cmpfloat (esp_dataset_get (test, 0)->truths[0].box.w, ==, 0.5f);
  g_assert_cmpfloat (esp_dataset_get (test, 0)->truths[1].box.y, ==, 0.25f);
  val = open_in (folder, "out/set.data", &(EspDatasetOptions){ .split = "val" });
  g_assert_cmpuint (esp_dataset_get_n_without_labels (val), ==, 0);
  remove_tree (folder);
}

static void
test_keeping (void)
{
  g_autofree char *folder = put_two ();
  const char *const inputs[] = { "one/set.data", "two@train", NULL }, *const classes[] = { "animal", "dog", NULL };
  const char *const maps[] = { "fox=animal", NULL };
  const EspJoinOptions options = { .classes = classes, .maps = maps, .drop_empty = TRUE };
  g_autoptr (EspJoinReport) report = join_good (folder, inputs, "out", &options);

  check_text (folder, "out/set.names", "animal\ndog\n");
  g_assert_cmpuint (report->n_empty, ==, 2); /* the cat, and the picture of nothing */
  g_assert_cmpuint (report->n_other, ==, 1);
  g_assert_cmpuint (report->n_images[0], ==, 2);
  g_assert_cmpuint (report->n_objects[0][0], ==, 1);
  g_assert_cmpuint (report->n_objects[0][1], ==, 2);
  remove_tree (folder);
}

/* A set joined again is the same to the byte, but for origin.tsv, which says where from. */
static void
test_stable (void)
{
  g_autofree char *folder = put_two ();
  const char *const inputs[] = { "one/set.data", "two@test", NULL }, *const again[] = { "x/set.data", NULL };
  const EspJoinOptions options = { 0 };
  const char *const files[] = { "train.txt", "val.txt", "test.txt", "set.data", "set.names", "labels/b.txt" };
  g_autoptr (EspJoinReport) first = join_good (folder, inputs, "x", &options), second = join_good (folder, again, "y", &options);

  g_assert_cmpuint (second->n_renamed, ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *x = g_build_filename (folder, "x", files[i], NULL), *text = NULL, *y = g_build_filename ("y", files[i], NULL);

      g_assert_true (g_file_get_contents (x, &text, NULL, NULL));
      check_text (folder, y, text);
    }
  remove_tree (folder);
}

static char *
put_many (guint n, const char *(*name) (guint i))
{
  char *folder = make_folder ();
  g_autoptr (GString) list = g_string_new (NULL);

  put_away (folder, "s/n.names", "thing\n");
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *image = g_strdup_printf ("s/images/%s.jpg", name (i)), *label = g_strdup_printf ("s/labels/%s.txt", name (i));

      put_away (folder, image, name (i));
      put_away (folder, label, "0 .5 .5 .5 .5\n");
      g_string_append_printf (list, "%s\n", image + 2);
    }
  put_away (folder, "s/all.txt", list->str);
  return folder;
}

static const char *
plain_name (guint i)
{
  static char name[16];

  g_snprintf (name, sizeof name, "p%03u", i);
  return name;
}

static void
test_random (void)
{
  g_autofree char *folder = put_many (50, plain_name);
  const char *const inputs[] = { "s/all.txt", NULL };
  EspJoinOptions options = { .seed = 4 };
  g_autoptr (EspJoinReport) first = NULL, second = NULL, third = NULL;
  g_autofree char *path = g_build_filename (folder, "a", "val.txt", NULL), *text = NULL,
                  *other_path = g_build_filename (folder, "c", "val.txt", NULL), *other = NULL;

  g_assert_true (esp_resplit_parse (&options.resplit, "random:30,10,10", NULL));
  first = join_good (folder, inputs, "a", &options);
  second = join_good (folder, inputs, "b", &options);
  g_assert_cmpuint (first->n_images[0], ==, 30);
  g_assert_cmpuint (first->n_images[1], ==, 10);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  check_text (folder, "b/val.txt", text);
  options.seed = 5;
  third = join_good (folder, inputs, "c", &options);
  g_assert_true (g_file_get_contents (other_path, &other, NULL, NULL));
  g_assert_cmpstr (text, !=, other);
  options.val = 60;
  join_refused (folder, inputs, &options, "30 of 30 images");
  remove_tree (folder);
}

/* Sessions of 12, 6, 3 and 3 pictures ten seconds from each other, two minutes between; every fifth has no date. */
static const char *
dated_name (guint i)
{
  static char name[40];
  const guint session = i < 15 ? 0 : i < 23 ? 1 : i < 27 ? 2 : 3, seconds = i * 10 + session * 120;

  if (i % 5 == 4)
    g_snprintf (name, sizeof name, "golek%u", i);
  else
    g_snprintf (name, sizeof name, "%08x-IMG_20210703_14%02u%02u", i * 2654435761u, seconds / 60, seconds % 60);
  return name;
}

static void
test_time (void)
{
  g_autofree char *folder = put_many (31, dated_name);
  const char *const inputs[] = { "s/all.txt", NULL };
  EspJoinOptions options = { .seed = 4 };
  g_autoptr (EspJoinReport) report = NULL;
  gint64 times[3][31];
  guint n[3] = { 0 };

  g_assert_true (esp_resplit_parse (&options.resplit, "time:60,2,1,1", NULL));
  report = join_good (folder, inputs, "a", &options);
  g_assert_cmpuint (report->n_undated, ==, 6);
  g_assert_cmpuint (report->n_blocks, ==, 4);
  for (guint part = 0; part < 3; part++)
    {
      g_autoptr (EspDataset) set = open_in (folder, "a/set.data", &(EspDatasetOptions){ .split = esp_part_names[part] });

      for (guint i = 0; i < esp_dataset_get_n (set); i++)
        if (esp_capture_time (esp_dataset_get (set, i)->name, &times[part][n[part]]))
          n[part]++;
        else
          g_assert_cmpuint (part, ==, 0);
    }
  g_assert_cmpuint (n[0] + n[1] + n[2], ==, 25);
  for (guint p = 0; p < 3; p++)
    for (guint q = p + 1; q < 3; q++)
      for (guint i = 0; i < n[p]; i++)
        for (guint k = 0; k < n[q]; k++)
          g_assert_cmpint (ABS (times[p][i] - times[q][k]), >=, 60);
  options.resplit.gap = 1000;
  join_refused (folder, inputs, &options, "into 1 blocks (6 images have no date");
  remove_tree (folder);
}

static void
test_capture_time (void)
{
  const char *const same[]
      = { "00b4632a-IMG_20210703_143150.jpg", "2021-07-03 14.31.50.jpg", "WhatsApp Image 2021-07-03 at 14.31.50 (2).jpeg",
          "VID-20210703143150x_20210703_143150_Burst02.jpg", "2021-07-03T14:31:50" };
  const char *const none[]
      = { "12345678-golek_123456.jpg", "20211303_143150.jpg", "20210703_253150.jpg", "reject_17.jpg", "120210703_143150.jpg", "" };
  gint64 seconds = 0;

  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    {
      g_test_message ("%s", same[i]);
      g_assert_true (esp_capture_time (same[i], &seconds));
      g_assert_cmpint (seconds, ==, 1625322710);
    }
  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    g_assert_false (esp_capture_time (none[i], &seconds));
}

static void
test_refused (void)
{
  g_autofree char *folder = put_two (), *filled = g_build_filename (folder, "one", NULL);
  const EspJoinOptions plain = { 0 };
  const char *const one[] = { "one/set.data", NULL }, *const whole[] = { "two", NULL }, *const absent[] = { "one/set.data@test", NULL };
  const char *const crossed[] = { "one/set.data", "one/train.txt@val", NULL }, *const wrong[] = { "cat=", NULL },
                    *const unknown[] = { "cow=dog", NULL };
  const char *const cow[] = { "cow", NULL }, *const gone[] = { "one/gone.txt@val", NULL };
  EspJoinInput input = { 0 };
  EspResplit resplit = { 0 };
  EspJoinReport *report = NULL;
  g_autoptr (GError) error = NULL;

  join_refused (folder, whole, &plain, "it has no splits: ");
  join_refused (folder, absent, &plain, "no split “test”: it has train val");
  join_refused (folder, crossed, &plain, "a.jpg: it is in train and in val");
  join_refused (folder, gone, &plain, "gone.txt: no such file");
  join_refused (folder, one, &(EspJoinOptions){ .maps = wrong }, "expected A=B");
  join_refused (folder, one, &(EspJoinOptions){ .maps = unknown }, "no data set has a class “cow”");
  join_refused (folder, one, &(EspJoinOptions){ .classes = cow }, "no data set has a class “cow”");
  g_assert_false (join (folder, one, "one", &plain, &report, &error));
  g_assert_nonnull (strstr (error->message, "it is there already"));
  g_assert_false (esp_join_input_parse (&input, "x.data@trainval", NULL));
  g_assert_true (esp_join_input_parse (&input, "x.data@trainval=train", NULL));
  g_assert_cmpstr (input.path, ==, "x.data");
  g_assert_cmpstr (input.split, ==, "trainval");
  g_assert_cmpint (input.part, ==, 0);
  esp_join_input_clear (&input);
  g_assert_false (esp_resplit_parse (&resplit, "random:1,2", NULL));
  g_assert_false (esp_resplit_parse (&resplit, "time:60,0,0,0", NULL));
  g_assert_false (esp_resplit_parse (&resplit, "blocks:60,1,1,1", NULL));
  g_remove (filled);
  remove_tree (folder);
}

/* A picture that cannot be read half way: nothing is left. */
static void
test_whole (void)
{
  g_autofree char *folder = put_two (), *gone = g_build_filename (folder, "one", "images", "c.jpg", NULL);
  const char *const inputs[] = { "one/set.data", NULL };

  g_assert_cmpint (g_remove (gone), ==, 0);
  join_refused (folder, inputs, &(EspJoinOptions){ 0 }, "c.jpg: no such file");
  remove_tree (folder);
}

/* A JPEG's first segments: EXIF with orientation 6, then a frame of 4 × 2. */
static void
test_unturned (void)
{
  const guint8 data[] = { 0xff, 0xd8, 0xff, 0xe1, 0, 30, 'E', 'x',  'i',  'f', 0, 0, 'I', 'I', 42,   0,    8, 0,    0,   0,
                          1,    0,    0x12, 1,    3, 0,  1,   0,    0,    0,   6, 0, 0,   0,   0xff, 0xc0, 0, 11,   8,   0,
                          2,    0,    4,    1,    1, 17, 0,   0xff, 0xda, 0,   8, 1, 1,   0,   0,    63,   0, 0xff, 0xd9 };
  g_autoptr (GBytes) bytes = g_bytes_new (data, sizeof data), stored = esp_image_unturned (bytes, 4, 2);
  g_autoptr (GBytes) turned = esp_image_unturned (bytes, 2, 4), unknown = esp_image_unturned (bytes, 0, 0);
  guint8 expected[sizeof data];

  memcpy (expected, data, sizeof data);
  expected[30] = 1;
  g_assert_cmpmem (g_bytes_get_data (stored, NULL), g_bytes_get_size (stored), expected, sizeof expected);
  g_assert_true (turned == bytes);
  g_assert_true (unknown == bytes);
  for (gsize n = 0; n < sizeof data; n++) /* cut short anywhere: never read beyond the end */
    {
      guint8 *part = g_memdup2 (data, n);
      g_autoptr (GBytes) cut = g_bytes_new_take (part, n), same = esp_image_unturned (cut, 4, 2);

      g_assert_cmpuint (g_bytes_get_size (same), ==, n);
    }
}

/* The mango set as given leaks: pictures of one second on both sides; by blocks none within 60 s is. */
static void
test_mango (void)
{
  g_autofree char *root = shared_data ("mango"), *folder = NULL;
  EspJoinInput inputs[3] = { 0 };
  EspJoinOptions options = { .seed = 1 };
  g_autoptr (EspJoinReport) report = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;

  if (root == NULL)
    return;
  folder = make_folder ();
  output = g_build_filename (folder, "mango", NULL);
  for (guint i = 0; i < 3; i++)
    inputs[i] = (EspJoinInput){ .path = g_strdup_printf ("%s/%s.txt", root, esp_part_names[i]), .part = -1 };
  g_assert_true (esp_resplit_parse (&options.resplit, "time:60,0.7,0.15,0.15", NULL));
  esp_join_write (output, inputs, 3, &options, &report, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (report->n_blocks, ==, 16);
  g_assert_cmpuint (report->n_undated, ==, 48);
  g_assert_cmpuint (report->n_images[0], ==, 342);
  g_assert_cmpuint (report->n_images[1], ==, 63);
  g_assert_cmpuint (report->n_objects[0][0] + report->n_objects[1][0] + report->n_objects[2][0], ==, 745);
  for (guint i = 0; i < 3; i++)
    esp_join_input_clear (&inputs[i]);
  remove_tree (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/join/classes", test_classes);
  g_test_add_func ("/join/keeping", test_keeping);
  g_test_add_func ("/join/stable", test_stable);
  g_test_add_func ("/join/random", test_random);
  g_test_add_func ("/join/time", test_time);
  g_test_add_func ("/join/capture-time", test_capture_time);
  g_test_add_func ("/join/refused", test_refused);
  g_test_add_func ("/join/whole", test_whole);
  g_test_add_func ("/join/unturned", test_unturned);
  g_test_add_func ("/join/mango", test_mango);
  return g_test_run ();
}
