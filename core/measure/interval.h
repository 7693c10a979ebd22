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

/* Thread: any, both. */
double esp_quantile           (const double *sorted, /* @n numbers from 1 on, ascending */
                               guint         n,
                               double        p);
void   esp_draws_get_interval (double       *draws,  /* (inout): @n from 1 on; sorted afterwards */
                               guint         n,
                               double       *low,    /* (out): 2.5 % */
                               double       *high);  /* (out): 97.5 % */

G_END_DECLS
