/* detections-file.h: detections of a data set as COCO results json */
#pragma once

#include "measure/evaluate.h"

G_BEGIN_DECLS

/* Image @indices[i] has @outcomes[i]. category_id is the network's class index, or the data set's own id of the class where it has such
 * ids. */
gboolean esp_detections_write (const char         *path,
                               EspDataset         *dataset,
                               const EspClassMap  *map,
                               guint               n_classes,
                               const guint        *indices,
                               EspOutcome *const  *outcomes,
                               guint               n,
                               GError            **error);

G_END_DECLS
