/* interval.h: Bayesian bootstrap over images, paired where two networks saw the same ones */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  double value;
  double low, high; /* 95 % */
  guint  replicates;
  guint64 seed;
  guint  n;         /* images */
} EspInterval;

/* Of @n numbers in ascending order, linear between them (Hyndman and Fan 1996, type 7). Thread: any. */
double esp_quantile (const double *sorted,
                     guint         n,
                     double        p);

G_END_DECLS
