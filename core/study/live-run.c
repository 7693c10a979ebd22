/* live-run.c: the lane's half of the evaluator: quick look, full pass, interval, latency; every number through the one EspPass */
#define G_LOG_DOMAIN "esp-live"
#include "config.h"

#include <math.h>
#include <string.h>

#include "measure/bootstrap.h"
#include "measure/latency.h"
#include "measure/summary.h"
#include "study/live-private.h"

#define LOOK_SECONDS     .08 /* of images: with the cut, the engine and the way to the window an answer then takes about a tenth of a second */
#define LEAST_PARTIAL    16 /* images: below, agreement is shown instead of a mAP */
#define PUBLISH_INTERVAL (G_USEC_PER_SEC / 10)
#define REPLICATES_STEP  20
#define TIMED_IMAGES     8
#define LATENCY_SECONDS  1.5

static gboolean
is_current (EspLive *live, guint64 generation)
{
  gboolean current;

  pthread_mutex_lock (&live->lock);
  current = !live->closed && live->generation == generation;
  pthread_mutex_unlock (&live->lock);
  return current;
}

/* Being dropped is not a failure. */
static void
tell_failure (EspLive *live, const GError *error)
{
  if (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  pthread_mutex_lock (&live->lock);
  if (live->failure == NULL)
    live->failure = g_error_copy (error);
  live_queue_idle (live);
  pthread_mutex_unlock (&live->lock);
}

static EspEngine *
new_engine (EspLive *live, EspNetwork *network, EspWeights *weights, EspEngine *reuse, GError **error)
{
  const EspEngineOptions options = {
    .mode = ESP_MODE_INFER,
    .backend = live->material->options.backend,
    .bn = live->material->options.bn,
    .batch = 1,
  };

  return esp_engine_new (network, weights, &options, reuse, error);
}

static EspEngine *
whole_engine (EspLive *live, GError **error)
{
  if (live->whole == NULL)
    live->whole = new_engine (live, live->material->network, live->material->weights, NULL, error);
  return live->whole != NULL ? esp_engine_ref (live->whole) : NULL;
}

/**
 * esp_live_engine:
 * @live: the evaluator
 * @mask: what is kept
 * @error: why the cut or the engine was refused
 *
 * Cuts and builds, sharing what the last engine has of the same shape and parameters; the last one is kept, and the whole network's for good.
 * Returns: (transfer full): an engine of batch 1. Thread: lane.
 */
EspEngine *
esp_live_engine (EspLive *live, EspMask *mask, GError **error)
{
  const EspHash hash = esp_mask_get_hash (mask);
  g_autoptr (EspCut) cut = NULL;
  g_autoptr (EspEngine) whole = NULL, engine = NULL;

  if (esp_mask_is_full (mask))
    return whole_engine (live, error);
  if (live->engine != NULL && esp_hash_equal (live->engine_hash, hash))
    return esp_engine_ref (live->engine);
  whole = whole_engine (live, error);
  cut = whole != NULL ? esp_cut_new (live->material->network, live->material->weights, mask, live->cut, error) : NULL;
  if (cut == NULL)
    return NULL;
  engine = new_engine (live, esp_cut_get_network (cut), esp_cut_get_weights (cut), live->engine != NULL ? live->engine : whole, error);
  if (engine == NULL)
    return NULL;
  g_clear_pointer (&live->engine, esp_engine_unref);
  g_clear_pointer (&live->cut, esp_cut_unref);
  live->engine = esp_engine_ref (engine);
  live->cut = g_steal_pointer (&cut);
  live->engine_hash = hash;
  return g_steal_pointer (&engine);
}

static EspPass *
new_pass (EspLive *live, EspEngine *engine)
{
  const EspMaterial *m = live->material;

  return esp_pass_new (engine, m->dataset, m->map, m->cache, &m->options);
}

static gboolean
see (EspPass *pass, LiveRun *run, guint image, EspJob *job, GError **error)
{
  if (run->outcomes[image] != NULL)
    return TRUE;
  if (!esp_pass_run (pass, &image, 1, &run->outcomes[image], job, error))
    return FALSE;
  run->seen++;
  return TRUE;
}

/* The run of a mask: the one under way where it is the same. */
static LiveRun *
take_run (EspLive *live, EspMask *mask, const char *title)
{
  if (live->run == NULL || !esp_hash_equal (esp_mask_get_hash (live->run->trial.mask), esp_mask_get_hash (mask)) || live->run->finished)
    {
      g_clear_pointer (&live->run, live_run_unref);
      live->run = live_run_new (mask, title, live->material->n_images);
    }
  return live_run_ref (live->run);
}

/* Images of the quick look: as many as fit; a few while nothing is timed yet. */
static guint
count_look (EspLive *live, guint known)
{
  const guint n = live->material->n_images;
  const guint fit = live->seconds_per_image > 0 ? (guint) CLAMP (LOOK_SECONDS / live->seconds_per_image, 1, n) : MIN (n, 4);

  return MIN (fit, known);
}

/* What is known of a mask part way: a mAP from 16 images on where the unpruned network is through, agreement below or without truth. */
static void
publish_partial (EspLive *live, LiveRun *run, guint n, guint64 generation)
{
  const EspMaterial *m = live->material;
  const gboolean whole_known = live->n_baseline == m->n_images;
  const gboolean partial = m->map != NULL && whole_known && n >= LEAST_PARTIAL;
  const double map = partial ? esp_map_partial (live->baseline, run->outcomes, m->n_images, m->n_classes, m->protocol) : NAN;
  const double agreement = esp_agreement (live->baseline, run->outcomes, m->n_images);
  EspMapNumber *number = &live->number;

  live->last_partial = g_get_monotonic_time ();
  pthread_mutex_lock (&live->lock);
  /* A look at an older mask is better than none while the hand moves, but never takes the place of what is final. */
  if (!live->closed && (generation == live->generation || number->state != ESP_STATE_FINAL))
    {
      number->agreement = agreement;
      number->has_agreement = TRUE;
      number->agreement_n = n;
      number->has_interval = FALSE;
      number->has_plan = !esp_mask_is_full (run->trial.mask);
      if (partial)
        number->map = map;
      if (partial || m->map == NULL)
        {
          number->state = ESP_STATE_PARTIAL;
          number->n = n;
        }
      live->changed = TRUE;
      live_queue_idle (live);
    }
  pthread_mutex_unlock (&live->lock);
}

typedef struct
{
  EspMask *mask;
  char *title;
  guint64 generation;
  guint known;   /* unpruned outcomes at hand, a prefix of the order */
  LiveRun *done; /* (nullable): finished already */
} Wanted;

static void
wanted_clear (Wanted *wanted)
{
  g_clear_pointer (&wanted->mask, esp_mask_unref);
  g_clear_pointer (&wanted->done, live_run_unref);
  g_free (wanted->title);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wanted, wanted_clear)

/* The slot as it stands; FALSE where the evaluator is closed. */
static gboolean
read_slot (EspLive *live, Wanted *wanted, gboolean *queued)
{
  LiveRun *done;

  pthread_mutex_lock (&live->lock);
  *queued = FALSE;
  done = live_find_finished (live, live->wanted);
  *wanted = (Wanted){
    .mask = esp_mask_ref (live->wanted),
    .title = g_strdup (live->title),
    .generation = live->generation,
    .known = live->n_baseline,
    .done = done != NULL ? live_run_ref (done) : NULL,
  };
  pthread_mutex_unlock (&live->lock);
  return !esp_job_is_cancelled (live->stop);
}

static void
post_pass (EspLive *live)
{
  pthread_mutex_lock (&live->lock);
  if (!live->pass_queued && !live->closed && live->n_baseline == live->material->n_images)
    {
      live->pass_queued = TRUE;
      esp_lane_post (live->lane, ESP_LANE_PASS, live_pass, live_ref (live), (GDestroyNotify) live_unref);
    }
  pthread_mutex_unlock (&live->lock);
}

/* The first @n images, fewer where the machine has become slower than it was timed: the answer comes in time all the same.
 * Returns how many; 0 on failure. */
static guint
look_at (EspLive *live, EspPass *pass, LiveRun *run, guint n, GError **error)
{
  const gint64 end = g_get_monotonic_time () + (gint64) (LOOK_SECONDS * G_USEC_PER_SEC);

  for (guint i = 0; i < n; i++)
    {
      if (!see (pass, run, live->order[i], live->stop, error))
        return 0;
      if (g_get_monotonic_time () >= end)
        return i + 1;
    }
  return n;
}

/** live_look: stage 0: the first images of the order, not cancelled by newer requests; then asks for the full pass. Thread: lane. */
void
live_look (gpointer data)
{
  EspLive *live = data;
  g_auto (Wanted) wanted = { 0 };
  g_autoptr (LiveRun) run = NULL;
  g_autoptr (EspEngine) engine = NULL;
  g_autoptr (EspPass) pass = NULL;
  g_autoptr (GError) error = NULL;
  guint n;

  if (!read_slot (live, &wanted, &live->look_queued))
    return;
  n = count_look (live, wanted.known);
  if (wanted.done == NULL && n > 0 && !esp_mask_is_full (wanted.mask))
    {
      engine = esp_live_engine (live, wanted.mask, &error);
      pass = engine != NULL ? new_pass (live, engine) : NULL;
      run = pass != NULL ? take_run (live, wanted.mask, wanted.title) : NULL;
      n = run != NULL ? look_at (live, pass, run, n, &error) : 0;
      if (n > 0)
        publish_partial (live, run, n, wanted.generation);
      tell_failure (live, error);
    }
  if (error == NULL)
    post_pass (live);
}

/* Whether the number shown is that of @run's mask. With the lock held. */
static gboolean
is_wanted (EspLive *live, LiveRun *run)
{
  return esp_hash_equal (esp_mask_get_hash (live->wanted), esp_mask_get_hash (run->trial.mask));
}

/* Keeps a run that saw everything, under its hash, and says so. */
static void
finish_run (EspLive *live, LiveRun *run)
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

static void
keep_interval (EspLive *live, LiveRun *run, EspInterval interval)
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

/* The interval a few replicates at a time; given up when a newer mask waits. */
static void
find_interval (EspLive *live, LiveRun *run, guint64 generation)
{
  const EspMaterial *m = live->material;
  g_autoptr (EspBootstrap) bootstrap = NULL;

  if (m->map == NULL)
    live_drop_outcomes (run); /* the agreement is known, and there is no interval without truth */
  if (run->trial.has_interval || run->outcomes == NULL)
    return;
  if (esp_mask_is_full (run->trial.mask))
    bootstrap = esp_bootstrap_new_map (run->outcomes, m->n_images, m->n_classes, m->protocol, ESP_STUDY_REPLICATES, ESP_STUDY_SEED);
  else
    bootstrap = esp_bootstrap_new_difference (live->baseline, run->outcomes, m->n_images, m->n_classes, m->protocol, ESP_STUDY_REPLICATES,
                                              ESP_STUDY_SEED);
  while (esp_bootstrap_step (bootstrap, REPLICATES_STEP))
    {
      esp_lane_yield (live->lane);
      if (!is_current (live, generation))
        {
          live_hold_outcomes (live, run);
          return;
        }
    }
  keep_interval (live, run, esp_bootstrap_get (bootstrap));
}

/* A job that a newer request cancels; NULL where one has come already. */
static EspJob *
begin_pass_job (EspLive *live, guint64 generation)
{
  EspJob *job = NULL;

  pthread_mutex_lock (&live->lock);
  if (generation == live->generation && !live->closed)
    {
      job = esp_job_new ("Full pass");
      g_clear_pointer (&live->pass_job, esp_job_unref);
      live->pass_job = esp_job_ref (job);
    }
  pthread_mutex_unlock (&live->lock);
  return job;
}

/* All images in the fixed order; TRUE once all are seen. */
static gboolean
see_all (EspLive *live, LiveRun *run, guint64 generation, EspJob *job, GError **error)
{
  g_autoptr (EspEngine) engine = esp_live_engine (live, run->trial.mask, error);
  g_autoptr (EspPass) pass = engine != NULL ? new_pass (live, engine) : NULL;

  for (guint i = 0; pass != NULL && i < run->n; i++)
    {
      if (run->outcomes[live->order[i]] != NULL)
        continue;
      esp_lane_yield (live->lane);
      if (!see (pass, run, live->order[i], job, error))
        return FALSE;
      if (g_get_monotonic_time () - live->last_partial >= PUBLISH_INTERVAL && run->seen < run->n)
        publish_partial (live, run, run->seen, generation);
    }
  return pass != NULL;
}

/** live_pass: stage 1: every image, then the interval; dropped between two layers when a newer mask waits. Thread: lane. */
void
live_pass (gpointer data)
{
  EspLive *live = data;
  g_auto (Wanted) wanted = { 0 };
  g_autoptr (LiveRun) run = NULL;
  g_autoptr (EspJob) job = NULL;
  g_autoptr (GError) error = NULL;

  if (!read_slot (live, &wanted, &live->pass_queued))
    return;
  job = begin_pass_job (live, wanted.generation);
  if (job == NULL)
    return; /* the newer request has its own look waiting */
  run = wanted.done != NULL ? live_run_ref (wanted.done) : take_run (live, wanted.mask, wanted.title);
  if (wanted.done == NULL)
    {
      if (!see_all (live, run, wanted.generation, job, &error))
        {
          tell_failure (live, error);
          return;
        }
      finish_run (live, run);
    }
  find_interval (live, run, wanted.generation);
}

/* Seconds of one image whose picture is decoded: the lower quartile of a few, since what else runs at start-up should not shrink the look for good. */
static double
time_images (EspLive *live, EspPass *pass)
{
  const guint n = MIN (TIMED_IMAGES, live->material->n_images);
  double seconds[TIMED_IMAGES];

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
  tell = now - live->last_partial >= PUBLISH_INTERVAL || live->n_baseline == live->material->n_images;
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
  g_autoptr (EspEngine) engine = whole_engine (live, error);
  g_autoptr (EspPass) pass = engine != NULL ? new_pass (live, engine) : NULL;
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
    live->seconds_per_image = time_images (live, pass);
  return pass != NULL;
}

/* The unpruned network's own run: its outcomes stay with the evaluator, so it only carries the numbers. */
static void
finish_baseline (EspLive *live)
{
  const EspMaterial *m = live->material;
  g_autoptr (EspMask) full = esp_mask_new_full (m->network);
  g_autoptr (LiveRun) run = live_run_new (full, "Unpruned", m->n_images);
  g_autoptr (EspBootstrap) bootstrap = NULL;

  g_free (run->outcomes);
  run->outcomes = live->baseline; /* lent: nothing is copied, nothing freed with the run */
  finish_run (live, run);
  run->outcomes = NULL;
  pthread_mutex_lock (&live->lock);
  if (!esp_mask_is_full (live->wanted))
    live_post_look (live);
  pthread_mutex_unlock (&live->lock);
  if (m->map == NULL)
    return;
  bootstrap = esp_bootstrap_new_map (live->baseline, m->n_images, m->n_classes, m->protocol, ESP_STUDY_REPLICATES, ESP_STUDY_SEED);
  while (esp_bootstrap_step (bootstrap, REPLICATES_STEP))
    {
      esp_lane_yield (live->lane);
      if (esp_job_is_cancelled (live->stop))
        return;
    }
  keep_interval (live, run, esp_bootstrap_get (bootstrap));
}

/* Through, failed or cancelled: whoever shows it as under way looks again. */
static void
end_baseline (EspLive *live)
{
  pthread_mutex_lock (&live->lock);
  live->baseline_running = FALSE;
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
  tell_failure (live, error);
}

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
  tell_failure (live, error);
}
