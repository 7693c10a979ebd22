/* crop.c: a part of a picture at another size */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/crop.h"

#include <math.h>
#include <string.h>

#include <gdk-pixbuf/gdk-pixbuf.h>

/* Rows without the padding that a pixbuf has. */
static EspImage *
pack (GdkPixbuf *pixbuf)
{
  const int width = gdk_pixbuf_get_width (pixbuf), height = gdk_pixbuf_get_height (pixbuf);
  const gsize row = 3 * (gsize) width, stride = (gsize) gdk_pixbuf_get_rowstride (pixbuf);
  const guint8 *pixels = gdk_pixbuf_read_pixels (pixbuf);
  g_autofree guint8 *rgb = g_malloc (row * (gsize) height);

  for (gsize y = 0; y < (gsize) height; y++)
    memcpy (rgb + y * row, pixels + y * stride, row);
  return esp_image_new_rgb (width, height, rgb);
}

/**
 * esp_image_crop:
 * @image: a picture
 * @box: the part, in fractions of the picture; what reaches beyond it is left out, and a pixel at least is kept
 * @side: of the longer side of what is returned, in pixels
 * @enlarge: whether a smaller part is made as large; FALSE: it stays as it is
 *
 * The picture is as esp_image_load() gave it: turned upright by the same rule as for the network, so that boxes of the network fit it.
 * Scaled bilinearly. Thread: any.
 *
 * Returns: (transfer full) (nullable): 8 bits a sample; NULL where memory is out.
 */
EspImage *
esp_image_crop (EspImage *image, EspBox box, int side, gboolean enlarge)
{
  const int width = esp_image_get_width (image), height = esp_image_get_height (image);
  const int left = CLAMP ((int) floorf ((box.x - box.w / 2) * (float) width), 0, width - 1);
  const int top = CLAMP ((int) floorf ((box.y - box.h / 2) * (float) height), 0, height - 1);
  const int right = CLAMP ((int) ceilf ((box.x + box.w / 2) * (float) width), left + 1, width);
  const int bottom = CLAMP ((int) ceilf ((box.y + box.h / 2) * (float) height), top + 1, height);
  const double fit = (double) side / MAX (right - left, bottom - top), scale = enlarge ? fit : MIN (1, fit);
  g_autoptr (GBytes) bytes = g_bytes_new_static (esp_image_get_rgb (image), (gsize) width * (gsize) height * 3);
  g_autoptr (GdkPixbuf) whole = gdk_pixbuf_new_from_bytes (bytes, GDK_COLORSPACE_RGB, FALSE, 8, width, height, width * 3);
  g_autoptr (GdkPixbuf) part = gdk_pixbuf_new_subpixbuf (whole, left, top, right - left, bottom - top);
  g_autoptr (GdkPixbuf) scaled = gdk_pixbuf_scale_simple (part, MAX (1, (int) ((right - left) * scale)),
                                                          MAX (1, (int) ((bottom - top) * scale)), GDK_INTERP_BILINEAR);

  return scaled != NULL ? pack (scaled) : NULL;
}
