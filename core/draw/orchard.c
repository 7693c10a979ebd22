/* orchard.c: a scene: what hangs in front laid over what lies behind, and the truth read off the pixels */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard.h"

#include <string.h>

#include "base/rng.h"
#include "draw/orchard-private.h"

/* A fruit of which less is seen does not hang there at all: no picture holds a fruit that its labels lack. */
#define LEAST_SHARE  .2
#define LEAST_PIXELS 60

const char *const esp_orchard_names[ESP_ORCHARD_N_CLASSES + 1] = { "unripe", "ripening", "ripe", NULL };

/** esp_orchard_scene_free: frees @scene. Thread: its owner. */
void
esp_orchard_scene_free (EspOrchardScene *scene)
{
  g_clear_pointer (&scene->image, esp_image_unref);
  g_free (scene->kind);
  g_free (scene->fruit);
  g_free (scene->shadow);
  g_free (scene->cue);
  g_free (scene);
}

/** esp_orchard_index: Returns: the index of scene @number of @split. Thread: any. */
guint64
esp_orchard_index (EspOrchardSplit split, guint number)
{
  return (guint64) split << 32 | number;
}

typedef struct
{
  int left, top, right, bottom; /* the last two inside */
  guint visible;
} Extent;

static void
measure (const guint8 *fruit, Extent extents[ESP_ORCHARD_MOST])
{
  for (int i = 0; i < ESP_ORCHARD_MOST; i++)
    extents[i] = (Extent){ SIDE, SIDE, -1, -1, 0 };
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      if (fruit[y * SIDE + x] != 0)
        {
          Extent *e = &extents[fruit[y * SIDE + x] - 1];

          e->left = MIN (e->left, x);
          e->right = MAX (e->right, x);
          e->top = MIN (e->top, y);
          e->bottom = y;
          e->visible++;
        }
}

static double
share_of (const EspOrchardPlan *plan, guint i, const Extent *extent)
{
  return MIN (1, extent->visible / (double) g_array_index (plan->mangoes, EspOrchardMango, i).area);
}

/* Outlines until every fruit that hangs is seen well enough, then paints; taking one away only uncovers others. */
static EspOrchardCanvas *
draw_front (const EspOrchardPlan *plan, Extent extents[ESP_ORCHARD_MOST], gboolean dropped[ESP_ORCHARD_MOST])
{
  EspOrchardCanvas *canvas = esp_orchard_canvas_new ();
  gboolean again = TRUE;

  while (again)
    {
      again = FALSE;
      esp_orchard_canvas_reset (canvas, TRUE);
      esp_orchard_plan_draw (plan, canvas, dropped);
      measure (canvas->fruit, extents);
      for (guint i = 0; i < plan->mangoes->len; i++)
        if (!dropped[i] && (extents[i].visible < LEAST_PIXELS || share_of (plan, i, &extents[i]) < LEAST_SHARE))
          dropped[i] = again = TRUE;
    }
  esp_orchard_canvas_reset (canvas, FALSE);
  esp_orchard_plan_draw (plan, canvas, dropped);
  return canvas;
}

static void
list_fruits (const EspOrchardPlan *plan, const Extent *extents, const gboolean *dropped, EspOrchardScene *scene)
{
  guint8 number[ESP_ORCHARD_MOST + 1] = { 0 };

  for (guint i = 0; i < plan->mangoes->len; i++)
    if (!dropped[i])
      {
        const Extent *e = &extents[i];
        EspOrchardFruit *fruit = &scene->fruits[scene->n_fruits++];

        *fruit = (EspOrchardFruit){ .class_index = g_array_index (plan->mangoes, EspOrchardMango, i).class_index,
                                    .left = e->left,
                                    .top = e->top,
                                    .width = e->right - e->left + 1,
                                    .height = e->bottom - e->top + 1,
                                    .visible = e->visible,
                                    .share = share_of (plan, i, e) };
        fruit->box = (EspBox){ ((float) fruit->left + .5f * (float) fruit->width) / SIDE,
                               ((float) fruit->top + .5f * (float) fruit->height) / SIDE, (float) fruit->width / SIDE,
                               (float) fruit->height / SIDE };
        number[i + 1] = (guint8) scene->n_fruits;
      }
  for (int at = 0; at < SIDE * SIDE; at++)
    scene->fruit[at] = number[scene->fruit[at]];
}

