/* target-missed.c: where in the heads a box that nobody found should have come from */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/target-private.h"

#include <math.h>

#include "base/error.h"

static gboolean
check_missed (const EspNetwork *network, EspBox box, int class_index, GError **error)
{
  int classes = esp_network_get_classes (network);
  guint n;

  esp_network_get_heads (network, &n);
  if (n == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "the network has no head ([yolo] or [region]), so there is nothing to explain");
  else if (class_index < 0 || class_index >= classes)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "class %d: the network has classes 0 to %d", class_index, classes - 1);
  else if (!(box.x >= 0 && box.x <= 1 && box.y >= 0 && box.y <= 1))
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "the middle of the missed box lies outside the image");
  else if (!(box.w > 0 && box.h > 0 && isfinite (box.w) && isfinite (box.h)))
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "the missed box has no area");
  else
    return TRUE;
  return FALSE;
}

/* Of two boxes about one centre. */
static double
overlap (double w, double h, double other_w, double other_h)
{
  const double both = MIN (w, other_w) * MIN (h, other_h);

  return both / (w * h + other_w * other_h - both);
}

/* How like anchor @k of the head is to a size in fractions of the input. */
static double
likeness (const EspLayer *head, EspShape input, int k, double w, double h)
{
  const gboolean in_cells = head->kind == ESP_LAYER_REGION;

  return overlap (head->head.anchors[2 * k] / (in_cells ? head->out.w : input.w),
                  head->head.anchors[2 * k + 1] / (in_cells ? head->out.h : input.h), w, h);
}

/**
 * esp_target_new_missed:
 * @network: whose heads
 * @placement: where the image lies on the network's input, as esp_fit_image() gives it
 * @box: what was missed, drawn or labelled; fractions of the image
 * @class_index: what it should have been called
 * @error: ESP_ERROR_SHAPE where box or class are not possible, ESP_ERROR_UNSUPPORTED without heads
 *
 * M is one at the objectness and the class logit of the spot that training would have asked for this box: the cell of its middle, and the
 * anchor of all heads most like it in size (intersection over union about one centre, the first of equals). Source: [yolo] of AlexeyAB's
 * darknet; [region] with bias_match. Returns: (transfer full): the target. Thread: any.
 */
EspTarget *
esp_target_new_missed (const EspNetwork *network, EspPlacement placement, EspBox box, int class_index, GError **error)
{
  EspDetection spot = { .box = box, .class_index = class_index, .anchor = -1 };
  const EspShape input = esp_network_get_input (network);
  const float x = placement.left + box.x * placement.width, y = placement.top + box.y * placement.height;
  double best = -1;
  guint n;
  const guint *heads = esp_network_get_heads (network, &n);
  EspTarget *target;

  if (!check_missed (network, box, class_index, error))
    return NULL;
  for (guint i = 0; i < n; i++)
    {
      const EspLayer *head = esp_network_get_layer (network, heads[i]);

      for (int k = 0; k < head->head.n_anchors; k++)
        {
          const double like = likeness (head, input, k, (double) (box.w * placement.width), (double) (box.h * placement.height));

          if (!(like > best))
            continue;
          best = like;
          spot.head = heads[i];
          spot.anchor = k;
          spot.row = CLAMP ((int) (y * (float) head->out.h), 0, head->out.h - 1);
          spot.column = CLAMP ((int) (x * (float) head->out.w), 0, head->out.w - 1);
        }
    }
  target = esp_target_new_detection (&spot);
  target->kind = ESP_TARGET_MISSED;
  return target;
}
