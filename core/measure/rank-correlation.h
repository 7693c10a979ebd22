/* rank-correlation.h: whether two lists of numbers have one order */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

double esp_spearman (const float *x,
                     const float *y,
                     gsize        n);

G_END_DECLS
