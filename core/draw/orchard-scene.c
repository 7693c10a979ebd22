/* orchard-scene.c: what is where in a scene: the tree, the fruit that hang from it, what else there is */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

#include "base/rng.h"

#define TRIES 40
#define DOWN  ((float) G_PI / 2)

/* How often there are 0, 1, ... fruit, in hundredths. */
static const int shares[ESP_ORCHARD_MOST + 1] = { 5, 15, 22, 22, 16, 11, 6, 3 };

static int
draw_number (GRand *rng)
{
  int lot = g_rand_int_range (rng, 0, 100), n = 0;

  while (lot >= shares[n])
    lot -= shares[n++];
  return n;
}

/* Where the stalk of the next fruit begins: somewhere along a bough or twig. */
static void
draw_anchor (const EspOrchardPlan *plan, GRand *rng, float *x, float *y)
{
  const guint which = (guint) g_rand_int_range (rng, 0, (gint32) plan->n_grown);

  esp_orchard_wood_at (&g_array_index (plan->woods, EspOrchardWood, which), esp_lot (rng, .15, 1), x, y);
}

/* Inside the picture for the most part, and not all behind another. */
static gboolean
has_room (const EspOrchardPlan *plan, const EspOrchardMango *mango, float closeness)
{
  const float edge = .35f * mango->radius;
  gboolean free = mango->x > edge && mango->x < SIDE - edge && mango->y > edge && mango->y < SIDE - edge;

  for (guint i = 0; free && i < plan->mangoes->len; i++)
    {
      const EspOrchardMango *other = &g_array_index (plan->mangoes, EspOrchardMango, i);

      free = hypotf (mango->x - other->x, mango->y - other->y) > closeness * (mango->radius + other->radius);
    }
  return free;
}

static void
add_stalk (EspOrchardPlan *plan, const EspOrchardMango *mango, float x, float y, float depth, GRand *rng)
{
  EspOrchardWood stalk
      = { .radius = { .055f * mango->radius, .07f * mango->radius }, .soft = .55f, .sun = .9f, .rough = .2f, .gap = .12f * mango->radius };

  stalk.x[0] = x;
  stalk.y[0] = y;
  esp_orchard_mango_crown (mango, &stalk.x[2], &stalk.y[2]);
  stalk.x[1] = .5f * x + .5f * stalk.x[2] + esp_lot (rng, -.2, .2) * mango->radius;
  stalk.y[1] = .45f * y + .55f * stalk.y[2];
  stalk.radius[0] = MAX (stalk.radius[0], .8f);
  stalk.radius[1] = MAX (stalk.radius[1], 1);
  stalk.albedo = esp_rgb_mix (esp_orchard_srgb (112, 128, 58), esp_orchard_srgb (132, 100, 66), esp_lot (rng, 0, 1));
  stalk.seed = g_rand_int (rng);
  esp_orchard_plan_add (plan, ESP_ORCHARD_ITEM_WOOD, &stalk, depth);
}

/* Leaves about the crown, most behind, some across the fruit. */
static void
add_leaves (EspOrchardPlan *plan, const EspOrchardMango *mango, float depth, GRand *rng)
{
  const int behind = g_rand_int_range (rng, 1, 5), before = g_rand_double (rng) < .55 ? g_rand_int_range (rng, 1, 4) : 0;
  float x, y;

  esp_orchard_mango_crown (mango, &x, &y);
  for (int i = 0; i < behind + before; i++)
    {
      const float aside = esp_lot (rng, -1, 1), up = i < behind ? esp_lot (rng, -.9, .1) : esp_lot (rng, -.8, -.05);
      EspOrchardLeaf leaf = { .x = x + .8f * aside * mango->radius, .y = y + up * mango->radius };

      leaf.angle = i < behind ? DOWN + esp_lot (rng, -1.6, 1.6) : DOWN + .75f * aside + esp_lot (rng, -.35, .35);
      esp_orchard_leaf_lot (&leaf, (i < behind ? 1 : .85f) * mango->radius, rng);
      leaf.sun *= i < behind ? .75f : 1;
      esp_orchard_plan_add (plan, ESP_ORCHARD_ITEM_LEAF, &leaf, depth + (i < behind ? esp_lot (rng, -.3, -.02) : esp_lot (rng, .01, .3)));
    }
}

