/* orchard-background.c: what lies far behind: sky, rows of trees, ground, lights out of focus
 *
 * Drawn at half the size, blurred and enlarged: everything here is out of focus. Colours are sRGB. */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

#include <string.h>

#define HALF (SIDE / 2)

typedef struct
{
  cairo_t *cr;
  const EspOrchardLight *light;
  GRand *rng;
  double horizon; /* pixels */
  double green;   /* lushness 0..1 */
} Far;

/* A colour at noon as this hour shows it. */
static void
add_stop (cairo_pattern_t *paint, const EspOrchardLight *light, double at, const double rgb[3], double alpha)
{
  const double d = (double) light->dusk, e = .93 * (double) light->exposure;

  cairo_pattern_add_color_stop_rgba (paint, at, MIN (1, rgb[0] * e * (1 - .12 * d)), MIN (1, rgb[1] * e * (1 - .30 * d)),
                                     MIN (1, rgb[2] * e * (1 - .40 * d)), alpha);
}

static void
paint_all (cairo_t *cr, cairo_pattern_t *paint)
{
  cairo_set_source (cr, paint);
  cairo_paint (cr);
  cairo_pattern_destroy (paint);
}

/* A disc whose edge fades. */
static void
draw_blob (Far *far, double x, double y, double radius, const double rgb[3], double alpha)
{
  cairo_pattern_t *paint = cairo_pattern_create_radial (x, y, 0, x, y, radius);

  add_stop (paint, far->light, 0, rgb, alpha);
  add_stop (paint, far->light, .6, rgb, .8 * alpha);
  add_stop (paint, far->light, 1, rgb, 0);
  cairo_set_source (far->cr, paint);
  cairo_rectangle (far->cr, x - radius, y - radius, 2 * radius, 2 * radius);
  cairo_fill (far->cr);
  cairo_pattern_destroy (paint);
}

static void
draw_sky (Far *far)
{
  cairo_pattern_t *paint = cairo_pattern_create_linear (0, 0, 0, far->horizon);
  const double d = (double) far->light->dusk;
  const double high[3] = { .42 + .06 * d, .63 - .10 * d, .84 - .02 * d }, middle[3] = { .66 + .24 * d, .80 - .02 * d, .90 - .10 * d };
  const double low[3] = { .90 + .1 * d, .93 - .02 * d, .90 - .30 * d };

  add_stop (paint, far->light, 0, far->light->hazy ? middle : high, 1);
  add_stop (paint, far->light, .6, middle, 1);
  add_stop (paint, far->light, 1, low, 1);
  paint_all (far->cr, paint);
}

static void
draw_glow (Far *far)
{
  const double x = HALF * (.5 + .55 * (double) far->light->dir.x), y = far->horizon * (.55 + .5 * (double) far->light->dir.y);
  const double d = (double) far->light->dusk, rgb[3] = { 1, .96 - .14 * d, .82 - .36 * d };
  cairo_pattern_t *paint = cairo_pattern_create_radial (x, y, 0, x, y, HALF * .9);

  add_stop (paint, far->light, 0, rgb, .85);
  add_stop (paint, far->light, .25, rgb, .42);
  add_stop (paint, far->light, 1, rgb, 0);
  paint_all (far->cr, paint);
}

static void
draw_ground (Far *far)
{
  cairo_pattern_t *paint = cairo_pattern_create_linear (0, far->horizon, 0, HALF);
  const double dry = esp_lot (far->rng, 0, 1);
  const double far_rgb[3] = { .62 + .10 * dry, .70 - .06 * dry, .44 }, near_rgb[3] = { .30 + .24 * dry, .40 - .04 * dry, .17 + .06 * dry };

  add_stop (paint, far->light, 0, far_rgb, 1);
  add_stop (paint, far->light, 1, near_rgb, 1);
  cairo_rectangle (far->cr, 0, far->horizon, HALF, HALF);
  cairo_set_source (far->cr, paint);
  cairo_fill (far->cr);
  cairo_pattern_destroy (paint);
  for (int i = 0; i < 7; i++)
    {
      const double rgb[3] = { near_rgb[0] * .7, near_rgb[1] * .75, near_rgb[2] * .7 };

      draw_blob (far, esp_lot (far->rng, 0, HALF), esp_lot (far->rng, far->horizon, HALF + 10), esp_lot (far->rng, 8, 24), rgb, .35);
    }
}

/* Rows of crowns, hazy and pale where they are far. */
static void
draw_rows (Far *far)
{
  for (int row = 0; row < 3; row++)
    {
      const double near = row / 2., size = 7 + 13 * near, foot = far->horizon + 6 * near;
      const double rgb[3] = { .56 - .34 * near, .66 - .28 * near, .60 - .42 * near };

      for (double x = -8; x < HALF + 8; x += size * .55)
        {
          const double tint = esp_lot (far->rng, .82, 1.18), own[3] = { rgb[0] * tint, rgb[1] * tint, rgb[2] * tint };

          draw_blob (far, x + esp_lot (far->rng, -4, 4), foot - size * esp_lot (far->rng, .3, .95), size * esp_lot (far->rng, .8, 1.3), own,
                     .85);
        }
    }
}

