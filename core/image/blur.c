/* blur.c: planes of numbers smoothed by a Gaussian */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/blur.h"

#include <math.h>
#include <string.h>

#include "kernels/clones.h"

ESP_CLONES static void
add_scaled (const float *restrict from, float factor, float *restrict to, gsize n)
{
  for (gsize i = 0; i < n; i++)
    to[i] += factor * from[i];
}

/* Weights of a Gaussian out to three sigma, of sum 1; @reach to either side. */
static float *
make_bell (double sigma, int *reach)
{
  float *bell;
  double sum = 0;

  *reach = (int) ceil (3 * sigma);
  bell = g_new (float, 2 * *reach + 1);
  for (int i = -*reach; i <= *reach; i++)
    sum += exp (-.5 * i * i / (sigma * sigma));
  for (int i = -*reach; i <= *reach; i++)
    bell[i + *reach] = (float) (exp (-.5 * i * i / (sigma * sigma)) / sum);
  return bell;
}

/* Along the rows: each is drawn out by its border numbers first, so that the sum is one of shifted rows. */
static void
blur_row (const float *from, const float *bell, int reach, float *wide, float *to, int width)
{
  for (int x = -reach; x < width + reach; x++)
    wide[x + reach] = from[CLAMP (x, 0, width - 1)];
  memset (to, 0, (gsize) width * sizeof *to);
  for (int k = 0; k <= 2 * reach; k++)
    add_scaled (wide + k, bell[k], to, (gsize) width);
}

static void
blur_plane (float *numbers, const float *bell, int reach, EspShape shape, float *between, float *wide)
{
  const gsize width = (gsize) shape.w;

  for (int y = 0; y < shape.h; y++)
    blur_row (numbers + (gsize) y * width, bell, reach, wide, between + (gsize) y * width, shape.w);
  memset (numbers, 0, (gsize) shape.h * width * sizeof *numbers);
  for (int y = 0; y < shape.h; y++)
    for (int k = -reach; k <= reach; k++)
      add_scaled (between + (gsize) CLAMP (y + k, 0, shape.h - 1) * width, bell[k + reach], numbers + (gsize) y * width, width);
}

/**
 * esp_blur_planes:
 * @numbers: (inout): c * h * w of them
 * @shape: their shape; n is not asked
 * @sigma: of a Gaussian, in cells, cut at three of them; a border goes on as its last number
 *
 * Thread: any.
 */
void
esp_blur_planes (float *numbers, EspShape shape, double sigma)
{
  const gsize plane = (gsize) shape.h * (gsize) shape.w;
  g_autofree float *bell = NULL, *between = NULL, *wide = NULL;
  int reach;

  if (!(sigma > 0))
    return;
  bell = make_bell (MAX (sigma, 1e-3), &reach);
  between = g_new (float, plane);
  wide = g_new (float, shape.w + 2 * reach);
  for (int c = 0; c < shape.c; c++)
    blur_plane (numbers + (gsize) c * plane, bell, reach, shape, between, wide);
}
