/* orchard-fruit.c: one mango: its outline, its skin by ripeness, light on it
 *
 * In its own frame the stalk end is at (0, -1), the tip at (0, 1), lengths in half its length. The outline is star-shaped about the centre
 * and kept in polar form by turns that need no arc tangent (|x| + |y| = 1); height over the picture falls from the middle to the outline as
 * a circle does. */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

#define TURNS    ESP_ORCHARD_TURNS
#define CORNERS  768
#define LENTICEL .17f /* between the dots of the skin */

/* Ripeness of the classes. It has no steps, and where two of them meet they overlap: such a fruit is called by either name, as among
 * people. */
static const float ripeness[ESP_ORCHARD_N_CLASSES][2] = { { 0, .33 }, { .30, .67 }, { .64, 1 } };

/* 0..1 once round, from +x over +y. */
static float
turn_of (float x, float y)
{
  const float p = y / (fabsf (x) + fabsf (y) + 1e-12f);

  return x < 0 ? .25f * (2 - p) : y < 0 ? .25f * (4 + p) : .25f * p;
}

/* The outline at angle @phi from the stalk end: a bent egg with full shoulders and a beak beside the tip. */
static void
corner_at (const EspOrchardMango *mango, double phi, double *x, double *y)
{
  const double along = -cos (phi), across = sin (phi);
  const double full = mango->breadth * (1 - .13 * along - .05 * along * along) * across;
  const double beak = across > 0 ? mango->beak * (exp (-pow ((along - .78) / .13, 2)) - .9 * exp (-pow ((along - .5) / .16, 2))) : 0;

  *x = full + mango->lean * (1 - along * along) - .3 * mango->lean + beak;
  *y = along * (1 + .04 * across);
  if (mango->mirrored)
    *x = -*x;
}

/* By how far from the centre the outline lies in each of TURNS directions: between the two corners on either side. */
static void
trace_outline (EspOrchardMango *mango)
{
  float turn[CORNERS], reach[CORNERS];
  int first = 0;

  for (int k = 0; k < CORNERS; k++)
    {
      double x, y;

      corner_at (mango, (mango->mirrored ? -2 : 2) * G_PI * k / CORNERS, &x, &y);
      turn[k] = turn_of ((float) x, (float) y);
      reach[k] = (float) hypot (x, y);
      if (turn[k] < turn[first])
        first = k;
    }
  for (int i = 0, k = 0; i < TURNS; i++)
    {
      const float want = (float) i / TURNS;
      int a, b;

      while (k < CORNERS && turn[(first + k) % CORNERS] <= want)
        k++;
      a = (first + k + CORNERS - 1) % CORNERS;
      b = (first + k) % CORNERS;
      const float gap = turn[b] - turn[a], step = want - turn[a];
      const float share = (step < 0 ? step + 1 : step) / MAX (gap < 0 ? gap + 1 : gap, 1e-6f);

      mango->reach[i] = reach[a] + (reach[b] - reach[a]) * CLAMP (share, 0, 1);
    }
  mango->reach[TURNS] = mango->reach[0];
}

static void
direction (int i, double *x, double *y)
{
  const double turn = 4.0 * i / TURNS;
  const double p = turn < 1 ? turn : turn < 3 ? 2 - turn : turn - 4;

  *y = p;
  *x = (turn > 1 && turn < 3 ? -1 : 1) * (1 - fabs (p));
}

/* Change of the reach with the angle; and the area, of slivers. */
static void
measure_outline (EspOrchardMango *mango)
{
  double area = 0;

  for (int i = 0; i < TURNS; i++)
    {
      double ax, ay, bx, by, wedge;
      const int before = (i + TURNS - 1) % TURNS, after = (i + 1) % TURNS;

      direction (before, &ax, &ay);
      direction (after, &bx, &by);
      wedge = atan2 (ax * by - ay * bx, ax * bx + ay * by);
      mango->slope[i] = (mango->reach[after] - mango->reach[before]) / (float) wedge;
      area += .25 * mango->reach[i] * mango->reach[i] * wedge;
    }
  mango->slope[TURNS] = mango->slope[0];
  mango->area = (float) area * mango->radius * mango->radius;
}

/** esp_orchard_mango_lot: draws class, ripeness, shape and tilt by lot; where it hangs is left open. Thread: the stream's owner. */
void
esp_orchard_mango_lot (EspOrchardMango *mango, float radius, GRand *rng)
{
  *mango = (EspOrchardMango){ .class_index = g_rand_int_range (rng, 0, ESP_ORCHARD_N_CLASSES),
                              .radius = radius,
                              .angle = .17f * (float) CLAMP (esp_rng_normal (rng), -2.5, 2.5),
                              .breadth = esp_lot (rng, .69, .83),
                              .lean = esp_lot (rng, .04, .15),
                              .beak = esp_lot (rng, .01, .055),
                              .mirrored = g_rand_boolean (rng),
                              .soft = .5f,
                              .sun = esp_lot (rng, .72, 1) };
  mango->ripeness = esp_lot (rng, (double) ripeness[mango->class_index][0], (double) ripeness[mango->class_index][1]);
  mango->blush = esp_lot (rng, .15, 1);
  mango->gap = radius * esp_lot (rng, .15, .35);
  mango->seed = g_rand_int (rng);
  trace_outline (mango);
  measure_outline (mango);
}

