/* stand-in.h: what stands where pixels of an image were */
#pragma once

#include "explain/faithfulness.h"

G_BEGIN_DECLS

void esp_stand_in_make (EspStandIn    which,
                        const float  *input,     /* c * h * w */
                        EspShape      shape,
                        EspPlacement  placement, /* outside of it nothing is replaced */
                        double        blur,      /* sigma over the longer side */
                        guint64       seed,
                        float        *output);   /* (out): c * h * w */

G_END_DECLS
