/* attribution.h: the registry of attribution methods */
#pragma once

#include "explain/heatmap.h"
#include "explain/target.h"

G_BEGIN_DECLS

typedef struct _EspAttribution EspAttribution;

/* One row of the registry. */
struct _EspAttribution
{
  const char *id;          /* "gradient-activation" */
  const char *title;       /* translatable, sentence case */
  const char *source;      /* paper and equation */
  const char *unit;
  gboolean    is_signed;
  /* Reduces one layer of an engine whose forward and backward are done, for image @item, to a map of that layer's h × w. */
  gboolean  (*map)  (EspEngine *engine, guint layer, guint item, int channel, float *values, GError **error);
  /* Per-channel scores of all batch items: batch * c. */
  gboolean  (*score) (EspEngine *engine, guint layer, EspAt at, EspReduce reduce, float *scores, GError **error);
};

const EspAttribution *esp_attribution_find (const char *id);
const EspAttribution *esp_attributions     (guint      *n);

/* One image (item 0 of a batch-1 explain engine): forward, seeds, backward once; then any heatmap or score reads from it without another run. */
gboolean    esp_attribution_run      (EspEngine            *engine,
                                      const float          *input,
                                      const EspTarget      *target,
                                      guint                *n_ones,  /* (out) (optional): 0 says that nothing was above tau */
                                      double               *value,   /* (out) (optional): T */
                                      EspJob               *job,
                                      GError              **error);
EspHeatmap *esp_attribution_heatmap  (const EspAttribution *method,
                                      EspEngine            *engine,
                                      guint                 layer,
                                      int                   channel, /* -1: sum over channels */
                                      EspPlacement          placement,
                                      GError              **error);

G_END_DECLS
