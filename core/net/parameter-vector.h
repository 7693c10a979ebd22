/* parameter-vector.h: all that training changes, each kind in one contiguous vector */
#pragma once

#include "net/engine.h"

G_BEGIN_DECLS

/* The numbers n of one layer from number at on; in layer order, of a layer weights, then scales, then biases. */
typedef struct
{
  guint        layer;
  EspParameter parameter;
  gsize        at, n;
} EspParameterSlot;

/* Thread: one at a time. */
EspParameterVector     *esp_parameter_vector_new              (EspNetwork               *network,
                                                               const EspWeights         *weights);  /* copied */
EspParameterVector     *esp_parameter_vector_ref              (EspParameterVector       *vector);
void                    esp_parameter_vector_unref            (EspParameterVector       *vector);
EspNetwork             *esp_parameter_vector_get_network      (const EspParameterVector *vector);   /* (transfer none) */
gboolean                esp_parameter_vector_fits             (const EspParameterVector *vector,    /* as many of each kind, layer by layer */
                                                               const EspNetwork         *network);
gsize                   esp_parameter_vector_get_n            (const EspParameterVector *vector);
float                  *esp_parameter_vector_get_parameters   (EspParameterVector       *vector);   /* n numbers */
float                  *esp_parameter_vector_get_gradients    (EspParameterVector       *vector);   /* n numbers: sums over images until cleared */
gsize                   esp_parameter_vector_get_n_statistics (const EspParameterVector *vector);
float                  *esp_parameter_vector_get_statistics   (EspParameterVector       *vector);   /* of each layer running means, then variances */
const EspParameterSlot *esp_parameter_vector_get_slots        (const EspParameterVector *vector,
                                                               guint                    *n);
const EspParameterSlot *esp_parameter_vector_find             (const EspParameterVector *vector,    /* (nullable) */
                                                               guint                     layer,
                                                               EspParameter              parameter);
gsize                   esp_parameter_vector_find_statistics  (const EspParameterVector *vector,    /* of a layer with scales */
                                                               guint                     layer);
void                    esp_parameter_vector_clear_gradients  (EspParameterVector       *vector);
void                    esp_parameter_vector_set_keep         (EspParameterVector       *vector,
                                                               const EspMask            *channels,  /* (nullable) */
                                                               const guint8             *elements); /* (nullable): n bytes, 0 = masked */
const guint8           *esp_parameter_vector_get_keep         (const EspParameterVector *vector);   /* (nullable): n bytes, 0 = masked */
const EspMask          *esp_parameter_vector_get_channels     (const EspParameterVector *vector);   /* (nullable) */
EspWeights             *esp_parameter_vector_to_weights       (const EspParameterVector *vector);   /* (transfer full): a copy */
void                    esp_parameter_vector_set_weights      (EspParameterVector       *vector,
                                                               const EspWeights         *weights);
gboolean                esp_parameter_vector_take_clear       (EspParameterVector       *vector);   /* for the engine's backward */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspParameterVector, esp_parameter_vector_unref)

G_END_DECLS
