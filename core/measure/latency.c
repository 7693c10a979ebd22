/* latency.c: how long one image takes, measured by itself */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/latency.h"

#include <omp.h>
#include <stdlib.h>

#include "base/rng.h"
#include "measure/interval.h"

#define WARM_UPS 10
#define REPEATS  50

static int
ascending (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/** esp_latency_of: @times: sorted afterwards; @n: from 1 on. Returns: median and quartiles, with the threads of this lane. Thread: lane. */
EspLatency
esp_latency_of (double *times, guint n)
{
  qsort (times, n, sizeof (double), ascending);
  return (EspLatency){
    .median_ms = esp_quantile (times, n, .5),
    .low_ms = esp_quantile (times, n, .25),
    .high_ms = esp_quantile (times, n, .75),
    .repeats = n,
    .threads = (guint) omp_get_max_threads (),
  };
}

/** esp_latency_noise: Returns: (transfer full): numbers from 0 to 1 for a forward of @engine, the same for every input of that size.
 * Thread: any. */
float *
esp_latency_noise (EspEngine *engine)
{
  const gsize n = esp_engine_get_batch (engine) * esp_shape_count (esp_network_get_input (esp_engine_get_network (engine)));
  g_autoptr (GRand) rng = esp_rng_new (0, n, 0);
  float *input = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    input[i] = (float) g_rand_double (rng);
  return input;
}

static gboolean
run_once (EspEngine *engine, const float *input, double *milliseconds, EspJob *job, GError **error)
{
  const gint64 begun = g_get_monotonic_time ();

  if (!esp_engine_forward (engine, input, job, error))
    return FALSE;
  *milliseconds = (double) (g_get_monotonic_time () - begun) / 1000;
  return TRUE;
}

/**
 * esp_latency_measure:
 * @engine: of batch 1
 * @seconds: stop after this much even if fewer than 50 forwards were timed; at least three are
 * @latency: (out): median and quartiles in milliseconds
 * @job: (nullable): its progress is forwards
 *
 * 10 warm-ups, then up to 50 forwards of the same noise; decoding and suppression are not in it. Warm-ups count as time too.
 * Cancel: between layers. Thread: lane, with nothing else running.
 */
gboolean
esp_latency_measure (EspEngine *engine, double seconds, EspLatency *latency, EspJob *job, GError **error)
{
  g_autofree float *input = esp_latency_noise (engine);
  const gint64 end = g_get_monotonic_time () + (gint64) (seconds * G_USEC_PER_SEC);
  double times[REPEATS];
  guint n = 0;

  for (guint i = 0; i < WARM_UPS && (i == 0 || g_get_monotonic_time () < end); i++)
    if (!run_once (engine, input, &times[0], job, error))
      return FALSE;
  while (n < REPEATS && (n < 3 || g_get_monotonic_time () < end))
    {
      if (!run_once (engine, input, &times[n], job, error))
        return FALSE;
      esp_job_set_progress (job, ++n, REPEATS);
    }
  *latency = esp_latency_of (times, n);
  return TRUE;
}
