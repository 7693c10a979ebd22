/* anchors.h: the box sizes that a head starts from, found in the data it is to learn */
#pragma once

#include "base/job.h"
#include "dataset/dataset.h"
#include "net/network.h"

G_BEGIN_DECLS

/* In pixels of the network's input. */
typedef struct
{
  double w, h;
  guint  n; /* boxes that are more like this one than like any other */
} EspAnchor;

typedef struct
{
  double overlap; /* mean IoU of a box with the anchor most like it, both about one centre */
  double share;   /* of boxes that have one above 1/2 */
} EspAnchorFit;

GArray      *esp_anchors_collect (const EspDataset *dataset, /* (transfer full): of EspAnchor: the size of every box */
                                  EspFit            fit,
                                  int               width,   /* of the input */
                                  int               height,
                                  EspJob           *job,
                                  GError          **error);
GArray      *esp_anchors_find    (const GArray     *sizes,   /* (transfer full): count of EspAnchor, by area */
                                  guint             count,
                                  guint64           seed,
                                  EspJob           *job,
                                  GError          **error);
GArray      *esp_anchors_of      (const EspNetwork *network); /* (transfer full): of EspAnchor: those of its heads, by area */
EspAnchorFit esp_anchors_measure (const GArray     *sizes,
                                  GArray           *anchors); /* their n is filled in */

G_END_DECLS
