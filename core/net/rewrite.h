/* rewrite.h: a network with layers taken out or split in two, every reference renumbered */
#pragma once

#include "net/weights.h"

G_BEGIN_DECLS

/* Thread: any one. Layers are named by their numbers in the network that it was made for, whatever has been done since. */
typedef struct _EspRewrite EspRewrite;

EspRewrite *esp_rewrite_new               (EspNetwork    *network,
                                           EspWeights    *weights);
void        esp_rewrite_free              (EspRewrite    *rewrite);
gboolean    esp_rewrite_remove_layers     (EspRewrite    *rewrite, /* who read the last then reads what went into them: a shortcut's
                                                                    * source */
                                           guint          first,
                                           guint          last,
                                           GError       **error);
gboolean    esp_rewrite_split_convolution (EspRewrite    *rewrite, /* exact: consecutive filters in convolutions of their own, joined by a
                                                                    * route */
                                           guint          layer,
                                           const guint   *filters, /* of each; their sum is the layer's */
                                           guint          n,
                                           GError       **error);
gboolean    esp_rewrite_split_route       (EspRewrite    *rewrite, /* the convolution that a route takes one group of, into these groups */
                                           guint          route,
                                           GError       **error);
gboolean    esp_rewrite_finish            (EspRewrite    *rewrite,
                                           EspNetwork   **network,   /* (out) (transfer full) */
                                           EspWeights   **weights,   /* (out) (transfer full): shares what is unchanged */
                                           int          **layer_map, /* (out) (optional) (transfer full): per layer the one that gives the
                                                                      * same; -1 */
                                           GError       **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspRewrite, esp_rewrite_free)

G_END_DECLS
