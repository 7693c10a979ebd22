/* keep-classes.h: a network for some of its classes, or for new ones made of several */
#pragma once

#include "net/weights.h"

G_BEGIN_DECLS

typedef struct _EspKeepClasses EspKeepClasses; /* immutable, counted */

/* "A,B,NEW=C+D": A and B keep their own numbers, NEW gets the mean of those of its proxies C and D. */
EspKeepClasses *esp_keep_classes_parse   (const char           *text,
                                          const char *const    *names,     /* (nullable): NULL-terminated, the network's */
                                          guint                 n_classes, /* of the network */
                                          GError              **error);
EspKeepClasses *esp_keep_classes_new     (gboolean              redraw);   /* none yet: esp_keep_classes_add() */
void            esp_keep_classes_add     (EspKeepClasses       *keep,      /* before it is shared */
                                          const char           *name,
                                          const guint          *sources,   /* classes of the network */
                                          guint                 n_sources);
EspKeepClasses *esp_keep_classes_redrawn (EspKeepClasses       *keep,      /* (transfer full): the same, numbers of new classes drawn by lot
                                                                            * instead */
                                          guint64               seed);
EspKeepClasses *esp_keep_classes_ref     (EspKeepClasses       *keep);
void            esp_keep_classes_unref   (EspKeepClasses       *keep);
guint           esp_keep_classes_get_n   (const EspKeepClasses *keep);
const char     *esp_keep_classes_get_name (const EspKeepClasses *keep,
                                          guint                 index);
const guint    *esp_keep_classes_get_sources (const EspKeepClasses *keep,
                                          guint                 index,
                                          guint                *n);
gboolean        esp_keep_classes_is_redrawn (const EspKeepClasses *keep,
                                          guint64              *seed);     /* (out) (optional) */
/* What the cut makes: the cfg with other classes= and filters=, and the numbers of the heads' rows. */
gboolean        esp_keep_classes         (EspNetwork           *network,
                                          EspWeights           *weights,
                                          const EspKeepClasses *keep,
                                          EspNetwork          **kept_network, /* (out) (transfer full) */
                                          EspWeights          **kept_weights, /* (out) (transfer full) */
                                          GError              **error);
/* Channels of @network's layer whose mean is channel @row of the kept network's; NULL where the layer's channels are all as they were. */
guint          *esp_keep_classes_row     (const EspKeepClasses *keep,
                                          const EspNetwork     *network,
                                          guint                 layer,
                                          guint                 row,
                                          guint                *n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspKeepClasses, esp_keep_classes_unref)

G_END_DECLS
