/* blur.h: planes of numbers smoothed by a Gaussian */
#pragma once

#include "tensor/shape.h"

G_BEGIN_DECLS

/* Thread: any. */
void esp_blur_planes (float    *numbers, /* (inout): c * h * w */
                      EspShape  shape,
                      double    sigma);  /* in cells; 0: nothing is done */

G_END_DECLS
