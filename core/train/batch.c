/* batch.c: the end of a batch */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/batch.h"

/** esp_batch_free: frees @batch with its images and labels. Thread: any. */
void
esp_batch_free (EspBatch *batch)
{
  if (batch == NULL)
    return;
  for (guint i = 0; batch->labels != NULL && i < batch->n; i++)
    g_free (batch->labels[i].labels);
  g_free (batch->labels);
  g_free (batch->indices);
  g_aligned_free (batch->input);
  g_free (batch);
}