static void
hang_fruit (EspOrchardPlan *plan, float scale, GRand *rng)
{
  const float closeness = g_rand_double (rng) < .4 ? .5f : .8f, depth = esp_lot (rng, -.2, .2), drop = esp_lot (rng, .4, 1.9);
  EspOrchardMango mango;
  float x, y;

  esp_orchard_mango_lot (&mango, scale * esp_lot (rng, .84, 1.16), rng);
  for (int i = 0; i < TRIES; i++)
    {
      draw_anchor (plan, rng, &x, &y);
      mango.x = x + esp_lot (rng, -.35, .35) * mango.radius;
      mango.y = y + (drop + 1) * mango.radius;
      if (!has_room (plan, &mango, closeness))
        continue;
      add_stalk (plan, &mango, x, y, depth - .005f, rng);
      esp_orchard_plan_add (plan, ESP_ORCHARD_ITEM_MANGO, &mango, depth);
      add_leaves (plan, &mango, depth, rng);
      return;
    }
}

/* Round leaves in the colours of ripe fruit. */
static void
add_round_leaves (EspOrchardPlan *plan, float scale, GRand *rng)
{
  const int n = g_rand_double (rng) < .4 ? g_rand_int_range (rng, 1, 5) : 0;

  for (int i = 0; i < n; i++)
    {
      EspOrchardLeaf leaf = { .angle = DOWN + esp_lot (rng, -1.3, 1.3) };

      draw_anchor (plan, rng, &leaf.x, &leaf.y);
      leaf.x += esp_lot (rng, -2, 2) * scale;
      leaf.y += esp_lot (rng, -1, 3) * scale;
      esp_orchard_leaf_lot (&leaf, .5f * scale, rng);
      leaf.width = esp_lot (rng, .30, .42);
      leaf.is_round = TRUE;
      leaf.albedo = esp_rgb_mix (esp_orchard_srgb (206, 164, 52), esp_orchard_srgb (196, 82, 40), esp_lot (rng, 0, 1));
      esp_orchard_plan_add (plan, ESP_ORCHARD_ITEM_LEAF, &leaf, esp_lot (rng, -.5, .4));
    }
}

static void
add_thing (EspOrchardPlan *plan, EspOrchardThingKind kind, float x, float y, float size, float depth, GRand *rng)
{
  const EspOrchardThing thing = { kind, x, y, size, g_rand_boolean (rng), g_rand_int (rng) };

  esp_orchard_plan_add (plan, ESP_ORCHARD_ITEM_THING, &thing, depth);
}

/* On the ground below, far behind the tree. */
static void
add_ground_things (EspOrchardPlan *plan, float scale, GRand *rng)
{
  const int pots = g_rand_double (rng) < .16 ? g_rand_int_range (rng, 1, 4) : 0,
            stones = g_rand_double (rng) < .22 ? g_rand_int_range (rng, 1, 5) : 0;

  for (int i = 0; i < pots + stones; i++)
    {
      const float size = scale * (i < pots ? esp_lot (rng, .55, 1.1) : esp_lot (rng, .25, .7));

      add_thing (plan, i < pots ? ESP_ORCHARD_POT : ESP_ORCHARD_STONE, esp_lot (rng, 0, SIDE), SIDE - size * esp_lot (rng, .2, 1), size,
                 -3 + .01f * (float) i, rng);
    }
}

static void
add_things (EspOrchardPlan *plan, float scale, GRand *rng)
{
  const int panicles = g_rand_double (rng) < .25 ? g_rand_int_range (rng, 1, 4) : 0;
  float x, y;

  add_round_leaves (plan, scale, rng);
  add_ground_things (plan, scale, rng);
  for (int i = 0; i < panicles; i++)
    {
      draw_anchor (plan, rng, &x, &y);
      add_thing (plan, ESP_ORCHARD_FLOWERS, x, y - .4f * scale, scale * esp_lot (rng, .5, .9), esp_lot (rng, -.4, .25), rng);
    }
  if (g_rand_double (rng) < .2)
    {
      const float size = scale * esp_lot (rng, .6, .95);

      esp_orchard_wood_at (&g_array_index (plan->woods, EspOrchardWood, 0), esp_lot (rng, .3, .9), &x, &y);
      add_thing (plan, ESP_ORCHARD_BIRD, x, y - .75f * size, size, esp_lot (rng, -.2, .2), rng);
    }
}

