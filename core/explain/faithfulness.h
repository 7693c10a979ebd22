/* faithfulness.h: whether the network needs the pixels that a heatmap says it needs */
#pragma once

#include "detect/suppress.h"
#include "explain/explainer.h"

G_BEGIN_DECLS

/* What stands where a pixel of the image does not. */
typedef enum
{
  ESP_STAND_IN_RANDOM, /* every number of every pixel drawn evenly from 0..1, the same for all maps of a scene */
  ESP_STAND_IN_BLUR,   /* the image itself, blurred */
  ESP_STAND_IN_GREY,   /* 0.5 */
} EspStandIn;

typedef struct
{
  guint      steps;     /* equal ones, 20; of a badge 6 */
  EspStandIn deletion;  /* ESP_STAND_IN_RANDOM, as ODAM's code */
  EspStandIn insertion; /* ESP_STAND_IN_BLUR */
  double     span;      /* so many times the box's area of pixels go in all: 1 as ODAM's code; 0: all of the image, as RISE */
  double     blur;      /* sigma of the blur over the input's longer side: 0.05 */
  float      threshold; /* of detections, 0.005 */
  EspNms     nms;       /* the network's kind at 0.45 */
  guint64    seed;      /* of random pixels, random order and the order of equal heat */
} EspFaithfulnessOptions;

/* Areas under the score of the box by the share of pixels deleted or inserted, 0..1: of deletion less is better, of insertion more. */
typedef struct
{
  double deletion, insertion;
} EspCurves;

/* The same beside what pixels in random order give. */
typedef struct
{
  EspCurves map, random;
  double    score; /* of the box in the image as it is */
  guint     steps;
} EspBadge;

void             esp_faithfulness_options_init (EspFaithfulnessOptions       *options,
                                                const EspNetwork             *network);

/* One network, and one box of one image at a time. Thread: lane, all functions. */
typedef struct _EspFaithfulness EspFaithfulness;
EspFaithfulness *esp_faithfulness_new          (EspNetwork                   *network,
                                                EspWeights                   *weights,
                                                const EspExplainerOptions    *run,
                                                const EspFaithfulnessOptions *options,
                                                GError                      **error);
void             esp_faithfulness_free         (EspFaithfulness              *faithfulness);
gboolean         esp_faithfulness_set_scene    (EspFaithfulness              *faithfulness,
                                                const float                  *input,     /* c * h * w numbers 0..1, copied */
                                                EspPlacement                  placement,
                                                EspBox                        box,       /* fractions of the image */
                                                int                           class_index,
                                                EspJob                       *job,
                                                GError                      **error);
double           esp_faithfulness_get_score    (const EspFaithfulness        *faithfulness); /* of the box in the image as it is; 0: no
                                                                                              * detection there */
gboolean         esp_faithfulness_measure      (EspFaithfulness              *faithfulness,
                                                const EspHeatmap             *heatmap,   /* of a layer or at the pixels, over the whole
                                                                                          * input */
                                                EspCurves                    *curves,    /* (out) */
                                                double                       *deletion,  /* (out caller-allocates) (nullable): the steps + 1
                                                                                          * scores */
                                                double                       *insertion, /* likewise */
                                                EspJob                       *job,
                                                GError                      **error);
/* The score of the box in another image, of the same placement. */
gboolean         esp_faithfulness_score        (EspFaithfulness              *faithfulness,
                                                const float                  *input,
                                                double                       *score,     /* (out) */
                                                EspJob                       *job,
                                                GError                      **error);
/* For the heatmap in view: the random order's areas are kept for the scene, so that a second method costs half. */
gboolean         esp_faithfulness_badge        (EspFaithfulness              *faithfulness,
                                                const EspHeatmap             *heatmap,
                                                EspBadge                     *badge,     /* (out) */
                                                EspJob                       *job,
                                                GError                      **error);

/* Maps that know nothing of what the network computes. */
typedef enum
{
  ESP_BASELINE_RANDOM,   /* every pixel by lot */
  ESP_BASELINE_BOX,      /* 1 in the box, 0 outside */
  ESP_BASELINE_GAUSSIAN, /* about the middle of the box; sigma a quarter of its width and of its height */
  ESP_BASELINE_EDGES,    /* length of the Sobel gradient of the mean of the channels */
  ESP_N_BASELINES,
} EspBaseline;

const char *esp_baseline_id    (EspBaseline   baseline); /* "random-order" */
const char *esp_baseline_title (EspBaseline   baseline);
EspHeatmap *esp_baseline_map   (EspBaseline   baseline,  /* (transfer full) */
                                const float  *input,     /* c * h * w */
                                EspShape      shape,
                                EspPlacement  placement,
                                EspBox        box,
                                guint64       seed);

/* Of one map, cells that show the image only. Thread: any. */
double   esp_heatmap_points_at        (const EspHeatmap *heatmap, /* 1: the middle of the hottest cell is strictly inside; of equals a
                                                                   * share */
                                       EspBox            box);
double   esp_heatmap_gini             (const EspHeatmap *heatmap); /* sparseness, 0..1 */
double   esp_heatmap_distance         (const EspHeatmap *heatmap, /* length of the difference over the length of @heatmap; NaN where that is
                                                                   * 0 */
                                       const EspHeatmap *other);
double   esp_heatmap_rank_correlation (const EspHeatmap *heatmap, /* Spearman's of the absolute heat; 0 where one of them is even */
                                       const EspHeatmap *other);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspFaithfulness, esp_faithfulness_free)

G_END_DECLS
