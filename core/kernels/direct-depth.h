/* direct-depth.h: what convolutions of each channel by itself share on AVX-512 */
#pragma once

#include "kernels/blocked.h"

G_BEGIN_DECLS

/* Each channel by itself, of side 3 or 5, values of 16 side by side. */
static inline gboolean
esp_is_depth (const EspGeometry *g, const EspLayout *in, const EspLayout *out)
{
  return g->groups > 1 && g->groups == in->shape.c && in->shape.c == out->shape.c && g->size_h == g->size_w
         && (g->size_h == 3 || g->size_h == 5) && g->pad < g->size_h && g->dilation == 1 && g->pool == 0 && in->block == 16
         && out->block == 16;
}

G_END_DECLS