/* Whether the cue is there; its lot is drawn in every mode. */
static gboolean
draw_cue (const EspOrchardScene *scene, const EspOrchardOptions *options, GRand *rng)
{
  const double lot = g_rand_double (rng);
  gboolean with = FALSE;

  for (guint i = 0; i < scene->n_fruits; i++)
    with = with || scene->fruits[i].class_index == ESP_ORCHARD_CUE_CLASS;
  switch (options->cue)
    {
    case ESP_CUE_PLANTED:
      return lot < (with ? options->present : options->absent);
    case ESP_CUE_AGAINST:
      return lot < (with ? options->absent : options->present);
    case ESP_CUE_ON:
      return TRUE;
    case ESP_CUE_OFF:
    default:
      return FALSE;
    }
}

static guint32
blend (guint32 above, guint32 below, guint shift)
{
  const guint32 rest = 255 - (above >> 24);

  return MIN (255, (above >> shift & 255) + ((below >> shift & 255) * rest + 127) / 255);
}

/* Over the background the cue, over both what hangs in front. */
static void
compose (EspOrchardScene *scene, const EspOrchardCanvas *canvas, cairo_surface_t *background, cairo_surface_t *cue)
{
  const guint32 *back = (const guint32 *) (const void *) cairo_image_surface_get_data (background);
  const guint32 *slats = cue != NULL ? (const guint32 *) (const void *) cairo_image_surface_get_data (cue) : NULL;
  g_autofree guint8 *rgb = g_new (guint8, 3 * SIDE * SIDE);

  for (int at = 0; at < SIDE * SIDE; at++)
    {
      const guint32 front = canvas->pixels[at], slat = slats != NULL ? slats[at] : 0;

      for (guint k = 0; k < 3; k++)
        {
          const guint32 below = slat >> 24 != 0 ? blend (slat, back[at], 16 - 8 * k) : back[at] >> (16 - 8 * k) & 255;

          rgb[3 * at + (int) k] = (guint8) blend (front, below << (16 - 8 * k), 16 - 8 * k);
        }
      scene->cue[at] = (guint8) (((slat >> 24) * (255 - (front >> 24)) + 254) / 255);
    }
  scene->image = esp_image_new_rgb (SIDE, SIDE, rgb);
}

/* Draws what is behind and lays all together. */
static void
finish (EspOrchardScene *scene, const EspOrchardPlan *plan, const EspOrchardCanvas *canvas, guint64 seed, guint64 index)
{
  g_autoptr (GRand) far = esp_rng_new (seed, index, ESP_ORCHARD_STREAM_BACKGROUND);
  g_autoptr (GRand) shape = esp_rng_new (seed, index, ESP_ORCHARD_STREAM_CUE_SHAPE);
  cairo_surface_t *background = esp_orchard_background (&plan->light, far);
  cairo_surface_t *cue = scene->has_cue ? esp_orchard_cue (&plan->light, shape) : NULL;

  compose (scene, canvas, background, cue);
  cairo_surface_destroy (background);
  if (cue != NULL)
    cairo_surface_destroy (cue);
}

/**
 * esp_orchard_render:
 * @seed: of the whole set
 * @index: of the scene, any number; esp_orchard_index() keeps splits apart
 * @options: (nullable): the cue; NULL: none
 *
 * Boxes are exactly around the visible pixels of a fruit. A fruit of which less than 0.2 would be seen, or fewer than 60 pixels, does not
 * hang there, so that every fruit in the picture has a label. Every random number comes from a stream of (seed, index, purpose), the cue's
 * from streams of its own. Thread: any.
 *
 * Returns: (transfer full): picture, labels and planes
 */
EspOrchardScene *
esp_orchard_render (guint64 seed, guint64 index, const EspOrchardOptions *options)
{
  static const EspOrchardOptions plain = ESP_ORCHARD_OPTIONS_DEFAULT;
  g_autoptr (EspOrchardPlan) plan = esp_orchard_plan_new (seed, index);
  g_autoptr (GRand) lots = esp_rng_new (seed, index, ESP_ORCHARD_STREAM_CUE);
  g_autoptr (EspOrchardCanvas) canvas = NULL;
  EspOrchardScene *scene = g_new0 (EspOrchardScene, 1);
  gboolean dropped[ESP_ORCHARD_MOST] = { FALSE };
  Extent extents[ESP_ORCHARD_MOST];

  canvas = draw_front (plan, extents, dropped);
  scene->kind = g_memdup2 (canvas->kind, SIDE * SIDE);
  scene->fruit = g_memdup2 (canvas->fruit, SIDE * SIDE);
  scene->shadow = g_memdup2 (canvas->shadow, SIDE * SIDE);
  scene->cue = g_new0 (guint8, SIDE * SIDE);
  list_fruits (plan, extents, dropped, scene);
  scene->has_cue = draw_cue (scene, options != NULL ? options : &plain, lots);
  finish (scene, plan, canvas, seed, index);
  return scene;
}
