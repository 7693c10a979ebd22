/* network.h: the immutable graph of layers read from a cfg */
#pragma once

#include "net/layer.h"

G_BEGIN_DECLS

typedef struct _EspNetwork EspNetwork;

EspNetwork     *esp_network_load             (const char       *path,
                                              GError          **error);
EspNetwork     *esp_network_new              (EspCfg           *cfg,     /* (transfer full) */
                                              GError          **error);
EspNetwork     *esp_network_load_dialect     (const char       *path,
                                              EspDialect        dialect,
                                              GError          **error);
EspNetwork     *esp_network_new_dialect      (EspCfg           *cfg,     /* (transfer full) */
                                              EspDialect        dialect,
                                              GError          **error);
EspDialect      esp_network_get_dialect      (const EspNetwork *network); /* the one that was chosen, never auto */
EspNetwork     *esp_network_resized          (const EspNetwork *network, /* (transfer full): the same cfg read for another input size */
                                              int               w,
                                              int               h,
                                              GError          **error);
EspNetwork     *esp_network_ref              (EspNetwork       *network);
void            esp_network_unref            (EspNetwork       *network);
const EspCfg   *esp_network_get_cfg          (const EspNetwork *network);
EspShape        esp_network_get_input        (const EspNetwork *network); /* n = 1 */
gboolean        esp_network_get_letterbox    (const EspNetwork *network); /* [net] letter_box=1 */
guint           esp_network_get_n_layers     (const EspNetwork *network);
const EspLayer *esp_network_get_layer        (const EspNetwork *network,
                                              guint             layer);
int             esp_network_get_classes      (const EspNetwork *network); /* of its heads, 0 without */
int             esp_network_get_scores       (const EspNetwork *network); /* of a classifier: its classes; 0 for any other network */
const guint    *esp_network_get_consumers    (const EspNetwork *network,  /* layers that read this one, ascending */
                                              guint             layer,
                                              guint            *n);
const guint    *esp_network_get_heads        (const EspNetwork *network,  /* indices of [yolo] and [region] layers, ascending */
                                              guint            *n);
gboolean        esp_network_is_head_input    (const EspNetwork *network,  /* a convolution whose channels a head reads: never cut */
                                              guint             layer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspNetwork, esp_network_unref)

G_END_DECLS
