/* cut-check.h: whether a cut network gives what the masked one gives */
#pragma once

#include "net/cut.h"
#include "net/engine.h"
#include "net/keep-classes.h"

G_BEGIN_DECLS

typedef struct
{
  double difference; /* the largest over all layers, relative to each layer's maximum */
  guint  layer;      /* where */
  double of_means;   /* the same of rows of new classes, which are means rounded to float; not part of difference */
  guint  means_layer; /* where that is */
} EspCutCheck;

/* (transfer full): what the plain double reference runs of a network of @bflops: itself, or over 96 × 96 where that would take long and the
 * weights fit. */
EspNetwork *esp_cut_check_network (EspNetwork *network,
                                   double      bflops);
/* Whether both are within their bounds; the error names the one that is not, its layer and its bound. Thread: any. */
gboolean esp_cut_check_accept (const EspCutCheck *check,
                               double             bound,
                               double             bound_of_means,
                               GError           **error);

/* Runs both on one input, noise of @seed in 0..1, and compares every layer's kept channels. Thread: lane, unless @backend is a
 * reference. */
gboolean esp_cut_check (EspNetwork      *network,
                        EspWeights      *weights,
                        EspMask         *mask,
                        EspNetwork      *small,
                        EspWeights      *small_weights,
                        EspCut          *cut,           /* for its kept channels */
                        EspBackendKind   backend,
                        EspBnForm        bn,
                        guint64          seed,
                        EspCutCheck     *check,         /* (out) */
                        EspJob          *job,
                        GError         **error);
/* The same where @small has only some classes of the cut. */
gboolean esp_cut_check_classes (EspNetwork           *network,
                                EspWeights           *weights,
                                EspMask              *mask,
                                EspNetwork           *small,
                                EspWeights           *small_weights,
                                EspCut               *cut,
                                const EspKeepClasses *keep,    /* (nullable): all */
                                EspBackendKind        backend,
                                EspBnForm             bn,
                                guint64               seed,
                                EspCutCheck          *check,   /* (out) */
                                EspJob               *job,
                                GError              **error);

G_END_DECLS
