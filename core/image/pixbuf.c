/* pixbuf.c: JPEG, BMP and PNM by gdk-pixbuf, with the rows counted, since its loaders pass over a file cut short */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/image-private.h"

#include <string.h>

#include <gdk-pixbuf/gdk-pixbuf.h>

#include "base/error.h"

typedef struct
{
  const char *path;
  gsize n_bytes;
  GError *error;   /* of the size */
  int height;      /* from the header */
  int top, bottom; /* rows that arrived */
} Watch;

static void
size_known (GdkPixbufLoader *loader, int width, int height, gpointer data)
{
  Watch *watch = data;

  watch->height = height;
  if (watch->error == NULL && !esp_image_check_size (watch->path, watch->n_bytes, width, height, &watch->error))
    gdk_pixbuf_loader_set_size (loader, 0, 0); /* the loaders stop here, before anything is allocated */
}

static void
rows_arrived (GdkPixbufLoader *loader, int x, int y, int width, int height, gpointer data)
{
  Watch *watch = data;

  watch->top = MIN (watch->top, y);
  watch->bottom = MAX (watch->bottom, y + height);
}

/* Feeds all; the loader is closed in every case, or it complains when it goes. */
static gboolean
feed (GdkPixbufLoader *loader, GBytes *bytes, GError **error)
{
  gsize n = 0;
  const guint8 *data = g_bytes_get_data (bytes, &n);

  if (!gdk_pixbuf_loader_write (loader, data, n, error))
    {
      gdk_pixbuf_loader_close (loader, NULL);
      return FALSE;
    }
  return gdk_pixbuf_loader_close (loader, error);
}

static EspImage *
copy_colours (GdkPixbuf *pixbuf)
{
  const int width = gdk_pixbuf_get_width (pixbuf), height = gdk_pixbuf_get_height (pixbuf);
  const int channels = gdk_pixbuf_get_n_channels (pixbuf);
  const guint8 *pixels = gdk_pixbuf_read_pixels (pixbuf);
  EspImage *image = esp_image_new_empty (width, height, 8);
  guint8 *to = image != NULL ? image->rgb : NULL;

  for (int y = 0; image != NULL && y < height; y++)
    {
      const guint8 *from = pixels + (gsize) y * (gsize) gdk_pixbuf_get_rowstride (pixbuf);

      for (int x = 0; x < width; x++, to += 3, from += channels)
        memcpy (to, from, 3);
    }
  return image;
}

static int
read_orientation (GdkPixbuf *pixbuf)
{
  const char *text = gdk_pixbuf_get_option (pixbuf, "orientation");
  gint64 value = 1;

  return text != NULL && g_ascii_string_to_signed (text, 10, 1, 8, &value, NULL) ? (int) value : 1;
}

/**
 * esp_pixbuf_decode:
 * @path: for messages
 * @kind: gdk-pixbuf's name of the file's kind
 * @bytes: the file
 * @orientation: (out): EXIF's, 1..8; not applied
 * @error: ESP_ERROR_FORMAT, ESP_ERROR_LIMIT, ESP_ERROR_UNSUPPORTED where gdk-pixbuf lacks the loader
 *
 * Returns: (transfer full): 8-bit RGB as stored. Thread: any.
 */
EspImage *
esp_pixbuf_decode (const char *path, const char *kind, GBytes *bytes, int *orientation, GError **error)
{
  g_autoptr (GdkPixbufLoader) loader = NULL;
  g_autoptr (GError) local = NULL;
  GdkPixbuf *pixbuf = NULL;
  EspImage *image = NULL;
  Watch watch = { .path = path, .n_bytes = g_bytes_get_size (bytes), .top = G_MAXINT };
  gboolean fed = FALSE;

  loader = gdk_pixbuf_loader_new_with_type (kind, &local);
  if (loader == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s: gdk-pixbuf does not read %s here: %s", path, kind, local->message);
      return NULL;
    }
  g_signal_connect (loader, "size-prepared", G_CALLBACK (size_known), &watch);
  g_signal_connect (loader, "area-updated", G_CALLBACK (rows_arrived), &watch);
  fed = feed (loader, bytes, &local);
  pixbuf = gdk_pixbuf_loader_get_pixbuf (loader);
  if (watch.error != NULL)
    g_propagate_error (error, g_steal_pointer (&watch.error));
  else if (!fed)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: damaged or cut short: %s", path, local != NULL ? local->message : kind);
  else if (pixbuf == NULL || watch.top > 0 || watch.bottom < watch.height)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: the file ends after %d of %d rows", path, MAX (watch.bottom - watch.top, 0),
                 watch.height);
  else if ((image = copy_colours (pixbuf)) == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s: not enough memory for its pixels", path);
  else
    *orientation = read_orientation (pixbuf);
  g_clear_error (&watch.error);
  return image;
}
