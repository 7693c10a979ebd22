/* orchard-leaf.c: one leaf: a blade along a bent midrib, folded, veined, glossy, with light shining through
 *
 * In its own frame a leaf lies from (0, 0) to (1, 0), lengths in its own; the midrib sinks by bend · x². */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

#define STEPS   64
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

/* Narrows @from..@to to where @low <= @a + @b * t <= @high. */
static void
narrow (float a, float b, float low, float high, float *from, float *to)
{
  const float one = (low - a) / b, other = (high - a) / b;

  if (fabsf (b) < 1e-5f)
    {
      if (a < low || a > high)
        *to = *from - 1;
      return;
    }
  *from = MAX (*from, MIN (one, other));
  *to = MIN (*to, MAX (one, other));
}

/* The columns of row @y that the leaf, moved by @dx and @dy, can touch: the frame that holds it lies aslant in the patch. */
static void
span_of (const Blade *blade, const EspOrchardPatch *patch, int y, float dx, float dy, float margin, int *from, int *to)
{
  const EspOrchardLeaf *leaf = blade->leaf;
  const float c = blade->along.x / leaf->length, s = blade->along.y / leaf->length, m = margin / leaf->length;
  const float oy = (float) y + .5f - dy - leaf->y, ox = .5f - dx - leaf->x;
  float low = (float) patch->left, high = (float) patch->right - 1;

  narrow (c * ox + s * oy, c, -PETIOLE - m, 1 + m, &low, &high);
  narrow (c * oy - s * ox, -s, MIN (0, leaf->bend) - leaf->width - m, MAX (0, leaf->bend) + leaf->width + m, &low, &high);
  *from = MAX (patch->left, (int) floorf (low));
  *to = MIN (patch->right - 1, (int) ceilf (high));
}

/* The shadow lies where the sun's rays past the leaf end, a little wider and softer than the leaf. */
static void
cast (const Blade *blade, EspOrchardCanvas *canvas)
{
  const EspOrchardLeaf *leaf = blade->leaf;
  const float dx = -blade->light->dir.x * leaf->gap, dy = -blade->light->dir.y * leaf->gap, soft = leaf->soft + .8f + .12f * leaf->gap;
  const EspOrchardPatch patch = patch_of (leaf, dx, dy, soft + 1);

  int from, to;

  for (int y = patch.top; y < patch.bottom; y++)
    {
      span_of (blade, &patch, y, dx, dy, soft + 1, &from, &to);
      for (int x = from; x <= to; x++)
        {
          const float inside = canvas->kind[y * SIDE + x] != 0 ? spot_at (blade, (float) x + .5f - dx, (float) y + .5f - dy).inside : -99;

          if (inside > -soft)
            esp_orchard_canvas_shade (canvas, y * SIDE + x, .9f * esp_orchard_coverage (inside, soft));
        }
    }
}

/** esp_orchard_leaf_draw: casts the leaf's shadow on what is there, then lays the leaf over it. Thread: the canvas's owner. */
void
esp_orchard_leaf_draw (const EspOrchardLeaf *leaf, const EspOrchardLight *light, EspOrchardCanvas *canvas)
{
  static GOnce once = G_ONCE_INIT;
  const float c = cosf (leaf->angle), s = sinf (leaf->angle);
  const EspOrchardPatch patch = patch_of (leaf, 0, 0, leaf->soft + 1);
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

  int from, to;

  g_once (&once, make_profiles, NULL);
  if (leaf->gap > 0)
    cast (&blade, canvas);
  for (int y = patch.top; y < patch.bottom; y++)
    {
      span_of (&blade, &patch, y, 0, 0, leaf->soft + 1, &from, &to);
      for (int x = from; x <= to; x++)
        {
          const Spot spot = spot_at (&blade, (float) x + .5f, (float) y + .5f);

          if (spot.inside > -leaf->soft)
            esp_orchard_canvas_put (canvas, y * SIDE + x, esp_orchard_coverage (spot.inside, leaf->soft), colour_at (&blade, &spot),
                                    ESP_ORCHARD_LEAF, 0);
        }
    }
}
