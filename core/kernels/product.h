/* product.h: value × gradient, reduced over the pixels of each channel where it lies */
#pragma once

#include "kernels/layout.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_PRODUCT_MAX,
  ESP_PRODUCT_SUM,
  ESP_PRODUCT_ABS_SUM,
} EspProduct;

void esp_product_reduce (const EspLayout *layout,
                         const void      *value,    /* NULL gradient: scores are 0 */
                         const void      *gradient,
                         const double    *shift,    /* (nullable): taken off the value, one a channel */
                         double           below,    /* negative values are multiplied by it first: 10 undoes a leaky, 1 changes nothing */
                         EspProduct       how,
                         float           *scores);  /* n * c */

G_END_DECLS
