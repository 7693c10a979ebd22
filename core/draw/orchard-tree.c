/* orchard-tree.c: boughs, twigs and the leaves on them */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

#define DOWN ((float) G_PI / 2)

/** esp_orchard_plan_add: copies @item into its array and gives it a place in the order of drawing. Thread: the plan's owner. */
void
esp_orchard_plan_add (EspOrchardPlan *plan, EspOrchardItemKind kind, gconstpointer item, float depth)
{
  GArray *const arrays[] = { plan->leaves, plan->woods, plan->mangoes, plan->things };
  const EspOrchardItem entry = { depth, kind, arrays[kind]->len, plan->items->len };

  g_array_append_vals (arrays[kind], item, 1);
  g_array_append_val (plan->items, entry);
}

/* Greens of a grown tree, a few that are young and bronze or old and yellow. */
static EspRgb
leaf_colour (GRand *rng)
{
  const double lot = g_rand_double (rng);
  const float t = esp_lot (rng, 0, 1);

  if (lot < .035)
    return esp_rgb_mix (esp_orchard_srgb (132, 74, 50), esp_orchard_srgb (150, 110, 56), t);
  if (lot < .07)
    return esp_rgb_mix (esp_orchard_srgb (186, 158, 52), esp_orchard_srgb (196, 128, 44), t);
  if (lot < .25)
    return esp_rgb_mix (esp_orchard_srgb (112, 150, 54), esp_orchard_srgb (138, 168, 70), t);
  return esp_rgb_mix (esp_orchard_srgb (44, 86, 34), esp_orchard_srgb (84, 128, 44), t);
}

/** esp_orchard_leaf_lot: draws shape, colour and light of a leaf by lot; its place and angle must be set. Thread: the stream's owner. */
void
esp_orchard_leaf_lot (EspOrchardLeaf *leaf, float scale, GRand *rng)
{
  leaf->length = scale * esp_lot (rng, 1.6, 3.2);
  leaf->width = esp_lot (rng, .105, .175);
  leaf->bend = .34f * cosf (leaf->angle) + esp_lot (rng, -.16, .16);
  leaf->fold = esp_lot (rng, .08, .5);
  leaf->curl = esp_lot (rng, -.9, 1.1);
  leaf->soft = .55f;
  leaf->sun = esp_lot (rng, .5, 1);
  leaf->glow = g_rand_double (rng) < .35 ? esp_lot (rng, .25, .7) : esp_lot (rng, 0, .15);
  leaf->gap = scale * esp_lot (rng, .10, .34);
  leaf->is_round = FALSE;
  leaf->albedo = leaf_colour (rng);
  leaf->seed = g_rand_int (rng);
}

/* Leaves along the end of a twig that points to @angle, heavy: most droop. */
static void
grow_whorl (EspOrchardPlan *plan, float x, float y, float angle, float scale, float depth, GRand *rng)
{
  const int n = g_rand_int_range (rng, 5, 11);

  for (int i = 0; i < n; i++)
    {
      const float turn = angle + ((float) i + .5f - .5f * (float) n) / (float) n * 4.4f + esp_lot (rng, -.6, .6);
      const float back = scale * esp_lot (rng, -.05, .7), droop = esp_lot (rng, .3, 1.5);
      EspOrchardLeaf leaf = { .x = x - back * cosf (angle), .y = y - back * sinf (angle) };

      leaf.angle = atan2f (sinf (turn) + droop, cosf (turn));
      esp_orchard_leaf_lot (&leaf, scale, rng);
      leaf.sun *= depth < 0 ? 1 + .55f * depth : 1;
      esp_orchard_plan_add (plan, ESP_ORCHARD_ITEM_LEAF, &leaf, depth + esp_lot (rng, -.15, .15));
    }
}

static EspRgb
bark_colour (GRand *rng)
{
  return esp_rgb_mix (esp_orchard_srgb (104, 88, 72), esp_orchard_srgb (134, 118, 100), esp_lot (rng, 0, 1));
}

static void
grow_twig (EspOrchardPlan *plan, const EspOrchardWood *bough, float t, float scale, GRand *rng)
{
  const float depth = esp_lot (rng, -.55, .25), reach = scale * esp_lot (rng, .9, 2.6);
  const float angle = DOWN + (g_rand_double (rng) < .68 ? esp_lot (rng, -1.25, 1.25) : esp_lot (rng, 2, 4.3));
  EspOrchardWood twig = *bough;

  esp_orchard_wood_at (bough, t, &twig.x[0], &twig.y[0]);
  twig.x[2] = twig.x[0] + reach * cosf (angle);
  twig.y[2] = twig.y[0] + reach * sinf (angle);
  twig.x[1] = .5f * (twig.x[0] + twig.x[2]) + scale * esp_lot (rng, -.3, .3);
  twig.y[1] = .5f * (twig.y[0] + twig.y[2]) + scale * esp_lot (rng, -.5, .1);
  twig.radius[0] = scale * esp_lot (rng, .06, .10);
  twig.radius[1] = scale * .04f;
  twig.albedo = esp_rgb_mix (bough->albedo, esp_orchard_srgb (96, 112, 54), esp_lot (rng, .1, .6));
  twig.seed = g_rand_int (rng);
  twig.rough = .5f;
  twig.gap = .14f * scale;
  esp_orchard_plan_add (plan, ESP_ORCHARD_ITEM_WOOD, &twig, depth);
  grow_whorl (plan, twig.x[2], twig.y[2], angle, scale, depth + .05f, rng);
}

