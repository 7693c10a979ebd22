/* live.c: the main thread's half of the latest-wins evaluator
 *
 * A request overwrites one slot and bumps a generation: O(1). Results come back through one slot and one idle. A quick look over a fixed
 * prefix of the images is never cancelled, so that numbers move while the hand does; the full pass behind it is dropped between two layers
 * once a newer mask waits. Finished masks are kept by hash: undo is final at once. */
#define G_LOG_DOMAIN "esp-live"
#include "config.h"

#include "study/live-private.h"

#include <math.h>

/* Any n distinct numbers would do; it is written here so that "the same images" means the same for everybody. */
#define ORDER_SEED 1

/** live_run_new: Returns: (transfer full): nothing seen of @n images yet. Thread: any. */
LiveRun *
live_run_new (EspMask *mask, const char *title, EspPlanState *state, guint n)
{
  LiveRun *run = g_atomic_rc_box_new0 (LiveRun);

  run->trial.mask = esp_mask_ref (mask);
  run->trial.title = g_strdup (title);
  run->trial.state = state != NULL ? esp_plan_state_ref (state) : NULL;
  run->trial.map = NAN;
  run->outcomes = g_new0 (EspOutcome *, n);
  run->n = n;
  return run;
}

/** live_run_ref: Returns: (transfer full): the same run. Thread: any. */
LiveRun *
live_run_ref (LiveRun *run)
{
  return g_atomic_rc_box_acquire (run);
}

static void
run_clear (gpointer data)
{
  LiveRun *run = data;

  for (guint i = 0; run->outcomes != NULL && i < run->n; i++)
    g_clear_pointer (&run->outcomes[i], esp_outcome_free);
  g_free (run->outcomes);
  g_free (run->trial.title);
  g_clear_pointer (&run->trial.state, esp_plan_state_unref);
  esp_mask_unref (run->trial.mask);
}

/** live_run_unref: gives one reference back. Thread: any. */
void
live_run_unref (LiveRun *run)
{
  g_atomic_rc_box_release_full (run, run_clear);
}

static guint
hash_of_hash (gconstpointer key)
{
  return (guint) ((const EspHash *) key)->a;
}

static gboolean
hashes_equal (gconstpointer x, gconstpointer y)
{
  return esp_hash_equal (*(const EspHash *) x, *(const EspHash *) y);
}

/** live_ref: Returns: (transfer full): the same evaluator. Thread: any. */
EspLive *
live_ref (EspLive *live)
{
  return g_atomic_rc_box_acquire (live);
}

static void
news_free (gpointer data)
{
  LiveNews *news = data;

  live_run_unref (news->run);
  g_free (news);
}

static void
live_clear (gpointer data)
{
  EspLive *live = data;

  for (guint i = 0; i < live->material->n_images; i++)
    g_clear_pointer (&live->baseline[i], esp_outcome_free);
  g_free (live->baseline);
  g_free (live->order);
  g_free (live->title);
  g_clear_pointer (&live->state, esp_plan_state_unref);
  g_clear_pointer (&live->wanted, esp_mask_unref);
  g_clear_pointer (&live->pass_job, esp_job_unref);
  g_clear_pointer (&live->latency_job, esp_job_unref);
  g_clear_pointer (&live->baseline_job, esp_job_unref);
  g_clear_pointer (&live->run, live_run_unref);
  g_queue_clear_full (&live->held, (GDestroyNotify) live_run_unref);
  g_clear_pointer (&live->engine, esp_engine_unref);
  g_clear_pointer (&live->prefixes, esp_prefix_cache_free);
  g_clear_pointer (&live->last, esp_mask_unref);
  g_array_unref (live->changes);
  live_half_clear (&live->half, live->material->n_images);
  g_clear_pointer (&live->cut, esp_cut_unref);
  g_clear_pointer (&live->whole, esp_engine_unref);
  g_hash_table_unref (live->finished);
  g_hash_table_unref (live->latencies);
  g_queue_clear_full (&live->news, news_free);
  g_clear_error (&live->failure);
  esp_job_unref (live->stop);
  esp_material_unref (live->material);
  g_main_context_unref (live->context);
  pthread_mutex_destroy (&live->lock);
}

/** live_unref: gives one reference back. Thread: any. */
void
live_unref (EspLive *live)
{
  g_atomic_rc_box_release_full (live, live_clear);
}

/**
 * esp_live_new:
 * @lane: the compute lane; must outlive nothing of this: waiting acts are dropped with it
 * @material: what was opened
 * @events: what to call on this thread
 * @data: their data
 * @budget: bytes that may be kept of the layers before a change, so that the next mask goes on from there; 0: none
 *
 * Returns: (transfer full): an evaluator at rest. Thread: main.
 */
