/* field.c: values and gradients of one layer or of the pixels, in plain order, and what is made of them */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/field.h"

#include <math.h>
#include <string.h>

const char *const esp_fold_words[] = { "max", "sum", "l2", NULL };

/** esp_field_clear: frees what it holds. */
void
esp_field_clear (EspField *field)
{
  g_clear_pointer (&field->values, g_free);
  g_clear_pointer (&field->gradients, g_free);
}

/**
 * esp_fold_channels:
 * @numbers: c * h * w of them, c h w
 * @shape: their shape; n is not asked
 * @channel: one whose absolute value is the map, or -1
 * @fold: how all of them become one number otherwise
 * @map: (out): h * w numbers, none below 0
 *
 * Thread: any.
 */
void
esp_fold_channels (const float *numbers, EspShape shape, int channel, EspFold fold, float *map)
{
  const gsize plane = (gsize) shape.h * (gsize) shape.w;

  for (gsize i = 0; i < plane; i++)
    {
      double all = 0;

      for (gsize c = (gsize) MAX (channel, 0); c < (channel < 0 ? (gsize) shape.c : (gsize) channel + 1); c++)
        {
          const double x = fabs ((double) numbers[c * plane + i]);

          if (channel >= 0 || fold == ESP_FOLD_SUM)
            all += x;
          else if (fold == ESP_FOLD_MAX)
            all = MAX (all, x);
          else
            all += x * x;
        }
      map[i] = (float) (channel < 0 && fold == ESP_FOLD_L2 ? sqrt (all) : all);
    }
}

static double
fold_plane (const float *numbers, gsize plane, EspReduce reduce)
{
  const gboolean absolute = reduce == ESP_REDUCE_ABS_SUM || reduce == ESP_REDUCE_ABS_MEAN;
  double sum = 0, most = -INFINITY;

  for (gsize i = 0; i < plane; i++)
    {
      sum += absolute ? fabs ((double) numbers[i]) : (double) numbers[i];
      most = MAX (most, (double) numbers[i]);
    }
  if (reduce == ESP_REDUCE_MAX)
    return most;
  return reduce == ESP_REDUCE_MEAN || reduce == ESP_REDUCE_ABS_MEAN ? sum / (double) plane : sum;
}

/** esp_fold_planes: reduces each channel over rows and columns, in double, as esp_engine_reduce_product() does its products. Thread:
 * any. */
void
esp_fold_planes (const float *numbers, EspShape shape, EspReduce reduce, float *scores)
{
  const gsize plane = (gsize) shape.h * (gsize) shape.w;

  for (int c = 0; c < shape.c; c++)
    scores[c] = (float) fold_plane (numbers + (gsize) c * plane, plane, reduce);
}
