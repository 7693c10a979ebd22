/* stretch.c: a coarse grid drawn smoothly over an image, row by row */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/stretch.h"

#include <math.h>

#include "kernels/clones.h"

/**
 * esp_stretch_init:
 * @stretch: (out): to be cleared
 * @columns: of the grid
 * @rows: of the grid
 * @width: of the image
 * @height: of the image
 *
 * Bilinear, centres of cells on centres of pixels, the outer cells reaching out to the border. Thread: any.
 */
void
esp_stretch_init (EspStretch *stretch, int columns, int rows, int width, int height)
{
  *stretch = (EspStretch){ .columns = columns, .rows = rows, .width = width, .height = height };
  stretch->left = g_new (int, width);
  stretch->share = g_new (float, width);
  stretch->wide = g_new (float, (gsize) rows *(gsize) width);
  esp_stretch_place (stretch, 0, 0, (double) columns / width, (double) rows / height);
}

/** esp_stretch_clear: frees its arrays. Thread: any. */
void
esp_stretch_clear (EspStretch *stretch)
{
  g_clear_pointer (&stretch->left, g_free);
  g_clear_pointer (&stretch->share, g_free);
  g_clear_pointer (&stretch->wide, g_free);
}

/* The cell to the left of a place, and the share of the next. */
static int
split (double place, int n, float *share)
{
  const double within = CLAMP (place - .5, 0, n - 1);
  const int cell = MIN ((int) within, MAX (n - 2, 0));

  *share = n > 1 ? (float) (within - cell) : 0;
  return cell;
}

/**
 * esp_stretch_place:
 * @left: where the image begins, in cells of the grid
 * @top: likewise
 * @scale_x: cells a pixel
 * @scale_y: likewise
 *
 * Takes effect with the next esp_stretch_load(). Thread: any.
 */
void
esp_stretch_place (EspStretch *stretch, double left, double top, double scale_x, double scale_y)
{
  for (int x = 0; x < stretch->width; x++)
    stretch->left[x] = split (left + (x + .5) * scale_x, stretch->columns, &stretch->share[x]);
  stretch->top = top;
  stretch->scale_y = scale_y;
}

/** esp_stretch_load: draws @grid (rows * columns) out sideways. Thread: any. */
void
esp_stretch_load (EspStretch *stretch, const float *grid)
{
  const int next = stretch->columns > 1 ? 1 : 0;

  for (int r = 0; r < stretch->rows; r++)
    {
      const float *from = grid + (gsize) r * (gsize) stretch->columns;
      float *to = stretch->wide + (gsize) r * (gsize) stretch->width;

      for (int x = 0; x < stretch->width; x++)
        to[x] = from[stretch->left[x]] + stretch->share[x] * (from[stretch->left[x] + next] - from[stretch->left[x]]);
    }
}

ESP_CLONES static void
mix_rows (const float *restrict above, const float *restrict below, float share, float *restrict row, gsize n)
{
  for (gsize i = 0; i < n; i++)
    row[i] = above[i] + share * (below[i] - above[i]);
}

/** esp_stretch_row: row @y of the image, after esp_stretch_load(): @row is width numbers. Thread: any. */
void
esp_stretch_row (const EspStretch *stretch, int y, float *row)
{
  float share;
  const int cell = split (stretch->top + (y + .5) * stretch->scale_y, stretch->rows, &share);
  const float *above = stretch->wide + (gsize) cell * (gsize) stretch->width;

  mix_rows (above, stretch->rows > 1 ? above + stretch->width : above, share, row, (gsize) stretch->width);
}

ESP_CLONES static void
add_rows (const float *restrict above, const float *restrict below, float share, float factor, float *restrict row, gsize n)
{
  for (gsize i = 0; i < n; i++)
    row[i] += factor * (above[i] + share * (below[i] - above[i]));
}

/** esp_stretch_add_row: adds @factor times what esp_stretch_row() gives to @row. Thread: any. */
void
esp_stretch_add_row (const EspStretch *stretch, int y, float factor, float *row)
{
  float share;
  const int cell = split (stretch->top + (y + .5) * stretch->scale_y, stretch->rows, &share);
  const float *above = stretch->wide + (gsize) cell * (gsize) stretch->width;

  add_rows (above, stretch->rows > 1 ? above + stretch->width : above, share, factor, row, (gsize) stretch->width);
}
