/* box-overlap.h: how well one box lies on another, with the derivatives that train a head */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  ESP_OVERLAP_IOU,  /* intersection / union */
  ESP_OVERLAP_GIOU, /* less what is empty of the smallest box around both */
  ESP_OVERLAP_DIOU, /* IoU less (distance of centres / diagonal of the box around both)² */
  ESP_OVERLAP_CIOU, /* DIoU less alpha times the difference in shape */
  ESP_N_OVERLAPS,
} EspOverlapKind;

/* Centre and size, any one unit. */
typedef struct
{
  double x, y, w, h;
} EspExactBox;

typedef struct
{
  double value; /* of the kind asked for: 1 where the boxes are one, down to 0 (IoU), -1 (GIoU, DIoU) or -2 (CIoU) */
  double iou;
  double alpha; /* CIoU's: what the value was computed with */
  double dx, dy, dw, dh; /* derivatives of value by the first box, alpha held */
} EspOverlap;

#define ESP_ALPHA_OF_BOXES (-1.0) /* the alpha that belongs to the two boxes */

const char *esp_overlap_name  (EspOverlapKind  kind); /* as a cfg spells it */
gboolean    esp_overlap_parse (const char     *name,
                               EspOverlapKind *kind);
EspOverlap  esp_overlap_of    (EspOverlapKind  kind,
                               EspExactBox     box,
                               EspExactBox     truth,
                               double          alpha);
double      esp_overlap_iou   (EspExactBox     box,   /* the value of ESP_OVERLAP_IOU alone */
                               EspExactBox     truth);
double      esp_overlap_sizes (EspOverlapKind  kind,  /* of two boxes about one centre */
                               double          w,
                               double          h,
                               EspExactBox     truth);

G_END_DECLS
