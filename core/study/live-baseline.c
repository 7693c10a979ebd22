/* live-baseline.c: the unpruned network over all images, and how long one takes */
#define G_LOG_DOMAIN "esp-live"
#include "config.h"

#include "measure/bootstrap.h"
#include "study/live-private.h"

/** live_time_images: Returns: seconds of one image whose picture is decoded: the lower quartile of a few, since what else runs at start-up
 * should not shrink the look for good; 0 where it was stopped. Thread: lane. */
double
live_time_images (EspLive *live, EspPass *pass)
{
  const guint n = MIN (LIVE_TIMED_IMAGES, live->material->n_images);
  double seconds[LIVE_TIMED_IMAGES];

  for (guint i = 0; i < n; i++)
    {
      const gint64 begun = g_get_monotonic_time ();
      EspOutcome *outcome = NULL;

      if (!esp_pass_run (pass, &live->order[i], 1, &outcome, live->stop, NULL))
        return 0;
      esp_outcome_free (outcome);
      seconds[i] = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
      for (guint j = i; j > 0 && seconds[j] < seconds[j - 1]; j--)
        {
          const double swap = seconds[j];

          seconds[j] = seconds[j - 1];
          seconds[j - 1] = swap;
        }
    }
  return seconds[n / 4];
}

/* Hands one outcome of the unpruned network over: the main thread reads it from here on. */
static void
keep_baseline (EspLive *live, guint place, EspOutcome *outcome)
{
  const gint64 now = g_get_monotonic_time ();
  gboolean tell;

  pthread_mutex_lock (&live->lock);
  live->baseline[live->order[place]] = outcome;
  live->n_baseline = place + 1;
  tell = now - live->last_partial >= LIVE_PUBLISH_INTERVAL || live->n_baseline == live->material->n_images;
  if (tell)
    {
      live->last_partial = now;
      if (live->number.state == ESP_STATE_NONE)
        live->number.n = live->n_baseline;
      live->changed = TRUE;
      live_queue_idle (live);
    }
  pthread_mutex_unlock (&live->lock);
}

static gboolean
run_baseline (EspLive *live, EspJob *job, GError **error)
{
  const guint n = live->material->n_images;
  g_autoptr (EspEngine) engine = live_whole_engine (live, error);
  g_autoptr (EspPass) pass = engine != NULL ? live_new_pass (live, engine) : NULL;
  gint64 begun = g_get_monotonic_time ();

  for (guint i = live->n_baseline; pass != NULL && i < n; i++)
    {
      EspOutcome *outcome = NULL;

      esp_lane_yield (live->lane);
      /* the pass would report progress of its own one image */
      if (!esp_job_check (job, error) || !esp_pass_run (pass, &live->order[i], 1, &outcome, live->stop, error))
        return FALSE;
      live->seconds_per_image = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC / (i + 1);
      esp_job_set_progress (job, i + 1, n);
      keep_baseline (live, i, outcome);
    }
  if (pass != NULL)
    live->seconds_per_image = live_time_images (live, pass);
  return pass != NULL;
}

/* The unpruned network's own run: its outcomes stay with the evaluator, so it only carries the numbers. */
static void
finish_baseline (EspLive *live)
{
  const EspMaterial *m = live->material;
  g_autoptr (EspMask) full = esp_mask_new_full (m->network);
  g_autoptr (LiveRun) run = live_run_new (full, "Unpruned", NULL, m->n_images);
  g_autoptr (EspBootstrap) bootstrap = NULL;

  g_free (run->outcomes);
  run->outcomes = live->baseline; /* lent: nothing is copied, nothing freed with the run */
  live_finish_run (live, run);
  run->outcomes = NULL;
  pthread_mutex_lock (&live->lock);
  if (!esp_mask_is_full (live->wanted))
    live_post_look (live);
  pthread_mutex_unlock (&live->lock);
  if (m->map == NULL)
    return;
  bootstrap = esp_bootstrap_new_map (live->baseline, m->n_images, m->n_classes, m->protocol, ESP_STUDY_REPLICATES, ESP_STUDY_SEED);
  while (esp_bootstrap_step (bootstrap, LIVE_REPLICATES_STEP))
    {
      esp_lane_yield (live->lane);
      if (esp_job_is_cancelled (live->stop))
        return;
    }
  live_keep_interval (live, run, esp_bootstrap_get (bootstrap));
}

/* Through, failed or cancelled: whoever shows it as under way looks again. */
static void
end_baseline (EspLive *live)
{
  pthread_mutex_lock (&live->lock);
  live->baseline_running = FALSE;
  live_half_post (live);
  live->changed = TRUE;
  live_queue_idle (live);
  pthread_mutex_unlock (&live->lock);
}

/** live_baseline: the unpruned network over all images; quick looks and the picture in view go before. Thread: lane. */
void
live_baseline (gpointer data)
{
  EspLive *live = data;
  g_autoptr (EspJob) job = NULL;
  g_autoptr (GError) error = NULL;

  pthread_mutex_lock (&live->lock);
  job = live->baseline_job != NULL ? esp_job_ref (live->baseline_job) : NULL;
  pthread_mutex_unlock (&live->lock);
  if (run_baseline (live, job, &error))
    {
      end_baseline (live);
      finish_baseline (live);
      return;
    }
  end_baseline (live);
  live_tell_failure (live, error);
}
