/* detections-file.h: detections of a data set as COCO results json */
#pragma once

#include "measure/evaluate.h"

G_BEGIN_DECLS

/* Image @indices[i] has @outcomes[i]; @cache knows the sizes. category_id is the network's class index. */
gboolean esp_detections_write (const char         *path,
                               EspDataset         *dataset,
                               EspImageCache      *cache,
                               const guint        *indices,
                               EspOutcome *const  *outcomes,
                               guint               n,
                               GError            **error);

G_END_DECLS
