/* reference-template.h: the specification of every operation in plain loops; compiled with `real` float and double
 *
 * Values are n c h w. Included by reference-float.c and reference-double.c only, which define real, REAL_MAX, the functions
 * REAL_EXP, REAL_EXPM1, REAL_LOG1P, REAL_TANH and REAL_FLOOR, SET and SET_NAME. */

static gsize
plane_of (const EspLayout *layout)
{
  return (gsize) layout->shape.h * (gsize) layout->shape.w;
}

static gsize
count_of (const EspLayout *layout)
{
  return esp_shape_count (layout->shape);
}

static int
one_by_one (void)
{
  return 1;
}

static void
clear_unless (gboolean add, void *grad, const EspLayout *layout)
{
  if (!add)
    memset (grad, 0, esp_layout_get_bytes (layout));
}

#include "kernels/reference-activation.h"
#include "kernels/reference-convolution.h"
#include "kernels/reference-head.h"
#include "kernels/reference-move.h"
#include "kernels/reference-pointwise.h"
#include "kernels/reference-pool.h"
#include "kernels/reference-product.h"
#include "kernels/reference-reorg.h"
#include "kernels/reference-weights.h"
#include "kernels/reference-normalize.h" /* sums as reference-weights.h does */

/** SET: Returns: (transfer none): these kernels. Thread: any. */
const EspKernelSet *
SET (void)
{
  static const EspKernelSet set = {
    .name = SET_NAME,
    .size = sizeof (real),
    .block = one_by_one,
    .rows = {
      [ESP_OP_CONVOLUTION] = &convolution_row,
      [ESP_OP_CONVOLUTION_WEIGHTS] = &convolution_weights_row,
      [ESP_OP_CHANNEL_SUMS] = &channel_sums_row,
      [ESP_OP_NORMALIZE] = &normalize_row,
      [ESP_OP_ACTIVATION] = &activation_row,
      [ESP_OP_MAXPOOL] = &maxpool_row,
      [ESP_OP_AVGPOOL] = &avgpool_row,
      [ESP_OP_UPSAMPLE] = &upsample_row,
      [ESP_OP_CONCAT] = &concat_row,
      [ESP_OP_ADD] = &add_row,
      [ESP_OP_ADD_WEIGHTS] = &esp_add_weights,
      [ESP_OP_HEAD] = &head_row,
      [ESP_OP_SOFTMAX] = &softmax_row,
      [ESP_OP_MULTIPLY] = &multiply_row,
      [ESP_OP_REORG] = &reorg_row,
    },
  };

  return &set;
}
