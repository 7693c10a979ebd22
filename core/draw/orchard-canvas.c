/* orchard-canvas.c: what hangs in front of the background, and what each pixel of it is */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

#include <string.h>

/* What is left of light in the shadow of a leaf: blue suffers least. */
static const float shade_strength[3] = { .58f, .54f, .46f };

/** esp_orchard_canvas_new: Returns: (transfer full): an empty canvas. Thread: its owner. */
EspOrchardCanvas *
esp_orchard_canvas_new (void)
{
  EspOrchardCanvas *canvas = g_new0 (EspOrchardCanvas, 1);

  canvas->surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, SIDE, SIDE);
  canvas->scratch = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, SIDE, SIDE);
  g_assert (cairo_image_surface_get_stride (canvas->surface) == 4 * SIDE);
  canvas->pixels = (guint32 *) (void *) cairo_image_surface_get_data (canvas->surface);
  canvas->kind = g_new0 (guint8, SIDE * SIDE);
  canvas->fruit = g_new0 (guint8, SIDE * SIDE);
  canvas->shadow = g_new0 (guint8, SIDE * SIDE);
  canvas->cover = g_new0 (guint16, SIDE * SIDE);
  return canvas;
}

/** esp_orchard_canvas_free: frees @canvas. Thread: its owner. */
void
esp_orchard_canvas_free (EspOrchardCanvas *canvas)
{
  cairo_surface_destroy (canvas->surface);
  cairo_surface_destroy (canvas->scratch);
  g_free (canvas->kind);
  g_free (canvas->fruit);
  g_free (canvas->shadow);
  g_free (canvas->cover);
  g_free (canvas);
}

/** esp_orchard_canvas_reset: begins a pass: over empty outlines, or painting under those found. Thread: the canvas's owner. */
void
esp_orchard_canvas_reset (EspOrchardCanvas *canvas, gboolean outline)
{
  canvas->outline = outline;
  memset (canvas->fruit, 0, SIDE * SIDE);
  if (outline)
    memset (canvas->cover, 0, SIDE * SIDE * sizeof *canvas->cover);
}

/** esp_orchard_patch: Returns: the pixels that a rectangle touches, cut to the picture. Thread: any. */
EspOrchardPatch
esp_orchard_patch (float left, float top, float right, float bottom)
{
  return (EspOrchardPatch){ (int) CLAMP (floorf (left), 0, SIDE), (int) CLAMP (floorf (top), 0, SIDE), (int) CLAMP (ceilf (right), 0, SIDE),
                            (int) CLAMP (ceilf (bottom), 0, SIDE) };
}

static guint32
over (guint32 below, guint32 alpha, guint32 r, guint32 g, guint32 b)
{
  const guint32 rest = 255 - alpha;
  const guint32 a = alpha + ((below >> 24) * rest + 127) / 255;
  const guint32 red = (r * alpha + (below >> 16 & 255) * rest + 127) / 255;
  const guint32 green = (g * alpha + (below >> 8 & 255) * rest + 127) / 255;
  const guint32 blue = (b * alpha + (below & 255) * rest + 127) / 255;

  return a << 24 | MIN (red, a) << 16 | MIN (green, a) << 8 | MIN (blue, a);
}

/* The pixel is what covers at least half of it; a shadow goes with what it lay on. */
static void
take (EspOrchardCanvas *canvas, int at, guint32 alpha, EspOrchardKind kind, guint8 fruit)
{
  canvas->shadow[at] = (guint8) (canvas->shadow[at] * (255 - alpha) / 255);
  if (alpha < 128)
    return;
  canvas->kind[at] = (guint8) kind;
  canvas->fruit[at] = fruit;
}

static guint32
to_alpha (float coverage)
{
  return (guint32) (255 * coverage + .5f);
}

static void
claim (EspOrchardCanvas *canvas, int at, guint32 alpha, guint8 fruit)
{
  if (alpha >= 128)
    canvas->fruit[at] = fruit;
  if (alpha == 255)
    canvas->cover[at] = (guint16) canvas->order;
}

