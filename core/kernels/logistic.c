/* logistic.c: the logistic function of many numbers at once */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/logistic.h"

#include "kernels/clones.h"
#include "kernels/exponential.h"

/**
 * esp_logistic_run:
 * @in: @n numbers
 * @out: (out): 1 / (1 + e^-x), or e^x / (1 + e^x) where x < 0, of each, within 4 units in the last place; NaN stays NaN
 * @n: how many
 *
 * The same steps of plain multiplies and adds whatever the vector width: the bits depend neither on the processor nor on where a number
 * stands. Thread: any.
 */
ESP_CLONES void
esp_logistic_run (const float *in, float *out, gsize n)
{
#pragma omp simd
  for (gsize i = 0; i < n; i++)
    {
      const float x = in[i], e = esp_exponential (x < 0 ? x : -x);

      out[i] = (x < 0 ? e : 1.0f) / (1.0f + e);
    }
}
