/* engine-moments.c: what batch normalisation found in the last batch of a training engine */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-moments.h"

#include <string.h>

#include "base/error.h"
#include "net/engine-train-private.h"

/**
 * esp_engine_read_moments:
 * @engine: for training, after a forward and before its backward
 * @layer: a convolution with batch normalisation
 * @means: (out caller-allocates): filters numbers, of the batch's images, rows and columns
 * @variances: (out caller-allocates): likewise, about those means, divided by their count
 * @error: ESP_ERROR_SHAPE where the layer has none
 *
 * The totals are the kernel's, in double. Thread: as forward.
 */
gboolean
esp_engine_read_moments (EspEngine *engine, guint layer, double *means, double *variances, GError **error)
{
  EspTrain *train = engine->train;

  g_return_val_if_fail (train != NULL && train->is_fresh, FALSE);
  for (guint i = 0; i < train->seeds; i++)
    {
      const EspTrainAct *act = train->acts->pdata[i];
      const gsize n = act->layer == layer ? (gsize) esp_engine_step (engine, layer)->layout.shape.c : 0;
      const double *moments;

      if (act->layer != layer || act->kind != ESP_TRAIN_FINISH || act->moments == ESP_NONE)
        continue;
      moments = (const double *) (gpointer) esp_train_data (train, act->moments);
      memcpy (means, moments + ESP_MOMENT_MEAN * n, n * sizeof (double));
      memcpy (variances, moments + ESP_MOMENT_VARIANCE * n, n * sizeof (double));
      return TRUE;
    }
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %u: no batch normalisation was run", layer);
  return FALSE;
}
