/* weights.h: the copy-on-write parameters of one network, and their file */
#pragma once

#include "net/network.h"

G_BEGIN_DECLS

typedef struct _EspWeights EspWeights;

/* Parameters of one convolution or connected layer. Immutable once shared; the same pointer means the same numbers. */
typedef struct
{
  guint  filters;
  gsize  n_weights;  /* filters * (channels / groups) * rows * columns of the window, in this order */
  float *biases;     /* filters; beta of the batch normalisation where there is one */
  float *scales;     /* filters, NULL without batch normalisation; gamma */
  float *means;      /* running mean, NULL likewise */
  float *variances;  /* running variance, NULL likewise */
  float *weights;
} EspParams;

typedef struct
{
  gint32  major, minor, revision;
  guint64 seen; /* images; 8 bytes in the file when major * 10 + minor >= 2, else 4 */
} EspWeightsHeader;

EspParams        *esp_params_new          (guint              filters,
                                           gsize              n_weights,
                                           gboolean           batch_normalize); /* zeroed */
EspParams        *esp_params_ref          (EspParams         *params);
void              esp_params_unref        (EspParams         *params);
gsize             esp_layer_count_params  (const EspLayer    *layer);           /* floats in the file; 0 where none */
gboolean          esp_network_shares_weights (const EspNetwork *network,         /* whether weights of the one are weights of the other */
                                           const EspNetwork  *resized);         /* @network for another input */

EspWeights       *esp_weights_load        (const EspNetwork  *network,
                                           const char        *path,
                                           GError           **error);
EspWeights       *esp_weights_load_start  (const EspNetwork  *network,  /* its first layers, zeros behind */
                                           const char        *path,
                                           guint              upto,     /* 0: as many as the file is long */
                                           guint             *n_layers, /* (out): how many were read */
                                           GError           **error);
EspWeights       *esp_weights_parse       (const EspNetwork  *network,
                                           GBytes            *bytes,
                                           const char        *name,    /* for messages */
                                           GError           **error);
EspWeights       *esp_weights_new_zero    (const EspNetwork  *network);
EspWeights       *esp_weights_new_random  (const EspNetwork  *network, /* He-normal; gamma, variance U(.5, 1.5); beta, mean N(0, .1) */
                                           guint64            seed);
EspWeights       *esp_weights_ref         (EspWeights        *weights);
void              esp_weights_unref       (EspWeights        *weights);
const EspParams  *esp_weights_get         (const EspWeights  *weights, /* NULL for layers without parameters */
                                           guint              layer);
void              esp_weights_set         (EspWeights        *weights, /* Thread: owner, before sharing */
                                           guint              layer,
                                           EspParams         *params); /* (transfer full) */
EspWeightsHeader  esp_weights_get_header  (const EspWeights  *weights);
void              esp_weights_set_header  (EspWeights        *weights,
                                           EspWeightsHeader   header);
GBytes           *esp_weights_to_bytes    (const EspNetwork  *network,
                                           const EspWeights  *weights);
gboolean          esp_weights_save        (const EspNetwork  *network,
                                           const EspWeights  *weights,
                                           const char        *path,
                                           GError           **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspParams, esp_params_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspWeights, esp_weights_unref)

G_END_DECLS