static gint
by_depth (gconstpointer a, gconstpointer b)
{
  const EspOrchardItem *one = a, *other = b;

  if (one->depth != other->depth)
    return one->depth < other->depth ? -1 : 1;
  return one->order < other->order ? -1 : one->order > other->order;
}

/** esp_orchard_plan_new: Returns: (transfer full): what is where in scene @index of @seed. Thread: any. */
EspOrchardPlan *
esp_orchard_plan_new (guint64 seed, guint64 index)
{
  g_autoptr (GRand) lights = esp_rng_new (seed, index, ESP_ORCHARD_STREAM_LIGHT);
  g_autoptr (GRand) tree = esp_rng_new (seed, index, ESP_ORCHARD_STREAM_TREE);
  g_autoptr (GRand) fruit = esp_rng_new (seed, index, ESP_ORCHARD_STREAM_FRUIT);
  g_autoptr (GRand) other = esp_rng_new (seed, index, ESP_ORCHARD_STREAM_OTHER);
  EspOrchardPlan *plan = g_new0 (EspOrchardPlan, 1);
  const float scale = 12 * expf (esp_lot (tree, 0, 1.1));
  int n;

  plan->leaves = g_array_new (FALSE, FALSE, sizeof (EspOrchardLeaf));
  plan->woods = g_array_new (FALSE, FALSE, sizeof (EspOrchardWood));
  plan->mangoes = g_array_new (FALSE, FALSE, sizeof (EspOrchardMango));
  plan->things = g_array_new (FALSE, FALSE, sizeof (EspOrchardThing));
  plan->items = g_array_new (FALSE, FALSE, sizeof (EspOrchardItem));
  esp_orchard_light_lot (&plan->light, lights);
  esp_orchard_tree_grow (plan, scale, tree);
  plan->n_grown = plan->woods->len;
  add_things (plan, scale, other);
  n = draw_number (fruit);
  for (int i = 0; i < n; i++)
    hang_fruit (plan, scale, fruit);
  g_array_sort (plan->items, by_depth);
  return plan;
}

/** esp_orchard_plan_free: frees @plan. Thread: its owner. */
void
esp_orchard_plan_free (EspOrchardPlan *plan)
{
  g_array_unref (plan->leaves);
  g_array_unref (plan->woods);
  g_array_unref (plan->mangoes);
  g_array_unref (plan->things);
  g_array_unref (plan->items);
  g_free (plan);
}

/** esp_orchard_plan_draw: draws all but the @dropped fruit, which are numbered by their place, from 1. Thread: the canvas's owner. */
void
esp_orchard_plan_draw (const EspOrchardPlan *plan, EspOrchardCanvas *canvas, const gboolean *dropped)
{
  for (guint i = 0; i < plan->items->len; i++)
    {
      const EspOrchardItem *item = &g_array_index (plan->items, EspOrchardItem, i);

      canvas->order = i + 1;
      switch (item->kind)
        {
        case ESP_ORCHARD_ITEM_LEAF:
          esp_orchard_leaf_draw (&g_array_index (plan->leaves, EspOrchardLeaf, item->place), &plan->light, canvas);
          break;
        case ESP_ORCHARD_ITEM_WOOD:
          esp_orchard_wood_draw (&g_array_index (plan->woods, EspOrchardWood, item->place), &plan->light, canvas);
          break;
        case ESP_ORCHARD_ITEM_MANGO:
          if (!dropped[item->place])
            esp_orchard_mango_draw (&g_array_index (plan->mangoes, EspOrchardMango, item->place), &plan->light, canvas,
                                    (guint8) (item->place + 1));
          break;
        case ESP_ORCHARD_ITEM_THING:
        default:
          esp_orchard_thing_draw (&g_array_index (plan->things, EspOrchardThing, item->place), &plan->light, canvas);
        }
    }
}
