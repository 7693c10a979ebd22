/* fit.h: an image onto the network's input, and boxes back */
#pragma once

#include "image/box.h"
#include "image/image.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_FIT_STRETCH,
  ESP_FIT_LETTERBOX, /* grey 0.5 around */
} EspFit;

/* The part of the network's input that shows the image, in fractions of the input: the way back is (x - left) / width. */
typedef struct
{
  float left, top, width, height;
} EspPlacement;

EspPlacement esp_fit_place          (EspFit          fit,
                                     int             image_width,
                                     int             image_height,
                                     int             input_width,
                                     int             input_height);
/* darknet's resize_image (bilinear, corners aligned, width first) in float. @input: channels * height * width numbers 0..1; one channel
 * takes luma. */
EspPlacement esp_fit_image          (EspFit          fit,
                                     const EspImage *image,
                                     int             channels,
                                     int             height,
                                     int             width,
                                     float          *input);
EspBox       esp_fit_box_to_image   (EspPlacement    placement,
                                     EspBox          box);     /* fractions of the input to fractions of the image */

G_END_DECLS
