/* suppress.h: non-maximum suppression per class */
#pragma once

#include "detect/detection.h"
#include "net/network.h"

G_BEGIN_DECLS

/* What must be above the threshold for the weaker of two boxes to go. */
typedef enum
{
  ESP_NMS_DEFAULT, /* IoU */
  ESP_NMS_GREEDY,  /* nms_kind=greedynms: IoU - (d² / c²)^0.6, d between the centres, c the diagonal around both */
  ESP_NMS_DIOU,    /* nms_kind=diounms: IoU - (d² / c²)^beta */
} EspNmsKind;

typedef struct
{
  EspNmsKind kind;
  float      threshold;
  float      beta; /* of ESP_NMS_DIOU */
} EspNms;

/* What the network's last [yolo] asks for, as AlexeyAB reads it. */
EspNms esp_nms_of_network (const EspNetwork *network,
                           float             threshold);

/* darknet's do_nms_sort: within a class by score, a later box goes where IoU > @threshold. Leaves rows sorted by score, descending,
 * stable. */
void   esp_suppress       (GArray           *detections,
                           float             threshold);
/* The same by @nms: darknet's diounms_sort where the kind is not the default. */
void   esp_suppress_by    (GArray           *detections,
                           EspNms            nms);
/* What is compared with the threshold. */
float    esp_nms_overlap  (EspNms            nms,
                           EspBox            a,
                           EspBox            b);
/* Whether the weaker of two boxes goes. */
gboolean esp_nms_covers   (EspNms            nms,
                           EspBox            a,
                           EspBox            b);

G_END_DECLS
