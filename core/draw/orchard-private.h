/* orchard-private.h: what the parts of the orchard share
 *
 * Coordinates are pixels of the picture, x rightwards, y down, z towards the eye. Colours are linear light unless said otherwise. */
#pragma once

#include <math.h>

#include <cairo.h>

#include "base/rng.h"
#include "draw/orchard.h"

G_BEGIN_DECLS

#define SIDE ESP_ORCHARD_SIDE

/* Streams of one scene: what is drawn from one never moves what is drawn from another. */
enum
{
  ESP_ORCHARD_STREAM_LIGHT,
  ESP_ORCHARD_STREAM_BACKGROUND,
  ESP_ORCHARD_STREAM_TREE,
  ESP_ORCHARD_STREAM_FRUIT,
  ESP_ORCHARD_STREAM_OTHER,
  ESP_ORCHARD_STREAM_CUE,
  ESP_ORCHARD_STREAM_CUE_SHAPE,
};

typedef struct
{
  float x, y, z;
} EspVec;

typedef struct
{
  float r, g, b;
} EspRgb;

static inline float
esp_lot (GRand *rng, double low, double high)
{
  return (float) (low + (high - low) * g_rand_double (rng));
}

static inline EspVec
esp_vec_unit (EspVec v)
{
  const float s = 1 / sqrtf (v.x * v.x + v.y * v.y + v.z * v.z + 1e-12f);

  return (EspVec){ v.x * s, v.y * s, v.z * s };
}

static inline float
esp_vec_dot (EspVec a, EspVec b)
{
  return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline EspRgb
esp_rgb_mix (EspRgb a, EspRgb b, float t)
{
  return (EspRgb){ a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t };
}

static inline EspRgb
esp_rgb_scale (EspRgb a, float s)
{
  return (EspRgb){ a.r * s, a.g * s, a.b * s };
}

static inline EspRgb
esp_rgb_times (EspRgb a, EspRgb b)
{
  return (EspRgb){ a.r * b.r, a.g * b.g, a.b * b.b };
}

static inline EspRgb
esp_rgb_add (EspRgb a, EspRgb b)
{
  return (EspRgb){ a.r + b.r, a.g + b.g, a.b + b.b };
}

static inline float
esp_ramp (float low, float high, float x)
{
  const float t = CLAMP ((x - low) / (high - low), 0, 1);

  return t * t * (3 - 2 * t);
}

/* -1..1 with period 1, near enough a sine: parabolas. */
static inline float
esp_orchard_wave (float x)
{
  const float t = x - (float) (gint32) (x + 1024) + 1024, u = 2 * t - 1; /* @x above -1024 */

  return 4 * u * (fabsf (u) - 1) * -1;
}

/* orchard-light.c */
typedef struct
{
  EspVec   dir, half;        /* towards the sun; halfway between that and the eye */
  EspRgb   sun, sky, bounce; /* light from the sun, from above, from below */
  float    dusk;             /* 0 noon .. 1 sunset */
  float    exposure;
  gboolean hazy;
} EspOrchardLight;

void   esp_orchard_light_lot (EspOrchardLight *light,
                              GRand           *rng);
EspRgb esp_orchard_srgb      (int              r,  /* bytes of sRGB to linear */
                              int              g,
                              int              b);
guint8 esp_orchard_tone      (float            value); /* linear light to a byte, highlights rolled off */

/* What a surface of @albedo with normal @n sends to the eye; @share of the sun reaches it; @wrap softens the terminator. */
static inline EspRgb
esp_orchard_lit (const EspOrchardLight *light, EspRgb albedo, EspVec n, float share, float wrap)
{
  const float direct = MAX (0, (esp_vec_dot (n, light->dir) + wrap) / (1 + wrap)) * share;
  const EspRgb ambient = esp_rgb_mix (light->bounce, light->sky, .5f - .5f * n.y);

  return esp_rgb_times (albedo, esp_rgb_add (esp_rgb_scale (light->sun, direct), ambient));
}

/* orchard-noise.c */
float esp_orchard_hash  (gint32  x,    /* 0..1 */
                         gint32  y,
                         guint32 seed);
float esp_orchard_noise (float   x,    /* -1..1, smooth, period none */
                         float   y,
                         guint32 seed);

/* orchard-canvas.c: what hangs in front, premultiplied, and what each pixel is
 *
 * Everything is gone through twice, in the same order: once for outlines alone, which says how much of each fruit is seen and which thing
 * is the last to cover a pixel wholly, then to paint, and nothing is painted where it would be covered. */
typedef struct
{
  cairo_surface_t *surface; /* ARGB32 */
  guint32         *pixels;
  cairo_surface_t *scratch; /* ARGB32, for things that cairo draws */
  guint8          *kind, *fruit, *shadow;
  guint16         *cover;   /* order of the last thing that covers the pixel wholly */
  guint            order;   /* of what is being drawn, from 1 */
  gboolean         outline; /* nothing is painted */
} EspOrchardCanvas;

typedef struct
{
  int left, top, right, bottom; /* the last two outside */
} EspOrchardPatch;

EspOrchardCanvas *esp_orchard_canvas_new   (void);
void              esp_orchard_canvas_free  (EspOrchardCanvas      *canvas);
EspOrchardPatch   esp_orchard_patch        (float                  left, /* cut to the picture */
                                            float                  top,
                                            float                  right,
                                            float                  bottom);
void              esp_orchard_canvas_reset (EspOrchardCanvas      *canvas,
                                            gboolean               outline);
void              esp_orchard_canvas_claim (EspOrchardCanvas      *canvas, /* put, in outline */
                                            int                    at,
                                            float                  coverage,
                                            guint8                 fruit);
void              esp_orchard_canvas_put   (EspOrchardCanvas      *canvas,
                                            int                    at,
                                            float                  coverage,
                                            EspRgb                 colour,
                                            EspOrchardKind         kind,
                                            guint8                 fruit);
void              esp_orchard_canvas_shade (EspOrchardCanvas      *canvas,
                                            int                    at,
                                            float                  amount);
cairo_t          *esp_orchard_canvas_begin (EspOrchardCanvas      *canvas); /* (transfer full): draws on the scratch */
void              esp_orchard_canvas_end   (EspOrchardCanvas      *canvas,
                                            cairo_t               *cr, /* (transfer full) */
                                            EspOrchardPatch        patch,
                                            EspOrchardKind         kind);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspOrchardCanvas, esp_orchard_canvas_free)

