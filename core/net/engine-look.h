/* engine-look.h: what a forward left of one layer, where it lies: for passes over an explain engine that are no gradient */
#pragma once

#include "kernels/kernel.h"
#include "net/engine.h"

G_BEGIN_DECLS

/* All borrowed from the engine; addresses stay as long as it lives, but for seeds, which are made when they are first set. */
typedef struct
{
  EspLayout     layout;
  const void   *out;         /* the output */
  const void   *before;      /* the value before the activation where that is kept, else the output: */
  double        below;       /* its negative numbers times this are that value (10: leaky; 1 otherwise) */
  const double *gain;        /* (nullable): factor of each filter's weights */
  const double *shift;       /* (nullable): what is then added to each filter */
  EspKernel    *kernel;      /* what the layer runs; NULL of the image */
  void         *kept;        /* (nullable): what its forward leaves for its backward */
  const void   *seed;        /* (nullable): as esp_engine_set_seed() left it */
  const void   *seed_before; /* (nullable): as esp_engine_set_seed_before() did */
} EspEngineLook;

/* Explain engines only. Thread: as forward. */
void                esp_engine_look        (EspEngine     *engine,
                                            int            layer, /* -1: the image */
                                            EspEngineLook *look);
const EspKernelSet *esp_engine_get_kernels (EspEngine     *engine);

G_END_DECLS
