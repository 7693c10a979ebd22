/* orchard-other.c: what is no fruit and may look like one: birds, flowers, pots, stones
 *
 * Drawn by cairo in sRGB, about the origin, one unit to a size. */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

typedef struct
{
  cairo_t *cr;
  const EspOrchardLight *light;
  const EspOrchardThing *thing;
  GRand *rng;
  double side; /* the sun's, -1 left .. 1 right, as the thing sees it */
} Hand;

static void
stop (cairo_pattern_t *paint, const Hand *hand, double at, const double rgb[3], double factor)
{
  const double d = (double) hand->light->dusk, e = (double) hand->light->exposure * factor;

  cairo_pattern_add_color_stop_rgb (paint, at, MIN (1, rgb[0] * e), MIN (1, rgb[1] * e * (1 - .26 * d)),
                                    MIN (1, rgb[2] * e * (1 - .36 * d)));
}

static void
fill (const Hand *hand, cairo_pattern_t *paint)
{
  cairo_set_source (hand->cr, paint);
  cairo_fill (hand->cr);
  cairo_pattern_destroy (paint);
}

/* Fills the path as something round about (@x, @y), lit from the sun's side. */
static void
fill_round (const Hand *hand, double x, double y, double radius, const double rgb[3])
{
  const double up = (double) hand->light->dir.y;
  cairo_pattern_t *paint
      = cairo_pattern_create_radial (x + .45 * radius * hand->side, y + .5 * radius * up, .05 * radius, x, y, 1.15 * radius);

  stop (paint, hand, 0, rgb, 1.32);
  stop (paint, hand, .45, rgb, 1);
  stop (paint, hand, 1, rgb, .42);
  fill (hand, paint);
}

static void
fill_flat (const Hand *hand, const double rgb[3])
{
  fill_round (hand, 0, 0, 60, rgb);
}

/* Lit across, from the sun's side to the other. */
static void
fill_across (const Hand *hand, double half, const double rgb[3])
{
  cairo_pattern_t *paint = cairo_pattern_create_linear (-half * hand->side, 0, half * hand->side, 0);

  stop (paint, hand, 0, rgb, .42);
  stop (paint, hand, .62, rgb, .95);
  stop (paint, hand, .84, rgb, 1.25);
  stop (paint, hand, 1, rgb, .95);
  fill (hand, paint);
}

static void
oval (const Hand *hand, double x, double y, double a, double b, double angle)
{
  cairo_save (hand->cr);
  cairo_translate (hand->cr, x, y);
  cairo_rotate (hand->cr, angle);
  cairo_scale (hand->cr, a, b);
  cairo_new_sub_path (hand->cr);
  cairo_arc (hand->cr, 0, 0, 1, 0, 2 * G_PI);
  cairo_restore (hand->cr);
}

/* Perched, looking right: tail, body, breast, head, wing, beak, eye. */
static void
draw_bird (const Hand *hand)
{
  static const double coats[][2][3] = { { { .36, .33, .24 }, { .86, .42, .16 } },   /* robin */
                                        { { .84, .68, .12 }, { .92, .78, .22 } },   /* oriole */
                                        { { .30, .34, .40 }, { .74, .72, .66 } },   /* tit */
                                        { { .22, .42, .18 }, { .62, .70, .22 } } }; /* parakeet */
  const int coat = (int) (hand->thing->seed % G_N_ELEMENTS (coats));
  const double *back = coats[coat][0], *breast = coats[coat][1], dark[3] = { back[0] * .6, back[1] * .6, back[2] * .6 },
               black[3] = { .07, .06, .06 };
  cairo_t *cr = hand->cr;

  cairo_move_to (cr, -.5, .12);
  cairo_line_to (cr, -1.42, .62);
  cairo_line_to (cr, -1.3, .78);
  cairo_line_to (cr, -.3, .5);
  cairo_close_path (cr);
  fill_flat (hand, dark);
  oval (hand, -.05, .1, .68, .46, -.5);
  fill_round (hand, -.05, .1, .7, back);
  oval (hand, .18, .22, .47, .40, -.7);
  fill_round (hand, .2, .2, .52, breast);
  oval (hand, .46, -.42, .32, .30, 0);
  fill_round (hand, .46, -.42, .33, coat == 0 ? breast : back);
  cairo_arc (cr, .40, -.52, .28, G_PI * .95, G_PI * 1.85);
  fill_round (hand, .42, -.5, .3, back);
  oval (hand, -.28, .14, .52, .25, -.62 + G_PI);
  fill_round (hand, -.3, .05, .5, dark);
  cairo_move_to (cr, .75, -.48);
  cairo_line_to (cr, 1.06, -.37);
  cairo_line_to (cr, .74, -.30);
  cairo_close_path (cr);
  fill_flat (hand, (const double[]){ .30, .25, .18 });
  oval (hand, .56, -.47, .055, .055, 0);
  fill_flat (hand, black);
  oval (hand, .575, -.49, .018, .018, 0);
  fill_flat (hand, (const double[]){ 1, 1, 1 });
}

