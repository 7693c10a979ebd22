/* summary.h: outcomes to numbers */
#pragma once

#include "measure/evaluate.h"

G_BEGIN_DECLS

typedef struct
{
  int      class_index;
  double   ap;      /* NaN where the protocol leaves a class without objects out */
  guint    objects;
  gboolean few;     /* AP >= 0.98 or fewer than 30 objects */
  double   recall_low, recall_high; /* Wilson's 95 %, for few */
} EspClassResult;

typedef struct
{
  double          map;       /* the protocol's mean of AP: over the classes of the network, or over those with objects */
  guint           n_classes;
  EspClassResult *per_class; /* n_classes */
  double          precision, recall, f1, mean_iou; /* micro, at score > 0.25 */
  guint           tp, fp, fn;
  guint           n_images, n_objects;
  guint           n_averaged; /* classes that map is the mean over */
  double         *extras;     /* of each of the protocol's extras, NaN where no object is in scope */
} EspSummary;

/* @outcomes: n, NULL entries are images not yet seen and are left out. */
EspSummary *esp_summary_new       (EspOutcome *const  *outcomes,
                                   guint               n,
                                   guint               n_classes,
                                   const EspProtocol  *protocol);
void        esp_summary_free      (EspSummary         *summary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspSummary, esp_summary_free)

/* mAP of the images seen so far, over the classes present among them. */
double      esp_map_present       (EspOutcome *const  *outcomes,
                                   guint               n,
                                   guint               n_classes,
                                   const EspProtocol  *protocol);
/* The number shown while n < N: metrics.md 7. @unpruned holds all N; @pruned has NULL where not yet seen. */
double      esp_map_partial       (EspOutcome *const  *unpruned,
                                   EspOutcome *const  *pruned,
                                   guint               n,
                                   guint               n_classes,
                                   const EspProtocol  *protocol);
/* 95 % interval of the mAP itself. measure/bootstrap.h has the same in steps, for a lane that must answer in between. */
EspInterval esp_interval_of_map   (EspOutcome *const  *outcomes,
                                   guint               n,
                                   guint               n_classes,
                                   const EspProtocol  *protocol,
                                   guint               replicates, /* 2000 */
                                   guint64             seed);
/* 95 % interval of pruned minus unpruned over images seen by both, the same weights for both. */
EspInterval esp_interval_of_difference (EspOutcome *const  *unpruned,
                                        EspOutcome *const  *pruned,
                                        guint               n,
                                        guint               n_classes,
                                        const EspProtocol  *protocol,
                                        guint               replicates,
                                        guint64             seed);
/* Agreement with the unpruned network's boxes of score > 0.25: F1 of the one against the other, IoU > 0.5, same class. 1 where both are
 * empty. */
double      esp_agreement         (EspOutcome *const  *unpruned,
                                   EspOutcome *const  *pruned,
                                   guint               n);
/* McNemar's exact test on objects found at score > 0.25 by the one and not by the other. @class_index -1: all classes. */
double      esp_mcnemar           (EspOutcome *const  *unpruned,
                                   EspOutcome *const  *pruned,
                                   guint               n,
                                   int                 class_index,
                                   guint              *lost,       /* (out) (optional): found by unpruned alone */
                                   guint              *gained);    /* (out) (optional): found by pruned alone */

G_END_DECLS
