/* upright.h: pictures that are stored in another way than they are shown */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

GBytes *esp_image_unturned (GBytes *bytes,       /* (transfer full): a file that every reader shows as the annotation has it */
                            int     want_width,  /* the annotation's size; 0: not known */
                            int     want_height);

G_END_DECLS
