/* detection.h: one box of one class, and where in the head it came from */
#pragma once

#include "image/box.h"

G_BEGIN_DECLS

typedef struct
{
  EspBox box;        /* fractions of the original image */
  int    class_index; /* the network's */
  float  score;      /* objectness * class probability */
  float  objectness;
  guint  head;       /* layer index */
  int    anchor;     /* within the head, 0 .. n_anchors - 1 */
  int    row, column; /* cell */
  guint  candidate;  /* order of decoding: equal for the classes of one box */
  guint  place;      /* where the box stands in darknet's array after its suppression; set by esp_suppress() */
} EspDetection;

G_END_DECLS
