/* ablation-private.h: what was masked and lost, between its making and its comparing */
#pragma once

#include "score/ablation.h"

G_BEGIN_DECLS

struct _EspAblation
{
  EspCoupling *coupling;
  GArray      *units;   /* of EspAblated, by layer, then channel */
  GArray      *layers;  /* of guint, ascending */
  guint        n_images;
  guint       *images;
  double       whole[ESP_ABLATION_N];
};

G_END_DECLS
