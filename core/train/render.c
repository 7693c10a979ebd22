/* render.c: one image of training and its labels */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/augment-private.h"

#include "base/rng.h"

#define PURPOSE G_GUINT64_CONSTANT (0x6175676d656e74) /* "augment" */

/* As a pass of measure lays it on the input, bit for bit. */
static EspTile
tile_of_placement (EspPlacement placement, EspShape shape)
{
  return (EspTile){
    .right = shape.w,
    .bottom = shape.h,
    .x = (double) placement.left * shape.w,
    .y = (double) placement.top * shape.h,
    .w = (double) placement.width * shape.w,
    .h = (double) placement.height * shape.h,
  };
}

static void
finish (GArray *list, EspLabels *labels)
{
  labels->n = list->len;
  labels->labels = (EspLabel *) (gpointer) g_array_free (list, FALSE);
}

/**
 * esp_render_image:
 * @render: the settings and the pictures
 * @turn: which image, and in which epoch
 * @shape: of one image of the input
 * @input: (out caller-allocates): c · h · w numbers, 0..1
 * @labels: (out): its truths, the caller's
 * @error: a picture that cannot be read, named
 *
 * All that is drawn depends on the seed, the epoch and the image's index alone. Thread: any.
 */
gboolean
esp_render_image (const EspRender *render, EspTurn turn, EspShape shape, float *input, EspLabels *labels, GError **error)
{
  const EspSample *sample = esp_dataset_get (render->dataset, turn.index);
  g_autoptr (GRand) rng = esp_rng_new (render->seed ^ PURPOSE, turn.epoch, turn.index);
  g_autoptr (EspDecoded) decoded = esp_decoded_store_get (render->store, turn.index, error);
  GArray *list = NULL;
  EspTile tile;

  if (decoded == NULL)
    return FALSE;
  tile = tile_of_placement (esp_fit_image (render->augment.fit, decoded->image, shape.c, shape.h, shape.w, input), shape);
  list = g_array_new (FALSE, FALSE, sizeof (EspLabel));
  if (render->classifier)
    {
      const EspLabel label = { esp_labels_class (render, sample), { .5f, .5f, 1, 1 } };

      g_array_append_val (list, label);
    }
  else
    esp_labels_add (list, render, sample, &tile, shape);
  esp_labels_limit (list, render->augment.most, rng);
  finish (list, labels);
  return TRUE;
}
