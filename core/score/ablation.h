/* ablation.h: units masked to 0 one at a time, and what the network then loses: what every score of channels is judged by */
#pragma once

#include "measure/evaluate.h"
#include "score/coupling.h"
#include "score/scores.h"

G_BEGIN_DECLS

typedef struct _EspAblation EspAblation;

typedef struct
{
  EspNetwork               *network;
  EspWeights               *weights;
  const EspCoupling        *coupling;
  EspDataset               *dataset;  /* labelled */
  const EspClassMap        *map;
  EspImageCache            *cache;    /* of that data set */
  const EspEvaluateOptions *options;  /* thresholds of boxes and matches; its batch is how many images run at once */
  guint                     n_units;  /* most of them that a layer is judged by; 16 */
  guint                     n_images; /* 32 */
  guint64                   seed;     /* of both draws */
  EspLane                  *lane;     /* (nullable): yields to acts of higher priority between units */
} EspAblationInput;

/* T of one image: a sum of scores of detections that match a truth. */
typedef enum
{
  ESP_ABLATION_MATCHED, /* whatever the masked network finds, matched anew: another anchor may stand in */
  ESP_ABLATION_FIXED,   /* at the cells, anchors and classes of what the whole network had matched */
  ESP_ABLATION_N,
} EspAblationSum;

/* One unit that was masked. */
typedef struct
{
  guint   unit;                   /* of the coupling */
  guint   layer;                  /* its first member's: the layer that it is judged in */
  guint   channel;                /* likewise */
  double  loss[ESP_ABLATION_N];   /* mean over images of T whole minus T masked */
  double *losses[ESP_ABLATION_N]; /* the same of each image, n_images numbers */
} EspAblated;

EspAblation      *esp_ablation_new          (const EspAblationInput  *input,
                                             EspJob                  *job,
                                             GError                 **error);
void              esp_ablation_free         (EspAblation             *ablation);
const EspAblated *esp_ablation_get          (const EspAblation       *ablation, /* by layer, then channel */
                                             guint                   *n);
const guint      *esp_ablation_get_layers   (const EspAblation       *ablation, /* that units were drawn in, ascending */
                                             guint                   *n);
const guint      *esp_ablation_get_images   (const EspAblation       *ablation,
                                             guint                   *n);
double            esp_ablation_get_whole    (const EspAblation       *ablation, /* mean T of the whole network */
                                             EspAblationSum           sum);
/* (transfer full): one number a masked unit, in their order. */
double           *esp_ablation_reduce       (const EspAblation       *ablation,
                                             const EspScores         *scores,
                                             const char              *reduce);  /* over a unit's members, as esp_unit_score() has it */

#define ESP_ABLATION_POOLED (-1) /* all units in one order */
#define ESP_ABLATION_MEAN   (-2) /* the mean over layers */

/* Spearman's rank correlation of @scores with the loss, or, with @minus, how much more it is than that one's. */
EspInterval       esp_ablation_correlate    (const EspAblation       *ablation,
                                             EspAblationSum           sum,
                                             const double            *scores,   /* as esp_ablation_reduce() gives them */
                                             const double            *minus,    /* (nullable) */
                                             int                      place,    /* a layer, ESP_ABLATION_POOLED or ESP_ABLATION_MEAN */
                                             guint                    replicates,
                                             guint64                  seed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspAblation, esp_ablation_free)

G_END_DECLS
