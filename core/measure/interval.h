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

G_END_DECLS