/* The depth of the tree itself and of its neighbours, many greens. */
static void
draw_foliage (Far *far)
{
  const int n = (int) (14 + 40 * far->green);

  for (int i = 0; i < n; i++)
    {
      const double deep = esp_lot (far->rng, 0, 1), warm = esp_lot (far->rng, 0, .12);
      const double rgb[3] = { .15 + .38 * deep + warm, .25 + .42 * deep, .09 + .18 * deep };
      const double y = far->green > .6 ? esp_lot (far->rng, -10, HALF + 10) : HALF * pow (esp_lot (far->rng, 0, 1), 1.5) - 8;

      draw_blob (far, esp_lot (far->rng, -10, HALF + 10), y, esp_lot (far->rng, 9, 30), rgb,
                 esp_lot (far->rng, .5, .9) * (1 - .35 * (double) far->light->dusk));
    }
}

/* Gaps between leaves, far out of focus: discs with a faint rim. */
static void
draw_bokeh (Far *far)
{
  const int n = g_rand_int_range (far->rng, 4, 26);
  const double d = (double) far->light->dusk;

  for (int i = 0; i < n; i++)
    {
      const double radius = esp_lot (far->rng, 2, 7), alpha = esp_lot (far->rng, .06, .32), green = esp_lot (far->rng, 0, 1);
      const double x = HALF * (.5 + .28 * (double) far->light->dir.x) + 42 * esp_rng_normal (far->rng),
                   y = esp_lot (far->rng, 0, HALF * .75);
      const double r = 1 - .18 * green, g = .97 - .16 * d, b = .80 - .35 * green - .25 * d;

      cairo_arc (far->cr, x, y, radius, 0, 2 * G_PI);
      cairo_set_source_rgba (far->cr, r, g, b, alpha);
      cairo_fill_preserve (far->cr);
      cairo_set_source_rgba (far->cr, r, g, b, .5 * alpha);
      cairo_set_line_width (far->cr, .8);
      cairo_stroke (far->cr);
    }
}

static void
blur_line (guint32 *line, gsize step, int n, int radius)
{
  guint32 copy[SIDE], sum[4] = { 0, 0, 0, 0 };
  const guint32 width = 2 * (guint32) radius + 1;

  for (int i = 0; i < n; i++)
    copy[i] = line[(gsize) i * step];
  for (int i = -radius; i <= radius; i++)
    for (int k = 0; k < 4; k++)
      sum[k] += copy[CLAMP (i, 0, n - 1)] >> 8 * k & 255;
  for (int i = 0; i < n; i++)
    {
      const guint32 in = copy[MIN (i + radius + 1, n - 1)], out = copy[MAX (i - radius, 0)];
      guint32 mean = 0;

      for (int k = 0; k < 4; k++)
        {
          mean |= (sum[k] + width / 2) / width << 8 * k;
          sum[k] += (in >> 8 * k & 255) - (out >> 8 * k & 255);
        }
      line[(gsize) i * step] = mean;
    }
}

/** esp_orchard_blur: box blur of 2 * @radius + 1 pixels, @passes times, edges repeated; at most SIDE each way. Thread: its owner. */
void
esp_orchard_blur (cairo_surface_t *surface, int radius, int passes)
{
  const int width = cairo_image_surface_get_width (surface), height = cairo_image_surface_get_height (surface);
  const gsize stride = (gsize) cairo_image_surface_get_stride (surface) / 4;
  guint32 *pixels = (guint32 *) (void *) cairo_image_surface_get_data (surface);

  g_assert (width <= SIDE && height <= SIDE);
  cairo_surface_flush (surface);
  for (int pass = 0; pass < passes; pass++)
    {
      for (int y = 0; y < height; y++)
        blur_line (pixels + (gsize) y * stride, 1, width, radius);
      for (int x = 0; x < width; x++)
        blur_line (pixels + x, stride, height, radius);
    }
  cairo_surface_mark_dirty (surface);
}

/** esp_orchard_enlarge: Returns: (transfer full): @small stretched smoothly to the picture's size, of its kind. Thread: any. */
cairo_surface_t *
esp_orchard_enlarge (cairo_surface_t *small)
{
  cairo_surface_t *large = cairo_image_surface_create (cairo_image_surface_get_format (small), SIDE, SIDE);
  cairo_t *cr = cairo_create (large);

  cairo_scale (cr, (double) SIDE / cairo_image_surface_get_width (small), (double) SIDE / cairo_image_surface_get_height (small));
  cairo_set_source_surface (cr, small, 0, 0);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_BILINEAR);
  cairo_set_operator (cr, CAIRO_OPERATOR_SOURCE);
  cairo_paint (cr);
  cairo_destroy (cr);
  cairo_surface_flush (large);
  return large;
}

/** esp_orchard_background: Returns: (transfer full): RGB24 of the picture's size. Thread: the stream's owner. */
cairo_surface_t *
esp_orchard_background (const EspOrchardLight *light, GRand *rng)
{
  cairo_surface_t *small = cairo_image_surface_create (CAIRO_FORMAT_RGB24, HALF, HALF), *large;
  Far far = { cairo_create (small), light, rng, HALF * (double) esp_lot (rng, .5, 1.02), (double) esp_lot (rng, 0, .9) };

  draw_sky (&far);
  draw_glow (&far);
  draw_ground (&far);
  draw_rows (&far);
  draw_foliage (&far);
  esp_orchard_blur (small, 2, 2);
  draw_bokeh (&far);
  cairo_destroy (far.cr);
  esp_orchard_blur (small, 1, 1);
  large = esp_orchard_enlarge (small);
  cairo_surface_destroy (small);
  return large;
}
