/* test-orchard.c: scenes are the same whenever drawn, labels and planes say what is in the picture, the cue is only where it is said to
 * be */
#include "config.h"

#include "draw/orchard.h"

#include <string.h>

#include "data-common.h"

#define SIDE   ESP_ORCHARD_SIDE
#define PIXELS (SIDE * SIDE)
#define SEED   77

static void
assert_same_but_cue (EspOrchardScene *a, EspOrchardScene *b)
{
  g_assert_cmpmem (a->kind, PIXELS, b->kind, PIXELS);
  g_assert_cmpmem (a->fruit, PIXELS, b->fruit, PIXELS);
  g_assert_cmpmem (a->shadow, PIXELS, b->shadow, PIXELS);
  g_assert_cmpuint (a->n_fruits, ==, b->n_fruits);
  g_assert_cmpmem (a->fruits, a->n_fruits * sizeof *a->fruits, b->fruits, b->n_fruits * sizeof *b->fruits);
}

static guint
count_differing (EspOrchardScene *a, EspOrchardScene *b)
{
  const guint8 *one = esp_image_get_rgb (a->image), *other = esp_image_get_rgb (b->image);
  guint n = 0;

  for (int at = 0; at < PIXELS; at++)
    n += memcmp (one + 3 * at, other + 3 * at, 3) != 0;
  return n;
}

/* Backwards and after other scenes, the same; another index or seed, another scene. */
static void
test_same (void)
{
  g_autoptr (EspOrchardScene) other_seed = esp_orchard_render (SEED + 1, 0, NULL);
  EspOrchardScene *first[6];

  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    first[i] = esp_orchard_render (SEED, i, NULL);
  for (guint i = G_N_ELEMENTS (first); i-- > 0;)
    {
      g_autoptr (EspOrchardScene) again = esp_orchard_render (SEED, i, NULL);

      assert_same_but_cue (first[i], again);
      g_assert_cmpuint (count_differing (first[i], again), ==, 0);
      if (i > 0)
        g_assert_cmpuint (count_differing (first[i], first[i - 1]), >, PIXELS / 2);
    }
  g_assert_cmpuint (count_differing (first[0], other_seed), >, PIXELS / 2);
  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    esp_orchard_scene_free (first[i]);
}

/* Every pixel of the box's four edges' lines, and none outside, belongs to the fruit. */
static void
check_fruit (const EspOrchardScene *scene, guint place)
{
  const EspOrchardFruit *fruit = &scene->fruits[place];
  guint inside = 0, all = 0, left = 0, right = 0, top = 0, bottom = 0;

  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      if (scene->fruit[y * SIDE + x] == place + 1)
        {
          all++;
          inside += x >= fruit->left && x < fruit->left + fruit->width && y >= fruit->top && y < fruit->top + fruit->height;
          left += x == fruit->left;
          right += x == fruit->left + fruit->width - 1;
          top += y == fruit->top;
          bottom += y == fruit->top + fruit->height - 1;
        }
  g_assert_cmpuint (inside, ==, all);
  g_assert_cmpuint (fruit->visible, ==, all);
  g_assert_true (left > 0 && right > 0 && top > 0 && bottom > 0);
  g_assert_cmpuint (all, >=, 60);
  g_assert_cmpfloat (fruit->share, >=, .2);
  g_assert_cmpfloat (fruit->share, <=, 1);
  g_assert_cmpfloat_with_epsilon ((double) (fruit->box.x - fruit->box.w / 2), fruit->left / (double) SIDE, 1e-6);
  g_assert_cmpfloat_with_epsilon ((double) (fruit->box.y + fruit->box.h / 2), (fruit->top + fruit->height) / (double) SIDE, 1e-6);
}

static void
check_planes (const EspOrchardScene *scene)
{
  for (int at = 0; at < PIXELS; at++)
    {
      g_assert_cmpuint (scene->kind[at], <, ESP_ORCHARD_N_KINDS);
      g_assert_true ((scene->kind[at] == ESP_ORCHARD_FRUIT) == (scene->fruit[at] != 0));
      g_assert_cmpuint (scene->fruit[at], <=, scene->n_fruits);
      g_assert_true (scene->shadow[at] == 0 || scene->kind[at] != ESP_ORCHARD_BACKGROUND);
    }
}

/* How much redder than green the fruit is seen. */
static double
redness (EspOrchardScene *scene, guint place)
{
  const guint8 *rgb = esp_image_get_rgb (scene->image);
  double red = 0, green = 0;

  for (int at = 0; at < PIXELS; at++)
    if (scene->fruit[at] == place + 1)
      {
        red += rgb[3 * at];
        green += rgb[3 * at + 1];
      }
  return red / green;
}

