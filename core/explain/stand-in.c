/* stand-in.c: what stands where pixels of an image were */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/stand-in.h"

#include <string.h>

#include "base/rng.h"
#include "image/blur.h"

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
 * esp_stand_in_make:
 * @which: one
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
esp_stand_in_make (EspStandIn which, const float *input, EspShape shape, EspPlacement placement, double blur, guint64 seed, float *output)
{
  switch (which)
    {
    case ESP_STAND_IN_RANDOM:
      make_random (shape, seed, output);
      break;
    case ESP_STAND_IN_BLUR:
      memcpy (output, input, esp_shape_count (shape) * sizeof *output);
      esp_blur_planes (output, shape, blur * MAX (shape.w, shape.h));
      break;
    case ESP_STAND_IN_GREY:
    default:
      for (gsize i = 0; i < esp_shape_count (shape); i++)
        output[i] = .5f;
      break;
    }
  keep_surroundings (input, shape, placement, output);
}
