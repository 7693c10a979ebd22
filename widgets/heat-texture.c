/* heat-texture.c: a map's colours as a texture, made once */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "heat-texture.h"

#include <math.h>

#include "draw/palette.h"

/* A signed map spans -m..m, so that zero is the middle of the colours whatever the map. */
static void
choose_range (const EspHeatmap *heatmap, float low, float high, float *used_low, float *used_high)
{
  float lowest = 0, highest = 0;

  esp_heatmap_range (heatmap, &lowest, &highest);
  *used_low = isnan (low) ? MIN (0, lowest) : low;
  *used_high = isnan (high) ? highest : high;
  if (heatmap->is_signed)
    {
      *used_high = MAX (fabsf (*used_low), fabsf (*used_high));
      *used_low = *used_high > 0 ? -*used_high : 0; /* not -0 */
    }
}

/**
 * esp_heat_texture:
 * @heatmap: the scalars
 * @low: where the colours begin, NaN: the map's own lowest, or zero if that is greater
 * @high: where they end, NaN: the map's own highest
 * @used_low: (out): what the legend says
 * @used_high: (out): what the legend says
 *
 * Returns: (transfer full): one texel a cell, in the default colours, fading to nothing about zero for the map's sign. Thread: main.
 */
GdkTexture *
esp_heat_texture (const EspHeatmap *heatmap, float low, float high, float *used_low, float *used_high)
{
  gsize n = (gsize) heatmap->width * (gsize) heatmap->height;
  guint8 *bgra = g_malloc (4 * n);
  g_autoptr (GBytes) bytes = g_bytes_new_take (bgra, 4 * n);

  choose_range (heatmap, low, high, used_low, used_high);
  esp_palette_paint_over (esp_palette_default (heatmap->is_signed), heatmap->values, n, *used_low, *used_high, bgra);
  return gdk_memory_texture_new (heatmap->width, heatmap->height, GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, bytes, 4 * (gsize) heatmap->width);
}

/** esp_palette_texture: Returns: (transfer full): the default colours for the sign, lowest left, 256 × 1. Thread: main. */
GdkTexture *
esp_palette_texture (gboolean is_signed)
{
  guint8 *bgra = g_malloc (4 * 256);
  g_autoptr (GBytes) bytes = g_bytes_new_take (bgra, 4 * 256);

  for (int i = 0; i < 256; i++)
    {
      guint8 rgb[3];

      esp_palette_colour (esp_palette_default (is_signed), i / 255.0, rgb);
      bgra[4 * i] = rgb[2];
      bgra[4 * i + 1] = rgb[1];
      bgra[4 * i + 2] = rgb[0];
      bgra[4 * i + 3] = 255;
    }
  return gdk_memory_texture_new (256, 1, GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, bytes, 4 * 256);
}