EspLive *
esp_live_new (EspLane *lane, EspMaterial *material, const EspLiveEvents *events, gpointer data, gsize budget)
{
  EspLive *live = g_atomic_rc_box_new0 (EspLive);
  const guint n = material->n_images;

  live->lane = lane;
  live->material = esp_material_ref (material);
  live->context = g_main_context_ref_thread_default ();
  live->events = *events;
  live->data = data;
  live->order = n != 0 ? esp_dataset_order (material->dataset, ORDER_SEED) : NULL;
  live->baseline = g_new0 (EspOutcome *, n);
  live->finished = g_hash_table_new_full (hash_of_hash, hashes_equal, g_free, (GDestroyNotify) live_run_unref);
  live->latencies = g_hash_table_new_full (hash_of_hash, hashes_equal, g_free, g_free);
  live->changes = g_array_new (FALSE, FALSE, sizeof (guint));
  live->prefixes = budget > 0 ? esp_prefix_cache_new (budget) : NULL;
  live->stop = esp_job_new ("Live evaluation");
  live->number.labelled = material->map != NULL;
  live->number.total = n;
  live->number.map = live->number.baseline = NAN;
  live->wanted = esp_mask_new_full (material->network);
  g_queue_init (&live->news);
  g_queue_init (&live->held);
  pthread_mutex_init (&live->lock, NULL);
  return live;
}

/**
 * esp_live_close:
 * @live: (transfer full): the evaluator
 *
 * Accepts no more, calls nothing back from here on, stops what is under way between two layers and does not wait for it. Thread: main.
 */
void
esp_live_close (EspLive *live)
{
  pthread_mutex_lock (&live->lock);
  live->closed = TRUE;
  live->generation++;
  esp_job_cancel (live->stop);
  esp_job_cancel (live->pass_job);
  esp_job_cancel (live->latency_job);
  esp_job_cancel (live->baseline_job);
  pthread_mutex_unlock (&live->lock);
  live_unref (live);
}

typedef struct
{
  gboolean closed, changed;
  guint from, to;
  GQueue news;
  EspTrial *trials; /* of the news, copied under the lock */
  GError *failure;
} Delivery;

static void
collect (EspLive *live, Delivery *delivery)
{
  guint i = 0;

  pthread_mutex_lock (&live->lock);
  live->idle_queued = FALSE;
  delivery->closed = live->closed;
  delivery->changed = live->changed;
  live->changed = FALSE;
  delivery->from = live->told_baseline;
  delivery->to = live->told_baseline = live->n_baseline;
  delivery->news = live->news;
  g_queue_init (&live->news);
  delivery->failure = g_steal_pointer (&live->failure);
  delivery->trials = g_new0 (EspTrial, delivery->news.length + 1);
  for (GList *l = delivery->news.head; l != NULL; l = l->next)
    delivery->trials[i++] = ((LiveNews *) l->data)->run->trial;
  pthread_mutex_unlock (&live->lock);
}

/* Each call back may close the evaluator: the lock is not held, and the idle keeps it alive. */
static gboolean
deliver (gpointer data)
{
  EspLive *live = data;
  Delivery delivery = { 0 };
  g_autofree EspTrial *trials = NULL;
  g_autoptr (GError) failure = NULL;
  guint i = 0;

  collect (live, &delivery);
  trials = delivery.trials;
  failure = delivery.failure;
  if (!delivery.closed && delivery.from != delivery.to)
    live->events.baseline (delivery.from, delivery.to, live->data);
  for (GList *l = delivery.news.head; l != NULL && !live->closed; l = l->next)
    live->events.trial (&trials[i++], ((LiveNews *) l->data)->fresh, live->data);
  if (failure != NULL && !live->closed)
    live->events.failed (failure, live->data);
  if (delivery.changed && !live->closed)
    live->events.changed (live->data);
  g_queue_clear_full (&delivery.news, news_free);
  return G_SOURCE_REMOVE;
}

/** live_queue_idle: at most one waits. With the lock held. Thread: any. */
void
live_queue_idle (EspLive *live)
{
  GSource *source;

  if (live->idle_queued || live->closed)
    return;
  live->idle_queued = TRUE;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, deliver, live_ref (live), (GDestroyNotify) live_unref);
  g_source_attach (source, live->context);
  g_source_unref (source);
}

/** live_post_look: at most one quick look waits. With the lock held. Thread: any. */
void
live_post_look (EspLive *live)
{
  if (live->look_queued || live->closed)
    return;
  live->look_queued = TRUE;
  esp_lane_post (live->lane, ESP_LANE_LIVE, live_look, live_ref (live), (GDestroyNotify) live_unref);
}

/** live_find_finished: Returns: (transfer none) (nullable): the finished run of a mask. With the lock held. Thread: any. */
LiveRun *
live_find_finished (EspLive *live, const EspMask *mask)
{
  const EspHash hash = esp_mask_get_hash (mask);

  return g_hash_table_lookup (live->finished, &hash);
}

/** live_show_finished: fills the result slot with a finished run. With the lock held. Thread: any. */
void
live_show_finished (EspLive *live, LiveRun *run)
{
  EspMapNumber *number = &live->number;

  number->state = ESP_STATE_FINAL;
  number->approximate = FALSE;
  number->map = run->trial.map;
  number->interval = run->trial.interval;
  number->has_interval = run->trial.has_interval;
  number->has_plan = !esp_mask_is_full (run->trial.mask);
  number->agreement = run->trial.agreement;
  number->has_agreement = TRUE;
  number->n = number->agreement_n = number->total;
}

