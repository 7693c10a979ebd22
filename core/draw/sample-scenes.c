/* sample-scenes.c: the pictures of the sample: discs of three colours on rough ground, among grey stones and coloured twigs
 *
 * Everything is drawn from the stream of (seed, index), so a scene is the same wherever and whenever it is drawn. */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/sample-scenes.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

#define SIDE    ESP_SCENE_SIDE
#define LATTICE 65
#define OCTAVES 5
#define TRIES   60

const char *const esp_scene_names[ESP_SCENE_N_CLASSES + 1] = { "vermilion", "amber", "blue", NULL };

static const double colours[ESP_SCENE_N_CLASSES][3] = { { .86, .27, .20 }, { .93, .73, .16 }, { .20, .37, .84 } };

typedef struct
{
  double x, y, radius;
} Circle;

/* One octave of value noise, added to a line of the picture: a lattice of random numbers, smoothly interpolated. Coordinates are never negative. */
static void
add_octave (double *line, const double *lattice, double x0, double y, double step, double weight)
{
  const int j = (int) y;
  const double v = y - j, sv = v * v * (3 - 2 * v);
  const double *row = lattice + (j % (LATTICE - 1)) * LATTICE, *next = row + LATTICE;

  for (int k = 0; k < SIDE; k++)
    {
      const double x = x0 + k * step;
      const int i = (int) x;
      const double u = x - i, su = u * u * (3 - 2 * u);
      const int c = i % (LATTICE - 1);
      const double above = row[c] + su * (row[c + 1] - row[c]), below = next[c] + su * (next[c + 1] - next[c]);

      line[k] += weight * (above + sv * (below - above));
    }
}

/* Five octaves, scaled to 0..1. */
static void
draw_roughness (double *line, const double *lattice, int y)
{
  double weight = 1, total = 0, scale = 5. / SIDE;

  memset (line, 0, SIDE * sizeof *line);
  for (int octave = 0; octave < OCTAVES; octave++, scale *= 2.2, weight *= .6)
    {
      add_octave (line, lattice, 7 * octave, y * scale + 3 * octave, scale, weight);
      total += weight;
    }
  for (int k = 0; k < SIDE; k++)
    line[k] /= total;
}

static guint8
to_byte (double value)
{
  return (guint8) lrint (255 * CLAMP (value, 0, 1));
}

/* Ground between sand and slate, lit from one side. */
static void
draw_ground (cairo_surface_t *surface, GRand *rng)
{
  g_autofree double *lattice = g_new (double, LATTICE *LATTICE);
  const double warm = g_rand_double_range (rng, 0, .06), light = g_rand_double_range (rng, .34, .56);
  const double slope = g_rand_double_range (rng, -.12, .12);
  double line[SIDE];

  for (int i = 0; i < LATTICE * LATTICE; i++)
    lattice[i] = g_rand_double (rng);
  cairo_surface_flush (surface);
  for (int y = 0; y < SIDE; y++)
    {
      guint32 *row = (guint32 *) (void *) (cairo_image_surface_get_data (surface) + y * cairo_image_surface_get_stride (surface));

      draw_roughness (line, lattice, y);
      for (int x = 0; x < SIDE; x++)
        {
          const double grain = .34 * (line[x] - .5);
          const double level = light + grain + slope * ((double) x / SIDE - .5);

          row[x] = (guint32) to_byte (level + warm) << 16 | (guint32) to_byte (level + .4 * warm) << 8 | to_byte (level - .6 * warm);
        }
    }
  cairo_surface_mark_dirty (surface);
}

static void
draw_shadow (cairo_t *cr, const Circle *c)
{
  cairo_pattern_t *shade = cairo_pattern_create_radial (c->x + 3, c->y + 5, .7 * c->radius, c->x + 3, c->y + 5, 1.18 * c->radius);

  cairo_pattern_add_color_stop_rgba (shade, 0, 0, 0, 0, .5);
  cairo_pattern_add_color_stop_rgba (shade, 1, 0, 0, 0, 0);
  cairo_set_source (cr, shade);
  cairo_arc (cr, c->x + 3, c->y + 5, 1.2 * c->radius, 0, 2 * G_PI);
  cairo_fill (cr);
  cairo_pattern_destroy (shade);
}

/* A ball of one colour, brighter towards the light. */
static void
draw_ball (cairo_t *cr, const Circle *c, const double rgb[3], double light)
{
  cairo_pattern_t *paint
      = cairo_pattern_create_radial (c->x - .35 * c->radius, c->y - .4 * c->radius, .1 * c->radius, c->x, c->y, 1.05 * c->radius);

  cairo_pattern_add_color_stop_rgb (paint, 0, MIN (1, light * (rgb[0] + .10)), MIN (1, light * (rgb[1] + .10)),
                                    MIN (1, light * (rgb[2] + .10)));
  cairo_pattern_add_color_stop_rgb (paint, .6, light * rgb[0], light * rgb[1], light * rgb[2]);
  cairo_pattern_add_color_stop_rgb (paint, 1, .8 * light * rgb[0], .8 * light * rgb[1], .8 * light * rgb[2]);
  cairo_set_source (cr, paint);
  cairo_arc (cr, c->x, c->y, c->radius, 0, 2 * G_PI);
  cairo_fill (cr);
  cairo_pattern_destroy (paint);
}

