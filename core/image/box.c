/* box.c: how much two rectangles have in common */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/box.h"

/* The length two intervals share, negative where they do not meet. */
static float
overlap (float x1, float w1, float x2, float w2)
{
  const float left = MAX (x1 - w1 / 2, x2 - w2 / 2);
  const float right = MIN (x1 + w1 / 2, x2 + w2 / 2);

  return right - left;
}

/**
 * esp_box_iou:
 * @a: centre and size, any one unit
 * @b: the same
 *
 * Returns: the area of the intersection over that of the union, 0..1; 0 where they do not meet or have no area. Thread: any.
 * Source: darknet's box_iou(), in float and in its order.
 */
float
esp_box_iou (EspBox a, EspBox b)
{
  const float w = overlap (a.x, a.w, b.x, b.w);
  const float h = overlap (a.y, a.h, b.y, b.h);
  const float both = w < 0 || h < 0 ? 0 : w * h;
  const float either = a.w * a.h + b.w * b.h - both;

  return both == 0 || either == 0 ? 0 : both / either;
}

/** esp_pixels_shared: Returns: the area of the intersection of @a and @b, 0 where they do not meet. Thread: any. */
double
esp_pixels_shared (EspPixels a, EspPixels b)
{
  const double w = MIN (a.left + a.width, b.left + b.width) - MAX (a.left, b.left);
  const double h = MIN (a.top + a.height, b.top + b.height) - MAX (a.top, b.top);

  return w <= 0 || h <= 0 ? 0 : w * h;
}

/**
 * esp_pixels_iou:
 * @a: a box
 * @b: another, of the same image
 *
 * Returns: the area of the intersection over that of the union, 0..1. Thread: any.
 * Source: bbIou() of the COCO API, in double and in its order; with VOC's inclusive boxes as EspPixels has them also the VOC devkit's.
 */
double
esp_pixels_iou (EspPixels a, EspPixels b)
{
  const double shared = esp_pixels_shared (a, b);

  return shared > 0 ? shared / (a.width * a.height + b.width * b.height - shared) : 0;
}
