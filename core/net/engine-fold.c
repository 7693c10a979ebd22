/* engine-fold.c: batch normalisation as a gain and a shift */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-private.h"

#include <math.h>

/**
 * esp_bn_sigma:
 * @variance: running variance
 * @form: where the small number goes
 *
 * Returns: the divisor of one channel: AlexeyAB sqrt (v + 1e-5), Debian's libdarknet sqrt (v) + 1e-6, OpenCV sqrt (v + 1e-6), in double.
 */
double
esp_bn_sigma (float variance, EspBnForm form)
{
  switch (form)
    {
    case ESP_BN_DARKNET:
      return sqrt ((double) variance) + 1e-6;
    case ESP_BN_OPENCV:
      return sqrt ((double) variance + 1e-6);
    case ESP_BN_ALEXEY:
      break;
    }
  return sqrt ((double) variance + 1e-5);
}

/**
 * esp_step_fold:
 * @step: of a convolution, with its parameters
 * @form: of the batch normalisation
 *
 * Fills gain = gamma / sigma and shift = beta - gamma * mean / sigma, so that y = gain * conv + shift. Without batch normalisation gain
 * stays NULL and shift is the bias.
 */
void
esp_step_fold (EspStep *step, EspBnForm form)
{
  const EspParams *params = step->params;

  step->shift = g_new (double, params->filters);
  if (params->scales != NULL)
    step->gain = g_new (double, params->filters);
  for (guint f = 0; f < params->filters; f++)
    {
      step->shift[f] = (double) params->biases[f];
      if (params->scales == NULL)
        continue;
      step->gain[f] = (double) params->scales[f] / esp_bn_sigma (params->variances[f], form);
      step->shift[f] -= step->gain[f] * (double) params->means[f];
    }
}
