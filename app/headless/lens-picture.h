/* lens-picture.h: the pictures that lens writes */
#pragma once

#include "dataset/dataset.h"
#include "explain/heatmap.h"

G_BEGIN_DECLS

gboolean esp_lens_picture_crop (const EspSample  *sample, /* the part of its image in @box (fractions), 256 pixels at most a side */
                                EspOrientation    orientation,
                                EspBox            box,
                                const char       *path,   /* a PNG */
                                GError          **error);
gboolean esp_lens_picture_heat (const EspSample  *sample, /* its image under @heatmap */
                                EspOrientation    orientation,
                                EspHeatmap       *heatmap,
                                const char       *path,
                                GError          **error);

G_END_DECLS
