/* engine-look.c: what a forward left of one layer, where it lies */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-look.h"

#include "net/engine-private.h"

/**
 * esp_engine_look:
 * @engine: an explain engine
 * @layer: a layer; -1 is the image
 * @look: (out): all borrowed
 *
 * Nothing is copied and nothing reordered; the numbers are those of the last forward. Thread: as forward.
 */
void
esp_engine_look (EspEngine *engine, int layer, EspEngineLook *look)
{
  const EspStep *step = esp_engine_step (engine, layer);

  g_return_if_fail (engine->options.mode == ESP_MODE_EXPLAIN && layer >= -1 && layer < (int) engine->n);

  *look = (EspEngineLook){
    .layout = step->layout,
    .out = esp_engine_step (engine, step->root)->out.data,
    .below = 1,
    .gain = step->gain,
    .shift = step->shift,
    .kernel = step->kernel,
    .kept = step->kept.data,
    .seed = step->seeded ? step->seed : NULL,
    .seed_before = step->seeded_before ? step->seed_before : NULL,
  };
  look->before = step->pre.data != NULL ? step->pre.data : look->out;
  if (step->pre.data == NULL && step->layer != NULL && step->layer->activation == ESP_ACTIVATION_LEAKY)
    look->below = 10;
}

/** esp_engine_get_kernels: Returns: (transfer none): the set that the engine compiles with. Thread: any. */
const EspKernelSet *
esp_engine_get_kernels (EspEngine *engine)
{
  return engine->set;
}
