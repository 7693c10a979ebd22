/* tensor.h: plain float32 arrays in n, c, h, w order */
#pragma once

#include "tensor/shape.h"

G_BEGIN_DECLS

typedef struct _EspTensor EspTensor;

struct _EspTensor
{
  EspShape shape;
  float   *data; /* esp_shape_count (shape) numbers, 64-byte aligned */
};

EspTensor *esp_tensor_new   (EspShape   shape); /* zeroed */
EspTensor *esp_tensor_ref   (EspTensor *tensor);
void       esp_tensor_unref (EspTensor *tensor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTensor, esp_tensor_unref)

G_END_DECLS
