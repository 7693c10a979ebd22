/* crop.h: a part of a picture at another size */
#pragma once

#include "image/box.h"
#include "image/image.h"

G_BEGIN_DECLS

EspImage *esp_image_crop (EspImage *image,
                          EspBox    box,      /* fractions of the image */
                          int       side,     /* of the longer one, at most */
                          gboolean  enlarge); /* to that side where the part is smaller */

G_END_DECLS
