/* probe.h: variants of one image, side by side, and what the heads say of each */
#pragma once

#include "detect/decode.h"
#include "explain/explainer.h"

G_BEGIN_DECLS

/* What one thread runs with: no kernel waits for another thread. */
typedef struct
{
  EspEngine *engine; /* infer, of one image */
  EspHeads *heads;   /* of its last forward */
  float *input;      /* of one image */
  GError *error;     /* (nullable): of the run at hand */
} EspProbeMember;

typedef struct
{
  EspProbeMember *members; /* n_members: a thread each; packed weights are shared */
  guint n_members;
  guint batch;    /* images that a caller is expected to have at once */
  EspShape shape; /* of one image */
  gsize stride;   /* numbers of one image */
} EspProbe;

/* Writes image @item of the run: c * h * w numbers 0..1. Thread: any, many at once. */
typedef void (*EspProbeFill) (float *input, guint item, gpointer data);

/* Reads what @heads and @engine (of one image) have of image @item of the run. Thread: any, many at once. */
typedef gboolean (*EspProbeRead) (EspEngine *engine, const EspHeads *heads, guint item, gpointer data, GError **error);

/* Thread: lane, all functions. */
EspProbe *esp_probe_new (EspNetwork *network, EspWeights *weights, const EspExplainerOptions *options, GError **error);
void esp_probe_free (EspProbe *probe);
gboolean esp_probe_run (EspProbe *probe,
                        guint n,
                        EspProbeFill fill,
                        EspProbeRead read,
                        gpointer data, /* of both */
                        EspJob *job,
                        GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspProbe, esp_probe_free)

G_END_DECLS
