/* probe.h: variants of one image, a batch at a time, and what the heads say of each */
#pragma once

#include "detect/decode.h"
#include "explain/explainer.h"

G_BEGIN_DECLS

typedef struct
{
  EspNetwork      *network;
  EspWeights      *weights;
  EspEngineOptions single;    /* infer, of one image */
  EspEngine       *engine;    /* infer, of a batch */
  EspHeads        *heads;     /* of its last forward */
  EspEngine       *one;       /* (nullable): for batches that are not full: made when the first is run */
  EspHeads        *one_heads;
  guint            batch;
  EspShape         shape;     /* of one image */
  gsize            stride;    /* numbers of one image */
  float           *input;     /* batch * stride: to be filled in */
} EspProbe;

/* Reads @n images of the batch, from @item on, which lie in @engine from its first on. */
typedef gboolean (*EspProbeRead) (EspEngine      *engine,
                                  const EspHeads *heads,
                                  guint           item,
                                  guint           n,
                                  gpointer        data,
                                  GError        **error);

/* Thread: lane, all functions. */
EspProbe *esp_probe_new     (EspNetwork                 *network,
                             EspWeights                 *weights,
                             const EspExplainerOptions  *options,
                             GError                    **error);
void      esp_probe_free    (EspProbe                   *probe);
float    *esp_probe_get     (EspProbe                   *probe,  /* the place of one image of the batch */
                             guint                       item);
gboolean  esp_probe_forward (EspProbe                   *probe,
                             EspJob                     *job,
                             GError                    **error);
gboolean  esp_probe_run     (EspProbe                   *probe,
                             guint                       n,     /* images of the batch that are there */
                             EspProbeRead                read,
                             gpointer                    data,
                             EspJob                     *job,
                             GError                    **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspProbe, esp_probe_free)

G_END_DECLS
