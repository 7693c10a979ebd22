/* live-half.c: the quick look in bfloat16, and what that costs in mAP
 *
 * Approximate, so nothing of it goes on: not its outcomes, not its layers. What it differs by is measured once on the unpruned network, a
 * few images at a time at the back of the lane's queue, and only where somebody asked for such looks. */
#define G_LOG_DOMAIN "esp-live"
#include "config.h"

#include "measure/summary.h"
#include "study/live-private.h"

#define SLICE (G_USEC_PER_SEC / 20) /* of the measuring: then whatever waits in the background has its turn */

/** live_half_clear: frees what is held for looks in bfloat16; @n: images. Thread: any, once the lane is done with it. */
void
live_half_clear (LiveHalf *half, guint n)
{
  for (guint i = 0; half->outcomes != NULL && i < n; i++)
    g_clear_pointer (&half->outcomes[i], esp_outcome_free);
  g_clear_pointer (&half->outcomes, g_free);
  g_clear_pointer (&half->engine, esp_engine_unref);
  g_clear_pointer (&half->whole, esp_engine_unref);
}

/* (transfer none): the whole network's, kept for good. */
static EspEngine *
whole_engine (EspLive *live, GError **error)
{
  LiveHalf *half = &live->half;

  if (half->whole == NULL)
    half->whole = live_new_engine (live, ESP_BACKEND_BFLOAT16, live->material->network, live->material->weights, NULL, error);
  return half->whole;
}

/* (transfer none): of @mask, from the parts of the last one. */
static EspEngine *
cut_engine (EspLive *live, EspMask *mask, GError **error)
{
  LiveHalf *half = &live->half;
  const EspHash hash = esp_mask_get_hash (mask);
  EspEngine *whole = whole_engine (live, error), *engine;
  EspCut *cut;

  if (whole == NULL || esp_mask_is_full (mask))
    return whole;
  if (half->engine != NULL && esp_hash_equal (half->engine_hash, hash))
    return half->engine;
  cut = live_cut (live, mask, error);
  if (cut == NULL)
    return NULL;
  engine = live_new_engine (live, ESP_BACKEND_BFLOAT16, esp_cut_get_network (cut), esp_cut_get_weights (cut),
                            half->engine != NULL ? half->engine : whole, error);
  if (engine == NULL)
    return NULL;
  g_clear_pointer (&half->engine, esp_engine_unref);
  half->engine = engine;
  half->engine_hash = hash;
  return engine;
}

/** live_half_new_pass: Returns: (transfer full): a pass of @mask's network in bfloat16, from the image on: layers that float32 kept are not
 * its own.
 * Thread: lane. Errors: of the cut and the engine. */
EspPass *
live_half_new_pass (EspLive *live, EspMask *mask, GError **error)
{
  EspEngine *engine = cut_engine (live, mask, error);

  return engine != NULL ? live_new_pass (live, engine) : NULL;
}

/* All are seen: what bfloat16 adds to the mAP of the unpruned network. */
static void
keep_difference (EspLive *live)
{
  const EspMaterial *m = live->material;
  LiveHalf *half = &live->half;
  g_autoptr (EspSummary) summary = esp_summary_new (half->outcomes, m->n_images, m->n_classes, m->protocol);

  for (guint i = 0; i < m->n_images; i++)
    g_clear_pointer (&half->outcomes[i], esp_outcome_free);
  g_clear_pointer (&half->outcomes, g_free);
  pthread_mutex_lock (&live->lock);
  live->number.half_known = TRUE;
  live->number.half_difference = summary->map - live->number.baseline;
  live->changed = TRUE;
  live_queue_idle (live);
  pthread_mutex_unlock (&live->lock);
}

/* Images of the fixed order from where the last slice ended; FALSE on failure. */
static gboolean
measure_slice (EspLive *live, GError **error)
{
  const guint n = live->material->n_images;
  LiveHalf *half = &live->half;
  EspEngine *engine = whole_engine (live, error);
  g_autoptr (EspPass) pass = engine != NULL ? live_new_pass (live, engine) : NULL;
  const gint64 end = g_get_monotonic_time () + SLICE;

  if (pass == NULL)
    return FALSE;
  if (half->seconds_per_image <= 0)
    half->seconds_per_image = live_time_images (live, pass);
  if (live->material->map == NULL)
    return TRUE; /* without truth there is no mAP to differ */
  if (half->outcomes == NULL)
    half->outcomes = g_new0 (EspOutcome *, n);
  while (half->n_seen < n && g_get_monotonic_time () < end)
    {
      const guint image = live->order[half->n_seen];

      if (!esp_pass_run (pass, &image, 1, &half->outcomes[image], live->stop, error))
        return FALSE;
      half->n_seen++;
      esp_lane_yield (live->lane);
    }
  return TRUE;
}

/* One slice of the whole network in bfloat16, then to the back of the queue. Given up by close, put off while nobody wants such looks. */
static void
measure (gpointer data)
{
  EspLive *live = data;
  LiveHalf *half = &live->half;
  g_autoptr (GError) error = NULL;
  gboolean wanted, done;

  pthread_mutex_lock (&live->lock);
  wanted = half->wanted && !live->closed;
  half->queued = wanted;
  pthread_mutex_unlock (&live->lock);
  if (!wanted)
    return;
  if (!measure_slice (live, &error))
    {
      live_tell_failure (live, error);
      return; /* still queued by name: what failed once is not tried again */
    }
  done = half->outcomes == NULL || half->n_seen == live->material->n_images;
  if (half->outcomes != NULL && done)
    keep_difference (live);
  pthread_mutex_lock (&live->lock);
  half->measured = done;
  half->queued = FALSE;
  live_half_post (live);
  pthread_mutex_unlock (&live->lock);
}

/** live_half_post: the measuring, where it is wanted, not known and possible: after the unpruned pass. With the lock held. Thread: any. */
void
live_half_post (EspLive *live)
{
  LiveHalf *half = &live->half;
  const guint n = live->material->n_images;

  if (live->closed || !half->wanted || half->queued || n == 0 || live->n_baseline < n || half->measured)
    return;
  half->queued = TRUE;
  esp_lane_post (live->lane, ESP_LANE_BACKGROUND, measure, live_ref (live), (GDestroyNotify) live_unref);
}

/**
 * esp_live_set_look_bfloat16:
 * @live: the evaluator
 * @on: whether quick looks from the next on are in bfloat16
 *
 * Such a look is approximate and is said to be; the full pass behind it begins anew in float32, so no final number has anything of it. What
 * bfloat16 does to the mAP of the unpruned network is measured when the lane has nothing else to do. Ignored where the processor has no
 * instructions for it. Thread: main.
 */
void
esp_live_set_look_bfloat16 (EspLive *live, gboolean on)
{
  pthread_mutex_lock (&live->lock);
  live->half.wanted = on && esp_backend_is_available (ESP_BACKEND_BFLOAT16);
  live_half_post (live);
  pthread_mutex_unlock (&live->lock);
}
