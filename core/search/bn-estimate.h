/* bn-estimate.h: running means and variances of a cut network, found anew on images */
#pragma once

#include "base/job.h"
#include "net/mask.h"
#include "net/weights.h"

G_BEGIN_DECLS

/* The images, fitted to the network's input. */
typedef struct
{
  guint    n;
  gboolean (*get) (gpointer   data,
                   guint      index, /* below n */
                   float     *input, /* c * h * w numbers, 0..1 */
                   GError   **error);
  gpointer data;
} EspBnImages;

typedef struct
{
  guint n_images; /* that were run */
  guint batch;
  guint n_layers; /* with batch normalisation */
} EspBnEstimated;

/* (transfer full): weights of the whole network: cut by @mask they are the cut's with means and variances of its own. */
EspWeights *esp_bn_estimate (EspNetwork        *network,
                             EspWeights        *weights,
                             EspMask           *mask,
                             const EspBnImages *images,
                             guint              batch,   /* images at once, 0: 32, or as many as fit */
                             EspBnEstimated    *told,    /* (out) (optional) */
                             EspJob            *job,
                             GError           **error);

G_END_DECLS
