/* engine-parameters.c: gradients of what a weights file holds, from those of the folded weights and bias */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine.h"

#include <string.h>

#include "base/error.h"
#include "net/engine-private.h"

static gboolean
can_read (EspEngine *engine, guint layer, EspParameter parameter, GError **error)
{
  const EspStep *step = layer < engine->n ? esp_engine_step (engine, layer) : NULL;
  const char *why = NULL;

  if (step == NULL)
    why = "there is no such layer";
  else if (engine->options.mode != ESP_MODE_EXPLAIN || !engine->options.parameters)
    why = "gradients of parameters need an explain engine that was made with them";
  else if (step->learned.data == NULL)
    why = "it has no parameters";
  else if ((int) layer < engine->stop)
    why = "the last backward stopped behind it";
  else if (parameter == ESP_PARAMETER_SCALES && step->params->scales == NULL)
    why = "it has no batch normalisation, so no scales";
  else if (parameter == ESP_PARAMETER_BIASES && step->params->filters == 0)
    why = "it has no biases";
  if (why != NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %u: %s", layer, why);
  return why == NULL;
}

static double
learned (const EspStep *step, gsize i)
{
  const void *data = step->learned.data;

  return step->layout.size == sizeof (double) ? ((const double *) data)[i] : (double) ((const float *) data)[i];
}

/* dT/dgamma = (sum w * dT/dfolded - mean * dT/dshift) / sigma: the first sum is that of A * dT/dy, with A the convolution. */
static double
scale_gradient (const EspEngine *engine, const EspStep *step, guint f)
{
  const EspParams *params = step->params;
  const gsize each = params->n_weights / params->filters;
  double total = 0;

  for (gsize i = f * each; i < (f + 1) * each; i++)
    total += (double) params->weights[i] * learned (step, i);
  total -= (double) params->means[f] * learned (step, params->n_weights + f);
  return total / esp_bn_sigma (params->variances[f], engine->options.bn);
}

static gsize
count (const EspParams *params, EspParameter parameter)
{
  return parameter == ESP_PARAMETER_WEIGHTS ? params->n_weights : params->filters;
}

/**
 * esp_engine_read_parameter_gradient:
 * @engine: an explain engine made with parameters, after a backward
 * @layer: a layer with parameters, from the backward's stop on
 * @parameter: which of them
 * @values: (out): n_weights or filters numbers, as EspParams has them
 * @error: return location
 *
 * Summed over the batch. Batch normalisation is that of inference: mean and variance are constants. 0 where no seed reaches.
 * Thread: as forward. Errors: ESP_ERROR_SHAPE.
 */
gboolean
esp_engine_read_parameter_gradient (EspEngine *engine, guint layer, EspParameter parameter, double *values, GError **error)
{
  const EspStep *step;
  gsize n, each;

  if (!can_read (engine, layer, parameter, error))
    return FALSE;
  step = esp_engine_step (engine, layer);
  n = count (step->params, parameter);
  each = step->params->filters > 0 ? step->params->n_weights / step->params->filters : 1;
  memset (values, 0, n * sizeof *values);
  for (gsize i = 0; i < n && step->arrived; i++)
    switch (parameter)
      {
      case ESP_PARAMETER_WEIGHTS:
        values[i] = learned (step, i) * (step->gain != NULL ? step->gain[i / each] : 1.0);
        break;
      case ESP_PARAMETER_BIASES:
        values[i] = learned (step, step->params->n_weights + i);
        break;
      case ESP_PARAMETER_SCALES:
        values[i] = scale_gradient (engine, step, (guint) i);
        break;
      }
  return TRUE;
}
