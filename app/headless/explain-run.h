/* explain-run.h: one photograph seen, one target explained: what attribute and figure share */
#pragma once

#include "dataset/dataset.h"
#include "draw/figure.h"
#include "explain/explainer.h"
#include "explain/target-spec.h"
#include "network-options.h"
#include "verb.h"

G_BEGIN_DECLS

/* What is to be explained, as a person says it. */
typedef struct
{
  EspTargetSpec *spec; /* (nullable): NULL: boxes only */
  EspMaskUse     masks;
  float          tau;
} EspAsk;

#define ESP_LAYER_OF_TARGET (-3) /* in place of a layer: where the method gives most: esp_explain_default_layer() or the pixels */

/* Borrowed unless said otherwise. */
typedef struct
{
  const EspLoaded      *loaded;
  const char *const    *names;  /* (nullable) */
  const char           *image_path;
  const EspAttribution *method;
  const double         *knobs;  /* (nullable): of the method; NULL: the presets */
  EspAsk                ask;
  int                   layer;     /* or ESP_PIXELS; ESP_LAYER_OF_TARGET */
  gboolean              every;     /* scores of all layers will be read, not of @layer alone */
  int                   channel;   /* -1: their sum */
  float                 threshold; /* of boxes */
  float                 nms;
  guint64               seed;
  gboolean              quiet;     /* the method leaves the progress alone: images are counted */
  EspJob               *job;
  /* what comes of it; owned */
  EspEngine            *engine;    /* that finds the boxes */
  EspExplainer         *explainer;
  EspImage             *image;
  EspPlacement          placement;
  float                *input;
  GArray               *detections; /* of EspDetection, by score */
  EspTarget            *target;
  EspHeatmap           *heatmap;
  guint                 n_ones;
  double                value;
} EspExplainRun;

gboolean esp_layer_parse       (const char     *text,   /* a number, or "pixels" */
                                int            *layer);
gboolean esp_ask_parse         (const char     *text,   /* as esp_target_spec_new() */
                                EspAsk         *ask,
                                GError        **error);
void     esp_ask_clear         (EspAsk         *ask);
/* Thread: lane, all of these. */
void     esp_refuse_box_of     (EspDataset     *dataset, /* opened at @path in place of a photograph */
                                const char     *path,
                                const char     *advice,
                                GError        **error);
gboolean esp_explain_run_look  (EspExplainRun  *run,    /* image, engine, boxes, target */
                                GError        **error);
gboolean esp_explain_run_heat  (EspExplainRun  *run,    /* n_ones, value, heatmap; nothing where nothing is asked */
                                GError        **error);
/* Whether the target summed anything: else one sentence instead of an empty picture. */
gboolean esp_explain_run_check (const EspExplainRun *run,
                                GError        **error);
void     esp_explain_run_clear (EspExplainRun  *run);

/* The page of a run: its strings are owned by @keep. */
typedef struct
{
  char *caption, *provenance;
} EspPage;

void     esp_page_fill         (EspViewFigure        *figure,
                                const EspExplainRun  *run,
                                const char           *cfg,
                                const char           *weights,
                                const float          *scale, /* (nullable): lowest, highest; else of this image */
                                EspPage              *keep);
void     esp_page_clear        (EspPage              *page);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspAsk, esp_ask_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspExplainRun, esp_explain_run_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspPage, esp_page_clear)

G_END_DECLS
