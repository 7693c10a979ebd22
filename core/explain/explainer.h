/* explainer.h: one network and one attribution method: runs it on an image, then gives heatmaps and scores of that run */
#pragma once

#include "explain/attribution.h"

G_BEGIN_DECLS

typedef struct
{
  EspBackendKind backend;
  EspBnForm      bn;
  guint64        seed;  /* of what a method draws by lot */
  guint          batch; /* images that a method of many runs has at once; 0: 8 */
  gboolean       quiet; /* runs leave the job's progress alone: whoever runs them counts images */
} EspExplainerOptions;

/* Thread: lane (the thread that makes it runs it), all functions. */
EspExplainer *esp_explainer_new          (EspNetwork                 *network,
                                          EspWeights                 *weights,
                                          const EspExplainerOptions  *options);
void          esp_explainer_free         (EspExplainer               *explainer);
gboolean      esp_explainer_set_method   (EspExplainer               *explainer, /* engines are kept; forgets the last run */
                                          const EspAttribution       *method,
                                          const double               *values,    /* (nullable): of its knobs; NULL: the presets */
                                          GError                    **error);
/* Where the image lies on the network's input, for methods that compare with a drawn box; the whole input until it is told. */
void          esp_explainer_set_placement (EspExplainer          *explainer,
                                           EspPlacement           placement);
gboolean      esp_explainer_run          (EspExplainer               *explainer,
                                          const float                *input,     /* c * h * w numbers 0..1, as the network takes them */
                                          const EspTarget            *target,
                                          int                         layer,     /* what will be read: one layer, ESP_PIXELS, or
                                                                                  * ESP_EVERY_LAYER */
                                          EspJob                     *job,
                                          GError                    **error);
guint         esp_explainer_get_n_ones   (const EspExplainer         *explainer); /* of the last run: raw head outputs summed; 0: nothing
                                                                                   * was above tau */
double        esp_explainer_get_value    (const EspExplainer         *explainer); /* likewise T */
const char   *esp_explainer_get_note     (const EspExplainer         *explainer); /* (nullable): likewise, how well it went */
EspHeatmap   *esp_explainer_heatmap      (EspExplainer               *explainer,
                                          int                         layer,     /* or ESP_PIXELS */
                                          int                         channel,   /* -1: all together */
                                          EspPlacement                placement,
                                          GError                    **error);
gboolean      esp_explainer_score        (EspExplainer               *explainer,
                                          guint                       layer,
                                          EspAt                       at,
                                          EspReduce                   reduce,
                                          float                      *scores,    /* (out caller-allocates): c numbers */
                                          GError                    **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspExplainer, esp_explainer_free)

G_END_DECLS
