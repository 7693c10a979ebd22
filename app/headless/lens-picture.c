/* lens-picture.c: the pictures that lens writes */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "lens-picture.h"

#include <math.h>

#include "base/error.h"
#include "draw/figure.h"
#include "image/crop.h"
#include "image/png-write.h"

#define MOST_PIXELS 256 /* of a side */

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
  g_autoptr (EspImage) part = image != NULL ? esp_image_crop (image, box, MOST_PIXELS, FALSE) : NULL;

  if (part != NULL)
    return esp_png_save_image (path, part, error);
  if (image != NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: no memory for the patch", path);
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
