/* road-private.h: what the roads of one image hold */
#pragma once

#include "measure/road.h"

G_BEGIN_DECLS

struct _EspRoads
{
  float    threshold;
  EspNms   nms;
  guint    n, n_standing, n_shown;
  EspRoad *rows; /* those that stand first, by score; then the others, by score */
};

G_END_DECLS
