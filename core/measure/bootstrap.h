/* bootstrap.h: the interval of metrics, a few replicates at a time */
#pragma once

#include "measure/evaluate.h"

G_BEGIN_DECLS

/* A bootstrap under way: made from outcomes, which it does not keep, and stepped between other work of the lane; dropping it early costs
 * nothing. */
typedef struct _EspBootstrap EspBootstrap;

/* The mAP itself. Thread: any, all functions, one at a time. */
EspBootstrap *esp_bootstrap_new_map        (EspOutcome *const  *outcomes,
                                            guint               n,
                                            guint               n_classes,
                                            const EspProtocol  *protocol,
                                            guint               replicates, /* 2000 */
                                            guint64             seed);
/* Pruned minus unpruned over the images seen by both, as esp_map_partial() has it. */
EspBootstrap *esp_bootstrap_new_difference (EspOutcome *const  *unpruned,
                                            EspOutcome *const  *pruned,
                                            guint               n,
                                            guint               n_classes,
                                            const EspProtocol  *protocol,
                                            guint               replicates,
                                            guint64             seed);
void          esp_bootstrap_free           (EspBootstrap       *bootstrap);
gboolean      esp_bootstrap_step           (EspBootstrap       *bootstrap,  /* TRUE while replicates remain */
                                            guint               replicates);
const double *esp_bootstrap_get_draws      (EspBootstrap       *bootstrap,  /* (transfer none): of the mAP or the difference; replicate i of
                                                                             * equal seed and count of images has the same weights whatever
                                                                             * was measured */
                                            guint              *n);
EspInterval   esp_bootstrap_get            (EspBootstrap       *bootstrap); /* of the replicates drawn so far */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspBootstrap, esp_bootstrap_free)

G_END_DECLS
