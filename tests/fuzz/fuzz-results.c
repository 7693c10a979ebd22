/* fuzz-results.c: detections made elsewhere, for a COCO data set of two images and two classes */
#define G_LOG_DOMAIN "esp-fuzz"
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "measure/results-file.h"

static const char truths[] = "{\"images\": [{\"id\": 7, \"file_name\": \"a.png\", \"width\": 64, \"height\": 48}, "
                             "{\"id\": -1, \"file_name\": \"b.png\", \"width\": 20, \"height\": 30}],"
                             " \"categories\": [{\"id\": 3, \"name\": \"ash\"}, {\"id\": 1, \"name\": \"elm\"}],"
                             " \"annotations\": [{\"id\": 1, \"image_id\": 7, \"category_id\": 3, \"bbox\": [1, 2, 10, 20]},"
                             " {\"id\": 2, \"image_id\": -1, \"category_id\": 1, \"bbox\": [0, 0, 9, 9], \"iscrowd\": 1}]}";

static EspDataset *dataset;
static EspClassMap *map;

static void
open_truths (void)
{
  g_autofree char *path = fuzz_put ("truths.json", truths, strlen (truths));

  dataset = esp_dataset_open (path, NULL, NULL, NULL);
  g_assert_nonnull (dataset);
  map = esp_class_map_new (dataset, NULL, esp_dataset_get_n_classes (dataset), NULL, NULL);
  g_assert_nonnull (map);
}

static void
match (const GArray *results)
{
  const guint indices[] = { 0, 1 };
  EspOutcome **outcomes = esp_results_to_outcomes (results, dataset, map, indices, G_N_ELEMENTS (indices), ESP_ORIENTATION_AUTO, NULL);

  g_assert_nonnull (outcomes);
  for (guint i = 0; i < G_N_ELEMENTS (indices); i++)
    {
      g_assert_cmpuint (outcomes[i]->n_seen, <=, results->len);
      esp_outcome_free (outcomes[i]);
    }
  g_free (outcomes);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize n)
{
  g_autofree char *path = fuzz_put ("fuzz.json", data, n);
  g_autoptr (GArray) results = NULL;
  guint n_classes = 0, n_unknown = 0;
  GError *error = NULL;
  gboolean taken;

  if (dataset == NULL)
    open_truths ();
  results = esp_results_load (path, dataset, &error);
  taken = results != NULL && esp_results_classify (results, path, dataset, NULL, &n_classes, &n_unknown, &error);
  if (taken)
    match (results);
  fuzz_tell (taken, error);
  return 0;
}
