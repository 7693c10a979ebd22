/* rank-correlation.h: whether two lists of numbers have one order */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One number, and where it stood. */
typedef struct
{
  double value;
  gsize  place;
} EspRanked;

/* Thread: any, all functions. */
double   esp_spearman        (const float  *x,
                              const float  *y,
                              gsize         n);
/* The same in two steps, for who ranks often. */
gboolean esp_rank            (const double *values,
                              gsize         n,
                              EspRanked    *room,    /* n */
                              double       *ranks);  /* (out): n */
double   esp_correlate_ranks (const double *a,
                              const double *b,
                              gsize         n);

G_END_DECLS
