/* compensate.h: what removed channels would have given, folded into those that read them */
#pragma once

#include "net/mask.h"
#include "net/weights.h"

G_BEGIN_DECLS

typedef struct
{
  guint n_channels; /* removed ones whose constant is not 0 */
  guint n_layers;   /* that it was folded into */
  guint n_borders;  /* of those: a window reaches over the border into zeros, where the constant is only nearly right */
} EspCompensation;

/* (transfer full): weights of the whole network, with other running means or biases: cut by @mask they are the compensated ones of the
 * cut. */
EspWeights *esp_compensate           (EspNetwork       *network,
                                      EspWeights       *weights,
                                      EspMask          *mask,
                                      double *const    *means,    /* (nullable): per layer what each filter gives, NULL: act (beta) */
                                      EspCompensation  *told,     /* (out) (optional) */
                                      GError          **error);
double     *esp_compensate_constants (const EspLayer   *layer,    /* (transfer full): of each filter act (beta): its input counts for
                                                                   * nothing */
                                      const EspParams  *params);

G_END_DECLS
