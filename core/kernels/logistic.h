/* logistic.h: the logistic function of many numbers at once */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void esp_logistic_run (const float *in,
                       float       *out, /* may be in */
                       gsize        n);

G_END_DECLS
