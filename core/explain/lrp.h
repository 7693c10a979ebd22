/* lrp.h: layer-wise relevance propagation: where the target's relevance has gone */
#pragma once

#include "explain/attribution.h"

G_BEGIN_DECLS

/* Of one run, all in logits: target = input + bias + absorbed, but for rounding. */
typedef struct
{
  double target;   /* T: what was handed out at the heads */
  double input;    /* what arrived at the pixels */
  double bias;     /* what biases took on the way, those of folded batch normalisations included */
  double absorbed; /* what stabilisers kept, and what found nothing to go to */
} EspLrpShares;

gboolean esp_lrp_get_shares (const EspExplainer *explainer, /* FALSE where its method is none of these, or has not run */
                             EspLrpShares       *shares);

G_END_DECLS
