/* likeness.c: how like a target's box the proposals of another forward are */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/likeness.h"

#include <math.h>

#include "base/error.h"

/** esp_likeness_clear: frees its vector. Thread: any. */
void
esp_likeness_clear (EspLikeness *likeness)
{
  g_clear_pointer (&likeness->probabilities, g_free);
}

/* The box and the class probabilities where a detection came from. */
static gboolean
take_detection (EspLikeness *likeness, const EspHeads *heads, const EspDetection *detection)
{
  const EspLayer *layer;
  const float *values;

  for (guint i = 0; (values = esp_heads_get (heads, i, 0, &layer)) != NULL; i++)
    if (layer->index == detection->head)
      {
        const gsize plane = (gsize) layer->out.h * (gsize) layer->out.w, width = (gsize) layer->out.w;

        values += (gsize) detection->anchor * (gsize) (5 + layer->head.classes) * plane + (gsize) detection->row * width
                  + (gsize) detection->column;
        likeness->box = esp_decode_box (layer, values, likeness->input, detection->anchor, detection->row, detection->column);
        for (int k = 0; k < likeness->classes; k++)
          likeness->probabilities[k] = values[(gsize) (5 + k) * plane];
        return TRUE;
      }
  return FALSE;
}

/**
 * esp_likeness_init:
 * @likeness: (out): to be cleared
 * @heads: read after the forward of the image as it is, item 0
 * @target: of one box; one that was found is taken as its cell and anchor say it, of one that was drawn the class has probability 1
 * @placement: where the image lies on the network's input
 * @error: ESP_ERROR_UNSUPPORTED where the target is not one box of one class
 *
 * Returns: whether there is something to compare with. Thread: any.
 */
gboolean
esp_likeness_init (EspLikeness *likeness, const EspHeads *heads, const EspTarget *target, EspPlacement placement, GError **error)
{
  const EspDetection *detection = esp_target_get_detection (target);
  const EspNetwork *network = esp_heads_get_network (heads);
  const int class_index = esp_target_get_class (target);
  EspBox box;

  *likeness = (EspLikeness){ .input = esp_network_get_input (network), .classes = esp_network_get_classes (network) };
  likeness->probabilities = g_new0 (float, MAX (likeness->classes, 1));
  if (detection == NULL || !take_detection (likeness, heads, detection))
    {
      if (!esp_target_get_box (target, &box) || class_index < 0 || class_index >= likeness->classes)
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "the method explains one box, found or drawn: choose a box as the target");
          return FALSE;
        }
      likeness->box = (EspBox){ placement.left + box.x * placement.width, placement.top + box.y * placement.height, box.w * placement.width,
                                box.h * placement.height };
      likeness->probabilities[class_index] = 1;
    }
  for (int k = 0; k < likeness->classes; k++)
    likeness->length += (double) likeness->probabilities[k] * (double) likeness->probabilities[k];
  likeness->length = sqrt (likeness->length);
  return TRUE;
}

/* Cosine of the class probabilities, @values of the first class. */
static double
cosine (const EspLikeness *likeness, const float *values, gsize plane)
{
  double dot = 0, square = 0;

  for (int k = 0; k < likeness->classes; k++)
    {
      const double value = (double) values[(gsize) k * plane];

      dot += value * (double) likeness->probabilities[k];
      square += value * value;
    }
  return square > 0 && likeness->length > 0 ? MIN (dot / (sqrt (square) * likeness->length), 1) : 0;
}

/* One anchor of a head. Most proposals end at the first or second question: no product is above the smallest of its factors. */
static double
best_of_anchor (const EspLikeness *likeness, const EspLayer *layer, const float *values, int anchor, double best)
{
  const gsize width = (gsize) layer->out.w, plane = width * (gsize) layer->out.h;

  for (gsize i = 0; i < plane; i++)
    {
      double product = (double) values[4 * plane + i];

      if (!(product > best))
        continue;
      product *= (double) esp_box_iou (esp_decode_box (layer, values + i, likeness->input, anchor, (int) (i / width), (int) (i % width)),
                                       likeness->box);
      if (product > best)
        best = MAX (best, product * cosine (likeness, values + i + 5 * plane, plane));
    }
  return best;
}

/**
 * esp_likeness_best:
 * @likeness: what is looked for
 * @heads: read after a forward of the same network
 * @item: image of its batch
 *
 * Source: Petsiuk et al. 2021, arXiv:2006.03204, eq. 4-6. Returns: the greatest IoU * cosine of class probabilities * objectness of all
 * proposals. Thread: any, many at once.
 */
double
esp_likeness_best (const EspLikeness *likeness, const EspHeads *heads, guint item)
{
  const EspLayer *layer;
  const float *values;
  double best = 0;

  for (guint i = 0; (values = esp_heads_get (heads, i, item, &layer)) != NULL; i++)
    {
      const gsize stride = (gsize) (5 + layer->head.classes) * (gsize) layer->out.h * (gsize) layer->out.w;

      for (int anchor = 0; anchor < layer->head.n_anchors; anchor++)
        best = best_of_anchor (likeness, layer, values + (gsize) anchor * stride, anchor, best);
    }
  return best;
}
