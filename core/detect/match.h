/* match.h: which detections of one image find which of its truths */
#pragma once

#include "dataset/dataset.h"
#include "detect/detection.h"

G_BEGIN_DECLS

typedef struct
{
  int      truth;   /* the truth it takes as a true positive, -1 */
  int      best;    /* the truth it overlaps best and enough, taken already or not, -1 */
  float    overlap; /* IoU with the best truth of its class, 0 */
  gboolean repeats; /* an earlier entry of darknet's array has the same best */
} EspMatch;

/* Classes of truths are the network's. Difficult ones are never missed; an unmatched detection that overlaps one is removed from
 * @detections. */
GArray *esp_match (GArray         *detections, /* of EspDetection, as esp_suppress() leaves them */
                   const EspTruth *truths,
                   guint           n_truths,
                   const EspTruth *difficult,
                   guint           n_difficult,
                   float           iou);

G_END_DECLS
