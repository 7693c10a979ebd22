/* batch-picture.h: an image as training sees it, with its truths, as a PNG */
#pragma once

#include "train/batch.h"

G_BEGIN_DECLS

gboolean esp_batch_picture_save (const EspBatch     *batch,
                                 guint               image, /* of the batch */
                                 const char *const  *names, /* (nullable): the network's classes */
                                 const char         *path,
                                 GError            **error);

G_END_DECLS
