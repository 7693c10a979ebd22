/* batch-picture.c: an image as training sees it, with its truths, as a PNG */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/batch-picture.h"

#include <math.h>

#include "base/error.h"
#include "base/file.h"
#include "draw/figure-private.h"
#include "draw/surface-png.h"

#define SIDE 480 /* pixels: smaller inputs are shown so many whole times larger */

static EspImage *
image_of_input (const EspBatch *batch, guint image)
{
  const gsize plane = (gsize) batch->h * (gsize) batch->w;
  const float *input = batch->input + image * (gsize) batch->c * plane;
  g_autofree guint8 *rgb = g_new (guint8, 3 * plane);

  for (gsize i = 0; i < plane; i++)
    for (gsize k = 0; k < 3; k++)
      {
        const float value = input[(batch->c == 3 ? k : 0) * plane + i];

        rgb[3 * i + k] = (guint8) lrintf (255 * CLAMP (value, 0, 1));
      }
  return esp_image_new_rgb (batch->w, batch->h, rgb);
}

static GArray *
detections_of_labels (const EspLabels *labels)
{
  GArray *detections = g_array_sized_new (FALSE, TRUE, sizeof (EspDetection), labels->n);

  for (guint i = 0; i < labels->n; i++)
    {
      const EspDetection detection = { .box = labels->labels[i].box, .class_index = labels->labels[i].class_index, .score = NAN };

      g_array_append_val (detections, detection);
    }
  return detections;
}

static void
draw (cairo_t *cr, const EspBatch *batch, guint image, int zoom, const char *const *names)
{
  g_autoptr (EspImage) pixels = image_of_input (batch, image);
  g_autoptr (GArray) truths = detections_of_labels (&batch->labels[image]);
  g_autoptr (PangoLayout) layout = pango_cairo_create_layout (cr);
  cairo_surface_t *photo = esp_figure_photo (pixels);
  const EspViewFigure figure = {
    .detections = (const EspDetection *) (gpointer) truths->data,
    .n_detections = truths->len,
    .selected = -1,
    .names = names,
  };

  cairo_save (cr);
  cairo_scale (cr, zoom, zoom);
  cairo_set_source_surface (cr, photo, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  cairo_paint (cr);
  cairo_restore (cr);
  esp_figure_boxes (cr, pango_layout_get_context (layout), &figure, (EspRect){ 0, 0, batch->w * zoom, batch->h * zoom });
  cairo_surface_destroy (photo);
}

/**
 * esp_batch_picture_save:
 * @batch: of training
 * @image: of its images
 * @names: (nullable): the network's classes; NULL-terminated
 * @path: a PNG, written whole or not at all
 * @error: ESP_ERROR_IO
 *
 * The input's own pixels, a small one so many whole times larger, with the box and the class of every truth. Thread: any one.
 */
gboolean
esp_batch_picture_save (const EspBatch *batch, guint image, const char *const *names, const char *path, GError **error)
{
  const int zoom = MAX (SIDE / MAX (batch->w, batch->h), 1);
  cairo_surface_t *surface = NULL;
  cairo_t *cr = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  cairo_status_t status;
  gboolean encoded = FALSE;

  g_return_val_if_fail (image < batch->n, FALSE);
  surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, batch->w * zoom, batch->h * zoom);
  cr = cairo_create (surface);
  draw (cr, batch, image, zoom, names);
  status = cairo_status (cr);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  if (status != CAIRO_STATUS_SUCCESS)
    g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: the picture could not be drawn: %s", path, cairo_status_to_string (status));
  else
    encoded = esp_surface_to_png (surface, 0, NULL, bytes, error);
  cairo_surface_destroy (surface);
  return encoded && esp_file_write (path, bytes->data, bytes->len, error);
}
