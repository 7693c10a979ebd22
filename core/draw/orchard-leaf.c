/* orchard-leaf.c: one leaf: a blade along a bent midrib, folded, veined, glossy, with light shining through
 *
 * In its own frame a leaf lies from (0, 0) to (1, 0), lengths in its own; the midrib sinks by bend · x². */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

#define STEPS   64
#define WALK    24   /* steps along a side */
#define PETIOLE .07f /* before the blade, in lengths */

/* Half widths along the midrib, at most 1: lance-shaped with a drawn-out tip, and round. */
static float profiles[2][STEPS + 1];

static gpointer
make_profiles (gpointer data)
{
  for (int i = 0; i <= STEPS; i++)
    {
      const double x = (double) i / STEPS;

      profiles[0][i] = (float) (2.24 * pow (x, .72) * pow (1 - x, .92));
      profiles[1][i] = (float) (2.05 * pow (x, .42) * pow (1 - x, .62));
    }
  return NULL;
}

static float
profile (gboolean is_round, float x)
{
  const float at = CLAMP (x, 0, .9999f) * STEPS;
  const int i = (int) at;

  return profiles[is_round ? 1 : 0][i] + (at - (float) i) * (profiles[is_round ? 1 : 0][i + 1] - profiles[is_round ? 1 : 0][i]);
}

/* A leaf ready to be asked about pixels. */
typedef struct
{
  const EspOrchardLeaf *leaf;
  const EspOrchardLight *light;
  EspVec along, across; /* of the blade, on the picture */
  EspRgb midrib, through, sheen;
  gboolean detailed;
} Blade;

typedef struct
{
  float x;      /* along it */
  float s, off; /* across the blade from the midrib: -1..1, and in lengths */
  float inside; /* pixels inside the outline */
} Spot;

static Spot
spot_at (const Blade *blade, float px, float py)
{
  const EspOrchardLeaf *leaf = blade->leaf;
  const float dx = (px - leaf->x) / leaf->length, dy = (py - leaf->y) / leaf->length;
  Spot spot = { .x = dx * blade->along.x + dy * blade->along.y, .inside = -9 };
  const float middle = spot.x > 0 ? leaf->bend * spot.x * spot.x : 0;
  float half = .013f;

  if (spot.x < -PETIOLE || spot.x > 1.02f)
    return spot;
  if (spot.x >= 0)
    half = MAX (leaf->width * profile (leaf->is_round, spot.x), spot.x < .5f ? .013f : 0);
  else
    half *= .6f + .4f * (spot.x + PETIOLE) / PETIOLE;
  spot.off = dx * blade->across.x + dy * blade->across.y - middle;
  spot.s = spot.off / MAX (half, .004f);
  spot.inside = (half - fabsf (spot.off)) * leaf->length;
  spot.inside /= sqrtf (1 + 4 * leaf->bend * leaf->bend * spot.x * spot.x);
  spot.inside = MIN (spot.inside, MIN (spot.x + PETIOLE, 1 - spot.x) * leaf->length);
  return spot;
}

/* Two tilted halves, a curl along the whole, and the quilting between side veins. */
static EspVec
normal_at (const Blade *blade, const Spot *spot, float vein)
{
  const EspOrchardLeaf *leaf = blade->leaf;
  const float side = CLAMP (spot->s * 6, -1, 1);
  const float across = -side * leaf->fold + .35f * spot->s, along = leaf->curl * (spot->x - .35f) + (blade->detailed ? .05f * vein : 0);

  return esp_vec_unit ((EspVec){ across * blade->across.x + along * blade->along.x, across * blade->across.y + along * blade->along.y, 1 });
}

