/* image-cache.h: the images of a data set fitted to one network input, within a budget */
#pragma once

#include "dataset/dataset.h"
#include "tensor/shape.h"

G_BEGIN_DECLS

/* Decoded once and kept, first come first kept; beyond the budget they are decoded each time. Thread: lane (get), any (new, ref, unref). */
typedef struct _EspImageCache EspImageCache;

EspImageCache *esp_image_cache_new      (EspDataset      *dataset,
                                         EspShape         input,
                                         EspFit           fit,
                                         EspOrientation   orientation,
                                         gsize            budget);    /* bytes */
EspImageCache *esp_image_cache_ref      (EspImageCache   *cache);
void           esp_image_cache_unref    (EspImageCache   *cache);
gboolean       esp_image_cache_get      (EspImageCache   *cache,
                                         guint            index,
                                         float           *input,      /* c * h * w */
                                         EspPlacement    *placement,
                                         GError         **error);
gboolean       esp_image_cache_get_placement (EspImageCache *cache,   /* known once it was got */
                                              guint          index,
                                              EspPlacement  *placement);
gboolean       esp_image_cache_get_size (EspImageCache   *cache,      /* of the upright image in pixels; known once it was got */
                                         guint            index,
                                         int             *width,
                                         int             *height);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspImageCache, esp_image_cache_unref)

G_END_DECLS
