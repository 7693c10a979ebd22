/* explainer-private.h: what methods see of their explainer */
#pragma once

#include "explain/explainer.h"
#include "explain/field.h"

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
  EspEngine            *lean;    /* the same, keeping no gradients; made when asked for */
  EspEngine            *pixels;  /* the same, its backward reaching the image */
  gboolean              has_run; /* the last run ended well: there is something to read */
  EspEngine            *ran;     /* (transfer none) (nullable): that holds the last run's gradient, where one does */
  float                *input;   /* of the last run that reached the pixels */
  char                 *note;    /* (nullable): what the last run has to say of itself, in words */
  guint                 n_ones;  /* of the last run */
  double                value;
  EspPlacement          placement; /* of the image on the network's input */
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

/* The run of methods that one gradient is enough for: it is left in explainer->ran. */
gboolean   esp_explainer_run_gradient (EspExplainer    *explainer,
                                     const float      *input,
                                     const EspTarget  *target,
                                     int               layer,
                                     EspJob           *job,
                                     GError          **error);
/* Gradients of that run, and values where they are asked for, of a layer or of the pixels. */
gboolean   esp_explainer_read_field (EspExplainer     *explainer,
                                     int               layer,
                                     EspAt             at,
                                     gboolean          values,
                                     EspField         *field,      /* (out): to be cleared */
                                     GError          **error);
EspShape   esp_explainer_get_shape  (const EspExplainer *explainer, /* of a layer's output or of the pixels, n = 1 */
                                     int                 layer);
/* Progress of a run, unless whoever runs it counts images instead. */
void       esp_explainer_progress   (const EspExplainer *explainer,
                                     EspJob           *job,
                                     guint             done,
                                     guint             total);

/* For methods whose heatmap has no channels: refuses one that is asked for. */
gboolean   esp_check_no_channel     (const EspExplainer *explainer,
                                     int                 channel,
                                     GError            **error);

/* Of methods that show the gradient itself (gradient.c). */
gboolean   esp_gradient_map         (EspExplainer     *explainer,
                                     int               layer,
                                     int               channel,
                                     float            *values,
                                     GError          **error);
gboolean   esp_gradient_score       (EspExplainer     *explainer,
                                     guint             layer,
                                     EspAt             at,
                                     EspReduce         reduce,
                                     float            *scores,
                                     GError          **error);

/* The registry's rows, one a file. */
extern const EspAttribution esp_attribution_gradient_activation, esp_attribution_gradient, esp_attribution_guided, esp_attribution_grad_cam,
    esp_attribution_odam, esp_attribution_taylor, esp_attribution_smoothgrad, esp_attribution_integrated;
extern const EspAttribution esp_attribution_occlusion, esp_attribution_d_rise;
extern const EspAttribution esp_attribution_lrp, esp_attribution_lrp_epsilon, esp_attribution_lrp_zplus, esp_attribution_lrp_alpha_beta;

G_END_DECLS