/** esp_orchard_canvas_claim: says what pixel @at is once @coverage of something lies over it. Thread: the canvas's owner. */
void
esp_orchard_canvas_claim (EspOrchardCanvas *canvas, int at, float coverage, guint8 fruit)
{
  claim (canvas, at, to_alpha (coverage), fruit);
}

/** esp_orchard_canvas_put: lays @coverage (0 to 1) of a colour over pixel @at and says what it now is. Thread: the canvas's owner. */
void
esp_orchard_canvas_put (EspOrchardCanvas *canvas, int at, float coverage, EspRgb colour, EspOrchardKind kind, guint8 fruit)
{
  const guint32 alpha = to_alpha (coverage);

  if (alpha == 0)
    return;
  canvas->pixels[at]
      = over (canvas->pixels[at], alpha, esp_orchard_tone (colour.r), esp_orchard_tone (colour.g), esp_orchard_tone (colour.b));
  take (canvas, at, alpha, kind, fruit);
}

/** esp_orchard_canvas_shade: takes @amount (0 to 1) of the sun from what is drawn at @at, not from the background. Thread: its owner. */
void
esp_orchard_canvas_shade (EspOrchardCanvas *canvas, int at, float amount)
{
  const guint32 pixel = canvas->pixels[at];
  const guint32 r = (guint32) ((float) (pixel >> 16 & 255) * (1 - amount * shade_strength[0]) + .5f);
  const guint32 g = (guint32) ((float) (pixel >> 8 & 255) * (1 - amount * shade_strength[1]) + .5f);
  const guint32 b = (guint32) ((float) (pixel & 255) * (1 - amount * shade_strength[2]) + .5f);

  if (canvas->kind[at] == ESP_ORCHARD_BACKGROUND)
    return;
  canvas->pixels[at] = (pixel & 0xff000000u) | r << 16 | g << 8 | b;
  canvas->shadow[at] = MAX (canvas->shadow[at], (guint8) (255 * amount + .5f));
}

/** esp_orchard_canvas_begin: Returns: (transfer full): draws on a sheet that esp_orchard_canvas_end() lays on. Thread: its owner. */
cairo_t *
esp_orchard_canvas_begin (EspOrchardCanvas *canvas)
{
  cairo_surface_flush (canvas->scratch);
  memset (cairo_image_surface_get_data (canvas->scratch), 0, 4 * SIDE * SIDE);
  cairo_surface_mark_dirty (canvas->scratch);
  return cairo_create (canvas->scratch);
}

/**
 * esp_orchard_canvas_end:
 * @canvas: what the sheet is laid on
 * @cr: (transfer full): of esp_orchard_canvas_begin()
 * @patch: where something may have been drawn
 * @kind: what it is
 *
 * Thread: the canvas's owner.
 */
void
esp_orchard_canvas_end (EspOrchardCanvas *canvas, cairo_t *cr, EspOrchardPatch patch, EspOrchardKind kind)
{
  const guint32 *sheet = (const guint32 *) (const void *) cairo_image_surface_get_data (canvas->scratch);

  cairo_destroy (cr);
  cairo_surface_flush (canvas->scratch);
  for (int y = patch.top; y < patch.bottom; y++)
    for (int x = patch.left; x < patch.right; x++)
      {
        const int at = y * SIDE + x;
        const guint32 alpha = sheet[at] >> 24;

        if (alpha == 0)
          continue;
        if (canvas->outline)
          {
            claim (canvas, at, alpha, 0);
            continue;
          }
        canvas->pixels[at] = over (canvas->pixels[at], alpha, MIN (255, (sheet[at] >> 16 & 255) * 255 / alpha),
                                   MIN (255, (sheet[at] >> 8 & 255) * 255 / alpha), MIN (255, (sheet[at] & 255) * 255 / alpha));
        take (canvas, at, alpha, kind, 0);
      }
}
