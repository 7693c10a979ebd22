/* onednn-private.h: what the oneDNN operations share; for onednn*.c only */
#pragma once

#include "kernels/kernel-private.h"

#include <oneapi/dnnl/dnnl.h>

G_BEGIN_DECLS

#define ESP_ALIGNED(bytes) (((bytes) + 63) & ~(gsize) 63)

gboolean              esp_onednn_start            (void); /* FALSE where the library does not start */
dnnl_engine_t         esp_onednn_engine           (void);
dnnl_stream_t         esp_onednn_stream           (void);
dnnl_memory_desc_t    esp_onednn_describe         (const EspLayout            *layout);
dnnl_memory_desc_t    esp_onednn_describe_any     (const EspLayout            *layout);
dnnl_memory_desc_t    esp_onednn_describe_weights (const EspGeometry          *geometry, /* o, i: all channels of both sides */
                                                   int                         o,
                                                   int                         i,
                                                   gboolean                    any);
dnnl_primitive_attr_t esp_onednn_attributes       (EspActivation               activation); /* of the caller's scratchpad */
gboolean              esp_onednn_ends_in          (EspActivation               activation); /* a primitive can; or a pass over floats
                                                                                             * follows */
const char           *esp_onednn_implementation   (const_dnnl_primitive_desc_t pd);
dnnl_primitive_t      esp_onednn_reorder          (const dnnl_memory_desc_t   *from,
                                                   const dnnl_memory_desc_t   *to);
dnnl_primitive_t      esp_onednn_reorder_adding   (const dnnl_memory_desc_t   *from,
                                                   const dnnl_memory_desc_t   *to); /* to += from */
gboolean              esp_onednn_run_reorder      (dnnl_primitive_t            primitive,
                                                   dnnl_memory_t               from,
                                                   dnnl_memory_t               to);
/* A memory object over scratch, which moves on. */
gboolean              esp_onednn_take_scratch     (dnnl_memory_t              *memory,
                                                   const dnnl_memory_desc_t   *md,
                                                   char                      **scratch);

G_END_DECLS
