/* draw.c: what the lot says of one picture */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/augment-private.h"

#include <math.h>

#include "base/rng.h"

#define PURPOSE G_GUINT64_CONSTANT (0x73697a65) /* "size" */

/**
 * esp_draw_factor:
 * @rng: the stream
 * @most: at least 1
 *
 * Returns: an even draw of 1 to @most, or 1 over it, each half of the time (darknet's rand_scale()). Two numbers of the stream.
 * Thread: any.
 */
double
esp_draw_factor (GRand *rng, double most)
{
  const double factor = 1 + (most - 1) * g_rand_double (rng);

  return g_rand_double (rng) < .5 ? factor : 1 / factor;
}

/**
 * esp_draw_init:
 * @draw: (out): all numbers
 * @augment: the settings
 * @rng: the stream
 *
 * As many numbers are drawn whatever the settings, so that a change of one leaves the others' draws as they were. Thread: any.
 */
void
esp_draw_init (EspDraw *draw, const EspAugment *augment, GRand *rng)
{
  for (guint i = 0; i < G_N_ELEMENTS (draw->edge); i++)
    draw->edge[i] = 2 * g_rand_double (rng) - 1;
  for (guint i = 0; i < G_N_ELEMENTS (draw->size); i++)
    draw->size[i] = g_rand_double (rng);
  draw->scale = g_rand_double (rng);
  for (guint i = 0; i < G_N_ELEMENTS (draw->at); i++)
    draw->at[i] = g_rand_double (rng);
  draw->flip = g_rand_double (rng) < augment->flip;
  draw->hue = augment->hue * (2 * g_rand_double (rng) - 1);
  draw->saturation = esp_draw_factor (rng, augment->saturation);
  draw->exposure = esp_draw_factor (rng, augment->exposure);
  draw->turn = 2 * g_rand_double (rng) - 1;
  draw->aspect = esp_draw_factor (rng, augment->aspect);
  draw->crop = g_rand_double (rng);
}

/* On multiples of the step, at least one. */
static int
round_side (int side, double factor, int step)
{
  return MAX ((int) rint (side * factor / step), 1) * step;
}

/**
 * esp_augment_size:
 * @augment: random and step
 * @input: of the network
 * @seed: of the feeder
 * @row: which run of batches of one size
 *
 * Returns: @input, or where random is above 1 the same times a factor from 1 / random to random, each side rounded to a multiple of step:
 * @input's shape is kept as nearly as that lets it. (AlexeyAB rounds a step higher, and takes the largest at both ends of training.)
 *   Thread: any.
 */
EspShape
esp_augment_size (const EspAugment *augment, EspShape input, guint64 seed, guint64 row)
{
  g_autoptr (GRand) rng = NULL;
  double factor = 1;

  if (!(augment->random > 1))
    return input;
  rng = esp_rng_new (seed ^ PURPOSE, row, 0);
  factor = esp_draw_factor (rng, augment->random);
  input.w = round_side (input.w, factor, augment->step);
  input.h = round_side (input.h, factor, augment->step);
  return input;
}
