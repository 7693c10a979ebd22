/* product.h: value × gradient, reduced over pixels or channels where they lie */
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

/* The way back through a rectifier, float. */
typedef struct
{
  const void   *value;    /* what it wrote */
  const void   *grad_out; /* the gradient of that */
  void         *grad_in;  /* (out): of what it read */
  const double *shift;    /* (nullable): taken off the value in the product, one a channel */
  float         below;    /* as above, of the value in the product */
  float         slope;    /* where the value is not above 0 */
} EspProductBend;

void esp_product_bend   (const EspLayout      *layout,
                         const EspProductBend *bend,
                         float                *scores); /* n * c */

/* A value, and how it is read. */
typedef struct
{
  const void   *data;
  const double *shift; /* (nullable): taken off, one a channel */
  const double *gain;  /* (nullable): a channel whose number is 0 is left out */
  double        below; /* as above */
} EspProductValue;

void esp_product_map    (const EspLayout       *layout,
                         const EspProductValue *value,
                         const void            *gradient,
                         int                    item,
                         int                    channel,   /* -1: all */
                         float                 *map);      /* h * w */

G_END_DECLS
