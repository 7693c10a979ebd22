/* plan-compare.h: two plans of one network side by side: what only one cuts, what each costs, and how each does on the same images */
#pragma once

#include "measure/summary.h"
#include "net/cost.h"
#include "net/mask.h"
#include "net/weights.h"

G_BEGIN_DECLS

typedef struct
{
  guint  layer;
  guint  n;                /* its channels */
  guint  kept_a, kept_b;
  guint  n_only_a, n_only_b;
  guint *only_a, *only_b;  /* channels that only the one cuts, ascending */
} EspLayerDifference;

typedef struct
{
  GPtrArray *layers;       /* of EspLayerDifference: those where the two differ, ascending */
  guint      cut_a, cut_b; /* channels of all convolutions */
  guint      only_a, only_b;
  EspCost    whole, cost_a, cost_b;
} EspPlanDifference;

EspPlanDifference *esp_plan_difference_new  (const EspNetwork   *network,
                                             const EspMask      *a,
                                             const EspMask      *b);
void               esp_plan_difference_free (EspPlanDifference  *difference);

/* What both are run on. */
typedef struct
{
  EspNetwork               *network;
  EspWeights               *weights;
  EspDataset               *dataset;
  const EspClassMap        *map;
  EspImageCache            *cache;
  const EspEvaluateOptions *options;
  const guint              *indices;   /* of the images, ascending */
  guint                     n;
  const EspProtocol        *protocol;
  guint                     n_classes;
  guint                     replicates; /* of the intervals */
  guint64                   seed;
} EspCompareInput;

typedef struct
{
  EspInterval a, b;       /* mAP of each */
  EspInterval difference; /* b minus a, paired over images */
  guint       lost, gained; /* objects found by a alone, and by b alone */
  double      p;          /* McNemar's, of those */
} EspComparison;

gboolean esp_plan_compare (const EspCompareInput *input,
                           EspMask               *a,
                           EspMask               *b,
                           EspComparison         *result, /* (out caller-allocates) */
                           EspJob                *job,
                           GError               **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspPlanDifference, esp_plan_difference_free)

G_END_DECLS
