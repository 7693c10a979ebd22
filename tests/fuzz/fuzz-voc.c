/* fuzz-voc.c: the XML of Pascal VOC, beside a picture that says its size */
#define G_LOG_DOMAIN "esp-fuzz"
#include "config.h"

#include "fuzz.h"

#include <math.h>

#include "dataset/dataset.h"

static const char picture[] = "P5 40 30 255\n"; /* followed by its samples */

static char *
put_picture (void)
{
  g_autofree char *bytes = g_malloc0 (sizeof picture - 1 + 40 * 30);

  memcpy (bytes, picture, sizeof picture - 1);
  return fuzz_put ("fuzz.pgm", bytes, sizeof picture - 1 + 40 * 30);
}

static void
check (const EspDataset *dataset)
{
  for (guint i = 0; i < esp_dataset_get_n (dataset); i++)
    {
      const EspSample *sample = esp_dataset_get (dataset, i);

      for (guint k = 0; k < sample->n_truths; k++)
        {
          const EspTruth *truth = &sample->truths[k];

          g_assert_true (truth->class_index >= 0 && (guint) truth->class_index < esp_dataset_get_n_classes (dataset));
          g_assert_true (isfinite (truth->box.x) && isfinite (truth->box.y) && truth->box.w > 0 && truth->box.h > 0);
          g_assert_true (truth->pixels.width > 0 && truth->pixels.height > 0);
        }
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize n)
{
  static char *picture_path; /* kept: no input changes it */
  g_autofree char *xml = fuzz_put ("fuzz.xml", data, n);
  g_autofree char *folder = g_path_get_dirname (xml);
  g_autoptr (EspDataset) dataset = NULL;
  GError *error = NULL;

  if (picture_path == NULL)
    picture_path = put_picture ();
  dataset = esp_dataset_open (folder, NULL, NULL, &error);
  if (dataset != NULL)
    check (dataset);
  fuzz_tell (dataset != NULL, error);
  return 0;
}
