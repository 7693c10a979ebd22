/* tensor.c: plain float32 arrays in n, c, h, w order */
#define G_LOG_DOMAIN "esp-tensor"
#include "config.h"

#include "tensor/tensor.h"

#include <string.h>

/** esp_tensor_new: Returns: (transfer full): zeros of @shape. Thread: any. */
EspTensor *
esp_tensor_new (EspShape shape)
{
  EspTensor *tensor = g_atomic_rc_box_new0 (EspTensor);

  tensor->shape = shape;
  tensor->data = g_aligned_alloc0 (MAX (esp_shape_count (shape), 1), sizeof (float), 64);
  return tensor;
}

/** esp_tensor_ref: Returns: (transfer full): the same tensor. Thread: any. */
EspTensor *
esp_tensor_ref (EspTensor *tensor)
{
  return g_atomic_rc_box_acquire (tensor);
}

static void
tensor_clear (gpointer data)
{
  g_aligned_free (((EspTensor *) data)->data);
}

/** esp_tensor_unref: gives one reference back. Thread: any. */
void
esp_tensor_unref (EspTensor *tensor)
{
  g_atomic_rc_box_release_full (tensor, tensor_clear);
}