/** esp_orchard_mango_crown: where on the picture the stalk holds it. Thread: any. */
void
esp_orchard_mango_crown (const EspOrchardMango *mango, float *x, float *y)
{
  const float c = cosf (mango->angle), s = sinf (mango->angle), lx = (mango->mirrored ? .3f : -.3f) * mango->lean * mango->radius,
              ly = -.97f * mango->radius;

  *x = mango->x + c * lx - s * ly;
  *y = mango->y + s * lx + c * ly;
}

/* A mango ready to be asked about pixels. */
typedef struct
{
  const EspOrchardMango *mango;
  const EspOrchardLight *light;
  float c, s;
  float sun_x, sun_y; /* the sun's direction in the fruit's frame */
  gboolean dotted;
} Skin;

typedef struct
{
  float x, y;           /* in the fruit's frame */
  float rho;            /* 0 centre .. 1 outline */
  float rise_x, rise_y; /* gradient of rho */
  float inside;         /* pixels */
} Spot;

static Spot
spot_at (const Skin *skin, float px, float py)
{
  const EspOrchardMango *mango = skin->mango;
  const float dx = (px - mango->x) / mango->radius, dy = (py - mango->y) / mango->radius;
  Spot spot = { .x = skin->c * dx + skin->s * dy, .y = skin->c * dy - skin->s * dx };
  const float r = sqrtf (spot.x * spot.x + spot.y * spot.y) + 1e-6f, turn = MIN (turn_of (spot.x, spot.y), .99999f) * TURNS;
  const int i = (int) turn;
  const float f = turn - (float) i, reach = mango->reach[i] + f * (mango->reach[i + 1] - mango->reach[i]);
  const float slope = mango->slope[i] + f * (mango->slope[i + 1] - mango->slope[i]), ux = spot.x / r, uy = spot.y / r,
              bend = slope / (reach * reach);

  spot.rho = r / reach;
  spot.rise_x = ux / reach + uy * bend;
  spot.rise_y = uy / reach - ux * bend;
  spot.inside = (1 - spot.rho) / sqrtf (spot.rise_x * spot.rise_x + spot.rise_y * spot.rise_y) * mango->radius;
  return spot;
}

/* Ground colour from deep green over yellow to orange, by @ripe 0..1. */
static EspRgb
ground_colour (float ripe)
{
  const EspRgb stops[] = { esp_orchard_srgb (92, 132, 36),  esp_orchard_srgb (124, 156, 48), esp_orchard_srgb (172, 174, 56),
                           esp_orchard_srgb (222, 182, 52), esp_orchard_srgb (240, 158, 38), esp_orchard_srgb (236, 124, 34) };
  const float at = CLAMP (ripe, 0, .9999f) * (G_N_ELEMENTS (stops) - 1);
  const int i = (int) at;

  return esp_rgb_mix (stops[i], stops[i + 1], at - (float) i);
}

/* Red where the sun has shone, at the shoulder most; a ripe one is red far down, a green one hardly. */
static EspRgb
skin_colour (const Skin *skin, const Spot *spot, float z)
{
  const EspOrchardMango *mango = skin->mango;
  const float lobe = 1 / (.45f + z), gx = spot->x * lobe, gy = spot->y * lobe;
  const float large = esp_orchard_noise (gx * 1.3f + 7, gy * 1.3f, mango->seed), fine = esp_orchard_noise (gx * 5, gy * 5, mango->seed + 1);
  const float late = esp_ramp (.5f, .9f, mango->ripeness);
  const float ripe = mango->ripeness + .07f * large + .025f * fine + .05f * spot->y * (1 - 1.4f * late);
  const float facing = .75f * (spot->x * skin->sun_x + spot->y * skin->sun_y) - .35f * spot->y + .28f * large + .07f * fine;
  const float red = mango->blush * esp_ramp (.05f, .95f, facing + .22f) * esp_ramp (.2f, .9f, mango->ripeness + .18f);
  const EspRgb blush = esp_rgb_mix (esp_orchard_srgb (176, 74, 48), esp_orchard_srgb (204, 44, 36), late);
  EspRgb colour = esp_rgb_mix (ground_colour (ripe), blush, .85f * red);

  if (skin->dotted)
    {
      const gint32 i = (gint32) (gx / LENTICEL + 512) - 512, j = (gint32) (gy / LENTICEL + 512) - 512;
      const float ox = gx / LENTICEL - (float) i - .25f - .5f * esp_orchard_hash (i, j, mango->seed + 2);
      const float oy = gy / LENTICEL - (float) j - .25f - .5f * esp_orchard_hash (i, j, mango->seed + 3);

      colour = esp_rgb_mix (colour, esp_orchard_srgb (226, 214, 130),
                            .30f * (1 - esp_ramp (.03f, .21f, sqrtf (ox * ox + oy * oy))) * esp_orchard_hash (i, j, mango->seed + 4));
    }
  return esp_rgb_scale (colour, 1 + .06f * fine);
}

