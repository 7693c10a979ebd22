/* surface-png.c: what cairo drew, as a PNG */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/surface-png.h"

static guint8 *
pack (cairo_surface_t *surface, gsize width, gsize height)
{
  const gsize stride = (gsize) cairo_image_surface_get_stride (surface);
  const guint8 *data = cairo_image_surface_get_data (surface);
  guint8 *rgb = g_malloc (3 * width * height);

  for (gsize y = 0; y < height; y++)
    for (gsize x = 0; x < width; x++)
      {
        const guint32 pixel = *(const guint32 *) (gconstpointer) (data + y * stride + 4 * x);
        guint8 *to = rgb + 3 * (y * width + x);

        to[0] = (guint8) (pixel >> 16);
        to[1] = (guint8) (pixel >> 8);
        to[2] = (guint8) pixel;
      }
  return rgb;
}

/**
 * esp_surface_to_png:
 * @surface: an image of CAIRO_FORMAT_RGB24, flushed
 * @dots_per_inch: what its pixels measure on paper, 0: not said
 * @words: (nullable): keys and texts by turns, NULL-terminated
 * @bytes: the file's bytes are put behind what is there
 * @error: as esp_png_encode()
 *
 * Thread: any one.
 */
gboolean
esp_surface_to_png (cairo_surface_t *surface, double dots_per_inch, const char *const *words, GByteArray *bytes, GError **error)
{
  const int width = cairo_image_surface_get_width (surface), height = cairo_image_surface_get_height (surface);
  g_autofree guint8 *rgb = NULL;
  EspPng png = { .kind = ESP_PNG_RGB, .width = width, .height = height, .words = words, .dots_per_inch = dots_per_inch };

  g_return_val_if_fail (cairo_image_surface_get_format (surface) == CAIRO_FORMAT_RGB24, FALSE);
  png.pixels = rgb = pack (surface, (gsize) width, (gsize) height);
  return esp_png_encode (&png, bytes, error);
}
