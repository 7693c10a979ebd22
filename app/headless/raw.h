/* raw.h: numbers of layers as raw files, for other programs to compare with: what dump and gradient share */
#pragma once

#include "network-options.h"
#include "verb.h"

G_BEGIN_DECLS

/* As given, NULL where not; static storage in a verb, named by ESP_RAW_OPTIONS in its entries. */
typedef struct
{
  char   **layers;
  char    *at;
  char    *input;
  char    *output;
  gboolean f64;
} EspRawOptions;

#define ESP_RAW_OPTIONS(options, layer_help) \
  { "layer", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(options).layers, layer_help, "N" }, \
  { "at", 0, 0, G_OPTION_ARG_STRING, &(options).at, "conv: before batch normalisation; pre: before the activation; out (default)", "AT" }, \
  { "input-f32", 0, 0, G_OPTION_ARG_FILENAME, &(options).input, "Feed FILE, raw float32 c h w, instead of an image", "FILE" }, \
  { "output", 0, 0, G_OPTION_ARG_FILENAME, &(options).output, "Write the files into DIR", "DIR" }, \
  { "f64", 0, 0, G_OPTION_ARG_NONE, &(options).f64, "Write float64 (NAME.f64) instead of float32 (NAME.f32)", NULL }

/* Layers asked for, from @lowest (0, or -1 for the image) on: (transfer full), or NULL. */
int      *esp_raw_parse_layers (const EspRawOptions *options,
                                const EspNetwork    *network,
                                int                  lowest,
                                guint               *n,
                                GError             **error);
gboolean  esp_raw_parse_at     (const EspRawOptions *options,
                                EspAt               *at,
                                GError             **error);
float    *esp_raw_read         (const char          *path,   /* (transfer full): the numbers of @shape */
                                EspShape             shape,
                                GError             **error);
/* Writes @stem.f32 or @stem.f64, adds "file" to the open JSON object, and tells where to unless --json. */
gboolean  esp_raw_write        (const EspRawOptions *options,
                                const char          *stem,
                                const double        *values,
                                gsize                n,
                                const EspCommon     *common,
                                JsonBuilder         *json,
                                GError             **error);
void      esp_raw_add_shape    (JsonBuilder         *json,   /* "shape": [c, h, w] */
                                EspShape             shape);

G_END_DECLS
