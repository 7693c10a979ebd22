/* private.h: what the parts of the ONNX writer share */
#pragma once

#include "onnx/graph.h"
#include "onnx/onnx.h"

G_BEGIN_DECLS

/* One export while it runs. */
typedef struct
{
  EspOnnxGraph     *graph;
  const EspNetwork *network;
  const EspWeights *weights;
  EspBnForm         bn;
  const char      **values; /* per layer the name of its output */
  GPtrArray        *boxes;  /* names, one a head: 1 x n x 4 */
  GPtrArray        *scores; /* likewise: 1 x n x classes */
} EspOnnxExport;

const char *esp_onnx_value      (const EspOnnxExport *one,        /* of a layer's output; -1: the image */
                                 int                  layer);
const char *esp_onnx_activate   (EspOnnxGraph        *graph,      /* NULL: ONNX has no short way to say it */
                                 EspActivation        activation,
                                 const char          *value,
                                 const char          *name);      /* of the output */
gboolean    esp_onnx_add_layer  (EspOnnxExport       *one,        /* fills its value */
                                 const EspLayer      *layer,
                                 GError             **error);
gboolean    esp_onnx_add_joint  (EspOnnxExport       *one,        /* a shortcut */
                                 const EspLayer      *layer,
                                 const char          *name,
                                 const char         **value,
                                 GError             **error);
gboolean    esp_onnx_add_head   (EspOnnxExport       *one,
                                 const EspLayer      *layer,
                                 GError             **error);
const char *esp_onnx_slice      (EspOnnxGraph        *graph,
                                 const char          *value,
                                 gint64               axis,
                                 gint64               from,
                                 gint64               to);
gboolean    esp_onnx_refuse     (const EspLayer      *layer,      /* FALSE, always */
                                 const char          *what,
                                 GError             **error);

G_END_DECLS
