/* engine-clock.c: where the time of a forward goes, layer by layer */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-clock.h"

#include <string.h>
#include <time.h>

#include "net/engine-private.h"

static gint64
now (void)
{
  struct timespec at = { 0 };

  clock_gettime (CLOCK_MONOTONIC, &at);
  return (gint64) at.tv_sec * 1000000000 + at.tv_nsec;
}

/** esp_engine_tick: what passed since the last tick is @layer's. Nothing where nobody watches. */
void
esp_engine_tick (EspEngine *engine, int layer)
{
  gint64 at;

  if (engine->clock == NULL)
    return;
  at = now ();
  if (layer >= 0)
    engine->clock[layer] = (double) (at - engine->ticked) / 1e6;
  engine->ticked = at;
}

/**
 * esp_engine_watch_time:
 * @engine: one for inference or explaining
 * @milliseconds: (nullable): one number a layer, which outlives the watching; NULL: no longer
 *
 * Every forward from now on leaves there how long each layer took, by two looks at the clock of some ten nanoseconds each. A layer that
 * another does along with its own work takes 0, and the other all of it; so do those that only pass on what they read. Packing the image is
 * no layer's. Thread: as forward.
 */
void
esp_engine_watch_time (EspEngine *engine, double *milliseconds)
{
  g_return_if_fail (engine->train == NULL);

  if (milliseconds != NULL)
    memset (milliseconds, 0, engine->n * sizeof *milliseconds);
  engine->clock = milliseconds;
}

/** esp_engine_get_kernel: Returns: (transfer none) (nullable): what runs @layer, in the words of logs; NULL where nothing of its own does.
 * Thread: any. */
const char *
esp_engine_get_kernel (EspEngine *engine, guint layer)
{
  const EspStep *step = esp_engine_step (engine, layer);

  g_return_val_if_fail (layer < engine->n, NULL);
  return step->kernel != NULL && !step->joined ? esp_kernel_get_name (step->kernel) : NULL;
}
