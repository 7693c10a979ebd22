/* road.h: why a box is there, and why one is not: from the cell to what suppression left */
#pragma once

#include "detect/match.h"
#include "detect/suppress.h"

G_BEGIN_DECLS

#define ESP_ROAD_FLOOR .001f /* candidates below it are not looked at */

/* One box of one class, whatever became of it. Its head, anchor, cell, objectness and score are the detection's. */
typedef struct
{
  EspDetection detection;
  float        chance;     /* of its class: score / objectness */
  int          suppressor; /* row of the better box that it had to go for, -1: it stands */
  int          rival;      /* of one that stands: the better row of its class that overlaps it most, -1: none; it would have gone for that
                            * at a lower threshold */
  float        overlap;    /* as suppression compares it, with the suppressor, or else the rival; 0 */
  float        iou;        /* with that one; more than @overlap where suppression takes the distance off it */
  guint        n_suppressed; /* rows above the threshold that had to go for it */
} EspRoad;

/* Where an object was lost, from the last stage that it reached. */
typedef enum
{
  ESP_LOST_NOT,         /* found */
  ESP_LOST_SUPPRESSED,  /* a right box had to go for a better one */
  ESP_LOST_SHARED,      /* a right box stands, but counts for another object */
  ESP_LOST_CLASS,       /* a box stands well on it, under another name */
  ESP_LOST_OVERLAP,     /* a box of the name stands beside it: too little overlap */
  ESP_LOST_THRESHOLD,   /* a right box is below the threshold */
  ESP_LOST_UNSEEN,      /* no candidate of that name lies well on it at all */
  ESP_N_LOST,
} EspLost;

typedef struct
{
  EspBox  box;
  int     class_index;
  EspLost lost;
  int     row;     /* its best candidate at that stage, -1: none */
  float   overlap; /* IoU of that candidate and the object */
} EspFate;

/* Immutable. Thread: any. */
typedef struct _EspRoads EspRoads;

EspRoads      *esp_roads_new       (GArray                *detections, /* (transfer full): as esp_decode() gives them above
                                                                        * ESP_ROAD_FLOOR */
                                    float                  threshold,  /* boxes shown are above */
                                    EspNms                 nms);
void           esp_roads_free      (EspRoads              *roads);
guint          esp_roads_get_n     (const EspRoads        *roads);
guint          esp_roads_get_shown (const EspRoads        *roads);     /* the first so many rows: what esp_suppress_by() leaves above the
                                                                        * threshold, in that order */
const EspRoad *esp_roads_get       (const EspRoads        *roads,
                                    guint                  row);
void           esp_roads_judge     (const EspRoads        *roads,
                                    const EspTruth        *truths,     /* of the image; classes the network's; difficult ones are none of
                                                                        * these */
                                    guint                  n,
                                    float                  iou,        /* found is strictly above */
                                    EspFate               *fates);     /* (out caller-allocates): n */
const char    *esp_lost_id         (EspLost                lost);      /* "found", "suppressed", … */
char          *esp_road_describe   (const EspRoads        *roads,      /* (transfer full): one sentence */
                                    guint                  row,
                                    const char *const     *names);     /* (nullable) */
char          *esp_fate_describe   (const EspRoads        *roads,      /* likewise */
                                    const EspFate         *fate,
                                    const char *const     *names);     /* (nullable) */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspRoads, esp_roads_free)

G_END_DECLS
