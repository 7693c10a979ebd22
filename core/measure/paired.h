/* paired.h: whether one thing measured on the same items lies above another */
#pragma once

#include "measure/interval.h"

G_BEGIN_DECLS

typedef struct
{
  EspInterval interval; /* of mean (a - b) over the pairs in which both are numbers */
  double      p;        /* two-sided, that the mean is 0; NaN without pairs */
} EspPaired;

EspPaired esp_paired_difference (const double *a,
                                 const double *b,          /* (nullable): 0 each */
                                 guint         n,
                                 guint         replicates, /* 20000: the least p is 2 / (replicates + 1) */
                                 guint64       seed);
void      esp_holm              (const double *p,          /* NaN entries are no tests */
                                 guint         n,
                                 double       *adjusted);  /* (out caller-allocates): n */

G_END_DECLS
