/* colour.c: hue, saturation and exposure of what a tile shows */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/augment-private.h"

#include <math.h>

#include "kernels/clones.h"

/* One of the three colours from the hue in sixths of the circle, 0 to below 16, about which it lies; saturation and value follow. */
ESP_INLINE float
colour_of (float place, float saturation, float value)
{
  float k = place;

  k = k >= 6 ? k - 6 : k;
  k = k >= 6 ? k - 6 : k;
  k = k < 4 - k ? k : 4 - k;
  k = k < 0 ? 0 : k;
  k = k > 1 ? 1 : k;
  k = value - value * saturation * k;
  return k > 1 ? 1 : k;
}

/* HSV of n pixels, @turn sixths of the circle on (0 to 6), saturation and value times so much, and back; both end at 1. */
ESP_CLONES static void
turn_row (float *restrict red, float *restrict green, float *restrict blue, int n, float turn, float saturation, float exposure)
{
#pragma omp simd
  for (int i = 0; i < n; i++)
    {
      const float r = red[i], g = green[i], b = blue[i];
      const float rg = r > g ? r : g, lower = r < g ? r : g;
      const float most = rg > b ? rg : b, least = lower < b ? lower : b, span = most - least;
      const float over = span > 0 ? 1 / span : 0;
      const float hue = turn + (most == r ? (g - b) * over : most == g ? 2 + (b - r) * over : 4 + (r - g) * over);
      float s = saturation * (most > 0 ? span / most : 0);
      const float v = exposure * most;

      s = s > 1 ? 1 : s;
      red[i] = colour_of (5 + hue, s, v);
      green[i] = colour_of (3 + hue, s, v);
      blue[i] = colour_of (1 + hue, s, v);
    }
}

ESP_CLONES static void
expose_row (float *restrict row, int n, float exposure)
{
#pragma omp simd
  for (int i = 0; i < n; i++)
    {
      const float v = exposure * row[i];

      row[i] = v > 1 ? 1 : v;
    }
}

/**
 * esp_colour_tile:
 * @tile: its rectangle is changed
 * @draw: hue in turns, factors of saturation and exposure
 * @shape: of the input; one channel knows exposure only
 * @input: c · h · w numbers, 0..1
 *
 * As darknet's distort_image(), but that saturation ends at 1 (as AlexeyAB's in 8 bits does). Thread: any.
 */
void
esp_colour_tile (const EspTile *tile, const EspDraw *draw, EspShape shape, float *input)
{
  const gsize plane = (gsize) shape.h * (gsize) shape.w;
  const double turns = draw->hue - floor (draw->hue);
  const int n = tile->right - tile->left;

  if (draw->hue == 0 && draw->saturation == 1 && draw->exposure == 1)
    return;
  for (int y = tile->top; y < tile->bottom; y++)
    {
      float *row = input + (gsize) y * (gsize) shape.w + tile->left;

      if (shape.c == 3)
        turn_row (row, row + plane, row + 2 * plane, n, (float) (6 * turns), (float) draw->saturation, (float) draw->exposure);
      else
        expose_row (row, n, (float) draw->exposure);
    }
}
