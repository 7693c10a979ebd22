/* png-write.h: PNG files, the one writer of them */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_PNG_GREY,
  ESP_PNG_PALETTE,
  ESP_PNG_RGB,
} EspPngKind;

/* A picture of 8 bits a sample, and what is written with it. */
typedef struct
{
  EspPngKind         kind;
  const guint8      *pixels;         /* rows packed: of one byte a pixel, RGB of three */
  int                width, height;
  const guint8     (*palette)[3];    /* of PALETTE: red, green, blue */
  guint              n_palette;
  const char *const *words;          /* (nullable): key, text, key, text, NULL: UTF-8; a text that is NULL or empty is left out */
  double             dots_per_inch;  /* 0: not said */
  gboolean           is_quick;       /* some 5 % larger, in less than half the time */
} EspPng;

gboolean esp_png_encode     (const EspPng *png,
                             GByteArray   *bytes,  /* appended to */
                             GError      **error);
gboolean esp_png_save       (const char   *path,   /* whole or not at all */
                             const EspPng *png,
                             GError      **error);
gboolean esp_png_save_image (const char   *path,   /* 8 bits a sample, whatever it has */
                             EspImage     *image,
                             GError      **error);

G_END_DECLS
