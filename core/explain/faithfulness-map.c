/* faithfulness-map.c: what can be said of a heatmap without running the network */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/faithfulness.h"

#include <math.h>
#include <stdlib.h>

#include "measure/rank-correlation.h"

/* The heat of the cells that show the image, row by row. */
static float *
take_image (const EspHeatmap *heatmap, gboolean absolute, guint *n)
{
  const EspCells cells = esp_heatmap_image_cells (heatmap);
  float *values = g_new (float, MAX ((gsize) (cells.right - cells.left) * (gsize) (cells.bottom - cells.top), 1));

  *n = 0;
  for (int y = cells.top; y < cells.bottom; y++)
    for (int x = cells.left; x < cells.right; x++)
      {
        const float value = heatmap->values[(gsize) y * (gsize) heatmap->width + (gsize) x];

        values[(*n)++] = absolute ? fabsf (value) : value;
      }
  return values;
}

/* Strictly inside the box, in the middle. */
static gboolean
is_inside (const EspHeatmap *heatmap, int x, int y, EspBox box)
{
  const EspPlacement p = heatmap->placement;
  const double at_x = ((x + .5) / heatmap->width - p.left) / p.width, at_y = ((y + .5) / heatmap->height - p.top) / p.height;

  return fabs (at_x - (double) box.x) < (double) box.w / 2 && fabs (at_y - (double) box.y) < (double) box.h / 2;
}

/**
 * esp_heatmap_points_at:
 * @heatmap: the map
 * @box: fractions of the image
 *
 * The pointing game, strictly inside and with no tolerance. Source: Zhang et al. 2018 (excitation backprop); ODAM's code for "strictly".
 * Returns: 1 where the middle of the hottest cell lies inside @box, else 0; of several as hot the share that do, which is what one drawn by
 * lot would hit: the first of them would make a corner of a filled box. Thread: any.
 */
double
esp_heatmap_points_at (const EspHeatmap *heatmap, EspBox box)
{
  const EspCells cells = esp_heatmap_image_cells (heatmap);
  float most = -INFINITY;
  guint n = 0, hits = 0;

  for (int y = cells.top; y < cells.bottom; y++)
    for (int x = cells.left; x < cells.right; x++)
      {
        const float value = heatmap->values[(gsize) y * (gsize) heatmap->width + (gsize) x];

        if (value < most || isnan (value))
          continue;
        if (value > most)
          n = hits = 0;
        most = value;
        n++;
        hits += is_inside (heatmap, x, y, box);
      }
  return n > 0 ? (double) hits / n : 0;
}

static int
ascending (const void *a, const void *b)
{
  const float x = *(const float *) a, y = *(const float *) b;

  return (x > y) - (x < y);
}

/**
 * esp_heatmap_gini:
 * @heatmap: the map
 *
 * Gini index of |heat| + 1e-7, ascending: sum (2 i - n - 1) a[i] / (n sum a), i from 1. Source: Chalasani et al. 2020, as Quantus computes
 * it.
 * Returns: 0 (even) to nearly 1 (one cell). Thread: any.
 */
double
esp_heatmap_gini (const EspHeatmap *heatmap)
{
  guint n;
  g_autofree float *values = take_image (heatmap, TRUE, &n);
  double weighted = 0, sum = 0;

  qsort (values, n, sizeof *values, ascending);
  for (guint i = 0; i < n; i++)
    {
      const double value = (double) values[i] + 1e-7;

      weighted += (2 * (i + 1.0) - n - 1) * value;
      sum += value;
    }
  return n > 0 ? weighted / (n * sum) : NAN;
}

/**
 * esp_heatmap_distance:
 * @heatmap: a map
 * @other: another of the same size
 *
 * Returns: the Euclidean length of their difference over that of @heatmap; NaN where that is 0. Thread: any.
 */
double
esp_heatmap_distance (const EspHeatmap *heatmap, const EspHeatmap *other)
{
  guint n, n_other;
  g_autofree float *a = take_image (heatmap, FALSE, &n), *b = take_image (other, FALSE, &n_other);
  double difference = 0, length = 0;

  g_return_val_if_fail (n == n_other, NAN);
  for (guint i = 0; i < n; i++)
    {
      difference += ((double) a[i] - (double) b[i]) * ((double) a[i] - (double) b[i]);
      length += (double) a[i] * (double) a[i];
    }
  return length > 0 ? sqrt (difference / length) : NAN;
}

/**
 * esp_heatmap_rank_correlation:
 * @heatmap: a map
 * @other: another of the same size
 *
 * Source: Adebayo et al. 2018, Sanity checks for saliency maps (Spearman's, absolute values). Returns: -1..1; 0 where a map is even, whose
 * cells have no order. Thread: any.
 */
double
esp_heatmap_rank_correlation (const EspHeatmap *heatmap, const EspHeatmap *other)
{
  guint n, n_other;
  g_autofree float *a = take_image (heatmap, TRUE, &n), *b = take_image (other, TRUE, &n_other);
  double rho;

  g_return_val_if_fail (n == n_other, NAN);
  rho = esp_spearman (a, b, n);
  return isnan (rho) ? 0 : rho;
}
