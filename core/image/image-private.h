/* image-private.h: what a decoder hands to the image */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

#define ESP_IMAGE_MOST_BYTES  ((gsize) 512 << 20) /* of a file */
#define ESP_IMAGE_MOST_PIXELS ((guint64) 256 * 1000 * 1000)

struct _EspImage
{
  int      width, height;
  guint8  *rgb;  /* packed rows; of a 16-bit image made on first demand, published atomically */
  guint16 *deep; /* packed rows, NULL where the file has 8 bits or fewer */
};

EspImage *esp_image_new_empty  (int             width,   /* samples not set; NULL where there is no memory */
                                int             height,
                                int             depth);
const char *esp_image_find_kind (const char    *path,    /* for messages */
                                 GBytes        *bytes,   /* the file, or its beginning */
                                 GError       **error);
gboolean  esp_image_check_size (const char     *path,
                                gsize           n_bytes,
                                gint64          width,
                                gint64          height,
                                GError        **error);
EspImage *esp_png_decode       (const char     *path,    /* for messages */
                                GBytes         *bytes,
                                GError        **error);
EspImage *esp_pixbuf_decode    (const char     *path,
                                const char     *kind,    /* gdk-pixbuf's name: jpeg, bmp, pnm */
                                GBytes         *bytes,
                                int            *orientation, /* EXIF's, 1 where none */
                                GError        **error);
gboolean  esp_jpeg_check       (const char     *path,    /* its markers from the first to the end */
                                GBytes         *bytes,
                                GError        **error);
gboolean  esp_bmp_read_size    (GBytes         *bytes,
                                gint64         *width,
                                gint64         *height);
gboolean  esp_bmp_check        (const char     *path,   /* its header */
                                GBytes         *bytes,
                                GError        **error);
gboolean  esp_jpeg_read_size   (GBytes         *bytes,   /* or their beginning: FALSE where the frame is not in it */
                                gint64         *width,
                                gint64         *height);
gboolean  esp_pnm_read_size    (GBytes         *bytes,
                                gint64         *width,
                                gint64         *height);
gboolean  esp_pnm_check        (const char     *path,   /* its header and its length */
                                GBytes         *bytes,
                                GError        **error);
EspImage *esp_image_turn       (EspImage       *image,   /* (transfer full): by an EXIF orientation, 1..8 */
                                int             orientation);

G_END_DECLS
