/* lens-picture.c: the pictures that lens writes */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "lens-picture.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <math.h>

#include "base/error.h"
#include "base/file.h"
#include "draw/figure.h"

#define MOST_PIXELS 256 /* of a side */

static GdkPixbuf *
crop (EspImage *image, EspBox box)
{
  const int width = esp_image_get_width (image), height = esp_image_get_height (image);
  g_autoptr (GBytes) bytes = g_bytes_new (esp_image_get_rgb (image), (gsize) width * (gsize) height * 3);
  g_autoptr (GdkPixbuf) whole = gdk_pixbuf_new_from_bytes (bytes, GDK_COLORSPACE_RGB, FALSE, 8, width, height, width * 3);
  const int left = CLAMP ((int) floorf ((box.x - box.w / 2) * (float) width), 0, width - 1);
  const int top = CLAMP ((int) floorf ((box.y - box.h / 2) * (float) height), 0, height - 1);
  const int right = CLAMP ((int) ceilf ((box.x + box.w / 2) * (float) width), left + 1, width);
  const int bottom = CLAMP ((int) ceilf ((box.y + box.h / 2) * (float) height), top + 1, height);
  g_autoptr (GdkPixbuf) part = gdk_pixbuf_new_subpixbuf (whole, left, top, right - left, bottom - top);
  const double scale = MIN (1, (double) MOST_PIXELS / MAX (right - left, bottom - top));

  return gdk_pixbuf_scale_simple (part, MAX (1, (int) ((right - left) * scale)), MAX (1, (int) ((bottom - top) * scale)),
                                  GDK_INTERP_BILINEAR);
}

/**
 * esp_lens_picture_crop:
 * @sample: whose image
 * @orientation: which way up it is read
 * @box: the part, fractions of the image
 * @path: where to
 * @error: as reading an image; ESP_ERROR_IO
 */
gboolean
esp_lens_picture_crop (const EspSample *sample, EspOrientation orientation, EspBox box, const char *path, GError **error)
{
  g_autoptr (EspImage) image = esp_image_load (sample->path, orientation, sample->width, sample->height, error);
  g_autoptr (GdkPixbuf) part = image != NULL ? crop (image, box) : NULL;
  g_autofree char *bytes = NULL;
  g_autoptr (GError) local = NULL;
  gsize n = 0;

  if (image == NULL)
    return FALSE;
  if (part != NULL && gdk_pixbuf_save_to_buffer (part, &bytes, &n, "png", &local, NULL))
    return esp_file_write (path, bytes, n, error);
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: the patch could not be made: %s", path, local != NULL ? local->message : "no memory");
  return FALSE;
}

/**
 * esp_lens_picture_heat:
 * @sample: whose image
 * @orientation: which way up it is read
 * @heatmap: over it
 * @path: a figure's
 * @error: as reading an image and esp_view_figure_save()
 */
gboolean
esp_lens_picture_heat (const EspSample *sample, EspOrientation orientation, EspHeatmap *heatmap, const char *path, GError **error)
{
  g_autoptr (EspImage) image = esp_image_load (sample->path, orientation, sample->width, sample->height, error);
  EspViewFigure figure = { .image = image, .selected = -1, .heatmap = heatmap, .heat_opacity = .75, .scale_note = "scale of this image" };
  g_autofree char *caption = g_strdup_printf ("Channel %d of layer %d: %s.", heatmap->channel, heatmap->layer, heatmap->unit);

  if (image == NULL)
    return FALSE;
  esp_heatmap_range (heatmap, &figure.scale_low, &figure.scale_high);
  if (heatmap->is_signed)
    {
      figure.scale_high = MAX (fabsf (figure.scale_low), fabsf (figure.scale_high));
      figure.scale_low = 0 - figure.scale_high;
    }
  figure.caption = caption;
  figure.provenance = "Espalier " ESP_VERSION;
  return esp_view_figure_save (&figure, path, error);
}
