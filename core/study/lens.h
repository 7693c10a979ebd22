/* lens.h: one channel looked at: where it fires, what it carries, what cutting it costs, how surely it is kept */
#pragma once

#include "explain/explainer.h"
#include "measure/evaluate.h"
#include "prune/plan.h"
#include "score/coupling.h"

G_BEGIN_DECLS

/* What is looked at. Nothing here is kept: it outlives every call. */
typedef struct
{
  EspNetwork               *network;
  EspWeights               *weights;
  EspCoupling              *coupling;
  EspDataset               *dataset;
  const EspClassMap        *map;      /* (nullable): NULL without truth */
  EspImageCache            *cache;    /* of that data set */
  const EspEvaluateOptions *options;  /* run at batch 1 */
  const EspAttribution     *method;   /* that gives scores of channels */
  const double             *knobs;    /* (nullable): of the method */
  float                     tau;      /* of classes */
} EspLensInput;

/* ---- where it fires ---- */

/* The strongest output of a channel on one image. */
typedef struct
{
  guint  image;
  int    row, column; /* of the layer's output */
  float  activation;  /* behind the layer's activation */
  EspBox box;         /* all that this cell sees, clipped, in fractions of the image */
} EspPatch;

typedef struct _EspLensPatches EspLensPatches;
EspLensPatches *esp_lens_patches_new  (const EspLensInput    *input,   /* one pass for all channels of the layer */
                                       guint                  layer,
                                       guint                  most,    /* images a channel */
                                       EspJob                *job,
                                       GError               **error);
void            esp_lens_patches_free (EspLensPatches        *patches);
const EspPatch *esp_lens_patches_get  (const EspLensPatches  *patches, /* strongest first */
                                       guint                  channel,
                                       guint                 *n);
/* What one cell of a layer's output is made from. */
EspBox          esp_lens_receptive_box (const EspNetwork     *network,
                                        guint                 layer,
                                        int                   row,
                                        int                   column,
                                        EspPlacement          placement);

/* ---- what it carries ---- */

/* What a network says of every image of the data set: (transfer full) each, in its order. */
EspOutcome    **esp_lens_see          (const EspLensInput    *input,
                                       EspMask               *mask,    /* (nullable): cut by it */
                                       EspJob                *job,
                                       GError               **error);
void            esp_lens_forget       (EspOutcome           **outcomes, /* (nullable) */
                                       guint                  n);

typedef struct
{
  double share;    /* of what the channel carries, this class's part */
  double of_class; /* of what the layer carries of this class, this channel's part */
  guint  n_images; /* that the class was explained on */
} EspCarried;

typedef struct _EspLensCarried EspLensCarried;
EspLensCarried *esp_lens_carried_new  (const EspLensInput    *input,
                                       EspOutcome *const     *whole,   /* of esp_lens_see(), without a mask */
                                       guint                  layer,
                                       EspJob                *job,
                                       GError               **error);
void            esp_lens_carried_free (EspLensCarried        *carried);
EspCarried      esp_lens_carried_get  (const EspLensCarried  *carried,
                                       guint                  channel,
                                       guint                  class_index);

/* One box of one image, and what a channel has in it. */
typedef struct
{
  EspDetection detection;
  double       score;     /* of the channel, for this box */
  double       share;     /* of the positive scores of the layer; 0 where there are none */
} EspLensBox;

GArray         *esp_lens_boxes        (const EspLensInput    *input,   /* (transfer full): of EspLensBox, by the boxes' score */
                                       const EspOutcome      *outcome,
                                       guint                  image,
                                       guint                  layer,
                                       guint                  channel,
                                       EspJob                *job,
                                       GError               **error);

EspHeatmap     *esp_lens_heatmap      (const EspLensInput    *input,   /* every class together */
                                       guint                  image,
                                       guint                  layer,
                                       int                    channel,
                                       EspJob                *job,
                                       GError               **error);

/* Below so many images nothing is said of other images: as the criterion attribution. */
#define ESP_LENS_FEWEST 20

/* ---- how surely it is kept ---- */

typedef struct _EspLensScores EspLensScores; /* of every channel on every image that shows anything */
EspLensScores  *esp_lens_scores_new   (const EspLensInput    *input,
                                       EspJob                *job,
                                       GError               **error);
void            esp_lens_scores_free  (EspLensScores         *scores);
guint           esp_lens_scores_get_n (const EspLensScores   *scores); /* images */

/* (transfer full): per unit, the share of the replicates in which it is kept. */
double         *esp_lens_kept         (const EspLensInput    *input,
                                       const EspLensScores   *scores,
                                       EspPlanState          *plan,     /* what it says; its own scores apart */
                                       guint                  replicates,
                                       guint64                seed,
                                       EspJob                *job,
                                       GError               **error);

/* ---- what cutting it costs ---- */

typedef struct
{
  guint        n_classes;
  EspInterval  map;       /* without it minus with it; ends are NaN below ESP_LENS_FEWEST images, here and below */
  EspInterval *per_class; /* n_classes; replicates 0: the class has no objects */
  double      *before;    /* n_classes: AP with it */
  guint       *objects;
} EspLensCost;

EspLensCost    *esp_lens_cost_new     (const EspLensInput    *input,
                                       EspMask               *mask,    /* (nullable): the plan's, that the rest is cut by */
                                       guint                  layer,
                                       guint                  channel,
                                       const EspProtocol     *protocol,
                                       guint                  replicates,
                                       guint64                seed,
                                       EspJob                *job,
                                       GError               **error);
void            esp_lens_cost_free    (EspLensCost           *cost);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspLensPatches, esp_lens_patches_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspLensCarried, esp_lens_carried_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspLensScores, esp_lens_scores_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspLensCost, esp_lens_cost_free)

G_END_DECLS
