/* compensate.h: what removed channels would have given, folded into those that read them */
#pragma once

#include "net/mask.h"
#include "net/weights.h"

G_BEGIN_DECLS

/* What a removed channel is taken to have given. */
typedef enum
{
  ESP_CONSTANT_BETA, /* act (beta): its input counts for nothing */
  ESP_CONSTANT_MEAN, /* the mean of act (y) where y is as batch normalisation makes it, normal about beta with deviation gamma */
  ESP_CONSTANT_N,
} EspConstant;

typedef struct
{
  guint n_channels; /* removed ones whose constant is not 0 */
  guint n_layers;   /* that it was folded into */
  guint n_borders;  /* of those: a window reaches over the border into zeros, where the constant is only nearly right */
} EspCompensation;

/* (transfer full): weights of the whole network, with other running means or biases: cut by @mask they are the compensated ones of the cut. */
EspWeights *esp_compensate           (EspNetwork       *network,
                                      EspWeights       *weights,
                                      EspMask          *mask,
                                      EspConstant       constant,
                                      EspCompensation  *told,     /* (out) (optional) */
                                      GError          **error);
double     *esp_compensate_constants (const EspLayer   *layer,    /* (transfer full): one a filter */
                                      const EspParams  *params,
                                      EspConstant       constant);
const char *esp_constant_name        (EspConstant       constant); /* "beta", "mean" */

G_END_DECLS
