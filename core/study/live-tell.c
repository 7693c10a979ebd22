/* live-tell.c: what the lane found out, put where the main thread reads it */
#define G_LOG_DOMAIN "esp-live"
#include "config.h"

#include <math.h>

#include "measure/summary.h"
#include "study/live-private.h"

/** live_tell_failure: the first that nobody was told of; being dropped is none. Thread: lane. */
void
live_tell_failure (EspLive *live, const GError *error)
{
  if (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  pthread_mutex_lock (&live->lock);
  if (live->failure == NULL)
    live->failure = g_error_copy (error);
  live_queue_idle (live);
  pthread_mutex_unlock (&live->lock);
}

/* Whether what the slot shows of this very request is a look in bfloat16 at more images than @n. With the lock held. */
static gboolean
is_behind_look (EspLive *live, guint n, guint64 generation)
{
  const EspMapNumber *number = &live->number;

  return number->approximate && live->half.told == generation && n < number->agreement_n;
}

/** live_tell_partial: what is known of a mask part way: a mAP from 16 images on where the unpruned network is through, agreement below or
 * without truth. The interval, where there is one, is kept to differences that are possible. Thread: lane. */
void
live_tell_partial (EspLive *live, LiveRun *run, guint n, guint64 generation, const EspInterval *interval)
{
  const EspMaterial *m = live->material;
  const gboolean whole_known = live->n_baseline == m->n_images;
  const gboolean partial = m->map != NULL && whole_known && n >= LIVE_LEAST_PARTIAL;
  const double map = partial ? esp_map_partial (live->baseline, run->outcomes, m->n_images, m->n_classes, m->protocol) : NAN;
  const double agreement = esp_agreement (live->baseline, run->outcomes, m->n_images);
  EspMapNumber *number = &live->number;

  live->last_partial = g_get_monotonic_time ();
  pthread_mutex_lock (&live->lock);
  /* A look at an older mask is better than none while the hand moves, but never takes the place of what is final. */
  if (!live->closed && (generation == live->generation || number->state != ESP_STATE_FINAL)
      && (run->approximate || !is_behind_look (live, n, generation)))
    {
      number->approximate = run->approximate;
      live->half.told = generation;
      number->agreement = agreement;
      number->has_agreement = TRUE;
      number->agreement_n = n;
      number->has_interval = interval != NULL;
      if (interval != NULL)
        number->interval = *interval;
      number->has_plan = !esp_mask_is_full (run->trial.mask);
      if (partial)
        number->map = map;
      if (partial || m->map == NULL)
        {
          number->state = ESP_STATE_PARTIAL;
          number->n = n;
        }
      else if (number->state == ESP_STATE_PARTIAL) /* a look at an older mask came in late: its number is not this mask's */
        {
          number->state = ESP_STATE_PREVIOUS;
          number->n = 0;
        }
      live->changed = TRUE;
      live_queue_idle (live);
    }
  pthread_mutex_unlock (&live->lock);
}

/* Whether the number shown is that of @run's mask. With the lock held. */
static gboolean
is_wanted (EspLive *live, LiveRun *run)
{
  return esp_hash_equal (esp_mask_get_hash (live->wanted), esp_mask_get_hash (run->trial.mask));
}

/** live_finish_run: keeps a run that saw everything, under its hash, and says so. Thread: lane. */
void
live_finish_run (EspLive *live, LiveRun *run)
{
  const EspMaterial *m = live->material;
  g_autoptr (EspSummary) summary = m->map != NULL ? esp_summary_new (run->outcomes, m->n_images, m->n_classes, m->protocol) : NULL;
  const double agreement = esp_agreement (live->baseline, run->outcomes, m->n_images);
  const EspHash hash = esp_mask_get_hash (run->trial.mask);
  LiveNews *news = g_new0 (LiveNews, 1);

  pthread_mutex_lock (&live->lock);
  run->trial.map = summary != NULL ? summary->map : NAN;
  run->trial.agreement = agreement;
  run->finished = TRUE;
  if (esp_mask_is_full (run->trial.mask))
    {
      live->number.baseline = run->trial.map;
      if (live->number.state == ESP_STATE_NONE && m->map != NULL)
        {
          live->number.map = run->trial.map;
          live->number.state = ESP_STATE_PREVIOUS;
          live->number.n = 0;
          live->changed = TRUE;
        }
    }
  g_hash_table_replace (live->finished, g_memdup2 (&hash, sizeof hash), live_run_ref (run));
  *news = (LiveNews){ live_run_ref (run), TRUE };
  g_queue_push_tail (&live->news, news);
  if (is_wanted (live, run))
    {
      live_show_finished (live, run);
      live->changed = TRUE;
    }
  live_queue_idle (live);
  pthread_mutex_unlock (&live->lock);
}

/** live_keep_interval: the interval of a finished run is known; its outcomes go. Thread: lane. */
void
live_keep_interval (EspLive *live, LiveRun *run, EspInterval interval)
{
  LiveNews *news = g_new0 (LiveNews, 1);

  pthread_mutex_lock (&live->lock);
  run->trial.interval = interval;
  run->trial.has_interval = TRUE;
  *news = (LiveNews){ live_run_ref (run), FALSE };
  g_queue_push_tail (&live->news, news);
  if (is_wanted (live, run))
    {
      live_show_finished (live, run);
      live->changed = TRUE;
    }
  live_queue_idle (live);
  pthread_mutex_unlock (&live->lock);
  live_drop_outcomes (run);
}