static void
grow_bough (EspOrchardPlan *plan, float height, float scale, GRand *rng)
{
  const gboolean left = g_rand_boolean (rng);
  const float reach = esp_lot (rng, .55, 1.1) * SIDE, sag = esp_lot (rng, -.5, 1.4) * scale;
  EspOrchardWood bough = {
    .soft = .6f, .sun = esp_lot (rng, .6, 1), .gap = .25f * scale, .rough = 1, .albedo = bark_colour (rng), .seed = g_rand_int (rng)
  };
  const int n = (int) CLAMP (reach / (scale * 1.5f), 3, 9);

  bough.x[0] = left ? -12 : SIDE + 12;
  bough.x[2] = left ? reach : SIDE - reach;
  bough.x[1] = .5f * (bough.x[0] + bough.x[2]);
  bough.y[0] = height;
  bough.y[2] = height + esp_lot (rng, -1, 1.2) * scale;
  bough.y[1] = .5f * (bough.y[0] + bough.y[2]) - sag;
  bough.radius[0] = scale * esp_lot (rng, .18, .34);
  bough.radius[1] = scale * esp_lot (rng, .06, .10);
  esp_orchard_plan_add (plan, ESP_ORCHARD_ITEM_WOOD, &bough, -.25f);
  for (int i = 0; i < n; i++)
    grow_twig (plan, &bough, ((float) i + esp_lot (rng, .2, 1)) / (float) n, scale, rng);
}

/* Whorls of leaves behind the tree, dim and out of focus: what gives it depth. */
static void
grow_depth (EspOrchardPlan *plan, float scale, GRand *rng)
{
  const int n = g_rand_int_range (rng, 1, 6);
  const float middle = esp_lot (rng, 0, SIDE), spread = esp_lot (rng, 40, 120);

  for (int i = 0; i < n; i++)
    {
      const float x = middle + spread * (float) esp_rng_normal (rng), y = esp_lot (rng, -.1, .6) * SIDE, soft = esp_lot (rng, 1.8, 4);
      const int leaves = g_rand_int_range (rng, 4, 8);

      for (int k = 0; k < leaves; k++)
        {
          EspOrchardLeaf leaf = { .x = x, .y = y, .angle = DOWN + esp_lot (rng, -1.9, 1.9) };

          esp_orchard_leaf_lot (&leaf, .85f * scale, rng);
          leaf.soft = soft;
          leaf.sun *= .6f;
          leaf.gap = 0;
          leaf.albedo = esp_rgb_scale (leaf.albedo, .8f);
          esp_orchard_plan_add (plan, ESP_ORCHARD_ITEM_LEAF, &leaf, -1 - .2f * soft);
        }
    }
}

/* A leaf or two close to the eye, at the edge and far out of focus. */
static void
grow_front (EspOrchardPlan *plan, float scale, GRand *rng)
{
  const int n = g_rand_double (rng) < .45 ? g_rand_int_range (rng, 1, 4) : 0;
  const float x = g_rand_boolean (rng) ? -10 : SIDE + 10, y = esp_lot (rng, -.1, 1) * SIDE;

  for (int i = 0; i < n; i++)
    {
      EspOrchardLeaf leaf
          = { .x = x, .y = y + esp_lot (rng, -30, 30), .angle = x < 0 ? esp_lot (rng, -.7, 1.1) : (float) G_PI + esp_lot (rng, -1.1, .7) };

      esp_orchard_leaf_lot (&leaf, 1.25f * scale, rng);
      leaf.soft = esp_lot (rng, 3.5, 6.5);
      leaf.gap = 0;
      esp_orchard_plan_add (plan, ESP_ORCHARD_ITEM_LEAF, &leaf, 2 + .01f * (float) i);
    }
}

/** esp_orchard_tree_grow: adds boughs, twigs and leaves by lot; the smaller the @scale, the more. Thread: the plan's owner. */
void
esp_orchard_tree_grow (EspOrchardPlan *plan, float scale, GRand *rng)
{
  const int n = scale > 30 ? 1 : scale > 20 ? g_rand_int_range (rng, 1, 3) : g_rand_int_range (rng, 2, 4);

  grow_depth (plan, scale, rng);
  for (int i = 0; i < n; i++)
    grow_bough (plan, SIDE * (.06f + .76f * ((float) i + esp_lot (rng, 0, .6)) / (float) n), scale, rng);
  grow_front (plan, scale, rng);
}