static void
draw_stones (cairo_t *cr, GRand *rng)
{
  const int n = g_rand_int_range (rng, 2, 6);

  for (int i = 0; i < n; i++)
    {
      const Circle c = { g_rand_double_range (rng, 0, SIDE), g_rand_double_range (rng, 0, SIDE), g_rand_double_range (rng, 12, 50) };
      const double grey = g_rand_double_range (rng, .3, .75);

      draw_shadow (cr, &c);
      draw_ball (cr, &c, (const double[]){ grey, grey, grey * .97 }, 1);
    }
}

/* Thin and coloured like the discs: only what is round and of the right size should count. */
static void
draw_twigs (cairo_t *cr, GRand *rng, int n)
{
  for (int i = 0; i < n; i++)
    {
      const double *rgb = colours[g_rand_int_range (rng, 0, ESP_SCENE_N_CLASSES)];
      const double x = g_rand_double_range (rng, 0, SIDE), y = g_rand_double_range (rng, 0, SIDE);
      const double angle = g_rand_double_range (rng, 0, 2 * G_PI), reach = g_rand_double_range (rng, 20, 70),
                   bend = g_rand_double_range (rng, -20, 20);

      cairo_set_source_rgb (cr, .9 * rgb[0], .9 * rgb[1], .9 * rgb[2]);
      cairo_set_line_width (cr, g_rand_double_range (rng, 2.5, 6));
      cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
      cairo_move_to (cr, x, y);
      cairo_rel_curve_to (cr, reach / 3 * cos (angle) + bend, reach / 3 * sin (angle), reach / 2 * cos (angle),
                          reach / 2 * sin (angle) + bend, reach * cos (angle), reach * sin (angle));
      cairo_stroke (cr);
    }
}

static gboolean
is_free (const Circle *c, const Circle *placed, guint n)
{
  for (guint i = 0; i < n; i++)
    if (hypot (c->x - placed[i].x, c->y - placed[i].y) < .95 * (c->radius + placed[i].radius))
      return FALSE;
  return TRUE;
}

/* Two sizes, each a little spread: one for each head of the detector. */
static Circle
draw_lot (GRand *rng)
{
  const double radius = g_rand_double (rng) < .6 ? g_rand_double_range (rng, 20.5, 25.5) : g_rand_double_range (rng, 41, 49);

  return (Circle){ g_rand_double_range (rng, radius + 1, SIDE - radius - 1), g_rand_double_range (rng, radius + 1, SIDE - radius - 1),
                   radius };
}

static guint
place_discs (cairo_t *cr, GRand *rng, EspSceneTruth *truths)
{
  Circle placed[ESP_SCENE_MOST];
  const guint wanted = (guint) g_rand_int_range (rng, 3, ESP_SCENE_MOST + 1);
  guint n = 0;

  for (int attempt = 0; attempt < TRIES && n < wanted; attempt++)
    {
      const Circle c = draw_lot (rng);
      const int class_index = g_rand_int_range (rng, 0, ESP_SCENE_N_CLASSES);
      const double light = g_rand_double_range (rng, .64, 1.08);

      if (!is_free (&c, placed, n))
        continue;
      draw_shadow (cr, &c);
      draw_ball (cr, &c, colours[class_index], light);
      truths[n]
          = (EspSceneTruth){ class_index,
                             { (float) (c.x / SIDE), (float) (c.y / SIDE), (float) (2 * c.radius / SIDE), (float) (2 * c.radius / SIDE) } };
      placed[n++] = c;
    }
  return n;
}

/**
 * esp_scene_draw:
 * @seed: of the whole set
 * @index: of the scene
 * @truths: (out caller-allocates): room for ESP_SCENE_MOST discs
 * @n_truths: (out): how many were drawn
 *
 * Returns: (transfer full): the picture, RGB24, 320 × 320. Discs may touch; stones lie under them, twigs under and over. Thread: any.
 */
cairo_surface_t *
esp_scene_draw (guint64 seed, guint index, EspSceneTruth truths[ESP_SCENE_MOST], guint *n_truths)
{
  g_autoptr (GRand) rng = esp_rng_new (seed, index, 0);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, SIDE, SIDE);
  cairo_t *cr;

  draw_ground (surface, rng);
  cr = cairo_create (surface);
  draw_stones (cr, rng);
  draw_twigs (cr, rng, g_rand_int_range (rng, 3, 9));
  *n_truths = place_discs (cr, rng, truths);
  draw_twigs (cr, rng, g_rand_int_range (rng, 1, 4));
  cairo_destroy (cr);
  return surface;
}
