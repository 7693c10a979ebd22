/* guess.h: what a classifier says of whole images, and how often it is right */
#pragma once

#include "dataset/class-map.h"
#include "measure/image-cache.h"
#include "measure/interval.h"
#include "net/engine.h"

G_BEGIN_DECLS

/* Of one image. */
typedef struct
{
  int    truth;  /* the network's class, -1: unlabelled, or a class that it lacks */
  int    best;   /* the class with the highest number, the first of equals */
  guint  before; /* classes whose number is not below the true one's, itself apart */
  double loss;   /* -log of the softmax's number of the true class; NaN where the network ends in no softmax */
} EspGuess;

typedef struct
{
  guint       n;        /* images with a truth */
  EspInterval top1;     /* the share whose true class is the best */
  double      top5;     /* or among the best five */
  double      loss;     /* mean */
  guint      *objects;  /* per class of the network: images of it */
  guint      *right;    /* and those of them that were said to be */
} EspAccuracy;

/* One engine over some images. Thread: lane. */
gboolean esp_guess_run      (EspEngine         *engine,   /* mode infer, of a network with esp_network_get_scores() */
                             EspDataset        *dataset,
                             const EspClassMap *map,      /* (nullable): unlabelled */
                             EspImageCache     *cache,
                             const guint       *indices,
                             guint              n,
                             EspGuess          *guesses,  /* (out caller-allocates): n */
                             EspJob            *job,
                             GError           **error);
void     esp_accuracy_init  (EspAccuracy       *accuracy,
                             const EspGuess    *guesses,
                             guint              n,
                             guint              n_classes,
                             guint              replicates,
                             guint64            seed);
void     esp_accuracy_clear (EspAccuracy       *accuracy);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspAccuracy, esp_accuracy_clear)

G_END_DECLS
