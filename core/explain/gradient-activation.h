/* gradient-activation.h: gradient × activation, the functions of its row */
#pragma once

#include "net/engine.h"

G_BEGIN_DECLS

gboolean esp_gradient_activation_map   (EspEngine  *engine,
                                        guint       layer,
                                        guint       item,
                                        int         channel, /* -1: sum over channels */
                                        float      *values,
                                        GError    **error);
gboolean esp_gradient_activation_score (EspEngine  *engine,
                                        guint       layer,
                                        EspAt       at,
                                        EspReduce   reduce,
                                        float      *scores,
                                        GError    **error);

G_END_DECLS