/* Nothing that is drawn later hides the pixel. */
static inline gboolean
esp_orchard_canvas_shows (const EspOrchardCanvas *canvas, int at)
{
  return canvas->cover[at] <= canvas->order;
}

/* Share of a pixel that is inside, @distance pixels inside the outline (negative: outside), edges @soft pixels wide to either side. */
static inline float
esp_orchard_coverage (float distance, float soft)
{
  const float t = CLAMP (.5f + .5f * distance / soft, 0, 1);

  return soft > 1 ? t * t * (3 - 2 * t) : t;
}

/* orchard-leaf.c */
typedef struct
{
  float   x, y, angle; /* where it leaves the twig, and to where it points */
  float   length, width; /* pixels; of the blade's half, as a share of the length */
  float   bend, fold, curl;
  float   soft;        /* half the width of its edges: its distance from the focus */
  float   sun, glow;   /* share of the sun that reaches it; of that, what shines through */
  float   gap;         /* pixels between its foot and its shadow, 0: none */
  gboolean is_round;
  EspRgb  albedo;
  guint32 seed;
} EspOrchardLeaf;

void esp_orchard_leaf_draw (const EspOrchardLeaf  *leaf,
                            const EspOrchardLight *light,
                            EspOrchardCanvas      *canvas);

/* orchard-branch.c: a tapered, curved piece of wood or a stalk */
typedef struct
{
  float   x[3], y[3]; /* quadratic curve */
  float   radius[2];
  float   soft, sun, gap, rough;
  EspRgb  albedo;
  guint32 seed;
} EspOrchardWood;

void esp_orchard_wood_at   (const EspOrchardWood  *wood,
                            float                  t,
                            float                 *x,
                            float                 *y);
void esp_orchard_wood_draw (const EspOrchardWood  *wood,
                            const EspOrchardLight *light,
                            EspOrchardCanvas      *canvas);

/* orchard-fruit.c */
#define ESP_ORCHARD_TURNS 256

