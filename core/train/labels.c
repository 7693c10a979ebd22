/* labels.c: the truths of a picture as its place in the input shows them */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/augment-private.h"

typedef struct
{
  double left, top, right, bottom;
} Edges;

/* Where a box lies in the input, in pixels of it. */
static Edges
place (const EspTile *tile, EspBox box)
{
  const double left = (double) box.x - (double) box.w / 2, right = (double) box.x + (double) box.w / 2;
  const double top = (double) box.y - (double) box.h / 2, bottom = (double) box.y + (double) box.h / 2;

  return (Edges){
    .left = tile->x + tile->w * (tile->flip ? 1 - right : left),
    .right = tile->x + tile->w * (tile->flip ? 1 - left : right),
    .top = tile->y + tile->h * top,
    .bottom = tile->y + tile->h * bottom,
  };
}

/* The part of it that shows: within the tile and within the picture. */
static Edges
clip (const EspTile *tile, Edges edges)
{
  return (Edges){
    .left = MAX (edges.left, MAX (tile->left, tile->x)),
    .right = MIN (edges.right, MIN (tile->right, tile->x + tile->w)),
    .top = MAX (edges.top, MAX (tile->top, tile->y)),
    .bottom = MIN (edges.bottom, MIN (tile->bottom, tile->y + tile->h)),
  };
}

/* Whether so much of it shows that it is still a truth. */
static gboolean
shows (const EspAugment *augment, Edges whole, Edges part)
{
  const double width = part.right - part.left, height = part.bottom - part.top;
  const double area = (whole.right - whole.left) * (whole.bottom - whole.top);

  return width > 0 && height > 0 && width >= augment->least_pixels && height >= augment->least_pixels
         && width * height >= augment->least_visible * area;
}

/**
 * esp_labels_add:
 * @labels: of EspLabel, added to
 * @render: the class map, the rules
 * @sample: the picture's truths
 * @tile: where it lies
 * @shape: of the input
 *
 * Adds the truths of which enough shows (EspAugment: least_visible of the area, least_pixels of either side; AlexeyAB's rule is the second
 * with one pixel), cut to what shows. Crowds are never truths, difficult ones only where asked for, nor are classes that the map leaves
 * out. Thread: any.
 */
void
esp_labels_add (GArray *labels, const EspRender *render, const EspSample *sample, const EspTile *tile, EspShape shape)
{
  for (guint i = 0; i < sample->n_truths; i++)
    {
      const EspTruth *truth = &sample->truths[i];
      const Edges whole = place (tile, truth->box), part = clip (tile, whole);
      EspLabel label = { .class_index = render->to_network[truth->class_index] };

      if (label.class_index < 0 || truth->crowd || (truth->difficult && !render->difficult) || !shows (&render->augment, whole, part))
        continue;
      label.box = (EspBox){
        .x = (float) ((part.left + part.right) / 2 / shape.w),
        .y = (float) ((part.top + part.bottom) / 2 / shape.h),
        .w = (float) ((part.right - part.left) / shape.w),
        .h = (float) ((part.bottom - part.top) / shape.h),
      };
      g_array_append_val (labels, label);
    }
}

/** esp_labels_class: Returns: the network's class of a classifier's image, -1 where it has none or the map leaves it out. Thread: any. */
int
esp_labels_class (const EspRender *render, const EspSample *sample)
{
  return sample->n_truths == 1 ? render->to_network[sample->truths[0].class_index] : -1;
}

/** esp_labels_limit: keeps @most of them, drawn by lot where there are more; 0 keeps all. Thread: any. */
void
esp_labels_limit (GArray *labels, guint most, GRand *rng)
{
  EspLabel *all = (EspLabel *) (gpointer) labels->data;

  if (most == 0 || labels->len <= most)
    return;
  for (guint i = 0; i < most; i++)
    {
      const guint j = (guint) g_rand_int_range (rng, (gint32) i, (gint32) labels->len);
      const EspLabel label = all[i];

      all[i] = all[j];
      all[j] = label;
    }
  g_array_set_size (labels, most);
}
