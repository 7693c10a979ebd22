/* cliff.h: where a ratio–mAP curve falls, and up to where it is safe */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ESP_CLIFF_SAFE  0.95 /* of the whole network's mAP that a safe ratio leaves */
#define ESP_CLIFF_LOSS  0.5  /* of it that is lost over a cliff */
#define ESP_CLIFF_STEEP 2.0  /* times as steep as the whole curve */

typedef struct
{
  double safe;     /* the largest ratio up to which all that were measured leave so much; 0: none does */
  double from, to; /* the cliff; NAN: there is none */
} EspCliff;

EspCliff esp_cliff_find (const double *ratios, /* ascending, above 0 */
                         const double *maps,
                         guint         n,
                         double        whole); /* mAP at ratio 0 */

G_END_DECLS