static EspRgb
colour_at (const Blade *blade, const Spot *spot)
{
  const EspOrchardLeaf *leaf = blade->leaf;
  const EspOrchardLight *light = blade->light;
  const float vein = blade->detailed ? esp_orchard_wave (11 * spot->x - 1.2f * fabsf (spot->s)) : 0;
  const EspVec n = normal_at (blade, spot, vein);
  const float rib = 1 - esp_ramp (.3f, 1.1f, fabsf (spot->off) * leaf->length / MAX (.6f, .014f * leaf->length));
  const float patch = esp_orchard_noise (spot->x * 5 + 3, spot->s * 1.7f, leaf->seed);
  EspRgb albedo = esp_rgb_scale (leaf->albedo, 1 + .12f * patch + .035f * vein);
  EspRgb colour;
  float gloss;

  albedo = esp_rgb_mix (albedo, blade->midrib, spot->x < 0 ? .8f : .75f * rib * (1 - .6f * spot->x));
  colour = esp_orchard_lit (light, albedo, n, leaf->sun, .1f);
  colour = esp_rgb_add (colour, esp_rgb_scale (blade->through, leaf->sun * (.75f + .25f * MAX (0, -esp_vec_dot (n, light->dir)))));
  gloss = MAX (0, esp_vec_dot (n, light->half));
  gloss *= gloss;
  gloss *= gloss;
  gloss *= gloss;
  gloss = .16f * gloss + .34f * gloss * gloss * gloss;
  colour = esp_rgb_add (colour, esp_rgb_scale (light->sun, gloss * leaf->sun * .45f));
  return esp_rgb_scale (esp_rgb_add (colour, esp_rgb_scale (blade->sheen, .5f + .5f * -n.y)), light->exposure);
}

static EspOrchardPatch
patch_of (const EspOrchardLeaf *leaf, float dx, float dy, float margin)
{
  const float c = cosf (leaf->angle), s = sinf (leaf->angle), half = leaf->width + fabsf (leaf->bend) * .3f;
  const float tip_x = c - leaf->bend * s, tip_y = s + leaf->bend * c, foot_x = -PETIOLE * c, foot_y = -PETIOLE * s;
  const float reach = half * leaf->length + margin;

  return esp_orchard_patch (leaf->x + dx + MIN (MIN (tip_x, foot_x), 0) * leaf->length - reach,
                            leaf->y + dy + MIN (MIN (tip_y, foot_y), 0) * leaf->length - reach,
                            leaf->x + dx + MAX (MAX (tip_x, foot_x), 0) * leaf->length + reach,
                            leaf->y + dy + MAX (MAX (tip_y, foot_y), 0) * leaf->length + reach);
}

/* The columns of each row that a leaf can touch. */
typedef struct
{
  int top, bottom; /* the last outside */
  gint16 from[SIDE], to[SIDE];
} Rows;

static void
touch (Rows *rows, const float x[2], const float y[2], float margin)
{
  const int top = MAX (rows->top, (int) (MIN (y[0], y[1]) - margin + SIDE) - SIDE);
  const int bottom = MIN (rows->bottom - 1, (int) (MAX (y[0], y[1]) + margin + SIDE) - SIDE);
  const int from = MAX (0, (int) (MIN (x[0], x[1]) - margin)), to = MIN (SIDE - 1, (int) (MAX (x[0], x[1]) + margin));

  for (int row = top; row <= bottom; row++)
    {
      rows->from[row] = (gint16) MIN (rows->from[row], from);
      rows->to[row] = (gint16) MAX (rows->to[row], to);
    }
}

/* Walks both sides of the leaf, moved by @dx and @dy, and takes what lies between. */
static void
find_rows (const Blade *blade, float dx, float dy, float margin, Rows *rows)
{
  const EspOrchardLeaf *leaf = blade->leaf;
  const EspOrchardPatch patch = patch_of (leaf, dx, dy, margin);
  float x[2], y[2];

  rows->top = patch.top;
  rows->bottom = patch.bottom;
  for (int row = patch.top; row < patch.bottom; row++)
    {
      rows->from[row] = SIDE;
      rows->to[row] = -1;
    }
  for (int side = -1; side <= 1; side += 2)
    for (int i = 0; i <= WALK; i++)
      {
        const float u = (1 + PETIOLE) * (float) i / WALK - PETIOLE;
        const float half = MAX (leaf->width * profile (leaf->is_round, u), .013f),
                    v = (u > 0 ? leaf->bend * u * u : 0) + (float) side * half;

        x[i & 1] = leaf->x + dx + leaf->length * (u * blade->along.x + v * blade->across.x);
        y[i & 1] = leaf->y + dy + leaf->length * (u * blade->along.y + v * blade->across.y);
        if (i > 0)
          touch (rows, x, y, margin);
      }
}

