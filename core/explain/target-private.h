/* target-private.h: what a target holds, and how it is painted onto one head */
#pragma once

#include "explain/target-mask.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_TARGET_CLASSES,
  ESP_TARGET_DETECTION,
  ESP_TARGET_PART,
  ESP_TARGET_MISSED,
  ESP_TARGET_CELLS,
  ESP_TARGET_SUM,
} EspTargetKind;

struct _EspTarget
{
  EspTargetKind kind;
  EspMaskUse    use;
  float         tau;
  EspDetection  detection; /* of a detection, a part of one, or where a missed box should have come from */
  EspPart       part;
  guint         head;        /* of cells */
  int           row, column; /* likewise; -1: all */
  guint         n;
  int          *items;   /* @n classes, or channels of the head's input; ascending, once each */
  guint         n_terms;
  EspTarget   **terms;   /* of a sum; owned */
  double       *weights; /* of the terms */
};

/* One head of one image, plain order. */
typedef struct
{
  const EspLayer *layer;
  EspShape        shape;   /* n = 1 */
  EspShape        input;   /* of the network */
  const float    *active;  /* (nullable): the head's map */
  float          *weights; /* M, added to */
} EspTargetHead;

/* Adds @factor times the target's M to the head's weights. */
gboolean esp_target_paint     (const EspTarget     *target,
                               const EspTargetHead *head,
                               float                factor,
                               GError             **error);
/* Whether every head that the target names is one of @heads. */
gboolean esp_target_check     (const EspTarget     *target,
                               const guint         *heads,
                               guint                n,
                               GError             **error);

G_END_DECLS
