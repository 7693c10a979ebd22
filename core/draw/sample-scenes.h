/* sample-scenes.h: the pictures of the sample and the truth about them */
#pragma once

#include <cairo.h>

#include "image/box.h"

G_BEGIN_DECLS

#define ESP_SCENE_SIDE      320 /* pixels */
#define ESP_SCENE_MOST      9   /* discs */
#define ESP_SCENE_N_CLASSES 3

extern const char *const esp_scene_names[ESP_SCENE_N_CLASSES + 1]; /* NULL-terminated */

typedef struct
{
  int    class_index;
  EspBox box; /* fractions of the picture */
} EspSceneTruth;

/* Draws scene @index of @seed. Returns: (transfer full): RGB24, ESP_SCENE_SIDE square. */
cairo_surface_t *esp_scene_draw (guint64        seed,
                                 guint          index,
                                 EspSceneTruth  truths[ESP_SCENE_MOST],
                                 guint         *n_truths);

G_END_DECLS
