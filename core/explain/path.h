/* path.h: the points at which a way from a baseline to an image is walked, closer together where the trapezoid misses */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  double at;    /* share of the way: 0 at the baseline, 1 at the image */
  double value; /* of the target there */
  double slope; /* its derivative along the way */
} EspPathPoint;

/* Thread: the owner's, all functions. @points: an array of EspPathPoint, in order. */
GArray *esp_path_new    (guint         steps);   /* (transfer full): evenly spaced; values and slopes are for the caller to fill in */
double  esp_path_miss   (const GArray *points,   /* what the trapezoids' sum misses, as a share of the gain */
                         double       *everywhere); /* (out): what they miss on all stretches, likewise */
GArray *esp_path_bisect (const GArray *points,   /* (transfer full): the middles of the worst stretches, in order; empty: none is worth
                                                  * it */
                         guint         most);
void    esp_path_insert (GArray       *points,   /* keeps the order */
                         const GArray *more);

G_END_DECLS