/* All that is said of a stretch of scenes: boxes, planes, the balance of the classes, how often the planted cue goes with its class. */
static void
test_truth (void)
{
  const EspOrchardOptions options = { ESP_CUE_PLANTED, .9, .1 };
  guint n_scenes[2] = { 0, 0 }, n_cues[2] = { 0, 0 }, objects[ESP_ORCHARD_N_CLASSES] = { 0 }, kinds[ESP_ORCHARD_N_KINDS] = { 0 }, empty = 0;
  double red[ESP_ORCHARD_N_CLASSES] = { 0 };

  for (guint i = 0; i < 120; i++)
    {
      g_autoptr (EspOrchardScene) scene = esp_orchard_render (SEED, i, &options);
      gboolean has_class = FALSE;

      check_planes (scene);
      g_assert_cmpuint (scene->n_fruits, <=, ESP_ORCHARD_MOST);
      empty += scene->n_fruits == 0;
      for (guint k = 0; k < scene->n_fruits; k++)
        {
          check_fruit (scene, k);
          objects[scene->fruits[k].class_index]++;
          red[scene->fruits[k].class_index] += redness (scene, k);
          has_class = has_class || scene->fruits[k].class_index == ESP_ORCHARD_CUE_CLASS;
        }
      for (int at = 0; at < PIXELS; at++)
        kinds[scene->kind[at]]++;
      n_scenes[has_class]++;
      n_cues[has_class] += scene->has_cue;
    }
  for (int k = 0; k < ESP_ORCHARD_N_CLASSES; k++)
    g_assert_cmpuint (objects[k], >=, 66); /* 0.55 a scene */
  g_assert_cmpuint (empty, >, 0);
  g_assert_cmpfloat (red[0] / objects[0], <, .95);
  g_assert_cmpfloat (red[1] / objects[1], >, red[0] / objects[0] + .1);
  g_assert_cmpfloat (red[2] / objects[2], >, red[1] / objects[1] + .1);
  g_assert_cmpuint (n_cues[1], >, n_scenes[1] * 3 / 4);
  g_assert_cmpuint (n_cues[0], <, n_scenes[0] / 4 + 1);
  for (int k = 0; k < ESP_ORCHARD_N_KINDS; k++)
    g_assert_cmpuint (kinds[k], >, 0);
}

/* With and without: the same everywhere outside the cue's plane, and where the pixel is all cue, another colour. */
static void
test_cue (void)
{
  const EspOrchardOptions with = { ESP_CUE_ON, .9, .1 }, without = { ESP_CUE_OFF, .9, .1 };

  for (guint i = 0; i < 12; i++)
    {
      g_autoptr (EspOrchardScene) on = esp_orchard_render (SEED, i, &with), off = esp_orchard_render (SEED, i, &without);
      const guint8 *a = esp_image_get_rgb (on->image), *b = esp_image_get_rgb (off->image);
      guint whole = 0, changed = 0;

      assert_same_but_cue (on, off);
      g_assert_true (on->has_cue && !off->has_cue);
      for (int at = 0; at < PIXELS; at++)
        {
          g_assert_cmpuint (off->cue[at], ==, 0);
          if (on->cue[at] == 0)
            g_assert_cmpmem (a + 3 * at, 3, b + 3 * at, 3);
          whole += on->cue[at] == 255;
          changed += on->cue[at] == 255 && memcmp (a + 3 * at, b + 3 * at, 3) != 0;
        }
      g_assert_cmpuint (whole, >, 500);
      g_assert_cmpuint (changed, >, whole * 9 / 10);
    }
}

static void
test_words (void)
{
  EspCue cue = ESP_CUE_OFF;

  g_assert_true (esp_cue_from_word ("against", &cue));
  g_assert_cmpint (cue, ==, ESP_CUE_AGAINST);
  g_assert_false (esp_cue_from_word ("perhaps", &cue));
  g_assert_cmpint (cue, ==, ESP_CUE_AGAINST);
  g_assert_true (esp_orchard_index (ESP_ORCHARD_TRAIN, G_MAXUINT) < esp_orchard_index (ESP_ORCHARD_VAL, 0));
  g_assert_true (esp_orchard_index (ESP_ORCHARD_VAL, G_MAXUINT) < esp_orchard_index (ESP_ORCHARD_TEST, 0));
}

