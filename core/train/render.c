/* render.c: one image of training and its labels */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/augment-private.h"

#include "base/rng.h"

#define PURPOSE G_GUINT64_CONSTANT (0x6175676d656e74) /* "augment" */
#define MARGIN  .2 /* of the input's side: the corner of a mosaic is not nearer to its edges (AlexeyAB) */

/* An image in the making. */
typedef struct
{
  const EspRender *render;
  EspShape shape;
  GRand *rng;
  GArray *labels;
} Making;

static void
choose_fill (const EspAugment *augment, const EspDecoded *decoded, float fill[3])
{
  for (guint k = 0; k < 3; k++)
    fill[k] = augment->fill == ESP_FILL_MEAN ? decoded->mean[k] : augment->fill == ESP_FILL_GREY ? .5f : 0;
}

/* The grey of a letterbox stays what a pass of measure has there; an image's mean goes with the image. */
static void
colour (const EspRender *render, const EspTile *tile, const EspDraw *draw, EspShape shape, float *input)
{
  const EspTile shown = esp_place_shown (*tile);

  esp_colour_tile (render->augment.fill == ESP_FILL_GREY ? &shown : tile, draw, shape, input);
}

static void
add_labels (const Making *making, guint index, const EspTile *tile)
{
  const EspSample *sample = esp_dataset_get (making->render->dataset, index);
  const EspLabel label = { making->render->classifier ? esp_labels_class (making->render, sample) : -1, { .5f, .5f, 1, 1 } };

  if (making->render->classifier)
    g_array_append_val (making->labels, label);
  else
    esp_labels_add (making->labels, making->render, sample, tile, making->shape);
}

/* One picture on the whole input; where it lies still, as a pass of measure lays it, bit for bit. */
static gboolean
paint_alone (const Making *making, guint index, float *input, GError **error)
{
  const EspRender *render = making->render;
  g_autoptr (EspDecoded) decoded = esp_decoded_store_get (render->store, index, error);
  const EspShape shape = making->shape;
  float fill[3];
  EspDraw draw;
  EspTile tile;

  if (decoded == NULL)
    return FALSE;
  esp_draw_init (&draw, &render->augment, making->rng);
  tile = esp_place_draw (&render->augment, &draw, render->classifier, shape, esp_image_get_width (decoded->image),
                         esp_image_get_height (decoded->image));
  choose_fill (&render->augment, decoded, fill);
  if (!esp_place_still (&render->augment, render->classifier))
    esp_paint_tile (&tile, decoded, fill, shape, input);
  else
    {
      esp_fit_image (render->augment.fit, decoded->image, shape.c, shape.h, shape.w, input);
      if (draw.flip)
        esp_paint_flip (shape, input);
    }
  colour (render, &tile, &draw, shape, input);
  add_labels (making, index, &tile);
  return TRUE;
}

static gboolean
paint_quarter (const Making *making, guint index, guint quarter, EspCorner corner, float *input, GError **error)
{
  const EspRender *render = making->render;
  g_autoptr (EspDecoded) decoded = esp_decoded_store_get (render->store, index, error);
  float fill[3];
  EspDraw draw;
  EspTile tile;

  if (decoded == NULL)
    return FALSE;
  esp_draw_init (&draw, &render->augment, making->rng);
  tile = esp_place_draw (&render->augment, &draw, FALSE, making->shape, esp_image_get_width (decoded->image),
                         esp_image_get_height (decoded->image));
  tile = esp_place_quarter (tile, quarter, corner, making->shape);
  choose_fill (&render->augment, decoded, fill);
  esp_paint_tile (&tile, decoded, fill, making->shape, input);
  colour (render, &tile, &draw, making->shape, input);
  add_labels (making, index, &tile);
  return TRUE;
}

static guint
draw_partner (const Making *making)
{
  return making->render->images[g_rand_int_range (making->rng, 0, (gint32) making->render->n_images)];
}

/* The image itself in a quarter drawn by lot, and three others. */
static gboolean
paint_mosaic (const Making *making, guint index, float *input, GError **error)
{
  const EspCorner corner = {
    .left = (int) (making->shape.w * (MARGIN + (1 - 2 * MARGIN) * g_rand_double (making->rng))),
    .top = (int) (making->shape.h * (MARGIN + (1 - 2 * MARGIN) * g_rand_double (making->rng))),
  };
  const guint own = (guint) g_rand_int_range (making->rng, 0, 4);

  for (guint quarter = 0; quarter < 4; quarter++)
    if (!paint_quarter (making, quarter == own ? index : draw_partner (making), quarter, corner, input, error))
      return FALSE;
  return TRUE;
}

static gboolean
mix_in (const Making *making, float *input, GError **error)
{
  const gsize n = esp_shape_count (making->shape);
  g_autofree float *other = g_new (float, n);

  if (!paint_alone (making, draw_partner (making), other, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    input[i] = (input[i] + other[i]) / 2;
  return TRUE;
}

static gboolean
paint (const Making *making, guint index, float *input, GError **error)
{
  const EspAugment *augment = &making->render->augment;
  const double mosaic = g_rand_double (making->rng), mixup = g_rand_double (making->rng);

  if (mosaic < augment->mosaic && !making->render->classifier)
    return paint_mosaic (making, index, input, error);
  if (!paint_alone (making, index, input, error))
    return FALSE;
  return mixup >= augment->mixup || making->render->classifier || mix_in (making, input, error);
}

/**
 * esp_render_image:
 * @render: the settings and the pictures
 * @turn: which image, and in which epoch
 * @shape: of one image of the input
 * @input: (out caller-allocates): c · h · w numbers, 0..1
 * @labels: (out): its truths, the caller's; none where it fails
 * @error: a picture that cannot be read, named
 *
 * All that is drawn depends on the seed, the epoch and the image's index alone. Thread: any.
 */
gboolean
esp_render_image (const EspRender *render, EspTurn turn, EspShape shape, float *input, EspLabels *labels, GError **error)
{
  g_autoptr (GRand) rng = esp_rng_new (render->seed ^ PURPOSE, turn.epoch, turn.index);
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (EspLabel));
  const Making making = { render, shape, rng, list };

  if (!paint (&making, turn.index, input, error))
    return FALSE;
  esp_labels_limit (list, render->augment.most, rng);
  labels->n = list->len;
  labels->labels = (EspLabel *) (gpointer) g_array_free (g_steal_pointer (&list), FALSE);
  return TRUE;
}