/* A panicle: a loose cone of tiny cream and rose flowers on reddish stems. */
static void
draw_flowers (const Hand *hand)
{
  cairo_t *cr = hand->cr;

  cairo_set_line_width (cr, .045);
  cairo_set_source_rgb (cr, .52, .34, .20);
  for (int i = 0; i < 9; i++)
    {
      const double y = -1 + .22 * i, reach = .62 * (.2 + .085 * i) * (i % 2 == 0 ? 1 : -1);

      cairo_move_to (cr, 0, y + .25);
      cairo_line_to (cr, reach, y - .12);
    }
  cairo_move_to (cr, 0, -1.2);
  cairo_line_to (cr, 0, 1.1);
  cairo_stroke (cr);
  for (int i = 0; i < 110; i++)
    {
      const double t = sqrt (g_rand_double (hand->rng)), y = 1.15 - 2.3 * t,
                   x = .72 * t * (2 * g_rand_double (hand->rng) - 1) * (1 - .3 * t), tint = g_rand_double (hand->rng);
      const double rgb[3] = { .96 - .10 * tint, .90 - .36 * tint, .74 - .26 * tint },
                   lit = .72 + .28 * x * hand->side + .18 * g_rand_double (hand->rng);
      const double own[3] = { rgb[0] * lit, rgb[1] * lit, rgb[2] * lit };

      oval (hand, x, -y, .05 + .03 * tint, .05 + .02 * tint, 0);
      fill_flat (hand, own);
    }
}

static void
draw_pot (const Hand *hand)
{
  const double tint = g_rand_double (hand->rng), clay[3] = { .66 - .08 * tint, .38 - .03 * tint, .27 }, inside[3] = { .26, .15, .10 };
  cairo_t *cr = hand->cr;

  cairo_move_to (cr, -.78, -.5);
  cairo_line_to (cr, .78, -.5);
  cairo_line_to (cr, .55, .9);
  cairo_curve_to (cr, .4, 1.04, -.4, 1.04, -.55, .9);
  cairo_close_path (cr);
  fill_across (hand, .8, clay);
  cairo_rectangle (cr, -.94, -.86, 1.88, .42);
  fill_across (hand, .95, clay);
  oval (hand, 0, -.44, .94, .13, 0);
  fill_across (hand, .95, clay);
  oval (hand, 0, -.86, .94, .2, 0);
  fill_across (hand, .95, (const double[]){ clay[0] * 1.1, clay[1] * 1.1, clay[2] * 1.1 });
  oval (hand, 0, -.85, .8, .14, 0);
  fill_flat (hand, inside);
}

static void
draw_stone (const Hand *hand)
{
  const double grey = .45 + .3 * g_rand_double (hand->rng), warm = .1 * g_rand_double (hand->rng),
               rgb[3] = { grey + warm, grey + .4 * warm, grey - warm };
  const double squash = .55 + .3 * g_rand_double (hand->rng);
  double reach[9];

  for (int i = 0; i < 9; i++)
    reach[i] = .86 + .28 * g_rand_double (hand->rng);
  for (int i = 0; i <= 36; i++)
    {
      const double at = i % 36 / 4., f = at - floor (at), s = f * f * (3 - 2 * f), angle = i * G_PI / 18;
      const double r = reach[(int) at % 9] * (1 - s) + reach[((int) at + 1) % 9] * s;

      cairo_line_to (hand->cr, r * cos (angle), squash * r * sin (angle));
    }
  cairo_close_path (hand->cr);
  fill_round (hand, 0, 0, 1.05, rgb);
}

/** esp_orchard_thing_draw: lays @thing over what is there. Thread: the canvas's owner. */
void
esp_orchard_thing_draw (const EspOrchardThing *thing, const EspOrchardLight *light, EspOrchardCanvas *canvas)
{
  static void (*const draw[ESP_ORCHARD_N_THINGS]) (const Hand *hand) = { draw_bird, draw_flowers, draw_pot, draw_stone };
  g_autoptr (GRand) rng = g_rand_new_with_seed (thing->seed);
  cairo_t *cr = esp_orchard_canvas_begin (canvas);
  const Hand hand = { cr, light, thing, rng, (double) (thing->mirrored ? -light->dir.x : light->dir.x) > 0 ? 1 : -1 };
  const float reach = 1.6f * thing->size + 2;

  cairo_translate (cr, (double) thing->x, (double) thing->y);
  cairo_scale (cr, (double) (thing->mirrored ? -thing->size : thing->size), (double) thing->size);
  draw[thing->kind](&hand);
  esp_orchard_canvas_end (canvas, cr, esp_orchard_patch (thing->x - reach, thing->y - reach, thing->x + reach, thing->y + reach),
                          ESP_ORCHARD_OTHER);
}