/**
 * esp_live_start:
 * @live: the evaluator
 * @job: (nullable): progress in images, and cancel
 *
 * Runs the unpruned network over all images, in the fixed order, below the picture in view. Thread: main.
 */
void
esp_live_start (EspLive *live, EspJob *job)
{
  if (live->material->n_images == 0)
    return;
  pthread_mutex_lock (&live->lock);
  live->baseline_job = job != NULL ? esp_job_ref (job) : NULL;
  live->baseline_running = TRUE;
  pthread_mutex_unlock (&live->lock);
  esp_lane_post (live->lane, ESP_LANE_PASS, live_baseline, live_ref (live), (GDestroyNotify) live_unref);
}

/* What is shown until the quick look answers: the last plan's number, said to be so. */
static void
show_previous (EspLive *live, EspMask *mask)
{
  EspMapNumber *number = &live->number;

  number->state = isnan (number->map) ? ESP_STATE_NONE : ESP_STATE_PREVIOUS;
  number->has_interval = number->has_agreement = number->approximate = FALSE;
  number->has_plan = !esp_mask_is_full (mask);
  number->n = 0;
}

/**
 * esp_live_request:
 * @live: the evaluator
 * @mask: what is wanted now; overwrites what was
 * @title: the act that led to it, for the trial
 * @state: (nullable): the plan that gave it, likewise
 *
 * A mask that was finished before is final at once. Cost: O(1). Thread: main.
 */
void
esp_live_request (EspLive *live, EspMask *mask, const char *title, EspPlanState *state)
{
  LiveRun *done;

  pthread_mutex_lock (&live->lock);
  live->generation++;
  g_clear_pointer (&live->wanted, esp_mask_unref);
  live->wanted = esp_mask_ref (mask);
  g_free (live->title);
  live->title = g_strdup (title);
  g_clear_pointer (&live->state, esp_plan_state_unref);
  live->state = state != NULL ? esp_plan_state_ref (state) : NULL;
  esp_job_cancel (live->pass_job);
  esp_job_cancel (live->latency_job);
  done = live_find_finished (live, mask);
  if (done != NULL)
    live_show_finished (live, done);
  else
    show_previous (live, mask);
  if (live->material->n_images != 0 && (done == NULL || !done->trial.has_interval))
    live_post_look (live);
  pthread_mutex_unlock (&live->lock);
}

/**
 * esp_live_measure:
 * @live: the evaluator
 *
 * Measures the latency of the mask in hand, and of the whole network beside it, when nothing else waits; given up when anything is asked
 * for. Thread: main.
 */
void
esp_live_measure (EspLive *live)
{
  esp_lane_post (live->lane, ESP_LANE_BACKGROUND, live_latency, live_ref (live), (GDestroyNotify) live_unref);
}

/** esp_live_get_number: copies the result slot. Thread: any. */
void
esp_live_get_number (EspLive *live, EspMapNumber *number)
{
  pthread_mutex_lock (&live->lock);
  *number = live->number;
  pthread_mutex_unlock (&live->lock);
}

/**
 * esp_live_get_span:
 * @live: the evaluator
 * @mask: (nullable): NULL for the whole network
 * @span: (out): of the whole network, and of the mask measured in turn with it
 *
 * Returns: FALSE while not measured. Thread: any.
 */
gboolean
esp_live_get_span (EspLive *live, const EspMask *mask, EspLatencySpan *span)
{
  g_autoptr (EspMask) full = mask == NULL ? esp_mask_new_full (live->material->network) : NULL;
  const EspHash hash = esp_mask_get_hash (mask != NULL ? mask : full);
  const EspLatencySpan *found;

  pthread_mutex_lock (&live->lock);
  found = g_hash_table_lookup (live->latencies, &hash);
  if (found != NULL)
    *span = *found;
  pthread_mutex_unlock (&live->lock);
  return found != NULL;
}

/** esp_live_get_baseline: Returns: (transfer none) (nullable): what the unpruned network said of one image. Thread: any. */
const EspOutcome *
esp_live_get_baseline (EspLive *live, guint image)
{
  const EspOutcome *outcome;

  g_return_val_if_fail (image < live->material->n_images, NULL);
  pthread_mutex_lock (&live->lock);
  outcome = live->baseline[image];
  pthread_mutex_unlock (&live->lock);
  return outcome;
}

/** esp_live_get_order: Returns: (transfer none): the fixed order that passes follow. Thread: any. */
const guint *
esp_live_get_order (EspLive *live)
{
  return live->order;
}

/** esp_live_is_running: Returns: whether the unpruned pass was begun and is neither through nor given up. Thread: any. */
gboolean
esp_live_is_running (EspLive *live)
{
  gboolean running;

  pthread_mutex_lock (&live->lock);
  running = live->baseline_running;
  pthread_mutex_unlock (&live->lock);
  return running;
}
