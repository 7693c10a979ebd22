/* fuzz-coco.c: COCO's instances json */
#define G_LOG_DOMAIN "esp-fuzz"
#include "config.h"

#include "fuzz.h"

#include <math.h>

#include "dataset/dataset.h"

static void
check_sample (const EspDataset *dataset, const EspSample *sample)
{
  for (guint i = 0; i < sample->n_truths; i++)
    {
      const EspTruth *truth = &sample->truths[i];

      g_assert_true (truth->class_index >= 0 && (guint) truth->class_index < esp_dataset_get_n_classes (dataset));
      g_assert_true (isfinite (truth->box.x) && isfinite (truth->box.y) && isfinite (truth->box.w) && isfinite (truth->box.h));
      g_assert_true (truth->pixels.width > 0 && truth->pixels.height > 0 && truth->area >= 0);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize n)
{
  g_autofree char *path = fuzz_put ("fuzz.json", data, n);
  GError *error = NULL;
  g_autoptr (EspDataset) dataset = esp_dataset_open (path, NULL, NULL, &error);

  for (guint i = 0; dataset != NULL && i < esp_dataset_get_n (dataset); i++)
    check_sample (dataset, esp_dataset_get (dataset, i));
  fuzz_tell (dataset != NULL, error);
  return 0;
}
