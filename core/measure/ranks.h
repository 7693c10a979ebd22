/* ranks.h: the detections of each class in order of score, ready to be scored again and again under image weights */
#pragma once

#include "measure/evaluate.h"

G_BEGIN_DECLS

typedef struct _EspRanks EspRanks;

/* Of the images whose outcome is not NULL and, where @also is given, not NULL there either. Keeps nothing of the outcomes. Thread: any. */
EspRanks *esp_ranks_new         (EspOutcome *const  *outcomes,
                                 EspOutcome *const  *also,      /* (nullable) */
                                 guint               n,
                                 guint               n_classes,
                                 const EspProtocol  *protocol,
                                 const EspScope      *scope);     /* (nullable): the protocol's own */
void      esp_ranks_free        (EspRanks           *ranking);
guint     esp_ranks_get_objects (const EspRanks     *ranking,
                                 guint               class_index);
guint     esp_ranks_get_present (const EspRanks     *ranking);  /* classes with objects */
guint     esp_ranks_get_divisor (const EspRanks     *ranking);  /* of the sum of AP, so that it is the protocol's mAP */
double    esp_ranks_sum_ap      (const EspRanks     *ranking,   /* over classes, in order */
                                 const double       *weights,   /* (nullable): one an image, n of them, all > 0 */
                                 double             *per_class); /* (out caller-allocates) (optional): n_classes */
double    esp_ranks_get_extra   (const EspRanks     *ranking,   /* made with the extra's scope */
                                 const EspExtra     *extra);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspRanks, esp_ranks_free)

G_END_DECLS
