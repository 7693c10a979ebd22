/* fill.c: what stands where pixels of an image were */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/fill.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "kernels/clones.h"

ESP_CLONES static void
add_scaled (const float *restrict from, float factor, float *restrict to, gsize n)
{
  for (gsize i = 0; i < n; i++)
    to[i] += factor * from[i];
}

/* Weights of a Gaussian out to three sigma, of sum 1; @reach to either side. */
static float *
make_kernel (double sigma, int *reach)
{
  float *kernel;
  double sum = 0;

  *reach = (int) ceil (3 * sigma);
  kernel = g_new (float, 2 * *reach + 1);
  for (int i = -*reach; i <= *reach; i++)
    sum += exp (-.5 * i * i / (sigma * sigma));
  for (int i = -*reach; i <= *reach; i++)
    kernel[i + *reach] = (float) (exp (-.5 * i * i / (sigma * sigma)) / sum);
  return kernel;
}

/* Along the rows: each is drawn out by its border numbers first, so that the sum is one of shifted rows. */
static void
blur_row (const float *from, const float *kernel, int reach, float *wide, float *to, int width)
{
  for (int x = -reach; x < width + reach; x++)
    wide[x + reach] = from[CLAMP (x, 0, width - 1)];
  memset (to, 0, (gsize) width * sizeof *to);
  for (int k = 0; k <= 2 * reach; k++)
    add_scaled (wide + k, kernel[k], to, (gsize) width);
}

static void
blur_plane (const float *from, const float *kernel, int reach, EspShape shape, float *between, float *wide, float *to)
{
  const gsize width = (gsize) shape.w;

  for (int y = 0; y < shape.h; y++)
    blur_row (from + (gsize) y * width, kernel, reach, wide, between + (gsize) y * width, shape.w);
  memset (to, 0, (gsize) shape.h * width * sizeof *to);
  for (int y = 0; y < shape.h; y++)
    for (int k = -reach; k <= reach; k++)
      add_scaled (between + (gsize) CLAMP (y + k, 0, shape.h - 1) * width, kernel[k + reach], to + (gsize) y * width, width);
}

static void
make_blurred (const float *input, EspShape shape, double sigma, float *output)
{
  const gsize plane = (gsize) shape.h * (gsize) shape.w;
  int reach;
  g_autofree float *kernel = make_kernel (MAX (sigma, 1e-3), &reach);
  g_autofree float *between = g_new (float, plane), *wide = g_new (float, shape.w + 2 * reach);

  for (int c = 0; c < shape.c; c++)
    blur_plane (input + (gsize) c * plane, kernel, reach, shape, between, wide, output + (gsize) c * plane);
}

static void
make_random (EspShape shape, guint64 seed, float *output)
{
  g_autoptr (GRand) rng = esp_rng_new (seed, 0xf111, 0);

  for (gsize i = 0; i < esp_shape_count (shape); i++)
    output[i] = (float) g_rand_double (rng);
}

/* What is around the image is no part of it, and stays. */
static void
keep_surroundings (const float *input, EspShape shape, EspPlacement placement, float *output)
{
  const EspHeatmap whole = { .width = shape.w, .height = shape.h, .placement = placement };
  const EspCells cells = esp_heatmap_image_cells (&whole);

  for (int c = 0; c < shape.c; c++)
    for (int y = 0; y < shape.h; y++)
      for (int x = 0; x < shape.w; x++)
        {
          const gsize at = ((gsize) c * (gsize) shape.h + (gsize) y) * (gsize) shape.w + (gsize) x;

          if (x < cells.left || x >= cells.right || y < cells.top || y >= cells.bottom)
            output[at] = input[at];
        }
}

/**
 * esp_fill_make:
 * @fill: which
 * @input: c * h * w numbers 0..1
 * @shape: of the input
 * @placement: where the image lies on it: only there is anything replaced
 * @blur: sigma of the Gaussian over the longer side of the input; it ends at three sigma, the border's numbers go on outside
 * @seed: of random pixels
 * @output: (out): c * h * w
 *
 * Thread: any.
 */
void
esp_fill_make (EspFill fill, const float *input, EspShape shape, EspPlacement placement, double blur, guint64 seed, float *output)
{
  switch (fill)
    {
    case ESP_FILL_RANDOM:
      make_random (shape, seed, output);
      break;
    case ESP_FILL_BLUR:
      make_blurred (input, shape, blur * MAX (shape.w, shape.h), output);
      break;
    case ESP_FILL_GREY:
    default:
      for (gsize i = 0; i < esp_shape_count (shape); i++)
        output[i] = .5f;
      break;
    }
  keep_surroundings (input, shape, placement, output);
}
