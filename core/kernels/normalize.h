/* normalize.h: the loops of batch normalization over a stretch of pixels of one block of channels; for blocked-normalize.c */
#pragma once

#include "kernels/blocked.h"

G_BEGIN_DECLS

/* Of one stretch: the sums of x and of its squares; backward of g and of g (x - mean). */
typedef struct
{
  double first[ESP_MOST_BLOCK], second[ESP_MOST_BLOCK];
} EspTotals;

/* One block of channels: d = x - mean, z = times d + plus; lanes that only fill the block are 0. */
typedef struct
{
  float mean[ESP_MOST_BLOCK], times[ESP_MOST_BLOCK], plus[ESP_MOST_BLOCK];
} EspForth;

/* The gradient of x: times g - shift - d tilt. */
typedef struct
{
  float shift[ESP_MOST_BLOCK], tilt[ESP_MOST_BLOCK];
} EspBack;

/* out = z, z times @slope where it is not above 0; g = the gradient of out, likewise. Blocks of 16 may take another way than those of other
 * sizes: bits are the same for one processor. */
void esp_normalize_total      (const float    *x,
                               gsize           pixels,
                               int             block,
                               EspTotals      *totals);  /* stored */
void esp_normalize_run        (const EspForth *forth,
                               const float    *x,
                               float          *out,
                               gsize           pixels,
                               int             block,
                               float           slope);
void esp_normalize_total_back (const EspForth *forth,
                               const float    *x,
                               const float    *grad_out,
                               gsize           pixels,
                               int             block,
                               gboolean        bent,     /* grad_out is g already */
                               float           slope,
                               EspTotals      *totals);  /* added to */
void esp_normalize_run_back   (const EspForth *forth,
                               const EspBack  *back,
                               const float    *x,
                               const float    *grad_out,
                               float          *grad_in,  /* may be grad_out */
                               gsize           pixels,
                               int             block,
                               float           slope);   /* 1 where grad_out is g already */

G_END_DECLS
