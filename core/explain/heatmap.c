/* heatmap.c: h × w scalars over an image, unit and sign stated; no colours */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/heatmap.h"

#include <math.h>

/**
 * esp_heatmap_new:
 * @width: columns, at least 1
 * @height: rows, at least 1
 *
 * Returns: (transfer full): a map of zeros whose image fills the network's input; the caller fills in the rest before it is shared.
 * Immutable from then on. Thread: any.
 */
EspHeatmap *
esp_heatmap_new (int width, int height)
{
  EspHeatmap *heatmap;

  g_return_val_if_fail (width > 0 && height > 0, NULL);

  heatmap = g_atomic_rc_box_new0 (EspHeatmap);
  heatmap->width = width;
  heatmap->height = height;
  heatmap->values = g_new0 (float, (gsize) width *(gsize) height);
  heatmap->placement = (EspPlacement){ 0, 0, 1, 1 };
  heatmap->layer = -1;
  heatmap->channel = -1;
  return heatmap;
}

/** esp_heatmap_ref: Returns: (transfer full): @heatmap. Thread: any. */
EspHeatmap *
esp_heatmap_ref (EspHeatmap *heatmap)
{
  return g_atomic_rc_box_acquire (heatmap);
}

static void
heatmap_clear (gpointer data)
{
  EspHeatmap *heatmap = data;

  g_free (heatmap->values);
  g_free (heatmap->unit);
  g_free (heatmap->method);
  g_free (heatmap->target);
  g_clear_pointer (&heatmap->cells, g_array_unref);
}

/** esp_heatmap_unref: drops one reference. Thread: any. */
void
esp_heatmap_unref (EspHeatmap *heatmap)
{
  g_atomic_rc_box_release_full (heatmap, heatmap_clear);
}

/* The cells that [low, high] (fractions of the input) meets: floor of the one, ceiling of the other, with a hair for a border that falls
 * on a cell's but for rounding. */
static void
cover (double low, double high, int n, int *first, int *end)
{
  const double hair = 1e-5;

  *first = (int) floor (CLAMP (low * n + hair, 0, n));
  *end = (int) ceil (CLAMP (high * n - hair, 0, n));
}

/** esp_heatmap_image_cells: Returns: the cells that show the image and not only the grey around it. Thread: any. */
EspCells
esp_heatmap_image_cells (const EspHeatmap *heatmap)
{
  EspPlacement p = heatmap->placement;
  EspCells cells;

  cover (p.left, (double) p.left + p.width, heatmap->width, &cells.left, &cells.right);
  cover (p.top, (double) p.top + p.height, heatmap->height, &cells.top, &cells.bottom);
  return cells;
}

/* Those among them that a box of the image meets. */
static EspCells
box_cells (const EspHeatmap *heatmap, EspBox box)
{
  EspPlacement p = heatmap->placement;
  EspCells cells, image = esp_heatmap_image_cells (heatmap);
  double left = p.left + p.width * ((double) box.x - box.w / 2), right = left + p.width * (double) box.w;
  double top = p.top + p.height * ((double) box.y - box.h / 2), bottom = top + p.height * (double) box.h;

  cover (left, right, heatmap->width, &cells.left, &cells.right);
  cover (top, bottom, heatmap->height, &cells.top, &cells.bottom);
  cells.left = MAX (cells.left, image.left);
  cells.right = MIN (cells.right, image.right);
  cells.top = MAX (cells.top, image.top);
  cells.bottom = MIN (cells.bottom, image.bottom);
  return cells;
}

static double
positive_heat (const EspHeatmap *heatmap, EspCells cells)
{
  double sum = 0;

  for (int y = cells.top; y < cells.bottom; y++)
    for (int x = cells.left; x < cells.right; x++)
      sum += MAX (heatmap->values[(gsize) y * (gsize) heatmap->width + (gsize) x], 0);
  return sum;
}

/**
 * esp_heatmap_range:
 * @heatmap: the map
 * @lowest: (out): least value within the image
 * @highest: (out): greatest
 *
 * Cells that show only the grey around the image and NaN do not count; 0, 0 where nothing does. Thread: any.
 */
void
esp_heatmap_range (const EspHeatmap *heatmap, float *lowest, float *highest)
{
  EspCells cells = esp_heatmap_image_cells (heatmap);
  float low = INFINITY, high = -INFINITY;

  for (int y = cells.top; y < cells.bottom; y++)
    for (int x = cells.left; x < cells.right; x++)
      {
        float value = heatmap->values[(gsize) y * (gsize) heatmap->width + (gsize) x];

        if (value < low)
          low = value;
        if (value > high)
          high = value;
      }
  *lowest = low <= high ? low : 0;
  *highest = low <= high ? high : 0;
}

/**
 * esp_heatmap_energy_in_box:
 * @heatmap: the map
 * @box: fractions of the image
 * @chance: (out) (optional): area of @box within the image over the image's: what an even map would give
 *
 * The energy-based pointing game: positive heat in the cells that the box meets (floor and ceiling, clipped to the image) over all
 * positive heat within the image. Source: H. Wang et al. 2020, Score-CAM (arXiv:1910.01279).
 * Returns: 0..1, or NaN where the map has no positive heat. Thread: any.
 */
double
esp_heatmap_energy_in_box (const EspHeatmap *heatmap, EspBox box, double *chance)
{
  double all = positive_heat (heatmap, esp_heatmap_image_cells (heatmap));

  if (chance != NULL)
    {
      double width = MIN (1, box.x + box.w / 2) - MAX (0, box.x - box.w / 2);
      double height = MIN (1, box.y + box.h / 2) - MAX (0, box.y - box.h / 2);

      *chance = MAX (width, 0) * MAX (height, 0);
    }
  return all > 0 ? positive_heat (heatmap, box_cells (heatmap, box)) / all : NAN;
}
