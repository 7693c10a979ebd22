/* figure-raster.c: photograph and heat as pixels */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/figure-private.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <math.h>

/* Longest side of a photograph within a figure: more than 300 dots an inch of the page would only make large files. */
#define MOST_PIXELS 2000

static cairo_surface_t *
surface_of_rgb (const guint8 *rgb, int width, int height, gsize stride)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  guint8 *to = cairo_image_surface_get_data (surface);
  gsize to_stride = (gsize) cairo_image_surface_get_stride (surface);

  if (to == NULL)
    return surface;
  cairo_surface_flush (surface);
  for (gsize y = 0; y < (gsize) height; y++)
    for (gsize x = 0; x < (gsize) width; x++)
      {
        const guint8 *from = rgb + y * stride + 3 * x;
        guint32 pixel = ((guint32) from[0] << 16) | ((guint32) from[1] << 8) | from[2];

        *(guint32 *) (gpointer) (to + y * to_stride + 4 * x) = pixel;
      }
  cairo_surface_mark_dirty (surface);
  return surface;
}

/* The photograph, made smaller where it is larger than a page can show. */
cairo_surface_t *
esp_figure_photo (EspImage *image)
{
  int width = esp_image_get_width (image), height = esp_image_get_height (image), longest = MAX (width, height);
  const guint8 *rgb = esp_image_get_rgb (image);
  g_autoptr (GdkPixbuf) whole = NULL;
  g_autoptr (GdkPixbuf) smaller = NULL;

  if (longest <= MOST_PIXELS)
    return surface_of_rgb (rgb, width, height, 3 * (gsize) width);
  whole = gdk_pixbuf_new_from_data (rgb, GDK_COLORSPACE_RGB, FALSE, 8, width, height, 3 * width, NULL, NULL);
  smaller = gdk_pixbuf_scale_simple (whole, MAX (1, (int) ((gint64) width * MOST_PIXELS / longest)),
                                     MAX (1, (int) ((gint64) height * MOST_PIXELS / longest)), GDK_INTERP_BILINEAR);
  return surface_of_rgb (gdk_pixbuf_get_pixels (smaller), gdk_pixbuf_get_width (smaller), gdk_pixbuf_get_height (smaller),
                         (gsize) gdk_pixbuf_get_rowstride (smaller));
}

/* One axis of the bilinear way: the two cells about a place and the share of the second. */
static void
between (double place, int n, int *first, int *second, double *share)
{
  double cell = CLAMP (place * n - 0.5, 0, n - 1);

  *first = (int) cell;
  *second = MIN (*first + 1, n - 1);
  *share = cell - *first;
}

/* Values, not colours, are interpolated, over the part of the map that shows the image. */
cairo_surface_t *
esp_figure_heat (const EspHeatmap *heatmap, const EspPalette *palette, float lowest, float highest, int width, int height)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, height);
  guint8 *to = cairo_image_surface_get_data (surface);
  gsize stride = (gsize) cairo_image_surface_get_stride (surface);
  g_autofree float *row = g_new (float, (gsize) width);
  EspPlacement p = heatmap->placement;

  if (to == NULL)
    return surface;
  cairo_surface_flush (surface);
  for (int y = 0; y < height; y++)
    {
      int y0, y1;
      double v;

      between (p.top + p.height * (y + 0.5) / height, heatmap->height, &y0, &y1, &v);
      for (int x = 0; x < width; x++)
        {
          const float *top = heatmap->values + (gsize) y0 * (gsize) heatmap->width;
          const float *bottom = heatmap->values + (gsize) y1 * (gsize) heatmap->width;
          int x0, x1;
          double u;

          between (p.left + p.width * (x + 0.5) / width, heatmap->width, &x0, &x1, &u);
          row[x] = (float) ((1 - v) * ((1 - u) * top[x0] + u * top[x1]) + v * ((1 - u) * bottom[x0] + u * bottom[x1]));
        }
      esp_palette_paint_over (palette, row, (gsize) width, lowest, highest, to + (gsize) y * stride);
    }
  cairo_surface_mark_dirty (surface);
  return surface;
}
