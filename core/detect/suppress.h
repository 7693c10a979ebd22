/* suppress.h: greedy non-maximum suppression per class */
#pragma once

#include "detect/detection.h"

G_BEGIN_DECLS

/* darknet's do_nms_sort: within a class by score, a later box goes where IoU > @threshold. Leaves rows sorted by score, descending, stable. */
void esp_suppress (GArray *detections,
                   float   threshold);

G_END_DECLS