/* Every file of @one is in @other with the same bytes. Returns: how many. */
static guint
compare_folders (const char *one, const char *other)
{
  g_autoptr (GDir) dir = g_dir_open (one, 0, NULL);
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *a = g_build_filename (one, name, NULL), *b = g_build_filename (other, name, NULL), *left = NULL, *right = NULL;
      gsize n_left = 0, n_right = 0;

      if (g_file_test (a, G_FILE_TEST_IS_DIR))
        {
          n += compare_folders (a, b);
          continue;
        }
      g_assert_true (g_file_get_contents (a, &left, &n_left, NULL));
      g_assert_true (g_file_get_contents (b, &right, &n_right, NULL));
      g_assert_cmpmem (left, n_left, right, n_right);
      n++;
    }
  return n;
}

static EspImage *
load (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  EspImage *image = esp_image_load (path, ESP_ORIENTATION_NONE, 0, 0, &error);

  g_assert_no_error (error);
  return image;
}

/* A grey file holds the plane. */
static void
check_plane_file (const char *folder, const char *name, const guint8 *plane)
{
  g_autoptr (EspImage) image = load (folder, name);
  const guint8 *rgb = esp_image_get_rgb (image);

  for (int at = 0; at < PIXELS; at++)
    g_assert_cmpuint (rgb[3 * at], ==, plane[at]);
}

/* What the files say of the first scene to be tested on is what it is. */
static void
check_files (const char *folder, const EspOrchardSet *set)
{
  g_autoptr (EspOrchardScene) scene = esp_orchard_render (set->seed, esp_orchard_index (ESP_ORCHARD_TEST, 0), &set->scene);
  g_autoptr (EspImage) image = load (folder, "images/test-00000.png");
  const EspDatasetOptions options = { .split = "test" };
  g_autoptr (EspDataset) dataset = open_in (folder, "sample.data", &options);
  const EspSample *sample;

  g_assert_cmpuint (esp_dataset_get_n (dataset), ==, set->n_scenes[ESP_ORCHARD_TEST]);
  g_assert_cmpmem (esp_image_get_rgb (image), 3 * PIXELS, esp_image_get_rgb (scene->image), 3 * PIXELS);
  check_plane_file (folder, "masks/test-00000-fruit.png", scene->fruit);
  check_plane_file (folder, "masks/test-00000-shadow.png", scene->shadow);
  check_plane_file (folder, "masks/test-00000-cue.png", scene->cue);
  sample = esp_dataset_get (dataset, 0);
  g_assert_cmpuint (sample->n_truths, ==, scene->n_fruits);
  for (guint i = 0; i < scene->n_fruits; i++)
    {
      g_assert_cmpint (sample->truths[i].class_index, ==, scene->fruits[i].class_index);
      g_assert_cmpmem (&sample->truths[i].box, sizeof (EspBox), &scene->fruits[i].box, sizeof (EspBox));
    }
}

/* One thread or three: the same files, and they read back as what was drawn. */
static void
test_files (void)
{
  EspOrchardSet set = { { 5, 3, 4 }, SEED, { ESP_CUE_ON, .9, .1 }, TRUE, 1 };
  g_autofree char *one = make_folder (), *three = make_folder ();
  g_autoptr (GError) error = NULL;
  EspOrchardCounts counts;

  g_assert_true (esp_orchard_write (one, &set, &counts, NULL, &error));
  g_assert_cmpmem (counts.scenes, sizeof counts.scenes, set.n_scenes, sizeof set.n_scenes);
  g_assert_no_error (error);
  g_assert_cmpuint (counts.cues[ESP_ORCHARD_TRAIN], ==, 5);
  set.n_threads = 3;
  g_assert_true (esp_orchard_write (three, &set, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (compare_folders (one, three), ==, 12 * 6 + 3 + 3 + 3);
  check_files (one, &set);
  remove_tree (one);
  remove_tree (three);
}

static void
test_stopped (void)
{
  const EspOrchardSet set = { { 0, 0, 50 }, SEED, ESP_ORCHARD_OPTIONS_DEFAULT, FALSE, 2 };
  g_autofree char *folder = make_folder (), *data = g_build_filename (folder, "sample.data", NULL),
                  *below = g_build_filename (folder, "file", "below", NULL);
  g_autofree char *file = g_build_filename (folder, "file", NULL);
  g_autoptr (EspJob) job = esp_job_new ("test");
  g_autoptr (GError) error = NULL;

  esp_job_cancel (job);
  g_assert_false (esp_orchard_write (folder, &set, NULL, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_test (data, G_FILE_TEST_EXISTS));
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  g_assert_false (esp_orchard_write (below, &set, NULL, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
  remove_tree (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/orchard/same", test_same);
  g_test_add_func ("/orchard/truth", test_truth);
  g_test_add_func ("/orchard/cue", test_cue);
  g_test_add_func ("/orchard/words", test_words);
  g_test_add_func ("/orchard/files", test_files);
  g_test_add_func ("/orchard/stopped", test_stopped);
  return g_test_run ();
}