/* The shadow lies where the sun's rays past the leaf end, a little wider and softer than the leaf. */
static void
cast (const Blade *blade, EspOrchardCanvas *canvas)
{
  const EspOrchardLeaf *leaf = blade->leaf;
  const float dx = -blade->light->dir.x * leaf->gap, dy = -blade->light->dir.y * leaf->gap, soft = leaf->soft + .8f + .12f * leaf->gap;
  Rows rows;

  find_rows (blade, dx, dy, soft + 1, &rows);
  for (int y = rows.top; y < rows.bottom; y++)
    {
      for (int x = rows.from[y]; x <= rows.to[y]; x++)
        {
          const gboolean falls = canvas->kind[y * SIDE + x] != 0 && esp_orchard_canvas_shows (canvas, y * SIDE + x);
          const float inside = falls ? spot_at (blade, (float) x + .5f - dx, (float) y + .5f - dy).inside : -99;

          if (inside > -soft)
            esp_orchard_canvas_shade (canvas, y * SIDE + x, .9f * esp_orchard_coverage (inside, soft));
        }
    }
}

/* Outlines it or paints it. */
static void
lay (const Blade *blade, EspOrchardCanvas *canvas)
{
  const EspOrchardLeaf *leaf = blade->leaf;
  Rows rows;

  find_rows (blade, 0, 0, leaf->soft + 1, &rows);
  for (int y = rows.top; y < rows.bottom; y++)
    {
      for (int at = y * SIDE + rows.from[y]; at <= y * SIDE + rows.to[y]; at++)
        {
          const Spot spot = esp_orchard_canvas_shows (canvas, at) ? spot_at (blade, (float) (at - y * SIDE) + .5f, (float) y + .5f)
                                                                  : (Spot){ .inside = -99 };

          if (spot.inside <= -leaf->soft)
            continue;
          if (canvas->outline)
            esp_orchard_canvas_claim (canvas, at, esp_orchard_coverage (spot.inside, leaf->soft), 0);
          else
            esp_orchard_canvas_put (canvas, at, esp_orchard_coverage (spot.inside, leaf->soft), colour_at (blade, &spot), ESP_ORCHARD_LEAF,
                                    0);
        }
    }
}

/** esp_orchard_leaf_draw: casts the leaf's shadow on what is there, then lays the leaf over it. Thread: the canvas's owner. */
void
esp_orchard_leaf_draw (const EspOrchardLeaf *leaf, const EspOrchardLight *light, EspOrchardCanvas *canvas)
{
  static GOnce once = G_ONCE_INIT;
  const float c = cosf (leaf->angle), s = sinf (leaf->angle);
  const Blade blade = {
    .leaf = leaf,
    .light = light,
    .along = { c, s, 0 },
    .across = { -s, c, 0 },
    .midrib = esp_rgb_add (esp_rgb_scale (leaf->albedo, 1.5f), (EspRgb){ .10f, .11f, .03f }),
    .through = esp_rgb_scale (esp_rgb_times (light->sun, esp_rgb_times (leaf->albedo, (EspRgb){ 1.5f, 1.35f, .5f })), leaf->glow),
    .sheen = esp_rgb_scale (light->sky, .035f),
    .detailed = leaf->length > 22 && leaf->soft < 1.5f,
  };


  g_once (&once, make_profiles, NULL);
  if (leaf->gap > 0 && !canvas->outline)
    cast (&blade, canvas);
  lay (&blade, canvas);
}
