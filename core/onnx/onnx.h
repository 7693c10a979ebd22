/* onnx.h: a network with its weights as an ONNX file */
#pragma once

#include "net/engine.h"
#include "net/network.h"
#include "net/weights.h"

G_BEGIN_DECLS

/* What the file says beside the graph. */
typedef struct
{
  EspBnForm           bn;    /* how batch normalisation is folded into the convolutions */
  const char *const  *names; /* (nullable) (array zero-terminated=1): of the classes */
} EspOnnxOptions;

GBytes   *esp_onnx_to_bytes (const EspNetwork      *network,
                             const EspWeights      *weights,
                             const EspOnnxOptions  *options,
                             GError               **error);
gboolean  esp_onnx_save     (const EspNetwork      *network,
                             const EspWeights      *weights,
                             const EspOnnxOptions  *options,
                             const char            *path,
                             GError               **error);

G_END_DECLS
