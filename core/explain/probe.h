/* probe.h: variants of one image, a batch at a time, and what the heads say of each */
#pragma once

#include "detect/decode.h"
#include "explain/explainer.h"

G_BEGIN_DECLS

typedef struct
{
  EspEngine *engine; /* infer */
  EspHeads  *heads;  /* of the last forward */
  guint      batch;
  EspShape   shape;  /* of one image */
  gsize      stride; /* numbers of one image */
  float     *input;  /* batch * stride: to be filled in */
} EspProbe;

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

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspProbe, esp_probe_free)

G_END_DECLS
