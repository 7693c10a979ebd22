/* test-class-map.c: data set classes to network classes */
#include "config.h"

#include "dataset/class-map.h"

#include <string.h>

#include <glib/gstdio.h>

#include "base/error.h"

/* One image with one object of class 0, two of 1 and one of 3; @names of four classes, or NULL. */
static EspDataset *
make_dataset (const char *names)
{
  g_autofree char *folder = g_dir_make_tmp ("esp-map-XXXXXX", NULL);
  g_autofree char *list = g_build_filename (folder, "set.txt", NULL);
  g_autofree char *labels = g_build_filename (folder, "a.txt", NULL);
  g_autofree char *names_path = g_build_filename (folder, "set.names", NULL);
  g_autoptr (GError) error = NULL;
  EspDataset *dataset = NULL;

  g_assert_true (g_file_set_contents (list, "a.jpg\n", -1, NULL));
  g_assert_true (g_file_set_contents (labels, "0 .5 .5 .1 .1\n1 .5 .5 .1 .1\n1 .4 .5 .1 .1\n3 .5 .5 .1 .1\n", -1, NULL));
  if (names != NULL)
    g_assert_true (g_file_set_contents (names_path, names, -1, NULL));
  dataset = esp_dataset_open (list, NULL, NULL, &error);
  g_assert_no_error (error);
  g_remove (list);
  g_remove (labels);
  g_remove (names_path);
  g_rmdir (folder);
  return dataset;
}

static void
test_by_name (void)
{
  const char *network[] = { "Traffic Light", "dog", "cat", "Dog", NULL };
  g_autoptr (EspDataset) dataset = make_dataset ("cat\ntraffic_light\nunused\nDog\n");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspClassMap) map = esp_class_map_new (dataset, network, 4, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (map->n, ==, 4);
  g_assert_cmpint (map->to_network[0], ==, 2);
  g_assert_cmpint (map->to_network[1], ==, 0);
  g_assert_cmpint (map->to_network[2], ==, -1);
  g_assert_cmpint (map->to_network[3], ==, 3); /* exactly before folded */
  g_assert_cmpuint (map->n_missing, ==, 0);    /* "unused" has no objects */
  g_assert_null (map->warning);
}

static void
test_missing (void)
{
  const char *network[] = { "cat", NULL };
  g_autoptr (EspDataset) dataset = make_dataset ("cat\nsofa\nunused\nbed\n");
  g_autoptr (EspClassMap) map = esp_class_map_new (dataset, network, 1, NULL, NULL);

  g_assert_cmpuint (map->n_missing, ==, 2);
  g_assert_cmpint (map->to_network[1], ==, -1);
  g_assert_nonnull (strstr (map->warning, "lacks 2 of its classes, and 3 objects are left out: sofa (2), bed (1)"));
}

static void
test_by_index (void)
{
  const char *network[] = { "a", "b", NULL };
  g_autoptr (EspDataset) dataset = make_dataset (NULL);
  g_autoptr (EspDataset) named = make_dataset ("p\nq\nr\ns\n");
  g_autoptr (EspClassMap) map = esp_class_map_new (dataset, network, 2, NULL, NULL);
  g_autoptr (EspClassMap) nameless = esp_class_map_new (named, NULL, 80, NULL, NULL);

  g_assert_cmpint (map->to_network[1], ==, 1);
  g_assert_cmpint (map->to_network[3], ==, -1);
  g_assert_nonnull (strstr (map->warning, "class 3 (1)"));
  g_assert_cmpint (nameless->to_network[3], ==, 3);
}

static void
test_overrides (void)
{
  const char *network[] = { "animal", "couch", NULL };
  const char *good[] = { "cat=animal", " 1 = couch ", "bed=1", NULL };
  const char *bad[][2] = { { "cat", NULL }, { "cow=animal", NULL }, { "cat=cow", NULL }, { "cat=2", NULL }, { "4=0", NULL } };
  g_autoptr (EspDataset) dataset = make_dataset ("cat\nsofa\nunused\nbed\n");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspClassMap) map = esp_class_map_new (dataset, network, 2, good, &error);

  g_assert_no_error (error);
  g_assert_cmpint (map->to_network[0], ==, 0);
  g_assert_cmpint (map->to_network[1], ==, 1);
  g_assert_cmpint (map->to_network[3], ==, 1);
  g_assert_null (map->warning);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) why = NULL;

      g_assert_null (esp_class_map_new (dataset, network, 2, bad[i], &why));
      g_assert_error (why, ESP_ERROR, ESP_ERROR_FORMAT);
      g_assert_nonnull (strstr (why->message, bad[i][0]));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/class-map/by-name", test_by_name);
  g_test_add_func ("/class-map/missing", test_missing);
  g_test_add_func ("/class-map/by-index", test_by_index);
  g_test_add_func ("/class-map/overrides", test_overrides);
  return g_test_run ();
}
