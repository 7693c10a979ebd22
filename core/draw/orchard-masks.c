/* orchard-masks.c: a scene's picture and planes as PNG files */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

#include "image/png-write.h"

/* Kinds are written with colours of their own, so that any viewer shows them. */
static const guint8 kind_colours[ESP_ORCHARD_N_KINDS][3]
    = { { 24, 28, 40 }, { 64, 140, 56 }, { 140, 96, 60 }, { 240, 172, 40 }, { 170, 90, 180 } };

/* There are thousands of them, made while somebody waits. */
static gboolean
write_plane (const char *path, const guint8 *plane, int width, int height, EspPngKind kind, GError **error)
{
  const EspPng png = { .kind = kind,
                       .pixels = plane,
                       .width = width,
                       .height = height,
                       .palette = kind_colours,
                       .n_palette = ESP_ORCHARD_N_KINDS,
                       .is_quick = TRUE };

  return esp_png_save (path, &png, error);
}

/** esp_orchard_write_image: writes @image as an RGB PNG. Errors: ESP_ERROR_IO. Thread: any. */
gboolean
esp_orchard_write_image (const char *path, EspImage *image, GError **error)
{
  return write_plane (path, esp_image_get_rgb (image), esp_image_get_width (image), esp_image_get_height (image), ESP_PNG_RGB, error);
}

/**
 * esp_orchard_write_masks:
 * @folder: of the masks, there already
 * @stem: the scene's name
 * @scene: whose planes
 * @error: ESP_ERROR_IO
 *
 * Writes STEM-kind.png (palette), STEM-fruit.png, STEM-shadow.png and STEM-cue.png (grey). Thread: any.
 */
gboolean
esp_orchard_write_masks (const char *folder, const char *stem, const EspOrchardScene *scene, GError **error)
{
  const struct
  {
    const char *name;
    const guint8 *plane;
    EspPngKind kind;
  } files[] = { { "kind", scene->kind, ESP_PNG_PALETTE },
                { "fruit", scene->fruit, ESP_PNG_GREY },
                { "shadow", scene->shadow, ESP_PNG_GREY },
                { "cue", scene->cue, ESP_PNG_GREY } };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *name = g_strdup_printf ("%s-%s.png", stem, files[i].name);
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (!write_plane (path, files[i].plane, SIDE, SIDE, files[i].kind, error))
        return FALSE;
    }
  return TRUE;
}