static EspRgb
colour_at (const Skin *skin, const Spot *spot)
{
  const EspOrchardLight *light = skin->light;
  const EspOrchardMango *mango = skin->mango;
  const float rho = MIN (spot->rho, .995f), z = sqrtf (1 - rho * rho), lift = .82f * rho;
  const float dent = .05f * esp_orchard_noise (spot->x * 3, spot->y * 3, mango->seed + 5);
  const float nx = spot->rise_x * lift * mango->breadth + dent, ny = spot->rise_y * lift * mango->breadth;
  const EspVec n = esp_vec_unit ((EspVec){ skin->c * nx - skin->s * ny, skin->s * nx + skin->c * ny, z });
  const float pit = hypotf (spot->x * 1.2f, spot->y + .98f), closed = .55f + .45f * esp_ramp (.0f, .3f, pit), rim = (1 - z) * (1 - z);
  const EspRgb albedo = skin_colour (skin, spot, z);
  EspRgb colour = esp_orchard_lit (light, albedo, n, mango->sun, .16f);
  float gloss = MAX (0, esp_vec_dot (n, light->half)), tight;

  gloss *= gloss;
  gloss *= gloss;
  gloss *= gloss;
  tight = gloss * gloss * gloss * gloss;
  gloss = .07f * gloss + .34f * tight * tight;
  colour = esp_rgb_scale (colour, closed * (1 - .30f * rim * (.5f + .5f * n.y)));
  colour = esp_rgb_add (colour, esp_rgb_scale (light->sun, gloss * mango->sun));
  colour = esp_rgb_add (colour, esp_rgb_scale (light->sky, .16f * rim * MAX (0, .4f - n.y)));
  return esp_rgb_scale (colour, light->exposure);
}

static void
cast (const Skin *skin, EspOrchardCanvas *canvas)
{
  const EspOrchardMango *mango = skin->mango;
  const float dx = -skin->light->dir.x * mango->gap, dy = -skin->light->dir.y * mango->gap, soft = 1.2f + .14f * mango->gap;
  const float reach = 1.12f * mango->radius + soft;
  const EspOrchardPatch patch
      = esp_orchard_patch (mango->x + dx - reach, mango->y + dy - reach, mango->x + dx + reach, mango->y + dy + reach);

  for (int y = patch.top; y < patch.bottom; y++)
    for (int x = patch.left; x < patch.right; x++)
      {
        const gboolean falls = canvas->kind[y * SIDE + x] != 0 && esp_orchard_canvas_shows (canvas, y * SIDE + x);
        const float inside = falls ? spot_at (skin, (float) x + .5f - dx, (float) y + .5f - dy).inside : -99;

        if (inside > -soft)
          esp_orchard_canvas_shade (canvas, y * SIDE + x, .85f * esp_orchard_coverage (inside, soft));
      }
}

/**
 * esp_orchard_mango_draw:
 * @mango: what hangs where
 * @light: of the scene
 * @canvas: changed
 * @fruit: its number, from 1
 *
 * Casts its shadow on what is there, then lays the fruit over it. Thread: the canvas's owner.
 */
void
esp_orchard_mango_draw (const EspOrchardMango *mango, const EspOrchardLight *light, EspOrchardCanvas *canvas, guint8 fruit)
{
  const float c = cosf (mango->angle), s = sinf (mango->angle), reach = 1.12f * mango->radius + mango->soft + 1;
  const Skin skin = { mango, light, c, s, c * light->dir.x + s * light->dir.y, c * light->dir.y - s * light->dir.x, mango->radius > 15 };
  const EspOrchardPatch patch = esp_orchard_patch (mango->x - reach, mango->y - reach, mango->x + reach, mango->y + reach);

  if (!canvas->outline)
    cast (&skin, canvas);
  for (int y = patch.top; y < patch.bottom; y++)
    for (int x = patch.left; x < patch.right; x++)
      {
        const int at = y * SIDE + x;
        const Spot spot
            = esp_orchard_canvas_shows (canvas, at) ? spot_at (&skin, (float) x + .5f, (float) y + .5f) : (Spot){ .inside = -99 };

        if (spot.inside <= -mango->soft)
          continue;
        if (canvas->outline)
          esp_orchard_canvas_claim (canvas, at, esp_orchard_coverage (spot.inside, mango->soft), fruit);
        else
          esp_orchard_canvas_put (canvas, at, esp_orchard_coverage (spot.inside, mango->soft), colour_at (&skin, &spot), ESP_ORCHARD_FRUIT,
                                  fruit);
      }
}
