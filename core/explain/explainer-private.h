/* explainer-private.h: what methods see of their explainer */
#pragma once

#include "explain/explainer.h"

G_BEGIN_DECLS

struct _EspExplainer
{
  EspNetwork           *network;
  EspWeights           *weights;
  EspExplainerOptions   options;
  const EspAttribution *method;
  double               *values;  /* of its knobs */
  gpointer              state;   /* the method's own */
  EspEngine            *engine;  /* explain, batch 1; made when asked for */
  EspEngine            *pixels;  /* the same, its backward reaching the image */
  guint                 n_ones;  /* of the last run */
  double                value;
};

/* (transfer none): made on the first call. NULL with @error. */
EspEngine *esp_explainer_get_engine (EspExplainer     *explainer,
                                     gboolean          pixels,
                                     GError          **error);
/* Forward, seeds, backward once in @engine; fills in the count and the value. */
gboolean   esp_explainer_gradient   (EspExplainer     *explainer,
                                     EspEngine        *engine,
                                     const float      *input,
                                     const EspTarget  *target,
                                     EspJob           *job,
                                     GError          **error);

/* The registry's rows, one a file. */
extern const EspAttribution esp_attribution_gradient_activation;

G_END_DECLS
