/* live-latency.c: how long the cut network takes, measured when nothing else waits */
#define G_LOG_DOMAIN "esp-live"
#include "config.h"

#include "measure/latency-pair.h"
#include "study/live-private.h"

#define LATENCY_SECONDS 1.5 /* of each network */
#define TURNS           10
#define REPEATS         5

static gboolean
is_known (EspLive *live, EspMask *mask)
{
  const EspHash hash = esp_mask_get_hash (mask);
  gboolean known;

  pthread_mutex_lock (&live->lock);
  known = g_hash_table_contains (live->latencies, &hash);
  pthread_mutex_unlock (&live->lock);
  return known;
}

static void
keep (EspLive *live, EspMask *mask, EspLatencySpan span)
{
  const EspHash hash = esp_mask_get_hash (mask);

  pthread_mutex_lock (&live->lock);
  g_hash_table_replace (live->latencies, g_memdup2 (&hash, sizeof hash), g_memdup2 (&span, sizeof span));
  live->changed = TRUE;
  live_queue_idle (live);
  pthread_mutex_unlock (&live->lock);
}

static gboolean
measure_whole (EspLive *live, EspMask *full, EspJob *job, GError **error)
{
  g_autoptr (EspEngine) engine = esp_live_engine (live, full, error);
  EspLatency latency;

  if (engine == NULL || !esp_latency_measure (engine, LATENCY_SECONDS, &latency, job, error))
    return FALSE;
  keep (live, full, (EspLatencySpan){ latency, latency });
  return TRUE;
}

/* The whole network takes its turns beside the cut one, so that a machine that has become slower since is no loss of the plan. */
static gboolean
measure_both (EspLive *live, EspMask *full, EspMask *mask, EspJob *job, GError **error)
{
  g_autoptr (EspEngine) whole = esp_live_engine (live, full, error);
  g_autoptr (EspEngine) engine = whole != NULL ? esp_live_engine (live, mask, error) : NULL;
  const EspLatencyPairInput input
      = { .before = whole, .after = engine, .turns = TURNS, .repeats = REPEATS, .seconds = 2 * LATENCY_SECONDS };
  g_autoptr (EspLatencyPair) pair = engine != NULL ? esp_latency_pair_measure (&input, job, error) : NULL;

  if (pair == NULL)
    return FALSE;
  keep (live, full, (EspLatencySpan){ pair->whole.before, pair->whole.before });
  keep (live, mask, pair->whole);
  return TRUE;
}

/** live_latency: of the mask in hand, and of the whole network beside it; given up when anything newer is asked for. Thread: lane. */
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
  if (closed || is_known (live, mask))
    return;
  if (esp_mask_is_full (mask))
    measure_whole (live, full, job, &error);
  else
    measure_both (live, full, mask, job, &error);
  live_tell_failure (live, error);
}
