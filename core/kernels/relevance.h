/* relevance.h: relevance divided among what a layer has added up, where the numbers lie */
#pragma once

#include "kernels/layout.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_SPLIT_SIGNS, /* max (value, 0) and min (value, 0) */
  ESP_SPLIT_BOX,   /* value - 0 and value - 1, of numbers from 0 to 1 */
  ESP_SPLIT_ONES,  /* 1 and 0 */
} EspSplit;

typedef enum
{
  ESP_DIVIDE_POSITIVE, /* among what raises the sum */
  ESP_DIVIDE_BOTH,     /* alpha among what raises it, alpha - 1 taken from what lowers it; where one side is empty the other has all */
  ESP_DIVIDE_MATCHED,  /* among what has the sum's own sign */
} EspDivide;

/* What is not handed on. */
typedef struct
{
  double bias;     /* what the layer's own numbers added have taken */
  double absorbed; /* what nothing was there to take, and what the stabiliser has kept */
} EspRelevanceShares;

/* A sum in four parts, any of them NULL where there is nothing of the kind. */
typedef struct
{
  const void   *raising[2];
  const void   *lowering[2];
  const double *bias; /* c numbers, on the side of their signs */
} EspRelevanceSums;

/* Thread: lane. All values are of @layout, float or double; channels that only fill the last block are 0. */
gboolean esp_relevance_split    (const EspLayout        *layout, /* whether @minus holds anything but 0 */
                                 const void             *value,
                                 EspSplit                how,
                                 void                   *plus,
                                 void                   *minus);
void     esp_relevance_divide   (const EspLayout        *layout,
                                 const EspRelevanceSums *sums,
                                 EspDivide               how,
                                 double                  alpha,
                                 const void             *relevance,
                                 void                   *to_raising,  /* (out): per unit of what raises the sum */
                                 void                   *to_lowering, /* (out): likewise; left alone by ESP_DIVIDE_POSITIVE */
                                 EspRelevanceShares     *shares);     /* added to */
void     esp_relevance_divide_whole (const EspLayout    *layout,
                                     const void         *sum,
                                     double              below,     /* its negative numbers times this are meant */
                                     const double       *bias,      /* (nullable): c numbers that are part of the sum */
                                     gboolean            without,   /* the bias is taken off the sum and gets no share */
                                     double              epsilon,   /* of its root mean square */
                                     const void         *relevance,
                                     void               *to_all,    /* (out): per unit of the sum */
                                     EspRelevanceShares *shares);   /* added to */
void     esp_relevance_take     (const EspLayout        *layout, /* total = (add ? total : 0) + value * each */
                                 const void             *value,
                                 double                  below,
                                 const void             *each,
                                 void                   *total,
                                 gboolean                add);
double   esp_relevance_sum      (const EspLayout        *layout,
                                 const void             *relevance);

G_END_DECLS
