/* live-latency.c: how long the cut network takes, measured when nothing else waits */
#define G_LOG_DOMAIN "esp-live"
#include "config.h"

#include "measure/latency.h"
#include "study/live-private.h"

#define LATENCY_SECONDS 1.5

static gboolean
measure_one (EspLive *live, EspMask *mask, EspJob *job, GError **error)
{
  const EspHash hash = esp_mask_get_hash (mask);
  g_autoptr (EspEngine) engine = NULL;
  EspLatency latency;
  gboolean known;

  pthread_mutex_lock (&live->lock);
  known = g_hash_table_contains (live->latencies, &hash);
  pthread_mutex_unlock (&live->lock);
  if (known)
    return TRUE;
  engine = esp_live_engine (live, mask, error);
  if (engine == NULL || !esp_latency_measure (engine, LATENCY_SECONDS, &latency, job, error))
    return FALSE;
  pthread_mutex_lock (&live->lock);
  g_hash_table_replace (live->latencies, g_memdup2 (&hash, sizeof hash), g_memdup2 (&latency, sizeof latency));
  live->changed = TRUE;
  live_queue_idle (live);
  pthread_mutex_unlock (&live->lock);
  return TRUE;
}

/** live_latency: of the whole network once, then of the mask in hand; given up when anything newer is asked for. Thread: lane. */
void
live_latency (gpointer data)
{
  EspLive *live = data;
  g_autoptr (EspMask) mask = NULL, full = esp_mask_new_full (live->material->network);
  g_autoptr (EspJob) job = esp_job_new ("Latency");
  g_autoptr (GError) error = NULL;
  gboolean closed;

  pthread_mutex_lock (&live->lock);
  mask = esp_mask_ref (live->wanted);
  closed = live->closed;
  g_clear_pointer (&live->latency_job, esp_job_unref);
  live->latency_job = esp_job_ref (job);
  pthread_mutex_unlock (&live->lock);
  if (!closed && measure_one (live, full, job, &error))
    measure_one (live, mask, job, &error);
  live_tell_failure (live, error);
}
