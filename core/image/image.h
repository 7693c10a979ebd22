/* image.h: a decoded picture, 8 or 16 bits a sample, always three channels, upright */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _EspImage EspImage;

typedef enum
{
  ESP_ORIENTATION_AUTO, /* the one whose size agrees with the annotation's, else EXIF */
  ESP_ORIENTATION_EXIF,
  ESP_ORIENTATION_NONE,
} EspOrientation;

/* @want_width, @want_height: the annotation's size, 0 where it has none. Grey, palette and alpha are made RGB (alpha over black is not
 * applied: colour samples are kept, as stb does). Bounded: ESP_ERROR_LIMIT beyond 256 megapixels. Thread: any. */
EspImage     *esp_image_load        (const char     *path,
                                     EspOrientation  orientation,
                                     int             want_width,
                                     int             want_height,
                                     GError        **error);
EspImage     *esp_image_new_rgb     (int             width,
                                     int             height,
                                     const guint8   *rgb);   /* copied, rows packed */
EspImage     *esp_image_ref         (EspImage       *image);
void          esp_image_unref       (EspImage       *image);
int           esp_image_get_width   (const EspImage *image);
int           esp_image_get_height  (const EspImage *image);
int           esp_image_get_depth   (const EspImage *image); /* 8 or 16 */
const guint8 *esp_image_get_rgb     (EspImage       *image); /* 8-bit, rows packed; made once for 16-bit ones */
float         esp_image_get_sample  (const EspImage *image,  /* 0..1, full depth */
                                     int             x,
                                     int             y,
                                     int             channel);
gboolean      esp_image_read_size   (const char     *path,   /* of the file as stored, without decoding */
                                     int            *width,
                                     int            *height,
                                     GError        **error);
gboolean      esp_image_probe       (const char     *path,   /* FALSE where it is no whole picture, as far as its ends tell */
                                     GError        **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspImage, esp_image_unref)

G_END_DECLS