typedef struct
{
  int     class_index;
  float   x, y, angle, radius; /* centre, tilt of the long axis, half of its length */
  float   breadth, lean, beak; /* shape, shares of the radius */
  gboolean mirrored;
  float   ripeness;            /* 0..1 over all classes */
  float   blush, soft, sun, gap;
  guint32 seed;
  float   reach[ESP_ORCHARD_TURNS + 1], slope[ESP_ORCHARD_TURNS + 1]; /* outline in polar form */
  float   area;                /* pixels */
} EspOrchardMango;

void esp_orchard_mango_lot   (EspOrchardMango       *mango,
                              float                  radius,
                              GRand                 *rng);
void esp_orchard_mango_crown (const EspOrchardMango *mango, /* where the stalk holds it */
                              float                 *x,
                              float                 *y);
void esp_orchard_mango_draw  (const EspOrchardMango *mango,
                              const EspOrchardLight *light,
                              EspOrchardCanvas      *canvas,
                              guint8                 fruit);

/* orchard-other.c: what is no fruit and may look like one */
typedef enum
{
  ESP_ORCHARD_BIRD,
  ESP_ORCHARD_FLOWERS,
  ESP_ORCHARD_POT,
  ESP_ORCHARD_STONE,
  ESP_ORCHARD_N_THINGS
} EspOrchardThingKind;

typedef struct
{
  EspOrchardThingKind kind;
  float   x, y, size;
  gboolean mirrored;
  guint32 seed;
} EspOrchardThing;

void esp_orchard_thing_draw (const EspOrchardThing *thing,
                             const EspOrchardLight *light,
                             EspOrchardCanvas      *canvas);

/* orchard-scene.c: what is where */
typedef enum
{
  ESP_ORCHARD_ITEM_LEAF,
  ESP_ORCHARD_ITEM_WOOD,
  ESP_ORCHARD_ITEM_MANGO,
  ESP_ORCHARD_ITEM_THING,
} EspOrchardItemKind;

typedef struct
{
  float              depth; /* drawn in rising order */
  EspOrchardItemKind kind;
  guint              place; /* in the array of its kind */
  guint              order; /* among equal depths */
} EspOrchardItem;

typedef struct
{
  EspOrchardLight light;
  guint           n_grown; /* woods of the tree; those behind them are stalks */
  GArray *leaves, *woods, *mangoes, *things, *items;
} EspOrchardPlan;

EspOrchardPlan *esp_orchard_plan_new  (guint64               seed,
                                       guint64               index);
void            esp_orchard_plan_free (EspOrchardPlan       *plan);
void            esp_orchard_plan_draw (const EspOrchardPlan *plan,
                                       EspOrchardCanvas     *canvas,
                                       const gboolean       *dropped); /* by place among the mangoes */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspOrchardPlan, esp_orchard_plan_free)

/* orchard-tree.c: boughs, twigs and their leaves */
void esp_orchard_tree_grow (EspOrchardPlan *plan,
                            float           scale, /* half the length of a middling fruit, pixels */
                            GRand          *rng);
void esp_orchard_plan_add  (EspOrchardPlan    *plan,
                            EspOrchardItemKind kind,
                            gconstpointer      item,
                            float              depth);
void esp_orchard_leaf_lot  (EspOrchardLeaf *leaf,
                            float           scale,
                            GRand          *rng);

/* orchard-background.c, orchard-cue.c: both give a new RGB24 or ARGB32 surface of the picture's size */
cairo_surface_t *esp_orchard_background (const EspOrchardLight *light,
                                         GRand                 *rng);
cairo_surface_t *esp_orchard_cue        (const EspOrchardLight *light,
                                         GRand                 *rng);
cairo_surface_t *esp_orchard_enlarge    (cairo_surface_t       *small); /* smoothly, to the picture's size */
void             esp_orchard_blur       (cairo_surface_t       *surface,
                                         int                    radius,
                                         int                    passes);

/* orchard-folder.c: makes it, with a note of the scenes; refuses one that has others */
gboolean    esp_orchard_claim (const char          *folder,
                               const EspOrchardSet *set,
                               GError             **error);
const char *esp_cue_word      (EspCue               cue); /* orchard-cue.c */

/* orchard-masks.c */
gboolean esp_orchard_write_masks (const char            *folder,
                                  const char            *stem,
                                  const EspOrchardScene *scene,
                                  GError               **error);
gboolean esp_orchard_write_image (const char            *path,
                                  EspImage              *image,
                                  GError               **error);

G_END_DECLS
