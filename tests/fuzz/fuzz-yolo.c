/* fuzz-yolo.c: YOLO label files, of a network with classes and of one that does not say */
#define G_LOG_DOMAIN "esp-fuzz"
#include "config.h"

#include "fuzz.h"

#include <math.h>

#include "dataset/dataset.h"

static void
check (const EspDataset *dataset)
{
  const EspSample *sample = esp_dataset_get (dataset, 0);

  g_assert_cmpuint (esp_dataset_get_n (dataset), ==, 1);
  for (guint i = 0; i < sample->n_truths; i++)
    {
      const EspTruth *truth = &sample->truths[i];

      g_assert_true (truth->class_index >= 0 && (guint) truth->class_index < esp_dataset_get_n_classes (dataset));
      g_assert_true (truth->box.w > 0 && truth->box.w <= 1 && truth->box.h > 0 && truth->box.h <= 1);
      g_assert_true (truth->box.x >= 0 && truth->box.x <= 1 && truth->box.y >= 0 && truth->box.y <= 1);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize n)
{
  g_autofree char *image = fuzz_put ("fuzz.ppm", "", 0); /* which is not opened */
  G_GNUC_UNUSED g_autofree char *labels = fuzz_put ("fuzz.txt", data, n);

  for (int n_classes = 0; n_classes <= 3; n_classes += 3)
    {
      const EspDatasetOptions options = { .n_classes = n_classes };
      GError *error = NULL;
      g_autoptr (EspDataset) dataset = esp_dataset_open (image, &options, NULL, &error);

      if (dataset != NULL)
        check (dataset);
      fuzz_tell (dataset != NULL, error);
    }
  return 0;
}
