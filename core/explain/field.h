/* field.h: values and gradients of one layer or of the pixels, in plain order, and what is made of them */
#pragma once

#include "base/knob.h"
#include "net/engine.h"

G_BEGIN_DECLS

/* Of one image: c * h * w numbers each, c h w. */
typedef struct
{
  EspShape shape; /* n = 1 */
  float   *values, *gradients; /* (nullable): only what was asked for */
} EspField;

void   esp_field_clear   (EspField       *field);

/* How the channels of a pixel become one number. */
typedef enum
{
  ESP_FOLD_MAX, /* largest |x| */
  ESP_FOLD_SUM, /* sum of |x| */
  ESP_FOLD_L2,
} EspFold;

extern const char *const esp_fold_words[]; /* of a knob whose number is an EspFold */

void   esp_fold_channels (const float    *numbers,
                          EspShape        shape,
                          int             channel, /* -1: all of them folded; else |x| of this one */
                          EspFold         fold,
                          float          *map);    /* h * w */
void   esp_fold_planes   (const float    *numbers,
                          EspShape        shape,
                          EspReduce       reduce,
                          float          *scores); /* c */

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspField, esp_field_clear)

G_END_DECLS
